"""From jobs to batches: what is settled before anything is sent, and what travels together. Pure.

The journal holds the rows and applies these rules; nothing here knows how they are stored.
"""

from collections.abc import Iterable, Iterator, Sequence

from importer.model import Batch, Fate, RatingJob, Status


def pick_winner(rows: Sequence[tuple[int, str | None]]) -> int:
    """Pick among rows of one title, given as (row, rated_at): the newest wins, the last row on a tie.

    A row without a date is older than any row with one: a date somebody wrote down is better evidence.
    """
    return max(rows, key=lambda entry: (entry[1] or "", entry[0]))[0]


def duplicate_of(winner_row: int, winner_line: int) -> Fate:
    """The fate of a row that another row of the file outdoes."""
    message = (
        f"row {winner_row} (line {winner_line}) rates the same title and counts: the newest, or the last"
    )
    return Fate(Status.DUPLICATE, "duplicate", message)


UNCHANGED = Fate(Status.UNCHANGED, "known_from_journal", "an earlier run brought this very rating")


class BatchSize:
    """How many jobs travel together: halved when it was too much, growing back slowly."""

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self._size = float(ceiling)

    @property
    def now(self) -> int:
        """The size of the next batch."""
        return int(self._size)

    def shrink(self) -> None:
        """It was too much: half as many, at least one."""
        self._size = max(1.0, self._size / 2)

    def grow(self) -> None:
        """It went well: a twentieth of the ceiling more, up to the ceiling."""
        self._size = min(float(self._ceiling), self._size + self._ceiling / 20)


class Batcher:
    """Collects jobs into batches by method; memory is bounded by the number of methods times the size."""

    def __init__(self, size: BatchSize) -> None:
        self._size = size
        self._waiting: dict[str, list[RatingJob]] = {}

    def add(self, jobs: Iterable[tuple[str, RatingJob]]) -> Iterator[Batch]:
        """Take (method, job) pairs in, give full batches out."""
        for method, job in jobs:
            collected = self._waiting.setdefault(method, [])
            collected.append(job)
            if len(collected) >= self._size.now:
                del self._waiting[method]
                yield Batch(method, collected)

    def flush(self) -> Iterator[Batch]:
        """Give out what is left, when no more jobs come."""
        yield from (Batch(method, jobs) for method, jobs in self._waiting.items())
        self._waiting.clear()
