"""The values of the pipeline: rating jobs, rows that cannot become one, batches, outcomes.

Pure values, no behaviour beyond what they are; reading, planning and sending live in their own rooms.
The row values are named tuples, not dataclasses: a million of them are made in a run, and a tuple goes
into the journal as it is.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple


class MediaKind(StrEnum):
    """What is rated."""

    MOVIE = "movie"
    SHOW = "show"
    SEASON = "season"
    EPISODE = "episode"
    UNKNOWN = "unknown"
    """The export's word for the type is in a language nobody here reads; the destination may know by id."""


class Status(StrEnum):
    """What became of a row: the results file's `status` column."""

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
        """Whether the account now stands as the row wants it, or as the user's policy does."""
        return self in SUCCESSES


SUCCESSES = frozenset(
    {Status.RATED, Status.UNRATED, Status.UNCHANGED, Status.KEPT, Status.DUPLICATE, Status.SKIPPED}
)

TRANSIENT = frozenset({Status.FAILED, Status.NOT_SENT, Status.UNCONFIRMED})
"""What another try may mend by itself."""

CORRECTABLE = frozenset({Status.INVALID, Status.NOT_FOUND, Status.REJECTED})
"""What another try may mend once somebody has corrected the row."""

IMDB_ID = "tt[0-9]{7,10}"
"""What an IMDb id looks like, as a pattern. It is text: it keeps its zeros, and newer ones have 8 digits."""

UNRATE = 0
"""The rating that asks for the removal of a rating."""

LOVE = "love"
HATE = "hate"

Rating = int | str
"""1 to 10, `love` or `hate`, or 0 (`UNRATE`)."""


class RatingJob(NamedTuple):
    """One rating to bring to the destination.

    `row` counts the data rows of the file from 1; `line` is the physical line its record starts at.
    The ids are the title's own, with one exception: an episode or season job that has a `season` number
    carries the ids, the title and the year of its *show* (no v1 method takes an episode's own id).
    `rated_at` is an ISO 8601 date (`2024-05-01`) or an instant in UTC (`2024-05-01T14:06:03Z`).
    `second_kind` is set where exports and destinations disagree on what a title is (a TV special, say).
    `note` is what the reader decided about the row that its owner may want to know: a rating rounded, say.
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

    def noting(self, told: str) -> "RatingJob":
        """The same job, with one more note."""
        return self._replace(note=f"{self.note}; {told}" if self.note else told)


make_job: Callable[[Iterable[Any]], RatingJob] = partial(tuple.__new__, RatingJob)
"""`RatingJob._make` without its check of the length: half the time, a million times."""


class InvalidRow(NamedTuple):
    """A row that cannot become a job, with its cells as they stood in the file; a good rating is 1 to 10.

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


class SettledRow(NamedTuple):
    """A row that an earlier run has settled: a line of its results file, taken over as it stands."""

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
    """A line of a plan that is to be sent: a job, and what the account held for its title at that time."""

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
        """What is to be sent."""
        return RatingJob._make(self[: len(RatingJob._fields)])


SourceRow = RatingJob | InvalidRow | SettledRow | PlannedRow


class RowRemedy(StrEnum):
    """What helps a row, as its message in the results file says it.

    Apart from `cli/` the only place that knows how options and commands are typed.
    """

    FIND_IDS = "`importer resolve FILE` finds them"
    FIND_TYPE = "`importer resolve FILE` finds it out"
    ADD_VOTE = "Add it, as in --scale {votes}=7."
    TAKE_SCORES = "Say with --scale what your scores are, and they are taken instead."
    CHOOSE_USER = "--{option} says whose ratings are taken."
    POLICY = "--on-conflict {policy}"
    FORCE = "--force undoes it"
    NUMBER_LOVE = "say what love and hate are, for example --love 10 --hate 1"


class Batch(NamedTuple):
    """Jobs that travel in one request. `request_kind` is the destination's own name for it."""

    request_kind: str
    jobs: Sequence[RatingJob]
    is_part: bool = False

    def halves(self) -> tuple["Batch", "Batch"]:
        """Split in two, to find a culprit or to ask for less at once."""
        middle = len(self.jobs) // 2
        first, second = self.jobs[:middle], self.jobs[middle:]
        return Batch(self.request_kind, first, is_part=True), Batch(self.request_kind, second, is_part=True)


class Outcome(NamedTuple):
    """What a destination's answer means for one job of a batch."""

    status: Status
    reason: str = ""
    message: str = ""


class RowOutcome(NamedTuple):
    """What became of one job, and how it went.

    `sent_at` (seconds since the epoch) and `duration_ms` are those of its last request.
    """

    row: int
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
