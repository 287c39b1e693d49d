"""Simkl's API: ratings in batches through `POST /sync/ratings`, removals through its `/remove`.

```text
row                                        sections that are tried in turn
movie tt0113277                            movies, then anime
show with a TVDB id only                   shows
no type, tt0245429                         movies, shows, anime
```

A title of an anime stands in a section of its own, and whether the other sections find it is not documented:
so a title that is not found is looked for there, by its IMDb id, which is of one title only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson

from importer import limits
from importer.destinations.dates import Dates
from importer.destinations.decisions import RATED, UNRATED, BatchDecision, Decision, Done
from importer.destinations.one_to_ten import OneToTen
from importer.destinations.simkl.account import SimklAccount, read_account, read_activities
from importer.destinations.simkl.answers import Sent, interpret_ratings
from importer.destinations.simkl.ratings import ALL_RATINGS, is_of_kind, read_list
from importer.destinations.simkl.request import build_request
from importer.destinations.simkl.trouble import PATIENT_QUESTION, interpret_trouble
from importer.destinations.titles import PageQuery, RatingsPage, possible_kinds
from importer.errors import ConnectionLostError
from importer.http import Request, Response
from importer.model import NEEDS_ID, Batch, MediaKind, Outcome, RatingJob, RowRemedy, Status

BATCH_SIZE = 100
"""Jobs per request. No maximum is documented; other clients send so many."""

_REMOVE = "/remove"
"""The suffix of kinds of requests that remove ratings."""

_ANIME = "anime"
_SECTIONS = {MediaKind.MOVIE: "movies", MediaKind.SHOW: "shows"}

_ACTIVITIES, _OWN_LIST, _ANIME_LIST = 1, 2, 3
"""The pages of a kind: Simkl wants to be asked what changed before lists are read."""


@dataclass(frozen=True, slots=True)
class Simkl(OneToTen):
    """The API for one account. `love` and `hate` are numbers from 1 to 10, if the user gave them."""

    base_url: str
    client_id: str = field(repr=False)
    account: str
    dates: Dates
    love: int | None = None
    hate: int | None = None
    batch_size: int = BATCH_SIZE
    name: str = "simkl"
    keeps_dates: bool = True
    repeats_safely: bool = True  # rating again overwrites, the date included

    def check(self, job: RatingJob) -> Outcome | None:
        """Refuse what is no title, has no id, or is a love or hate without a number."""
        if job.kind is MediaKind.UNKNOWN and not job.imdb_id:
            message = f"the row does not say what it is, nor its IMDb id; {RowRemedy.FIND_TYPE}"
            return Outcome(Status.INVALID, "unknown_type", message)
        if job.season is not None or not _list_kinds(job):
            message = f"Simkl rates movies and shows as a whole; this row rates: {job.kind}"
            return Outcome(Status.UNSUPPORTED, str(job.kind), message)
        if isinstance(job.rating, str) and not self._number(job):
            message = f"Simkl takes 1 to 10; {RowRemedy.NUMBER_LOVE}"
            return Outcome(Status.UNSUPPORTED, "love_or_hate", message)
        if not _list_sections(job):
            message = f"Simkl finds titles by IMDb, TMDB or TVDB id; the row has none; {RowRemedy.FIND_IDS}"
            return Outcome(Status.UNSUPPORTED, NEEDS_ID, message)
        return None

    def request_kind(self, job: RatingJob) -> str:
        """Return the section that is tried first, with `/remove` for an unrate."""
        section = _list_sections(job)[0]
        return section if job.rating else section + _REMOVE

    def build_request(self, batch: Batch) -> Request:
        """Build `POST /sync/ratings` or `/sync/ratings/remove` with one section in it."""
        section = batch.request_kind.removesuffix(_REMOVE)
        path = "/sync/ratings" if section == batch.request_kind else "/sync/ratings/remove"
        body = orjson.dumps({section: self._build_items(batch)})
        return build_request("POST", self.base_url, path, self.client_id, body, as_user=True)

    def interpret_response(self, batch: Batch, answer: Response | ConnectionLostError) -> BatchDecision:
        """Decide on the answer to a batch of ratings."""
        sent = Sent(
            batch,
            batch.request_kind.endswith(_REMOVE),
            batch.request_kind.removesuffix(_REMOVE) == _ANIME,
            partial(self._build_items, batch),
            partial(self._success, batch.request_kind),
            partial(_next_kind, batch.request_kind),
        )
        return interpret_ratings(sent, answer)

    def build_credentials_check(self) -> Request:
        """`GET /users/settings`: returns the owner of the token and changes nothing."""
        return SimklAccount(self.base_url, self.client_id).build_account()

    def interpret_credentials_check(self, answer: Response | ConnectionLostError) -> Decision[None]:
        """Return `Done` for any account."""
        decision = read_account(answer)
        return Done(None) if isinstance(decision, Done) else decision

    def build_read_back(self, query: PageQuery) -> Request:
        """`GET /sync/activities`, and then the lists that may have titles of the kind."""
        if query.page == _ACTIVITIES:
            return SimklAccount(self.base_url, self.client_id).build_activities()
        path = f"/sync/ratings/{_name_list(query)}/{ALL_RATINGS}"
        request = build_request("GET", self.base_url, path, self.client_id, as_user=True)
        return request._replace(answer_limit=limits.LIST_ANSWER)

    def read_ratings(self, query: PageQuery, answer: Response | ConnectionLostError) -> Decision[RatingsPage]:
        """Read a list; all kinds share the first and the last."""
        if query.page == _ACTIVITIES:
            asked = read_activities(answer)
            page = _OWN_LIST if query.kind in _SECTIONS else _ANIME_LIST
            if not isinstance(asked, Done):
                return asked
            return Done(RatingsPage({}, query._replace(page=page), is_shared=True))
        if isinstance(answer, Response) and answer.status == 200:
            found = read_list(_name_list(query), answer)
            if found is not None and query.page == _OWN_LIST:
                return Done(found._replace(next_page=query._replace(page=_ANIME_LIST)))
            if found is not None:
                listed = [each for each in found.listed if is_of_kind(each, query.kind)]
                return Done(found._replace(is_shared=True, listed=listed))
        return interpret_trouble(answer, PATIENT_QUESTION)

    def _build_items(self, batch: Batch) -> list[dict[str, Any]]:
        section = batch.request_kind.removesuffix(_REMOVE)
        return [{"ids": _build_ids(job, section)} | self._build_rating(job) for job in batch.jobs]

    def _success(self, request_kind: str, job: RatingJob) -> Outcome:
        if request_kind.endswith(_REMOVE):
            return UNRATED
        if clamped := self._find_clamped(job):
            return clamped
        if request_kind != _SECTIONS.get(job.kind):
            return Outcome(Status.RATED, "other_kind", f"Simkl has this title among its {request_kind}")
        return RATED


def _list_kinds(job: RatingJob) -> Sequence[MediaKind]:
    """The kinds of whole titles that the row may rate."""
    return [kind for kind in possible_kinds(job) if kind in _SECTIONS]


def _list_sections(job: RatingJob) -> Sequence[str]:
    """The sections to try, each with an id that is certain there."""
    kinds = _list_kinds(job)
    if job.imdb_id:
        return [*(_SECTIONS[kind] for kind in kinds), _ANIME]
    is_known = job.tmdb_id or job.tvdb_id
    return [_SECTIONS[kind] for kind in kinds if is_known and kind is job.kind]


def _next_kind(request_kind: str, job: RatingJob) -> str | None:
    """The kind of request for the section after this one; a further request covers a hundred rows."""
    section, sections = request_kind.removesuffix(_REMOVE), _list_sections(job)
    following = sections[sections.index(section) + 1 :] if section in sections else []
    return following[0] + request_kind.removeprefix(section) if following else None


def _build_ids(job: RatingJob, section: str) -> dict[str, str]:
    """Return the ids as texts; TMDB's and TVDB's only in the row's own section, as they are unique in it."""
    is_own = _SECTIONS.get(job.kind) == section
    ids = {"imdb": job.imdb_id} | ({"tmdb": job.tmdb_id, "tvdb": job.tvdb_id} if is_own else {})
    return {source: str(value) for source, value in ids.items() if value}


def _name_list(query: PageQuery) -> str:
    return _SECTIONS[query.kind] if query.page == _OWN_LIST else _ANIME
