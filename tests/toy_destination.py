"""A destination that the importer knows nothing of: its spec, its rules and its server, all in this file."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from importer.destinations.decisions import (
    RATED,
    UNRATED,
    BatchDecision,
    Decision,
    Done,
    Effect,
    Retry,
    RetryPolicy,
    Stop,
    interpret_loss,
)
from importer.destinations.spec import DestinationSpec, Pace, RequestOptions, SignIn
from importer.destinations.titles import AccountRating, Identity, PageQuery, RatingsPage, build_keys
from importer.errors import AuthorizationError, ConnectionLostError, StopRunError
from importer.http import Request, Response, parse_list, parse_object, read_retry_after
from importer.model import Batch, Outcome, RatingJob, Status
from importer.sandbox.catalogue import Kind, Wanted
from importer.sandbox.exchange import Answer, Call, Route, Target, build_json, read_object
from importer.sandbox.services import SandboxOptions
from importer.sandbox.shared import Shared
from importer.secret import Secret
from importer.setting import Places, check_word, secret, setting, without_slash

KEY = "stars-k3y"

BUSY = RetryPolicy(attempts=4, first_wait_seconds=1, pauses_all_workers=True)
OUTAGE = RetryPolicy(attempts=5, first_wait_seconds=1, exponential=True)


@dataclass(frozen=True, slots=True)
class StarsSettings:
    """Where the server is, and the key that its page shows."""

    insecure_http: bool = setting(False, is_flag=True)
    base_url: str = setting("https://stars.example", is_flag=True, read=without_slash)
    key: Secret = secret(check=check_word)

    @staticmethod
    def find_missing(places: Places, needs: Collection[str] | None) -> Iterator[str]:
        if not places.place("key"):
            yield f"The key of stars.example is missing: set {places.choices('key')}."


@dataclass(frozen=True, slots=True)
class Stars:
    """The API: POST /ratings with up to three titles, GET /ratings/KIND, GET /me."""

    base_url: str
    key: str
    name: str
    account: str
    batch_size: int = 3
    repeats_safely: bool = True
    keeps_dates: bool = False

    def check(self, job: RatingJob) -> Outcome | None:
        if job.imdb_id and job.season is None and isinstance(job.rating, int):
            return None
        return Outcome(Status.UNSUPPORTED, "needs_id", "stars takes IMDb ids and whole numbers")

    def as_stored(self, job: RatingJob) -> RatingJob:
        return job

    def request_kind(self, job: RatingJob) -> str:
        return f"{job.kind}"

    def build_request(self, batch: Batch) -> Request:
        stars = [{"id": job.imdb_id, "stars": job.rating} for job in batch.jobs]
        body = json.dumps({"kind": batch.request_kind, "ratings": stars}).encode()
        return self._request("POST", "/ratings", body)

    def interpret_response(self, batch: Batch, answer: Response | ConnectionLostError) -> BatchDecision:
        if isinstance(answer, Response) and answer.status == 200:
            known = parse_object(answer.body).get("known")
            if isinstance(known, list) and len(known) == len(batch.jobs):
                found = zip(batch.jobs, known, strict=True)
                return Done([_outcome(job, is_known=is_known is True) for job, is_known in found])
        return _interpret_trouble(answer)

    def build_credentials_check(self) -> Request:
        return self._request("GET", "/me")

    def interpret_credentials_check(self, answer: Response | ConnectionLostError) -> Decision[None]:
        if isinstance(answer, Response) and answer.status == 200 and parse_object(answer.body).get("user"):
            return Done(None)
        return _interpret_trouble(answer)

    def build_read_back(self, query: PageQuery) -> Request:
        return self._request("GET", f"/ratings/{query.kind}")

    def read_ratings(self, query: PageQuery, answer: Response | ConnectionLostError) -> Decision[RatingsPage]:
        entries = parse_list(answer.body) if isinstance(answer, Response) and answer.status == 200 else None
        if entries is None:
            return _interpret_trouble(answer)
        ratings = {}
        for entry in entries:
            ids: dict[str, object] = {"imdb": entry["id"]}
            rating = AccountRating(entry["stars"], identity=Identity(query.kind, ids, (None, None)))
            ratings.update(dict.fromkeys(build_keys(query.kind, ids, (None, None)), rating))
        return Done(RatingsPage(ratings))

    def _request(self, method: str, path: str, body: bytes | None = None) -> Request:
        label = f"{method} {path.removeprefix('/')}"
        return Request(method, self.base_url + path, label, body, {"Stars-Key": self.key})


def _outcome(job: RatingJob, *, is_known: bool) -> Outcome:
    if not is_known:
        return Outcome(Status.NOT_FOUND, "not_found", "stars does not know this title")
    return RATED if job.rating else UNRATED


def _interpret_trouble(answer: Response | ConnectionLostError) -> Retry | Stop:
    if isinstance(answer, ConnectionLostError):
        return interpret_loss(answer, "stars")
    if answer.status == 401:
        return Stop(AuthorizationError("stars does not accept the key (401)"))
    if answer.status in {429, 503}:
        return Retry("stars is busy", BUSY, Effect.UNKNOWN, read_retry_after(answer.headers))
    if 300 <= answer.status < 500:
        return Stop(StopRunError(f"stars answers HTTP {answer.status}"))
    return Retry(f"HTTP {answer.status}", OUTAGE, Effect.UNKNOWN)


def _build(settings: StarsSettings, options: RequestOptions, name: str, account: str) -> Stars:
    return Stars(settings.base_url, settings.key.reveal(), name, account)


def _name_user(settings: StarsSettings) -> str:
    return "demo"


STARS = DestinationSpec(
    name="stars",
    where="stars.example, with the key that its page shows",
    takes="movies, shows, episodes by IMDb id",
    ratings="1 to 10, unrate",
    dates="none",
    per_request="3",
    settings=StarsSettings,
    sign_in=SignIn.KEY,
    name_user=_name_user,
    build=_build,
    workers=2,
    get_rate=Pace(100, 1),
)


def build_routes(options: SandboxOptions, shared: Shared) -> list[Route]:
    """The server, as a service of the sandbox: its faults come for nothing."""

    def admit(call: Call) -> Answer | None:
        return None if call.headers.get("Stars-Key") == KEY else build_json(401, {"error": "no such key"})

    def rate(call: Call) -> Answer:
        body = read_object(call)
        return admit(call) or build_json(
            200, {"known": [put(Kind(body["kind"]), each) for each in body["ratings"]]}
        )

    def put(kind: Kind, entry: dict[str, Any]) -> bool:
        title = shared.catalogue.find(kind, Wanted(imdb_id=entry["id"]), ("imdb_id",))
        if title is None:
            return False
        if entry["stars"]:
            shared.store.put_rating("demo", title, entry["stars"])
        else:
            shared.store.remove_rating("demo", title)
        return True

    def read(call: Call) -> Answer:
        rated = shared.store.ratings("demo", Kind(call.params["kind"]))
        stars = [{"id": each.title.imdb_id, "stars": each.rating} for each in rated]
        return admit(call) or build_json(200, stars)

    def tell_who(call: Call) -> Answer:
        return admit(call) or build_json(200, {"user": "demo"})

    return [
        Route("POST", "/ratings", "ratings", rate, Target.RATE),
        Route("GET", "/ratings/{kind}", "ratings", read, Target.READ),
        Route("GET", "/me", "me", tell_who, Target.PROBE),
    ]
