"""`--mirror`: rows that remove the ratings which the account has and the file has not. Sends nothing.

A wrong removal is worse than a missing one. So a rating is removed only if

- the file rates titles of its kind,
- no row names the title, whatever becomes of that row, and
- the title shares a kind of id with every row of its kind, so that it certainly is none of them.

A row without ids may be any title of its kind: the account may spell the title in another way.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from importer.destinations.base import Destination
from importer.destinations.titles import (
    AccountRating,
    AccountRatings,
    build_keys,
    name_keys,
    possible_kinds,
    title_keys,
)
from importer.journal import JournalRun, Unlisted, in_blocks
from importer.model import IMDB_ID, MediaKind, RatingJob
from importer.runs.conflicts import is_same_moment
from importer.runs.unseen import Unseen

NOT_RATED = "the file does not rate it"


_Ways = frozenset[str]
"""The kinds of ids that identify a title; `imdb/` for the id of an episode's show."""

_ID_KEY = re.compile(rf"\w+:(?:(imdb):{IMDB_ID}|(tmdb|tvdb|trakt):\d+)(/.*)?")


class Mirror:
    """The account's ratings that no row has named yet."""

    def __init__(self, ratings: AccountRatings) -> None:
        self._ratings = ratings
        self._left: dict[int, AccountRating] = {}
        self._known_by: dict[int, set[str]] = {}
        for key, account_rating in ratings.items():
            self._left[id(account_rating)] = account_rating
            self._known_by.setdefault(id(account_rating), set()).update(_ways_of_key(key))
        self._rated_kinds: set[MediaKind] = set()
        self._ways: dict[MediaKind, set[_Ways]] = {}

    def name(self, job: RatingJob, *, is_rated: bool) -> None:
        """Take note of a row; `is_rated` if it rates a title of its kind."""
        for key in [*title_keys(job), *_related_keys(job)]:
            if (account_rating := self._ratings.get(key)) is not None:
                self._left.pop(id(account_rating), None)
        if is_rated and job.kind is not MediaKind.UNKNOWN:
            self._rated_kinds.add(job.kind)
        for kind in possible_kinds(job):
            self._ways.setdefault(kind, set()).add(_ways_of(job))

    def removals(self, unlisted: Iterable[Unlisted] = ()) -> Iterator[RatingJob]:
        """Yield jobs that remove the ratings which no row names; none that may be one of the `unlisted`."""
        unseen = [each for each in unlisted if each.listed_key is None and each.rating]
        for key, account_rating in self._left.items():
            job = account_rating.removal
            if job is None or any(_may_be(account_rating, each) for each in unseen):
                continue
            if job.kind in self._rated_kinds and self._is_none_of_the_rows(key, job.kind):
                yield job._replace(note=NOT_RATED)

    def _is_none_of_the_rows(self, key: int, kind: MediaKind) -> bool:
        return all(ways & self._known_by[key] for ways in self._ways[kind])


def add_removals(run: JournalRun, ratings: AccountRatings, unseen: Unseen, destination: Destination) -> None:
    """Add a row, after those of the file, for each rating that the account has and the file has not."""
    mirror = Mirror(ratings)
    last_row = 0
    for job, is_rated in chain.from_iterable(in_blocks(run.named_titles)):
        mirror.name(destination.as_stored(job), is_rated=is_rated)
        last_row = job.row
    rows = [
        job._replace(row=row) for row, job in enumerate(mirror.removals(unseen.hidden(ratings)), last_row + 1)
    ]
    run.add_rows(rows, map(destination.check, rows))


def _may_be(account_rating: AccountRating, sent: Unlisted) -> bool:
    """Whether a rating may be what a row sent, listed under ids that nobody knows of."""
    if str(account_rating.rating) != str(sent.rating):
        return False
    return (
        account_rating.rated_at is None
        or sent.rated_at is None
        or is_same_moment(account_rating.rated_at, sent.rated_at)
    )


def _ways_of(job: RatingJob) -> _Ways:
    ids = {"imdb": job.imdb_id, "tmdb": job.tmdb_id, "tvdb": job.tvdb_id, "trakt": job.trakt_id}
    mark = "" if job.season is None else "/"
    return frozenset(source + mark for source, value in ids.items() if value)


def _ways_of_key(key: str) -> _Ways:
    found = _ID_KEY.fullmatch(key)
    return frozenset({(found[1] or found[2]) + ("/" if found[3] else "")} if found else ())


def _related_keys(job: RatingJob) -> Iterable[str]:
    """The keys that call for care: the IMDb id whatever it is taken for, and title and year beside ids."""
    number = (job.season, job.episode)
    for kind in MediaKind:
        yield from build_keys(kind, {"imdb": job.imdb_id}, (None, None), number)
    yield from name_keys(job)
