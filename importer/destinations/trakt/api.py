"""Today's Trakt API: ratings in batches through `POST /sync/ratings`, removals through its `/remove`.

Builds the requests. `answers.py` interprets the answers; the client adds the token to requests that need one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson

from importer import limits
from importer.destinations.dates import Dates
from importer.destinations.decisions import RATED, UNRATED, BatchDecision, Decision, Done
from importer.destinations.one_to_ten import OneToTen
from importer.destinations.titles import PageQuery, RatingsPage, kinds_of, possible_kinds
from importer.destinations.trakt.account import TraktAccount, read_account
from importer.destinations.trakt.answers import Sent, interpret_ratings
from importer.destinations.trakt.ratings import PAGE_SIZE, read_page
from importer.destinations.trakt.request import build_request
from importer.destinations.trakt.trouble import PATIENT_QUESTION, REFRESH_TOKEN, interpret_trouble
from importer.errors import ConnectionLostError
from importer.http import Request, Response
from importer.model import NEEDS_ID, Batch, MediaKind, Outcome, RatingJob, RowRemedy, Status

BATCH_SIZE = 100
"""Jobs per request. No maximum is documented; 200 is safe, 800 took 45 s and timed out (issue #448)."""

_NUMBERED = "numbered"
"""The kind of request for seasons and episodes that are identified by show and number."""

_REMOVE = "/remove"
"""The suffix of kinds of requests that remove ratings."""

_IDS = {
    # Ids by kind of title (API contracts, idsRequestSchema; episodes by IMDb id: the API page's example).
    MediaKind.MOVIE: ("trakt", "imdb", "tmdb"),
    MediaKind.SHOW: ("trakt", "imdb", "tmdb", "tvdb"),
    MediaKind.SEASON: ("trakt", "tmdb", "tvdb"),
    MediaKind.EPISODE: ("trakt", "imdb", "tmdb", "tvdb"),
}
_IDS_OF_ANY_KIND = ("trakt", "imdb", "tmdb", "tvdb")
_IDS_OF_ALL_KINDS = ("imdb",)
"""Unique over all kinds; any other id may belong to one title per kind (API page search by id)."""

_ARRAYS = {
    MediaKind.MOVIE: "movies",
    MediaKind.SHOW: "shows",
    MediaKind.SEASON: "seasons",
    MediaKind.EPISODE: "episodes",
}
_KINDS = {array: kind for kind, array in _ARRAYS.items()}
_LIKELIEST_ARRAYS = {kind: _ARRAYS[kinds_of(kind, None)[0]] for kind in MediaKind}


@dataclass(frozen=True, slots=True)
class TraktV2(OneToTen):
    """The v2 API for one account. `love` and `hate` are numbers from 1 to 10, if the user gave them."""

    base_url: str
    client_id: str = field(repr=False)
    account: str
    dates: Dates
    love: int | None = None
    hate: int | None = None
    batch_size: int = BATCH_SIZE
    name: str = "trakt"
    keeps_dates: bool = True
    repeats_safely: bool = True  # an upsert; with `rated_at` a repeat changes nothing (issue #448)

    def check(self, job: RatingJob) -> Outcome | None:
        """Refuse a row without an id for its kind, and a love or hate without a number."""
        if job.imdb_id and job.kind is not MediaKind.SEASON and isinstance(job.rating, int):
            return None  # a short cut for nearly every row
        if isinstance(job.rating, str) and not self._number(job):
            message = f"Trakt takes 1 to 10; {RowRemedy.NUMBER_LOVE}"
            return Outcome(Status.UNSUPPORTED, "love_or_hate", message)
        if job.title and not _build_ids(job, _IDS_OF_ANY_KIND):
            message = f"Trakt knows titles by ids, and the row has none; {RowRemedy.FIND_IDS}"
            return Outcome(Status.UNSUPPORTED, NEEDS_ID, message)
        kind = MediaKind.SHOW if job.season is not None else possible_kinds(job)[0]
        if job.kind is MediaKind.UNKNOWN and not job.imdb_id:
            message = f"the row does not say what it is, nor its IMDb id; {RowRemedy.FIND_TYPE}"
            return Outcome(Status.INVALID, "unknown_type", message)
        if not _build_ids(job, _IDS[kind]):
            known = ", ".join(_IDS[kind])
            message = f"Trakt knows a {kind} by one of these ids: {known}; the row has none of them"
            if kind is MediaKind.MOVIE:
                message += "; `importer match FILE` finds them"
            return Outcome(Status.UNSUPPORTED, NEEDS_ID, message)
        return None

    def request_kind(self, job: RatingJob) -> str:
        """Return the array of the request that has the job, with `/remove` for an unrate."""
        array = _NUMBERED if job.season is not None else _LIKELIEST_ARRAYS[job.kind]
        return array if job.rating else array + _REMOVE

    def build_request(self, batch: Batch) -> Request:
        """Build `POST /sync/ratings` or `/sync/ratings/remove` with one kind of title in it."""
        array = batch.request_kind.removesuffix(_REMOVE)
        path = "/sync/ratings" if array == batch.request_kind else "/sync/ratings/remove"
        body = orjson.dumps({"shows" if array == _NUMBERED else array: self._build_items(batch)})
        return build_request("POST", self.base_url, path, self.client_id, body, as_user=True)

    def interpret_response(self, batch: Batch, answer: Response | ConnectionLostError) -> BatchDecision:
        """Decide on the answer to a batch of ratings."""
        sent = Sent(
            batch,
            partial(self._build_items, batch),
            self._build_success(batch.request_kind),
            partial(self._second_kind, batch.request_kind),
        )
        return interpret_ratings(sent, answer)

    def build_credentials_check(self) -> Request:
        """`GET /users/settings`: returns the owner of the token and changes nothing."""
        return TraktAccount(self.base_url, self.client_id).build_account()

    def interpret_credentials_check(self, answer: Response | ConnectionLostError) -> Decision[None]:
        """Return `Done` for any account."""
        decision = read_account(answer)
        return Done(None) if isinstance(decision, Done) else decision

    def build_read_back(self, query: PageQuery) -> Request:
        """`GET /sync/ratings/{type}`, always paged: a limit without asking was seen and lifted (#919)."""
        ratings = "/users/me/ratings" if query.is_elsewhere else "/sync/ratings"
        path = f"{ratings}/{_ARRAYS[query.kind]}?page={query.page}&limit={PAGE_SIZE}"
        request = build_request("GET", self.base_url, path, self.client_id, as_user=True)
        # A server that does not page sends all ratings at once.
        return request._replace(answer_limit=limits.LIST_ANSWER)

    def read_ratings(self, query: PageQuery, answer: Response | ConnectionLostError) -> Decision[RatingsPage]:
        """Read a page of the account's ratings."""
        if isinstance(answer, Response):
            page = read_page(query, answer) if answer.status == 200 else None
            if page is not None:
                return Done(page)
            if answer.status in {404, 405} and query == PageQuery(query.kind):
                # The contracts of 2026 do not know the one, and trakt-web reads the other.
                return Done(RatingsPage({}, query._replace(is_elsewhere=True)))
            if answer.status == 401:
                return REFRESH_TOKEN
        return interpret_trouble(answer, PATIENT_QUESTION)

    def _build_items(self, batch: Batch) -> list[dict[str, Any]]:
        array = batch.request_kind.removesuffix(_REMOVE)
        if array == _NUMBERED:
            return [_build_numbered(job, self._build_rating(job)) for job in batch.jobs]
        kind = _KINDS[array]
        own, others = _IDS[kind], _IDS_OF_ALL_KINDS
        return [
            {"ids": _build_ids(job, own if kind is job.kind else others), **self._build_rating(job)}
            for job in batch.jobs
        ]

    def _build_success(self, request_kind: str) -> Callable[[RatingJob], Outcome]:
        """Return what says how a job ends that Trakt took in that kind of request."""
        if request_kind.endswith(_REMOVE):
            return lambda _: UNRATED
        own_kinds = {kind for kind, array in _ARRAYS.items() if request_kind in (_NUMBERED, array)}
        other = Outcome(Status.RATED, "other_kind", f"Trakt has this title among its {request_kind}")
        return lambda job: self._find_clamped(job) or (RATED if job.kind in own_kinds else other)

    def _second_kind(self, request_kind: str, job: RatingJob) -> str | None:
        """If Trakt may have the title under another kind, return one batch for each other array.

        No look-up is cheaper: one more request covers a hundred rows, and an IMDb id is unique.
        """
        if not _build_ids(job, _IDS_OF_ALL_KINDS):
            return None
        suffix = _REMOVE if request_kind.endswith(_REMOVE) else ""
        kinds = [_ARRAYS[kind] + suffix for kind in possible_kinds(job)]
        following = kinds[kinds.index(request_kind) + 1 :] if request_kind in kinds else []
        return following[0] if following else None


def _build_ids(job: RatingJob, sources: Sequence[str]) -> dict[str, str | int]:
    """Return only the ids that are set: no null, no 0, no empty text."""
    if not (job.trakt_id or job.tmdb_id or job.tvdb_id) and "imdb" in sources:
        return {"imdb": job.imdb_id} if job.imdb_id else {}  # a short cut for nearly every row
    known = {"trakt": job.trakt_id, "imdb": job.imdb_id, "tmdb": job.tmdb_id, "tvdb": job.tvdb_id}
    return {source: value for source in sources if (value := known[source])}


def _build_numbered(job: RatingJob, rating: dict[str, Any]) -> dict[str, Any]:
    season: dict[str, Any] = {"number": job.season}
    if job.episode is None:
        season |= rating
    else:
        season["episodes"] = [{"number": job.episode} | rating]
    return {"ids": _build_ids(job, _IDS[MediaKind.SHOW]), "seasons": [season]}
