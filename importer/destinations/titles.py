"""Titles as destinations know them: by which keys a rating of the account is found again, and candidates.

A job known by `tt0113277` and the account's entry of Heat, with its ids, title and year, meet in one key:

```text
title_keys(job)      movie:imdb:tt0113277
build_keys(...)      movie:imdb:tt0113277  movie:tmdb:949  movie:trakt:352  movie:heat:1995
```
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from importer.model import IMDB_ID, UNRATE, MediaKind, Rating, RatingJob


class AccountRating(NamedTuple):
    """A rating that the account holds. `simple` is `love` or `hate` where the API tells both forms.

    `removal` is the job that would remove it, with neither row nor line, if its title can be told at all.
    """

    rating: Rating
    simple: str | None = None
    rated_at: str | None = None
    removal: RatingJob | None = None


AccountRatings = Mapping[str, AccountRating]
"""The account's ratings as read back: every `title_keys` key of a rated title, with its rating."""


class PageQuery(NamedTuple):
    """Which page of the account's ratings of one kind to read.

    `is_elsewhere` where the destination has two lists of them and the usual one is not served.
    """

    kind: MediaKind
    page: int = 1
    is_elsewhere: bool = False


class RatingsPage(NamedTuple):
    """One page of the account's ratings, and what it says of the others."""

    ratings: AccountRatings
    next_page: PageQuery | None = None
    """What to read after it; None: this page was the last one."""
    entries: int = 0
    """How many entries are on the page, also those that name no title or no rating."""
    titles: frozenset[str] = frozenset()
    """One key of each title on the page, of those that no other title has."""
    counted: int = 0
    """How many entries all pages have together, as far as the server says so."""


_LONGEST_NUMBER = 12
"""Digits of a number that is read from text: enough for any id, too few for anything else."""


def possible_kinds(job: RatingJob) -> tuple[MediaKind, ...]:
    """Every kind that the destination may take the job's title for, the likeliest first."""
    return kinds_of(job.kind, job.second_kind)


def kinds_of(kind: MediaKind, second_kind: MediaKind | None) -> tuple[MediaKind, ...]:
    """Spell out a kind that is not known or contested."""
    if kind is MediaKind.UNKNOWN:
        return (MediaKind.MOVIE, MediaKind.SHOW, MediaKind.EPISODE)
    return (kind,) if second_kind is None else (kind, second_kind)


_NOTHING_MORE = (None,) * 6


def title_keys(job: RatingJob) -> list[str]:
    """Every key of the job's title in `AccountRatings`: one per id; without ids, title and year."""
    more = (job.season, job.episode, job.tmdb_id, job.tvdb_id, job.trakt_id, job.second_kind)
    if job.imdb_id and more == _NOTHING_MORE and job.kind is not MediaKind.UNKNOWN:
        return [f"{job.kind}:imdb:{job.imdb_id}"]  # what the rest would give, for nearly every row there is
    ids = {"imdb": job.imdb_id, "tmdb": job.tmdb_id, "tvdb": job.tvdb_id, "trakt": job.trakt_id}
    # Two films may share title and year, but not an id.
    name = (None, None) if any(ids.values()) else (job.title, job.year)
    number = (job.season, job.episode)
    likeliest, *others = possible_kinds(job)
    keys = build_keys(likeliest, ids, name, number)
    # In another kind only an IMDb id means the same title; the other ids count from one there, too.
    return keys + [
        key for kind in others for key in build_keys(kind, {"imdb": job.imdb_id}, (None, None), number)
    ]


def build_keys(
    kind: MediaKind,
    ids: Mapping[str, object],
    name: tuple[str | None, object],
    number: tuple[object, object] = (None, None),
) -> list[str]:
    """Build the keys of a title; values are compared as text, since APIs mix numbers and strings.

    What is neither, in an answer that makes no sense, names no title.
    """
    if not all(part is None or isinstance(part, int | str) for part in number):
        return []
    place = "" if number == (None, None) else f"/{number[0]}/{number[1]}"
    keys = [
        f"{kind}:{source}:{value}{place}"
        for source, value in ids.items()
        if value and isinstance(value, int | str)
    ]
    title, year = name
    if title and year and isinstance(year, int | str):
        keys.append(f"{kind}:{title.casefold()}:{year}{place}")
    return keys


def build_removal(
    kind: MediaKind,
    ids: Mapping[str, object],
    name: tuple[str | None, object],
    number: tuple[object, object] = (None, None),
) -> RatingJob | None:
    """Build the job that removes a rating of the account's; None where nothing tells whose it is.

    Takes what `build_keys` takes; ids that make no sense count as none.
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


def find_rating(job: RatingJob, ratings: AccountRatings) -> AccountRating | None:
    """Find what the account holds for the job's title."""
    return next((ratings[key] for key in title_keys(job) if key in ratings), None)


def is_held(job: RatingJob, ratings: AccountRatings) -> bool:
    """Whether the account's ratings already are as the job wants them."""
    return agrees(job, find_rating(job, ratings))


def agrees(job: RatingJob, held: AccountRating | None) -> bool:
    """Whether what the account holds for the job's title is as the job wants it."""
    if not job.rating:
        return held is None
    return held is not None and job.rating in {held.rating, held.simple}


class Candidate(NamedTuple):
    """A title of the destination that a row may mean. `other_titles` are names of it in other languages.

    `kind` is None only where somebody wrote ids by hand and did not say it.
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


class Found(NamedTuple):
    """The titles of an answer, in its order. `is_cut_off` if there are more than the answer holds."""

    titles: tuple[Candidate, ...] = ()
    is_cut_off: bool = False


@dataclass(frozen=True, slots=True)
class Unsearchable:
    """The server refuses to search for this one; others may be found."""

    message: str
