"""The rows of one run in the journal, and the rating jobs built from them."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from importer.journal import states
from importer.journal.database import Database
from importer.model import MediaKind, Rating, RatingJob, Status, make_job

BLOCK_ROWS = 4000

KEPT_ROWS = 21_000
"""A run of no more rows keeps its jobs in memory: to build them from the journal takes ten times as long."""

JOB_COLUMNS = ", ".join(RatingJob._fields)

AFTER = "run = ? AND row > ? AND last_row > ? AND {} ORDER BY last_row, id LIMIT ?"
"""Up to so many rows after a row, in order, as a condition for `_jobs` and `_changes`; see `_after`."""

OPEN = "status IS NULL AND NOT is_claimed"

STATE = "(SELECT {} FROM state WHERE run = {table}.run AND last_row >= {table}.row ORDER BY last_row LIMIT 1)"
"""A value of the state of a row that `table` names."""

_KIND, _SECOND_KIND = map(RatingJob._fields.index, ("kind", "second_kind"))

_KINDS = {str(kind): kind for kind in MediaKind}
"""A dictionary finds a kind many times faster than the enum does, and a run looks up two for each row."""


class Changed(NamedTuple):
    """A row that changes the account, and the account's rating before, if that `is_known`."""

    job: RatingJob
    is_known: bool
    rating: Rating | None
    rated_at: str | None


class PlannedChange(NamedTuple):
    """A row of a run that was loaded and not sent: its cells, its outcome if closed, the account's rating.

    A row that could not become a job has the texts of its cells.
    """

    job: RatingJob
    status: Status | None
    reason: str | None
    message: str | None
    account_rating: Rating | None
    account_rated_at: str | None


class _HasJob(Protocol):
    @property
    def job(self) -> RatingJob: ...


_Row = TypeVar("_Row", bound=RatingJob | _HasJob)


def in_blocks(read_block: Callable[[int, int], list[_Row]]) -> Iterator[list[_Row]]:
    """Yield the rows of a run in blocks, in order, so that memory does not grow with the run."""
    last_row = 0
    while rows := read_block(last_row, BLOCK_ROWS):
        yield rows
        last = rows[-1]
        last_row = last.row if isinstance(last, RatingJob) else last.job.row


class RunRows:
    """The base of all queries about the rows of one run.

    `run_id` is the id that users type, `number` the key in this journal.
    """

    def __init__(self, database: Database, number: int, run_id: str, *, continued: bool = False) -> None:
        self.number = number
        self.run_id = run_id
        self.continued = continued
        """Whether it was begun by an earlier command."""
        self._database = database
        self._kept: dict[int, RatingJob] | None = {}
        """By id, the jobs that this command has added; None if they are too many (`KEPT_ROWS`)."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RunRows) and (self.run_id, self.number) == (other.run_id, other.number)

    def __hash__(self) -> int:
        return hash(self.run_id)

    @property
    def journal(self) -> Path:
        """The file that it is in."""
        return self._database.path

    @property
    def _db(self) -> sqlite3.Connection:
        return self._database.connection

    def _transaction(self) -> AbstractContextManager[None]:
        return self._database.transaction()

    def _count(self, where: str) -> int:
        return self._database.count(f"row_state WHERE run = ? AND {where}", self.number)

    def _change(self, changes: Iterable[tuple[int, tuple[Any, ...]]]) -> None:
        """Change the states of rows; see `states`."""
        with self._transaction():
            states.change(self._db, self.number, states.join_rows(changes))

    def _kinds(self, where: str) -> list[tuple[MediaKind, MediaKind | None]]:
        found = self._db.execute(
            f"SELECT DISTINCT kind, second_kind FROM row_state WHERE {where} AND run = ?", (self.number,)
        )
        return [(MediaKind(kind), MediaKind(second) if second else None) for kind, second in found]

    def _after(self, after_row: int, limit: int) -> tuple[int, int, int, int]:
        """Return what `AFTER` is filled in with."""
        return self.number, after_row, after_row, limit

    def _keep(self, jobs: Sequence[RatingJob]) -> None:
        if self._kept is not None and len(self._kept) + len(jobs) <= KEPT_ROWS:
            self._kept.update(((self.number << 32) + job.row, job) for job in jobs)
        else:
            self._kept = None

    def _all_jobs(self) -> list[RatingJob]:
        """Return the jobs of all rows in order, if they are kept and no row is anything else."""
        ids = self.number << 32, (self.number + 1 << 32) - 1
        is_all = self._kept and len(self._kept) == self._database.count("row WHERE id BETWEEN ? AND ?", *ids)
        return [job for _, job in sorted(self._kept.items())] if self._kept and is_all else []

    def _find(
        self, where: str, values: Sequence[object], others: str = ""
    ) -> tuple[list[RatingJob], list[tuple[Any, ...]]]:
        """Return the jobs of rows, and for each the values of a row that ends with the columns `others`."""
        found = f"FROM row_state WHERE {where}"
        if kept := self._kept:
            rows = self._db.execute(f"SELECT id{others} {found}", values).fetchall()
            with suppress(KeyError):  # rows of another run, or that an earlier command added
                return [kept[row[0]] for row in rows], rows
        rows = self._db.execute(f"SELECT {JOB_COLUMNS}{others} {found}", values).fetchall()
        return build_jobs(rows), rows

    def _jobs(self, where: str, *values: object) -> list[RatingJob]:
        return self._find(where, values)[0]

    def _changes(self, where: str, *values: object) -> list[Changed]:
        before = ", previous_known, previous_rating, previous_rated_at"
        return [
            Changed(job, is_known == 1, rating, rated_at)
            for job, (*_, is_known, rating, rated_at) in zip(*self._find(where, values, before), strict=True)
        ]


def build_jobs(rows: Sequence[Sequence[Any]]) -> list[RatingJob]:
    """Build jobs from rows that begin with the values of `JOB_COLUMNS`."""
    columns: list[Iterable[Any]] = [*islice(zip(*rows, strict=True), len(RatingJob._fields))]
    if not columns:
        return []
    # Column by column, one call per step: a million rows of a run are built here twice.
    columns[_KIND] = map(_KINDS.__getitem__, columns[_KIND])
    columns[_SECOND_KIND] = map(_KINDS.get, columns[_SECOND_KIND])
    return list(map(make_job, zip(*columns, strict=True)))
