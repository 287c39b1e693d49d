"""The rows of a run as the journal keeps them, and how they become jobs again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

from importer.journal.file import JournalFile
from importer.model import MediaKind, Rating, RatingJob

_KINDS = {str(kind): kind for kind in MediaKind}
"""A dictionary finds a kind many times faster than its class does, and a run asks twice for each row."""

BLOCK_ROWS = 4000

JOB_COLUMNS = ", ".join(RatingJob._fields)


@dataclass(frozen=True, slots=True)
class Run:
    """One run in the journal. `run_id` is what people type; `number` the key inside this file."""

    number: int
    run_id: str
    continued: bool = False


class Changed(NamedTuple):
    """A row that changes the account, and what stood there before, if that `is_known`."""

    job: RatingJob
    is_known: bool
    rating: Rating | None
    rated_at: str | None


class _HasJob(Protocol):
    @property
    def job(self) -> RatingJob: ...


_Row = TypeVar("_Row", bound=RatingJob | _HasJob)


def in_blocks(read_block: Callable[[Run, int, int], list[_Row]], run: Run) -> Iterator[list[_Row]]:
    """Read rows of a run a block at a time, in their order, so that memory does not grow with the run."""
    last_row = 0
    while rows := read_block(run, last_row, BLOCK_ROWS):
        yield rows
        last = rows[-1]
        last_row = last.row if isinstance(last, RatingJob) else last.job.row


class Rows(JournalFile):
    """What all that ask for rows share."""

    def _kinds(self, where: str, run: Run) -> list[tuple[MediaKind, MediaKind | None]]:
        found = self._db.execute(
            f"SELECT DISTINCT kind, second_kind FROM row WHERE {where} AND run = ?", (run.number,)
        )
        return [(MediaKind(kind), MediaKind(second) if second else None) for kind, second in found]

    def _jobs(self, where: str, *values: object) -> list[RatingJob]:
        rows = self._db.execute(f"SELECT {JOB_COLUMNS} FROM row {where}", values)
        return [build_job(row) for row in rows.fetchall()]

    def _changes(self, where: str, *values: object) -> list[Changed]:
        columns = f"{JOB_COLUMNS}, previous_known, previous_rating, previous_rated_at"
        rows = self._db.execute(f"SELECT {columns} FROM row {where}", values)
        return [Changed(build_job(row[:-3]), bool(row[-3]), row[-2], row[-1]) for row in rows.fetchall()]


def build_job(row: Sequence[Any]) -> RatingJob:
    """Make a job of the values of `JOB_COLUMNS`."""
    number, line, kind, *cells, second_kind, note = row
    return RatingJob._make((number, line, _KINDS[kind], *cells, _KINDS.get(second_kind), note))
