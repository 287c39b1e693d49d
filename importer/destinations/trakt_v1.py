"""Trakt's original protocol, `POST {base}/rate/...`, as our sandbox and compatible servers speak it.

One row per request by default, because there the server answers for the row; `bulk` sends
`rate/movies|shows|episodes`, which post to nobody's social feed but answer with counts only.
Trakt itself retired this API: there is no default host.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import orjson

from importer.destinations.base import (
    RATED,
    UNRATED,
    Answer,
    Delivered,
    Held,
    Holdings,
    Retry,
    Split,
    Stop,
    Verdict,
    build_keys,
    build_removal,
    read_retry_after,
)
from importer.destinations.server_words import clean_words
from importer.errors import AuthorizationError, ConnectionLostError, Loss, StopRunError
from importer.model import HATE, LOVE, Batch, Fate, MediaKind, RatingJob, Status
from importer.wire import Request, Response

BULK_SIZE = 50
"""Jobs per bulk request: what v1 clients settled on; 120 to 400 in one call gave 500s."""

CAPACITY_SECONDS = 10.0
"""How long to wait when the server is over capacity (API page errors: "about 10 seconds")."""

_CREDENTIAL_ERROR = re.compile("invalid (development )?API (key|permission)|failed authentication")
"""The documented errors (API page errors); a title in an error text must not look like one."""

_JSON = {"Content-Type": "application/json"}
_ADVANCED = frozenset(map(str, range(1, 11)))
_PLURAL = {MediaKind.MOVIE: "movies", MediaKind.SHOW: "shows", MediaKind.EPISODE: "episodes"}


@dataclass(frozen=True, slots=True)
class TraktV1:
    """The v1 API for one account. `password_sha1` is the hex SHA-1 the protocol asks for."""

    base_url: str
    username: str
    api_key: str = field(repr=False)
    password_sha1: str = field(repr=False)
    bulk: bool = False
    name: str = "trakt-v1"
    account: str = ""
    tells_kinds: bool = False
    keeps_dates: bool = False

    @property
    def batch_size(self) -> int:
        """One row per request, or `BULK_SIZE`."""
        return BULK_SIZE if self.bulk else 1

    @property
    def repeats_safely(self) -> bool:
        """Bulk methods replace a rating in silence; a repeated single call may post to a feed twice."""
        return self.bulk

    def refuse(self, job: RatingJob) -> Fate | None:
        """Refuse what no v1 method takes: seasons, and episodes known only by their own id."""
        if job.kind is MediaKind.SEASON:
            return Fate(Status.UNSUPPORTED, "season", "this API has no rating for seasons")
        if job.kind is MediaKind.EPISODE and (job.season is None or job.episode is None):
            return Fate(
                Status.UNSUPPORTED,
                "needs_show_and_number",
                "this API takes an episode by its show's id, season and number; "
                "the row holds only the episode's own id",
            )
        if job.kind is MediaKind.UNKNOWN:
            return Fate(
                Status.INVALID, "unknown_type", "this API must be told whether it is a movie or a show"
            )
        second_id = job.tmdb_id if job.kind is MediaKind.MOVIE else job.tvdb_id
        if not job.imdb_id and not second_id and not (job.title and job.year):
            return Fate(
                Status.UNSUPPORTED,
                "no_usable_id",
                "this API finds a movie by IMDb or TMDB id, a show or episode by TVDB or IMDb id, "
                "or by exact title and year; the row has none of them",
            )
        return None

    def wanted(self, job: RatingJob) -> RatingJob:
        """The account holds both forms of a rating."""
        return job

    def method_for(self, job: RatingJob) -> str:
        """`rate/movie`, `rate/shows`, ... (API pages rate-movie, rate-show, rate-episodes)."""
        return f"rate/{_PLURAL[job.kind]}" if self.bulk else f"rate/{job.kind}"

    def build_request(self, batch: Batch) -> Request:
        """Build the POST with the credentials in its body, as the API pages show it."""
        if self.bulk:
            items = [_build_item(job) for job in batch.jobs]
            content: dict[str, Any] = {batch.method.removeprefix("rate/"): items}
        else:
            content = _build_item(batch.jobs[0])
        return self._post(batch.method, content)

    def read_response(self, batch: Batch, answer: Answer) -> Verdict:
        """Judge the answer to a rating."""
        if isinstance(answer, ConnectionLostError):
            return _judge_loss(batch, answer)
        content = _parse(answer.body)
        if content is not None and content.get("status") == "success" and answer.status == 200:
            return _judge_success(batch, content)
        return _judge_failure(batch, answer, content, self._read_error(content))

    def build_probe(self) -> Request:
        """`account/test`: says whether key, name and password are right, and changes nothing."""
        return self._post("account/test", {})

    def read_probe(self, answer: Answer) -> Verdict:
        """Judge `account/test`."""
        nothing = Batch("account/test", ())
        if isinstance(answer, ConnectionLostError):
            return _judge_loss(nothing, answer)
        content = _parse(answer.body)
        if content is not None and content.get("status") == "success" and answer.status == 200:
            return Delivered(())
        if answer.status == 404:
            return Stop(
                StopRunError(f"there is no Trakt v1 API at {self.base_url} (404): check the base URL")
            )
        return _judge_failure(nothing, answer, content, self._read_error(content))

    def build_read_back(self, kind: MediaKind, page: int = 1) -> Request:
        """`user/ratings/{kind}`, as a POST with the credentials, since a profile may be private."""
        method = f"user/ratings/{_PLURAL[kind]}.json"
        return self._post(method, {}, suffix=f"/{quote(self.username, safe='')}")

    def has_next_page(self, answer: Response, page: int) -> bool:
        """All ratings come at once."""
        return False

    def read_holdings(self, kind: MediaKind, answer: Answer) -> Holdings | Verdict:
        """Read the account's ratings; `rating_advanced` counts where it is given, else love or hate."""
        nothing = Batch("user/ratings", ())
        if isinstance(answer, ConnectionLostError):
            return _judge_loss(nothing, answer)
        if answer.status == 200:
            entries = _parse_json(answer.body)
            if isinstance(entries, list):
                return _read_entries(kind, entries)
        content = _parse(answer.body)
        return _judge_failure(nothing, answer, content, self._read_error(content))

    def _read_error(self, content: Mapping[str, Any] | None) -> str:
        """The server's own words, fit to be shown."""
        words = ((content or {}).get(name) for name in ("error", "message"))
        secrets = (self.api_key, self.password_sha1)
        return next(filter(None, (clean_words(word, secrets) for word in words)), "")

    def _post(self, method: str, content: dict[str, Any], suffix: str = "") -> Request:
        content["username"] = self.username
        content["password"] = self.password_sha1
        return Request(
            "POST",
            f"{self.base_url}/{method}/{quote(self.api_key, safe='')}{suffix}",
            f"POST {method}",
            orjson.dumps(content),
            _JSON,
        )


def _build_item(job: RatingJob) -> dict[str, Any]:
    item: dict[str, Any] = {"rating": job.rating or "unrate"}
    if job.imdb_id:
        item["imdb_id"] = job.imdb_id
    if job.kind is MediaKind.MOVIE:
        if job.tmdb_id:
            item["tmdb_id"] = job.tmdb_id
    elif job.tvdb_id:
        item["tvdb_id"] = job.tvdb_id
    if job.title:
        item["title"] = job.title
    if job.year:
        item["year"] = job.year
    if job.kind is MediaKind.EPISODE:
        item["season"] = job.season
        item["episode"] = job.episode
    return item


def _judge_success(batch: Batch, content: Mapping[str, Any]) -> Verdict:
    if content.get("skipped") not in (None, 0, "0"):
        # A bulk answer counts what it skipped but does not name it (section "bulk" of the API pages).
        if len(batch.jobs) > 1:
            return Split("the server skipped some rows of the batch without naming them", unsure=True)
        return Delivered((_not_found("skipped by the server"),))
    return Delivered(tuple(RATED if job.rating else UNRATED for job in batch.jobs))


def _judge_failure(
    batch: Batch, response: Response, content: Mapping[str, Any] | None, error: str
) -> Verdict:
    status = response.status
    if status == 401 or _CREDENTIAL_ERROR.match(error):
        return Stop(AuthorizationError(f"the server refuses the credentials: {error or 'HTTP 401'}"))
    if 300 <= status < 400:
        return Stop(
            StopRunError(f"the server redirects elsewhere (HTTP {status}): wrong base URL, not followed")
        )
    if status == 429:
        return _wait_out(response, "rate limit (429)")
    if status == 503:
        # Without the documented body it may be a proxy's, sent after the server had done its work.
        return _wait_out(response, "over capacity (503)", unsure=not content)
    if status == 500:
        return Retry(10, "server error (500)", 2, _give_up(batch, Status.FAILED, "server_error"), unsure=True)
    if status >= 500:
        return _retry_outage(f"HTTP {status}", 6)
    if content and content.get("status") == "failure":
        return _judge_refusal(batch, status, error)
    if 200 <= status < 300:
        return _retry_outage("an answer that is not the API's", 2)
    return _give_up(batch, Status.REJECTED, f"http_{status}", f"the server answered HTTP {status}")


def _judge_refusal(batch: Batch, status: int, error: str) -> Verdict:
    if len(batch.jobs) > 1:
        return Split(error or f"HTTP {status}")
    if not batch.jobs:
        return Stop(StopRunError(f"the server says: {error or 'failure'}"))
    if status == 404 or "not found" in error:
        return Delivered((_not_found(error),))
    return Delivered((Fate(Status.REJECTED, "refused", f"the server says: {error or 'failure'}"),))


def _judge_loss(batch: Batch, loss: ConnectionLostError) -> Verdict:
    match loss.loss:
        case Loss.CERTIFICATE:
            return Stop(StopRunError(f"the server's identity cannot be proved: {loss}"))
        case Loss.REFUSED:
            stop = Stop(StopRunError(f"the server cannot be reached: {loss}"))
            return Retry(1, str(loss.loss), 6, stop, grows=True)
        case Loss.TIMEOUT:
            return Retry(1, str(loss.loss), 2, _give_up(batch, Status.UNSURE, "no_answer"), unsure=True)
        case Loss.DROPPED:
            last = _give_up(batch, Status.UNSURE, "no_answer")
            return Retry(1, str(loss.loss), 6, last, grows=True, unsure=True)
        case Loss.TOO_LARGE:
            return Stop(StopRunError(f"the server's answer makes no sense: {loss}"), unsure=True)


def _wait_out(response: Response, reason: str, *, unsure: bool = False) -> Verdict:
    seconds = read_retry_after(response.headers) or CAPACITY_SECONDS
    message = f"{reason}: the server goes on refusing; it asks to wait {seconds:,.0f} s"
    return Retry(seconds, reason, 6, Stop(StopRunError(message), unsure), pause_all=True, unsure=unsure)


def _retry_outage(reason: str, tries: int) -> Retry:
    stop = Stop(StopRunError(f"{reason}: no proper answer after {tries} tries"), unsure=True)
    return Retry(CAPACITY_SECONDS, reason, tries, stop, unsure=True)


def _give_up(batch: Batch, status: Status, reason: str, message: str = "") -> Verdict:
    """What follows when the tries are used up: smaller batches, and in the end the row alone."""
    if len(batch.jobs) > 1:
        return Split(reason)
    if not batch.jobs:
        return Stop(StopRunError(f"gave up after the last try: {message or reason}"))
    if not message:
        message = (
            "gave up after the last try" if status is Status.FAILED else "sent, but the answer never came"
        )
    return Delivered((Fate(status, reason, message),))


def _not_found(error: str) -> Fate:
    detail = f" ({error})" if error else ""
    return Fate(Status.NOT_FOUND, "not_found", f"the destination does not know this title{detail}")


def _parse_json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _parse(body: bytes) -> dict[str, Any] | None:
    content = _parse_json(body)
    return content if isinstance(content, dict) else None


def _read_entries(kind: MediaKind, entries: list[Any]) -> Holdings:
    """Index the account's ratings (field lists: see `user/ratings/*`; ids come as numbers or strings)."""
    holdings: dict[str, Held] = {}
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        title: Any = entry
        number: tuple[object, object] = (None, None)
        if kind is MediaKind.EPISODE:
            title, episode = entry.get("show"), entry.get("episode")
            if not isinstance(title, dict) or not isinstance(episode, dict):
                continue
            number = (episode.get("season"), episode.get("number"))
        ids = {source: title.get(f"{source}_id") for source in ("imdb", "tmdb", "tvdb")}
        name = title.get("title") if isinstance(title.get("title"), str) else None
        held = _read_held(entry, build_removal(kind, ids, (name, title.get("year")), number))
        if held is not None:
            holdings.update(dict.fromkeys(build_keys(kind, ids, (name, title.get("year")), number), held))
    return holdings


def _read_held(entry: Mapping[str, Any], removal: RatingJob | None) -> Held | None:
    simple = entry.get("rating")
    if simple not in (LOVE, HATE):  # a tuple: what stands there may not be hashable
        simple = None
    advanced = entry.get("rating_advanced")  # a number or its text
    if isinstance(advanced, int | str) and str(advanced) in _ADVANCED:
        return Held(int(advanced), simple, _read_inserted(entry), removal)
    return Held(simple, simple, _read_inserted(entry), removal) if simple else None


def _read_inserted(entry: Mapping[str, Any]) -> str | None:
    """`inserted` is in seconds since the epoch."""
    inserted = entry.get("inserted")
    if not isinstance(inserted, int) or not 0 < inserted < 1 << 35:
        return None
    return datetime.fromtimestamp(inserted, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
