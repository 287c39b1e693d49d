"""Batches: collects jobs of one kind of request until the batch is full; the size adapts to the server.

What became of them is told batch by batch, too: jobs that stand side by side share an outcome.

With a ceiling of 100 and a server that finds 100 too much, `BatchSize` goes 100, 50 (shrink), 55, 60 ... 100.
"""

from collections.abc import Iterable, Iterator, Sequence

from importer.client.client import Trace
from importer.model import Batch, Outcome, RatingJob, RowsOutcome


class BatchSize:
    """The size of a batch: halved when it was too large, then growing back slowly."""

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self._size = float(ceiling)

    @property
    def now(self) -> int:
        """The size of the next batch."""
        return int(self._size)

    def shrink(self) -> None:
        """Halve the size, to at least one."""
        self._size = max(1.0, self._size / 2)

    def grow(self) -> None:
        """Add a twentieth of the ceiling, up to the ceiling."""
        self._size = min(float(self._ceiling), self._size + self._ceiling / 20)


class Batcher:
    """Collects jobs into batches by kind of request; memory is bounded by kinds times the size."""

    def __init__(self, size: BatchSize) -> None:
        self._size = size
        self._waiting: dict[str, list[RatingJob]] = {}

    def add(self, jobs: Iterable[tuple[str, RatingJob]]) -> Iterator[Batch]:
        """Add (kind of request, job) pairs; yield batches as they become full."""
        waiting, size = self._waiting, self._size.now
        for request_kind, job in jobs:
            if (collected := waiting.get(request_kind)) is None:
                collected = waiting[request_kind] = []
            collected.append(job)
            if len(collected) >= size:
                del waiting[request_kind]
                yield Batch(request_kind, collected)
                size = self._size.now

    def flush(self) -> Iterator[Batch]:
        """Yield the remaining jobs as batches, after the last job."""
        yield from (Batch(request_kind, jobs) for request_kind, jobs in self._waiting.items())
        self._waiting.clear()


def cut_to_room(batch: Batch, room: int) -> Sequence[Batch]:
    """Split a batch where the room in the account ends; in halves if that is not inside the batch.

    A count may be wrong, so only if the service refuses a single row is the account certainly full: the
    first row for which there is no room by our count is tried alone.
    """
    if not 0 <= room < len(batch.jobs):
        return batch.halves()
    fitting, others = batch.cut(room)
    return [part for part in (fitting, *others.cut(1)) if part.jobs]


def share_outcomes(
    jobs: Sequence[RatingJob], outcomes: Sequence[Outcome | None], trace: Trace
) -> list[RowsOutcome]:
    """Give neighbours with the same outcome one value; those with None have no outcome yet."""
    facts = trace.attempts, trace.http_status, trace.sent_at, round(trace.duration_seconds * 1000)
    shared: list[RowsOutcome] = []
    rows: list[int] = []
    before: Outcome | None = None
    for job, outcome in zip(jobs, outcomes, strict=True):
        if outcome is not None and outcome != before:
            rows = []
            shared.append(RowsOutcome(rows, outcome, *facts))
        if outcome is not None:
            rows.append(job.row)
        before = outcome
    return shared
