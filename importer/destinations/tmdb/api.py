"""TMDB: one request for each rating, `POST /3/movie/{id}/rating`, and `DELETE` for a removal.

```text
movie 949                   POST   /3/movie/949/rating                          {"value": 8.5}
show 1396                   POST   /3/tv/1396/rating
its season 5, episode 14    DELETE /3/tv/1396/season/5/episode/14/rating
tt0113277                   GET    /3/find/tt0113277, before: see `find.py`
```
"""

import re
from dataclasses import dataclass

from importer import limits
from importer.destinations.decisions import BatchDecision, Decision, Done
from importer.destinations.one_to_ten import build_number, store_number
from importer.destinations.titles import PageQuery, RatingsPage
from importer.destinations.tmdb.account import TmdbAccount
from importer.destinations.tmdb.answers import interpret_rating
from importer.destinations.tmdb.find import needs_find, question_of
from importer.destinations.tmdb.ratings import LISTS, read_account_number, read_page
from importer.destinations.tmdb.request import TmdbAccess
from importer.destinations.tmdb.trouble import PATIENT_QUESTION, interpret_trouble
from importer.errors import ConnectionLostError
from importer.http import Request, Response
from importer.model import NEEDS_ID, Batch, MediaKind, Outcome, RatingJob, RowRemedy, Status

_REMOVE = "/remove"
"""The suffix of kinds of requests that remove ratings."""

_match_half = re.compile(r"[0-9]\.5").fullmatch


@dataclass(frozen=True, slots=True)
class Tmdb:
    """The API for one account. `love` and `hate` are numbers from 1 to 10, if the user gave them."""

    access: TmdbAccess
    account: str
    love: int | None = None
    hate: int | None = None
    name: str = "tmdb"
    batch_size: int = 1
    keeps_dates: bool = False
    repeats_safely: bool = True  # a rating replaces the one that is there

    def check(self, job: RatingJob) -> Outcome | None:
        """Refuse seasons, rows that nothing identifies, and a love or hate without a number."""
        if self._value(job) is None:
            message = f"TMDB takes 0.5 to 10 in halves; {RowRemedy.NUMBER_LOVE}"
            return Outcome(Status.UNSUPPORTED, "love_or_hate", message)
        if job.kind is MediaKind.SEASON:
            message = "TMDB rates movies, shows and episodes; this row rates a season"
            return Outcome(Status.UNSUPPORTED, "season", message)
        if not needs_find(job) or question_of(job) is not None:
            return None
        if job.kind is MediaKind.UNKNOWN and (job.tmdb_id or job.tvdb_id):
            message = f"the row does not say what it is, nor its IMDb id; {RowRemedy.FIND_TYPE}"
            return Outcome(Status.INVALID, "unknown_type", message)
        if job.kind is MediaKind.EPISODE and (job.tmdb_id or job.tvdb_id):
            message = "TMDB takes an episode by its show's id and its numbers, or by its own IMDb id"
            return Outcome(Status.UNSUPPORTED, "needs_show_and_number", message)
        message = f"TMDB finds titles by TMDB or IMDb id; the row has none; {RowRemedy.FIND_IDS}"
        return Outcome(Status.UNSUPPORTED, NEEDS_ID, message)

    def as_stored(self, job: RatingJob) -> RatingJob:
        """Return the job with a love or hate as its number."""
        return store_number(job, self.love, self.hate)

    def request_kind(self, job: RatingJob) -> str:
        """Return the kind of title, with `/remove` for an unrate."""
        return str(job.kind) if job.rating else f"{job.kind}{_REMOVE}"

    def build_request(self, batch: Batch) -> Request:
        """Build `POST` or `DELETE` of the one rating."""
        (job,) = batch.jobs
        assert not needs_find(job), "rows get their ids before they are sent"
        title = f"/{'movie' if job.kind is MediaKind.MOVIE else 'tv'}/{job.tmdb_id}"
        if job.kind is MediaKind.EPISODE:
            title += f"/season/{job.season}/episode/{job.episode}"
        label = f"{job.kind}/rating"
        if not job.rating:
            return self.access.build("DELETE", f"{title}/rating", label, as_user=True)
        return self.access.build("POST", f"{title}/rating", label, {"value": self._value(job)}, as_user=True)

    def interpret_response(self, batch: Batch, answer: Response | ConnectionLostError) -> BatchDecision:
        """Decide on the answer to one rating."""
        removes = batch.request_kind.endswith(_REMOVE)
        return interpret_rating(answer, self.access.secrets, removes=removes)

    def build_credentials_check(self) -> Request:
        """`GET /3/account`: returns the owner of the session and changes nothing."""
        return TmdbAccount(self.access).build_account()

    def interpret_credentials_check(self, answer: Response | ConnectionLostError) -> Decision[None]:
        """Return `Done` for any account."""
        decision = TmdbAccount(self.access).read_account(answer)
        return Done(None) if isinstance(decision, Done) else decision

    def build_read_back(self, query: PageQuery) -> Request:
        """`GET /3/account` for its number, the cursor of what follows; then the pages of the list."""
        if not query.cursor:
            return self.build_credentials_check()
        path = f"/account/{query.cursor}/rated/{LISTS[query.kind]}"
        request = self.access.build(
            "GET",
            path,
            f"account/rated/{LISTS[query.kind]}",
            as_user=True,
            page=str(query.page),
            sort_by="created_at.desc" if query.is_elsewhere else "created_at.asc",
        )
        return request._replace(answer_limit=limits.LIST_ANSWER)

    def read_ratings(self, query: PageQuery, answer: Response | ConnectionLostError) -> Decision[RatingsPage]:
        """Read the account's number, or a page of its ratings."""
        if isinstance(answer, Response) and answer.status == 200:
            if not query.cursor:
                number = read_account_number(answer)
                if number is not None:
                    following = query._replace(cursor=number) if query.kind in LISTS else None
                    return Done(RatingsPage({}, following, is_shared=True))
            elif (page := read_page(query, answer)) is not None:
                return Done(page)
        return interpret_trouble(answer, self.access.secrets, PATIENT_QUESTION)

    def _value(self, job: RatingJob) -> float | None:
        """Return the rating as TMDB takes it; a half, such as an undo restores, is a text."""
        number = build_number(job.rating, self.love, self.hate)
        if number is None and isinstance(job.rating, str) and _match_half(job.rating):
            return float(job.rating)
        return number
