"""MDBList: ratings in batches through `POST /sync/ratings`, removals through its `/remove`.

A request has titles of one kind. Seasons and episodes go nested in their shows, in requests of their own: the
server ignores an array `episodes` beside `shows` without a word.

```text
movies     {"movies": [{"ids": {"imdb": "tt0113277"}, "rating": 8, "rated_at": "..."}]}
episodes   {"shows": [{"ids": {"tvdb": 81189}, "seasons": [{"number": 5, "episodes": [{"number": 14, ...
```
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson

from importer import limits
from importer.destinations.dates import Dates
from importer.destinations.decisions import RATED, UNRATED, BatchDecision, Decision, Done
from importer.destinations.mdblist.account import MdblistAccount
from importer.destinations.mdblist.answers import interpret_ratings
from importer.destinations.mdblist.ratings import ARRAYS, PAGE_SIZE, read_page
from importer.destinations.mdblist.request import build_request
from importer.destinations.mdblist.trouble import PATIENT_QUESTION, interpret_trouble
from importer.destinations.one_to_ten import OneToTen
from importer.destinations.titles import PageQuery, RatingsPage
from importer.errors import ConnectionLostError
from importer.http import Request, Response
from importer.model import HATE, LOVE, NEEDS_ID, Batch, MediaKind, Outcome, RatingJob, RowRemedy, Status

BATCH_SIZE = 100
"""Jobs per request, as MDBList's own plugins send; more than 200 are refused."""

_REMOVE = "/remove"
"""The suffix of kinds of requests that remove ratings."""


@dataclass(frozen=True, slots=True)
class Mdblist(OneToTen):
    """The API for one account. `love` and `hate` are numbers from 1 to 10, if the user gave them."""

    base_url: str
    api_key: str = field(repr=False)
    account: str
    dates: Dates
    love: int | None = None
    hate: int | None = None
    batch_size: int = BATCH_SIZE
    name: str = "mdblist"
    keeps_dates: bool = True
    repeats_safely: bool = True  # a rating replaces the one that is there

    def check(self, job: RatingJob) -> Outcome | None:
        """Refuse rows that cannot be addressed, and ratings that are no whole number."""
        if self._number(job) is None:
            return _refuse_rating(job)
        if job.kind is MediaKind.UNKNOWN:
            message = f"MDBList needs to know whether it is a movie or a show; {RowRemedy.FIND_TYPE}"
            return Outcome(Status.INVALID, "unknown_type", message)
        is_season, is_episode = job.kind is MediaKind.SEASON, job.kind is MediaKind.EPISODE
        if (is_season or is_episode) and (job.season is None or (is_episode and job.episode is None)):
            message = f"MDBList takes a {job.kind} by its show's id and number; the row has only its own id"
            return Outcome(Status.UNSUPPORTED, "needs_show_and_number", message)
        if not _build_ids(job):
            message = f"MDBList knows titles by ids, and the row has none; {RowRemedy.FIND_IDS}"
            return Outcome(Status.UNSUPPORTED, NEEDS_ID, message)
        return None

    def request_kind(self, job: RatingJob) -> str:
        """Return the kind of title that the request has, with `/remove` for an unrate."""
        return ARRAYS[job.kind] if job.rating else ARRAYS[job.kind] + _REMOVE

    def build_request(self, batch: Batch) -> Request:
        """Build `POST /sync/ratings` or `/sync/ratings/remove` with one kind of title in it."""
        array = batch.request_kind.removesuffix(_REMOVE)
        path = "/sync/ratings" if array == batch.request_kind else "/sync/ratings/remove"
        if array in {"seasons", "episodes"}:
            content = {"shows": self._build_nested(batch)}
        else:
            content = {array: [{"ids": _build_ids(job)} | self._build_rating(job) for job in batch.jobs]}
        return build_request("POST", self.base_url, path, self.api_key, orjson.dumps(content))

    def interpret_response(self, batch: Batch, answer: Response | ConnectionLostError) -> BatchDecision:
        """Decide on the answer to a batch of ratings."""
        removes = batch.request_kind.endswith(_REMOVE)
        successes = [self._success(job) for job in batch.jobs]
        return interpret_ratings(batch, answer, successes, (self.api_key,), removes=removes)

    def build_credentials_check(self) -> Request:
        """`GET /user`: returns the owner of the key and changes nothing."""
        return MdblistAccount(self.base_url, self.api_key).build_account()

    def interpret_credentials_check(self, answer: Response | ConnectionLostError) -> Decision[None]:
        """Return `Done` for any account."""
        decision = MdblistAccount(self.base_url, self.api_key).read_account(answer)
        return Done(None) if isinstance(decision, Done) else decision

    def build_read_back(self, query: PageQuery) -> Request:
        """`GET /sync/ratings`: a page has ratings of all kinds, whichever is asked for."""
        place = f"&offset={query.seen}" if query.seen else ""
        if query.cursor:
            place = f"&cursor={quote(query.cursor, safe='')}"
        words = f"limit={PAGE_SIZE}{place}"
        request = build_request("GET", self.base_url, "/sync/ratings", self.api_key, query=words)
        return request._replace(answer_limit=limits.LIST_ANSWER)

    def read_ratings(self, query: PageQuery, answer: Response | ConnectionLostError) -> Decision[RatingsPage]:
        """Read a page of the account's ratings."""
        if isinstance(answer, Response) and answer.status == 200:
            page = read_page(query, answer)
            if page is not None:
                return Done(page)
        return interpret_trouble(answer, (self.api_key,), PATIENT_QUESTION)

    def _build_nested(self, batch: Batch) -> list[dict[str, Any]]:
        """Build one entry per show, and for episodes one per season of it."""
        shows: dict[object, dict[str, Any]] = {}
        seasons: dict[object, dict[str, Any]] = {}
        for job in batch.jobs:
            ids = _build_ids(job)
            show_key = tuple(ids.items())
            show = shows.setdefault(show_key, {"ids": ids, "seasons": []})
            if job.kind is MediaKind.SEASON:
                show["seasons"].append({"number": job.season} | self._build_rating(job))
                continue
            season = seasons.get((show_key, job.season))
            if season is None:
                season = seasons[show_key, job.season] = {"number": job.season, "episodes": []}
                show["seasons"].append(season)
            season["episodes"].append({"number": job.episode} | self._build_rating(job))
        return list(shows.values())

    def _success(self, job: RatingJob) -> Outcome:
        if not job.rating:
            return UNRATED
        return self._find_clamped(job) or RATED


def _refuse_rating(job: RatingJob) -> Outcome:
    if job.rating in {LOVE, HATE}:
        message = f"MDBList takes 1 to 10; {RowRemedy.NUMBER_LOVE}"
        return Outcome(Status.UNSUPPORTED, "love_or_hate", message)
    message = f"MDBList is sent whole numbers only; set {job.rating} on its own site"
    return Outcome(Status.UNSUPPORTED, "half_step", message)


def _build_ids(job: RatingJob) -> dict[str, str | int]:
    """Return only the ids that are set; those of seasons and episodes are their show's."""
    known = {"imdb": job.imdb_id, "tmdb": job.tmdb_id, "tvdb": job.tvdb_id, "trakt": job.trakt_id}
    return {source: value for source, value in known.items() if value}
