"""The values of the pipeline: rows as they are read, batches as they are sent, outcomes as they are written.

```text
line 2 of ratings.csv       RatingJob(row=1, line=2, kind=movie, imdb_id="tt0133093", rating=9, ...)
line 3, rated "eleven"      InvalidRow(row=2, line=3, status=invalid, reason="bad_rating", message=...)
a request                   Batch("movies", [job, ...])
its answer                  RowsOutcome([1, 3], Outcome(Status.RATED), attempts=1, http_status=201, ...)
```

Row values are named tuples, not dataclasses: a run makes a million, and the journal takes a tuple as it is.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple


class MediaKind(StrEnum):
    """The type of a title."""

    MOVIE = "movie"
    SHOW = "show"
    SEASON = "season"
    EPISODE = "episode"
    UNKNOWN = "unknown"
    """The export does not name the type, or names it in an unknown language; an id may still identify it."""


class Status(StrEnum):
    """The outcome of a row: the results file's column `status`."""

    RATED = "rated"
    UNRATED = "unrated"
    UNCHANGED = "unchanged"
    KEPT = "kept"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    UNSUPPORTED = "unsupported"
    INVALID = "invalid"
    NOT_FOUND = "not_found"
    REJECTED = "rejected"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    NOT_SENT = "not_sent"

    @classmethod
    def _missing_(cls, value: object) -> "Status | None":
        return cls.UNCONFIRMED if value == "unsure" else None  # its name in what earlier versions wrote

    @property
    def is_success(self) -> bool:
        """Whether the account now has what the row, or the user's policy, asked for."""
        return self in SUCCESSES


SUCCESSES = frozenset(
    {Status.RATED, Status.UNRATED, Status.UNCHANGED, Status.KEPT, Status.DUPLICATE, Status.SKIPPED}
)

TRANSIENT = frozenset({Status.FAILED, Status.NOT_SENT, Status.UNCONFIRMED})
"""Statuses that may succeed if the row is simply sent again."""

CORRECTABLE = frozenset({Status.INVALID, Status.NOT_FOUND, Status.REJECTED})
"""Statuses that may succeed once the row is corrected."""

ACCEPTABLE = CORRECTABLE | {Status.UNSUPPORTED}
"""Statuses that do not change by themselves, so that people may call them a success."""

IMDB_ID = "tt[0-9]{7,10}"
"""The pattern of an IMDb id. It is text and keeps its zeros; newer ids have 8 digits."""

UNRATE = 0
"""A rating of 0 removes the rating."""

LOVE = "love"
HATE = "hate"

Rating = int | str
"""1 to 10, `love` or `hate`, or 0 (`UNRATE`)."""


class RatingJob(NamedTuple):
    """One rating to send to the destination.

    `row` counts the data rows of the file from 1; `line` is the physical line its record starts at.
    The ids are the title's own, with one exception: an episode or season job that has a `season` number
    carries the ids, the title and the year of its *show* (no v1 method takes an episode's own id).
    `rated_at` is an ISO 8601 date (`2024-05-01`) or an instant in UTC (`2024-05-01T14:06:03Z`).
    `second_kind` is set where exports and destinations disagree on what a title is (a TV special, say).
    `note` says what the reader has changed, such as a rating that was rounded.
    """

    row: int
    line: int
    kind: MediaKind
    title: str | None
    year: int | None
    season: int | None
    episode: int | None
    imdb_id: str | None
    tmdb_id: int | None
    tvdb_id: int | None
    trakt_id: int | None
    rating: Rating
    rated_at: str | None
    second_kind: MediaKind | None = None
    note: str | None = None

    def with_note(self, note: str) -> "RatingJob":
        """Return the job with one more note."""
        return self._replace(note=f"{self.note}; {note}" if self.note else note)


make_job: Callable[[Iterable[Any]], RatingJob] = partial(tuple.__new__, RatingJob)
"""`RatingJob._make` without its check of the length: half the time, a million times."""


class InvalidRow(NamedTuple):
    """A row that cannot become a job, with its cells as they are in the file.

    Only a rating and a kind that are understood stand as in all other rows: 1 to 10, and `movie`.

    `status` is `invalid`, `unsupported` or `skipped`; `reason` a fixed word (`bad_rating`), `message` a
    sentence that names the line, the column, the value and the remedy.
    """

    row: int
    line: int
    kind: str | None
    title: str | None
    year: str | None
    season: str | None
    episode: str | None
    imdb_id: str | None
    tmdb_id: str | None
    tvdb_id: str | None
    trakt_id: str | None
    rating: str | None
    rated_at: str | None
    status: Status
    reason: str
    message: str


class ClosedRow(NamedTuple):
    """A row that an earlier run closed: a line of its results file, copied unchanged."""

    row: int
    line: int
    kind: str | None
    title: str | None
    year: str | None
    season: str | None
    episode: str | None
    imdb_id: str | None
    tmdb_id: str | None
    tvdb_id: str | None
    trakt_id: str | None
    rating: str | None
    rated_at: str | None
    status: Status
    reason: str | None
    message: str | None
    previous_rating: str | None
    attempts: str | None
    http_status: str | None
    sent_at: float | None
    duration_ms: str | None


class PlannedRow(NamedTuple):
    """A line of a plan to send: a job, and the account's rating of its title when the plan was made."""

    row: int
    line: int
    kind: MediaKind
    title: str | None
    year: int | None
    season: int | None
    episode: int | None
    imdb_id: str | None
    tmdb_id: int | None
    tvdb_id: int | None
    trakt_id: int | None
    rating: Rating
    rated_at: str | None
    second_kind: MediaKind | None
    note: str | None
    previous_rating: Rating | None
    previous_rated_at: str | None

    @property
    def job(self) -> RatingJob:
        """The job to send, without the account's rating."""
        return RatingJob._make(self[: len(RatingJob._fields)])


SourceRow = RatingJob | InvalidRow | ClosedRow | PlannedRow


class RowRemedy(StrEnum):
    """Advice for a row or a file, as it is written into a message of the results file, or into a note.

    Only these texts and `cli/` know how options and commands are typed.
    """

    FIND_IDS = "`importer match FILE` finds them"
    FIND_TYPE = "`importer match FILE` finds it out"
    ADD_VOTE = "Add it, as in --scale {votes}=7."
    TAKE_NEAREST = "or take the nearest with --scale 1-10"
    NAME_STARS = "if these are stars, say so with --scale 5"
    TAKE_SCORE = "--scale takes the score instead"
    OTHER_SCALE = "--scale says otherwise"
    GIVEN_SCALE = "as --scale says"
    TAKE_SCORES = "Say with --scale what your scores are, and they are taken instead."
    CHOOSE_USER = "--{option} says whose ratings are taken."
    POLICY = "--on-conflict {policy}"
    FORCE = "--force undoes it"
    NUMBER_LOVE = "say what love and hate are, for example --love 10 --hate 1"


class Batch(NamedTuple):
    """Jobs sent in one request. `request_kind` is the destination's name for that kind of request."""

    request_kind: str
    jobs: Sequence[RatingJob]
    is_part: bool = False

    def halves(self) -> tuple["Batch", "Batch"]:
        """Split in two, to find the row that fails or to send fewer rows at once."""
        middle = len(self.jobs) // 2
        first, second = self.jobs[:middle], self.jobs[middle:]
        return Batch(self.request_kind, first, is_part=True), Batch(self.request_kind, second, is_part=True)

    def cut(self, size: int) -> tuple["Batch", "Batch"]:
        """Split off the first `size` jobs."""
        return self._replace(jobs=self.jobs[:size]), self._replace(jobs=self.jobs[size:])


class Outcome(NamedTuple):
    """What an answer means for one job of a batch."""

    status: Status
    reason: str = ""
    message: str = ""


WRITTEN = "written"
"""The reason of a row that stands in a file to upload: no account has taken it yet."""

NEEDS_ID = "needs_id"
"""The reason of a row that only lacks an id which the destination needs."""


LACKS_ID = frozenset({NEEDS_ID, "no_usable_id", "needs_show_and_number", "unknown_type"})
"""The reasons of rows that a look-up may help: without ids, without numbers, or of an unknown type."""


class RowsOutcome(NamedTuple):
    """The outcome that some rows share, with the number of attempts and the time of the last one.

    `sent_at` (seconds since the epoch) and `duration_ms` are those of their last request.
    """

    rows: Sequence[int]
    outcome: Outcome
    attempts: int
    http_status: int | None
    sent_at: float | None
    duration_ms: int | None


RESULT_COLUMNS = (
    "row",
    "line",
    "status",
    "reason",
    "message",
    "kind",
    "title",
    "year",
    "season",
    "episode",
    "imdb_id",
    "tmdb_id",
    "tvdb_id",
    "trakt_id",
    "rating",
    "rated_at",
    "previous_rating",
    "attempts",
    "http_status",
    "sent_at",
    "duration_ms",
)
"""The columns of the results file; the journal prints its rows in this order."""

DESTINATION = "destination"
"""The column before those, in the results file of a run to several destinations."""
