"""Trakt's original API, `POST {base}/rate/...`, as our sandbox and compatible servers implement it.

One row per request by default, because then the server answers for each row; `bulk` sends
`rate/movies|shows|episodes`, which post to no social feed but answer only with counts.
Trakt itself retired this API: there is no default host.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import orjson

from importer import limits
from importer.destinations.decisions import BatchDecision, Decision, Done, Stop
from importer.destinations.titles import (
    AccountRating,
    Identity,
    PageQuery,
    RatingsPage,
    build_keys,
)
from importer.destinations.trakt_v1.answers import interpret_question, interpret_rating, read_success
from importer.errors import ConnectionLostError, StopRunError
from importer.http import Request, Response, parse_list
from importer.model import HATE, LOVE, Batch, MediaKind, Outcome, RatingJob, Status

BULK_SIZE = 50
"""Jobs per bulk request: what v1 clients settled on; 120 to 400 in one call gave 500s."""

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
    keeps_dates: bool = False

    @property
    def batch_size(self) -> int:
        """One row per request, or `BULK_SIZE`."""
        return BULK_SIZE if self.bulk else 1

    @property
    def repeats_safely(self) -> bool:
        """Whether it is bulk: a repeated single call may post to a feed twice."""
        return self.bulk

    def check(self, job: RatingJob) -> Outcome | None:
        """Refuse rows that no v1 method takes: seasons, and episodes with only their own id."""
        if job.kind is MediaKind.SEASON:
            return Outcome(Status.UNSUPPORTED, "season", "this API has no rating for seasons")
        if job.kind is MediaKind.EPISODE and (job.season is None or job.episode is None):
            return Outcome(
                Status.UNSUPPORTED,
                "needs_show_and_number",
                "this API takes an episode by its show's id, season and number; "
                "the row has only the episode's own id",
            )
        if job.kind is MediaKind.UNKNOWN:
            return Outcome(
                Status.INVALID, "unknown_type", "this API needs to know whether it is a movie or a show"
            )
        second_id = job.tmdb_id if job.kind is MediaKind.MOVIE else job.tvdb_id
        if not job.imdb_id and not second_id and not (job.title and job.year):
            return Outcome(
                Status.UNSUPPORTED,
                "no_usable_id",
                "this API finds a movie by IMDb or TMDB id, a show or episode by TVDB or IMDb id, "
                "or by exact title and year; the row has none of them",
            )
        return None

    def as_stored(self, job: RatingJob) -> RatingJob:
        """Return the job without the ids that are neither sent nor listed; love and hate stay as they are."""
        useless = job.tvdb_id if job.kind is MediaKind.MOVIE else job.tmdb_id
        if not useless and not job.trakt_id:
            return job
        is_movie = job.kind is MediaKind.MOVIE
        tmdb_id, tvdb_id = (job.tmdb_id, None) if is_movie else (None, job.tvdb_id)
        return job._replace(tmdb_id=tmdb_id, tvdb_id=tvdb_id, trakt_id=None)

    def request_kind(self, job: RatingJob) -> str:
        """`rate/movie`, `rate/shows`, ... (API pages rate-movie, rate-show, rate-episodes)."""
        return f"rate/{_PLURAL[job.kind]}" if self.bulk else f"rate/{job.kind}"

    def build_request(self, batch: Batch) -> Request:
        """Build the POST with the credentials in its body, as the API pages show it."""
        if self.bulk:
            items = [_build_item(job) for job in batch.jobs]
            content: dict[str, Any] = {batch.request_kind.removeprefix("rate/"): items}
        else:
            content = _build_item(batch.jobs[0])
        return self._post(batch.request_kind, content)

    def interpret_response(self, batch: Batch, answer: Response | ConnectionLostError) -> BatchDecision:
        """Decide on the answer to a rating."""
        return interpret_rating(batch, answer, self._secrets)

    def build_credentials_check(self) -> Request:
        """`account/test`: checks key, name and password, and changes nothing."""
        return self._post("account/test", {})

    def interpret_credentials_check(self, answer: Response | ConnectionLostError) -> Decision[None]:
        """Decide on the answer of `account/test`."""
        if isinstance(answer, Response) and read_success(answer) is not None:
            return Done(None)
        if isinstance(answer, Response) and answer.status == 404:
            return Stop(
                StopRunError(f"there is no Trakt v1 API at {self.base_url} (404): check the base URL")
            )
        return interpret_question(answer, self._secrets)

    def build_read_back(self, query: PageQuery) -> Request:
        """`user/ratings/{kind}`, as a POST with the credentials, since a profile may be private."""
        method = f"user/ratings/{_PLURAL[query.kind]}.json"
        request = self._post(method, {}, suffix=f"/{_quote(self.username)}")
        return request._replace(answer_limit=limits.LIST_ANSWER)

    def read_ratings(self, query: PageQuery, answer: Response | ConnectionLostError) -> Decision[RatingsPage]:
        """Read the account's ratings, which come on one page.

        `rating_advanced` counts where it is given, else love or hate.
        """
        if isinstance(answer, Response) and answer.status == 200:
            entries = parse_list(answer.body)
            if entries is not None:
                return Done(_read_entries(query.kind, entries))
        return interpret_question(answer, self._secrets)

    @property
    def _secrets(self) -> tuple[str, str]:
        """Secrets that the server may quote and that are never shown."""
        return self.api_key, self.password_sha1

    def _post(self, method: str, content: dict[str, Any], suffix: str = "") -> Request:
        content["username"] = self.username
        content["password"] = self.password_sha1
        url = f"{self.base_url}/{method}/{_quote(self.api_key)}{suffix}"
        return Request("POST", url, f"POST {method}", orjson.dumps(content))


@lru_cache(maxsize=8)
def _quote(part: str) -> str:
    return quote(part, safe="")


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


def _read_entries(kind: MediaKind, entries: list[Any]) -> RatingsPage:
    """Index the account's ratings (field lists: see `user/ratings/*`; ids come as numbers or strings)."""
    ratings: dict[str, AccountRating] = {}
    listed = []
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
        identity = Identity(kind, ids, (name, title.get("year")), number)
        account_rating = _read_rating(entry, identity)
        if account_rating is not None:
            listed.append(account_rating)
            ratings.update(dict.fromkeys(build_keys(*identity), account_rating))
    return RatingsPage(ratings, listed=listed, unread=len(entries) - len(listed))


def _read_rating(entry: Mapping[str, Any], identity: Identity) -> AccountRating | None:
    simple = entry.get("rating")
    if simple not in (LOVE, HATE):  # a tuple: the value may not be hashable
        simple = None
    advanced = entry.get("rating_advanced")  # a number or its text
    if isinstance(advanced, int | str) and str(advanced) in _ADVANCED:
        return AccountRating(int(advanced), simple, _read_inserted(entry), identity)
    return AccountRating(simple, simple, _read_inserted(entry), identity) if simple else None


def _read_inserted(entry: Mapping[str, Any]) -> str | None:
    """`inserted` is in seconds since the epoch."""
    inserted = entry.get("inserted")
    if not isinstance(inserted, int) or not 0 < inserted < 1 << 35:
        return None
    return datetime.fromtimestamp(inserted, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
