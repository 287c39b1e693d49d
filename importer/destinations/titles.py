"""Titles of a destination: the keys that find a rating of the account, and search candidates.

A job with the id `tt0113277` and the account's entry of Heat, with ids, title and year, share a key:

```text
title_keys(job)      movie:imdb:tt0113277
build_keys(...)      movie:imdb:tt0113277  movie:tmdb:949  movie:trakt:352  movie:heat:1995
```
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from importer.model import IMDB_ID, UNRATE, MediaKind, Rating, RatingJob


class Identity(NamedTuple):
    """What an account says of which title it means; `number` are those of its season and episode."""

    kind: MediaKind
    ids: Mapping[str, object]
    name: tuple[str | None, object]
    number: tuple[object, object] = (None, None)


class AccountRating(NamedTuple):
    """One of the account's ratings. `simple` is `love` or `hate` if the API has both forms.

    `own_identity` has an episode's or season's own ids, if `identity` has those of the show.
    """

    rating: Rating
    simple: str | None = None
    rated_at: str | None = None
    identity: Identity | None = None
    own_identity: Identity | None = None

    # Built when asked for: only a mirror and an export ask, and every run reads the whole account.
    @property
    def removal(self) -> RatingJob | None:
        """The job that would remove it, without row and line; None if its title is not identified."""
        return self.identity and build_removal(*self.identity)

    @property
    def own(self) -> RatingJob | None:
        """The same job by `own_identity`."""
        return self.own_identity and build_removal(*self.own_identity)


AccountRatings = Mapping[str, AccountRating]
"""The account's ratings by key: every `title_keys` key of a rated title is one."""


class PageQuery(NamedTuple):
    """A page of the account's ratings of one kind.

    `is_elsewhere` if the destination has two such lists and does not serve the usual one.
    """

    kind: MediaKind
    page: int = 1
    is_elsewhere: bool = False
    cursor: str = ""
    """Where the page begins, in the words of a destination that does not number its pages."""
    seen: int = 0
    """The number of entries on the pages before, for a destination that counts entries instead of pages."""


class RatingsPage(NamedTuple):
    """One page of the account's ratings, and its facts about the others."""

    ratings: AccountRatings
    next_page: PageQuery | None = None
    """The page to read next; None if this one was the last."""
    entries: int = 0
    """The number of entries on the page, including those without a title or a rating."""
    titles: frozenset[str] = frozenset()
    """One unique key of each title on the page."""
    counted: int = 0
    """The number of entries of all pages, if the server says so."""
    is_shared: bool = False
    """Whether other kinds have the same page, so that one request is enough for all of them."""
    listed: Sequence[AccountRating] = ()
    """The ratings of the page in its order. Where kinds share a page, each rating is one of one kind only."""
    unread: int = 0
    """The number of entries that may hold a rating and cannot be understood."""


WRITABLE = (int, str)
"""The types of ids and numbers, as APIs write them."""

_LONGEST_NUMBER = 12
"""The most digits of a number that is read from text: enough for any id."""


def possible_kinds(job: RatingJob) -> tuple[MediaKind, ...]:
    """Return the kinds that the destination may have the title under, the likeliest first."""
    return kinds_of(job.kind, job.second_kind)


def kinds_of(kind: MediaKind, second_kind: MediaKind | None) -> tuple[MediaKind, ...]:
    """Return the kinds that an unknown or contested kind may mean."""
    if kind is MediaKind.UNKNOWN:
        return (MediaKind.MOVIE, MediaKind.SHOW, MediaKind.EPISODE)
    return (kind,) if second_kind is None else (kind, second_kind)


_NOTHING_MORE = (None,) * 6


def title_keys(job: RatingJob) -> list[str]:
    """Return the keys of the job's title in `AccountRatings`: one per id; without ids, title and year.

    The job is one of `Destination.as_stored`, since an id that the account does not list would hide the name.
    """
    more = (job.season, job.episode, job.tmdb_id, job.tvdb_id, job.trakt_id, job.second_kind)
    if job.imdb_id and more == _NOTHING_MORE and job.kind is not MediaKind.UNKNOWN:
        return [f"{job.kind}:imdb:{job.imdb_id}"]  # a short cut for nearly every row
    ids = {"imdb": job.imdb_id, "tmdb": job.tmdb_id, "tvdb": job.tvdb_id, "trakt": job.trakt_id}
    # Two films may share title and year, but not an id.
    name = (None, None) if any(ids.values()) else (job.title, job.year)
    number = (job.season, job.episode)
    likeliest, *others = possible_kinds(job)
    keys = build_keys(likeliest, ids, name, number)
    # Only an IMDb id is unique over all kinds; the other ids count from one in each kind.
    return keys + [
        key for kind in others for key in build_keys(kind, {"imdb": job.imdb_id}, (None, None), number)
    ]


def build_keys(
    kind: MediaKind,
    ids: Mapping[str, object],
    name: tuple[str | None, object],
    number: tuple[object, object] = (None, None),
) -> list[str]:
    """Build the keys of a title. Ids are compared as text, since APIs mix numbers and strings.

    A value of any other type is ignored.
    """
    place = ""
    if number != (None, None):
        if not all(part is None or isinstance(part, WRITABLE) for part in number):
            return []
        place = f"/{number[0]}/{number[1]}"
    keys = [
        f"{kind}:{source}:{value}{place}"
        for source, value in ids.items()
        if value and isinstance(value, WRITABLE)
    ]
    title, year = name
    if title and year and isinstance(year, WRITABLE):
        keys.append(f"{kind}:{title.casefold()}:{year}{place}")
    return keys


def build_removal(
    kind: MediaKind,
    ids: Mapping[str, object],
    name: tuple[str | None, object],
    number: tuple[object, object] = (None, None),
) -> RatingJob | None:
    """Build the job that removes one of the account's ratings; None if its title is not identified.

    Takes the arguments of `build_keys`; invalid ids are ignored.
    """
    imdb_id = ids.get("imdb")
    if not isinstance(imdb_id, str) or not is_imdb_id(imdb_id):
        imdb_id = None
    tmdb_id, tvdb_id, trakt_id = (_whole(ids.get(source)) for source in ("tmdb", "tvdb", "trakt"))
    title, year = name[0] or None, _whole(name[1])
    season, episode = (_whole(part) for part in number)
    if not (imdb_id or tmdb_id or tvdb_id or trakt_id or (title and year)):
        return None
    return RatingJob(
        *(0, 0, kind, title, year, season, episode),
        *(imdb_id, tmdb_id or None, tvdb_id or None, trakt_id or None, UNRATE, None),
    )


is_imdb_id = re.compile(IMDB_ID).fullmatch


def _whole(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _LONGEST_NUMBER:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


_match_rating = re.compile(r"(10|[1-9])(?:\.0+)?").fullmatch


def read_rating(value: object) -> int | None:
    """Read a rating of an answer, 1 to 10: `8`, `8.0` and `"8"` are the same. None if it is none of them."""
    if type(value) is int:  # as nearly all services write it; True is no rating
        return value if 1 <= value <= 10 else None
    found = None if isinstance(value, bool) or not isinstance(value, int | float | str) else str(value)
    matched = _match_rating(found) if found is not None else None
    return int(matched[1]) if matched else None


def find_rating(job: RatingJob, ratings: AccountRatings) -> AccountRating | None:
    """Find the account's rating of the job's title."""
    for key in title_keys(job):
        if (found := ratings.get(key)) is not None:
            return found
    return None


def name_keys(job: RatingJob) -> Iterator[str]:
    """Yield the keys of the job's title and year, under each kind that it may have."""
    for kind in possible_kinds(job):
        yield from build_keys(kind, {}, (job.title, job.year), (job.season, job.episode))


def find_namesake(job: RatingJob, ratings: AccountRatings) -> AccountRating | None:
    """Find the account's rating of a title with the job's title and year: the same one, or a namesake."""
    return next((ratings[key] for key in name_keys(job) if key in ratings), None)


def is_stored(job: RatingJob, ratings: AccountRatings) -> bool:
    """Whether the account already is as the job wants it, so that nothing needs to be sent."""
    return agrees(job, find_rating(job, ratings))


def agrees(job: RatingJob, found: AccountRating | None) -> bool:
    """Whether the account's rating of the title equals the job's; a removal: whether there is none."""
    if not job.rating:
        return found is None
    return found is not None and job.rating in {found.rating, found.simple}


class EpisodeOf(NamedTuple):
    """The place of an episode: its show's title, year and ids, and its numbers."""

    title: str
    year: int | None
    season: int
    number: int
    imdb_id: str | None = None
    tmdb_id: int | None = None
    tvdb_id: int | None = None
    trakt_id: int | None = None


class Candidate(NamedTuple):
    """A title of the destination that a row may mean. `other_titles` are its names in other languages.

    `kind` is None only if a user wrote ids by hand without a kind. `votes` says how many people rated it,
    where that is known; `place` is that of an episode. `poster` is the address of a picture:
    nobody fetches it unless a person wants pictures.
    """

    kind: MediaKind | None
    title: str
    year: int | None
    imdb_id: str | None = None
    tmdb_id: int | None = None
    tvdb_id: int | None = None
    trakt_id: int | None = None
    other_titles: Sequence[str] = ()
    url: str = ""
    votes: int | None = None
    place: EpisodeOf | None = None
    poster: str = ""


class Found(NamedTuple):
    """The titles of an answer, in its order. `is_cut_off` if the server found more."""

    titles: tuple[Candidate, ...] = ()
    is_cut_off: bool = False


@dataclass(frozen=True, slots=True)
class Unsearchable:
    """The server refuses to search for this title; it may find others."""

    message: str
