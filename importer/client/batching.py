"""Batches: jobs of one kind of request are collected until a request is full, and how full that is varies.

With a ceiling of 100 and a server that finds 100 too much, `BatchSize` goes 100, 50 (shrink), 55, 60 ... 100.
"""

from collections.abc import Iterable, Iterator

from importer.model import Batch, RatingJob


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
    """Collects jobs into batches by kind of request; memory is bounded by kinds times the size."""

    def __init__(self, size: BatchSize) -> None:
        self._size = size
        self._waiting: dict[str, list[RatingJob]] = {}

    def add(self, jobs: Iterable[tuple[str, RatingJob]]) -> Iterator[Batch]:
        """Take (kind of request, job) pairs in, give full batches out."""
        for request_kind, job in jobs:
            collected = self._waiting.setdefault(request_kind, [])
            collected.append(job)
            if len(collected) >= self._size.now:
                del self._waiting[request_kind]
                yield Batch(request_kind, collected)

    def flush(self) -> Iterator[Batch]:
        """Give out what is left, when no more jobs come."""
        yield from (Batch(request_kind, jobs) for request_kind, jobs in self._waiting.items())
        self._waiting.clear()
