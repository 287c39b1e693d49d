"""The first stage of a run: reads the source into the journal and closes the rows that need no sending.

```text
an unfinished run of the same command    ->  that run, continued: its open rows
a run that would only repeat the last    ->  a run that takes the last one's outcomes over, no row is read
anything else                            ->  a new run: rows read, checked, and closed where they need nothing
```
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from importer.errors import Remedy, UsageError
from importer.interrupts import StopRequest
from importer.journal import Journal, JournalRun
from importer.model import InvalidRow, Outcome, PlannedRow, RatingJob, SourceRow
from importer.progress import Phase, Progress
from importer.readers.base import Reader
from importer.readers.jobs import LostDates
from importer.runs.duplicates import close_duplicates
from importer.runs.room import Room
from importer.runs.rules import RunRules


@dataclass(frozen=True, slots=True)
class Source:
    """The input of a run: its name in messages, its fingerprint in the journal, its reader."""

    name: str
    fingerprint: str
    """Hash of all that decides its rows, without the rules of the run and the destination."""
    open_reader: Callable[[], Reader]
    check_unchanged: Callable[[], None] = lambda: None
    """Raises UnreadableFileError if the file changed after it was fingerprinted."""
    related_files: Sequence[Path] = ()
    """Other files that decide its rows, such as the links of a data set."""
    path: Path | None = None
    """The file itself, which must not be overwritten."""
    origin: str = ""
    """What its results belong to (`outputs.origin_of`); empty where they go where they went before."""
    unread: Sequence[str] = ()
    """The columns of the file that are not read."""


class Destination(Protocol):
    """Any destination, API or file, as far as loading needs it."""

    @property
    def name(self) -> str:
        """The `--to` word."""
        ...

    def check(self, job: RatingJob) -> Outcome | None:
        """Return why the destination cannot take the job; None if it can."""
        ...


def fingerprint_file(path: Path, *parts: str) -> str:
    """Hash a file's content and the `parts` that decide its jobs."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update("\0".join(parts).encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class LoadedRun:
    """A run whose rows are all in the journal; `open_rows` of them wait to be sent."""

    run: JournalRun
    notes: Sequence[str]
    """What the reader says about the file; empty for a continued run."""
    open_rows: int
    room: Room | None = None
    """Whether the rows fit into the account, where that is known."""


@dataclass(frozen=True, slots=True)
class Loading:
    """Reads the source of a run into the journal."""

    source: Source
    fingerprint: str
    """Identifies the unfinished run of the same command."""
    destination: Destination
    journal: Journal
    rules: RunRules
    progress: Progress
    stop: StopRequest

    def load(self) -> LoadedRun:
        """Read the whole source, or find the run that the same command left unfinished.

        Raises UsageError for a file that cannot be read; the journal then has no run of it.
        """
        run = self.journal.find_unfinished(self.fingerprint)
        notes: Sequence[str] = ()
        if run is None:
            with self.journal.loading():
                earlier = None
                if self.rules.trusts_journal:
                    earlier = self.journal.find_repeatable(self.fingerprint, self.destination.name)
                run, notes = self._read() if earlier is None else self._repeat(earlier)
        return LoadedRun(run, notes, run.count_open())

    @contextmanager
    def load_forgotten(self) -> Iterator[LoadedRun]:
        """Load a new run, never an unfinished one; the journal forgets it after the block."""
        with self.journal.loading(keep=False):
            run, notes = self._read()
            yield LoadedRun(run, notes, run.count_open())

    def _read(self) -> tuple[JournalRun, Sequence[str]]:
        """Put all rows into the journal and close those that need no sending."""
        reader, run = self.source.open_reader(), self._begin()
        wrong: list[str] = []
        lost = LostDates()
        for chunk in reader.chunks():
            self.stop.check()
            run.add_rows(chunk, _check(chunk, self.destination))
            self.progress.rows_read += len(chunk)
            lost.count(chunk)
            if self.rules.follows_plan:
                wrong += (row.message for row in chunk if isinstance(row, InvalidRow))
        self.source.check_unchanged()
        if wrong:
            lines = "\n".join(f"  {message}" for message in wrong)
            raise UsageError(
                f"{self.source.name} cannot be understood in {len(wrong):,} of its lines:\n{lines}"
            )
        if self.rules.removes_missing:
            _check_mirror(run.count_invalid())
        self.progress.phase = Phase.PLANNING
        for rows in run.titles_rated_twice():
            run.close_each(close_duplicates(rows))
        if self.rules.trusts_journal:
            run.close_unchanged()
        return run, (*reader.notes, *lost.describe())

    def _begin(self) -> JournalRun:
        undone = self.rules.undo_of
        return self.journal.begin(
            self.fingerprint,
            self.source.name,
            self.destination.name,
            kind=self.rules.kind,
            undo_of=None if undone is None else undone.run_id,
        )

    def _repeat(self, earlier: JournalRun) -> tuple[JournalRun, Sequence[str]]:
        """Load a run that repeats an earlier one, without reading the file."""
        run = self._begin()
        run.repeat(earlier)
        return run, [f"the file has not changed since run {earlier.run_id}, so it was not read again"]


def _check_mirror(invalid: int) -> None:
    """Raise UsageError if rows are invalid: a mirror might remove the titles that they rate."""
    if invalid:
        rows = f"{invalid:,} rows are" if invalid > 1 else "1 row is"
        raise UsageError(f"a mirror would remove what the file may well rate: {rows} invalid", Remedy.INSPECT)


def _check(rows: Sequence[SourceRow], destination: Destination) -> list[Outcome | None]:
    jobs = (row.job if isinstance(row, PlannedRow) else row for row in rows)
    return [destination.check(job) if isinstance(job, RatingJob) else None for job in jobs]
