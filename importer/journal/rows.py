"""The rows of a run as the journal keeps them, and how they become jobs again."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, Protocol, TypeVar

from importer.journal.database import JournalFile
from importer.model import MediaKind, Rating, RatingJob, Status, make_job

_KIND, _SECOND_KIND = map(RatingJob._fields.index, ("kind", "second_kind"))


_KINDS = {str(kind): kind for kind in MediaKind}
"""A dictionary finds a kind many times faster than its class does, and a run asks twice for each row."""


BLOCK_ROWS = 4000


JOB_COLUMNS = ", ".join(RatingJob._fields)


OPEN = "run = ? AND row > ? AND status IS NULL AND NOT is_marked ORDER BY row LIMIT ?"
"""The rows that wait to be sent, as `_jobs` and `_changes` are asked for them."""


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
        rows = self._db.execute(f"SELECT {JOB_COLUMNS} FROM marked WHERE {where}", values)
        return build_jobs(rows.fetchall())

    def _changes(self, where: str, *values: object) -> list[Changed]:
        columns = f"{JOB_COLUMNS}, previous_known, previous_rating, previous_rated_at"
        rows = self._db.execute(f"SELECT {columns} FROM marked WHERE {where}", values).fetchall()
        return [
            Changed(job, bool(is_known), rating, rated_at)
            for job, (*_, is_known, rating, rated_at) in zip(build_jobs(rows), rows, strict=True)
        ]


def build_jobs(rows: Sequence[Sequence[Any]]) -> list[RatingJob]:
    """Make jobs of rows that begin with the values of `JOB_COLUMNS`."""
    columns: list[Iterable[Any]] = [*islice(zip(*rows, strict=True), len(RatingJob._fields))]
    if not columns:
        return []
    # Column by column, and each step one call: a million rows of a run pass here twice.
    columns[_KIND] = map(_KINDS.__getitem__, columns[_KIND])
    columns[_SECOND_KIND] = map(_KINDS.get, columns[_SECOND_KIND])
    return list(map(make_job, zip(*columns, strict=True)))


class PlannedChange(NamedTuple):
    """A row of a planned run: its cells, its fate if it is settled, and what the account holds.

    Of a row that could not become a job the cells are texts as they stand in the file.
    """

    job: RatingJob
    status: Status | None
    reason: str | None
    message: str | None
    held: Rating | None
    held_at: str | None
