"""The road: reads a file, plans its rows, has them sent, and writes down what became of all of them.

The only place that puts readers, planning, sending, journal and report together. Prints nothing.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from importer.errors import ImporterError, UsageError
from importer.interrupts import holding_signals
from importer.journal import Journal, JournalRun, RunKind
from importer.journal.history import Tally
from importer.model import InvalidRow, Outcome, PlannedRow, RatingJob, SourceRow, Status
from importer.progress import Phase, Progress
from importer.readers.base import Reader
from importer.runs.duplicates import UNCHANGED, close_duplicates
from importer.runs.results_csv import write_results

_DRY_RUN = Outcome(Status.NOT_SENT, "dry_run", "would be sent")


@dataclass(frozen=True, slots=True)
class Source:
    """The file of a run: what messages call it, and what the journal knows it by."""

    name: str
    fingerprint: str
    open_reader: Callable[[], Reader]
    check_unchanged: Callable[[], None] = lambda: None
    """Raises UnreadableFileError if what was read is not what was fingerprinted any more."""
    related_files: Sequence[Path] = ()
    """Other files that shape its rows: the links of a data set, say."""
    undone: JournalRun | None = None
    """The run that is taken back, where what was changed since then is to be left alone."""
    undo_of: str | None = None
    """The id of the run that this one undoes."""
    mirrors: bool = False
    """Whether what the account holds and the source does not is removed."""

    is_plan: bool = False
    """Whether these are the rows of a plan, with what the account held for each."""

    @property
    def believes_journal(self) -> bool:
        """Whether what an earlier run brought counts as held; else the account itself is asked."""
        return not (self.undo_of is not None or self.mirrors or self.is_plan)


class Destination(Protocol):
    """Any destination, API or file, as far as planning asks it."""

    @property
    def name(self) -> str:
        """The `--to` word."""
        ...

    def check(self, job: RatingJob) -> Outcome | None:
        """Say why it cannot take the job at all, or None if it can."""
        ...


class Sender(Protocol):
    """What brings the open rows of a run to their outcomes: `Sending` for an API, `Writing` for a file."""

    stopped_by: ImporterError | None

    def send_all(self) -> None:
        """Bring all open rows to an end, or set `stopped_by`."""
        ...

    def verify(self) -> None:
        """See that what was reported is so, where that can be done; what is not so is a failure."""
        ...


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run came to. `stopped_by` is set when it ended before its work was done."""

    run: JournalRun
    notes: Sequence[str]
    """What the reader found out about the file; empty when the run was continued."""
    tallies: Sequence[Tally]
    sent: int
    """Rows that got their outcome from the destination now, not in an earlier session of the run."""
    seconds: float
    """Time spent sending."""
    stopped_by: ImporterError | None


def fingerprint_file(path: Path, *parts: str) -> str:
    """Hash a file's content together with whatever else shapes its jobs."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update("\0".join(parts).encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class LoadedRun:
    """A run whose rows are all in the journal; `open_rows` of them wait to be sent."""

    run: JournalRun
    notes: Sequence[str]
    """What the reader found out about the file; empty when the run is continued."""
    open_rows: int


def load_run(
    source: Source, destination: Destination, journal: Journal, progress: Progress, *, remembers: bool = True
) -> LoadedRun:
    """Read the whole source into the journal, or find the run that the same command left unfinished.

    `remembers` says that what an earlier run brought is still there; a file holds one run only. Raises
    UsageError for a file that cannot be read; the journal then knows nothing of it.
    """
    run = journal.find_unfinished(source.fingerprint)
    notes: Sequence[str] = ()
    if run is None:
        with journal.loading():
            earlier = journal.find_repeatable(source.fingerprint, destination.name) if remembers else None
            if earlier is not None:
                run, notes = _repeat(earlier, source, destination, journal)
            else:
                run, notes = _plan(source, destination, journal, progress, remembers=remembers)
    return LoadedRun(run, notes, run.count_open())


def send_run(planned: LoadedRun, sender: Sender, results: Path, progress: Progress) -> RunReport:
    """Send the open rows of a planned run and write the results file, whatever happens.

    Raises ResultsNotWrittenError when only the results file failed. A run that stopped early is no
    exception here: see `stopped_by`.
    """
    run = planned.run
    begun = time.monotonic()
    try:
        sender.send_all()
        seconds = time.monotonic() - begun
        if sender.stopped_by is None:
            sender.verify()
    finally:
        # Also when something unforeseen ended the sending: what is done is done, and must be told.
        progress.phase = Phase.WRITING
        with holding_signals() as held, closing(run.results()) as lines:
            write_results(results, lines)
    sender.stopped_by = sender.stopped_by or next(iter(held), None)
    if sender.stopped_by is None:
        # Only now: a run whose results could not be written is continued, and then prints them.
        run.finish()
    return RunReport(run, planned.notes, run.tallies(), progress.done, seconds, sender.stopped_by)


def dry_run_all(
    source: Source,
    destination: Destination,
    journal: Journal,
    results: Path,
    progress: Progress,
    *,
    remembers: bool = True,
) -> RunReport:
    """Do everything but send: the results file says what would be sent, the journal forgets it again."""
    with forgotten_run(source, destination, journal, progress, remembers=remembers) as planned:
        run = planned.run
        run.close_open(_DRY_RUN)
        progress.phase = Phase.WRITING
        with closing(run.results()) as lines:
            write_results(results, lines)
        return RunReport(run, planned.notes, run.tallies(), 0, 0.0, None)


@contextmanager
def forgotten_run(
    source: Source, destination: Destination, journal: Journal, progress: Progress, *, remembers: bool = True
) -> Iterator[LoadedRun]:
    """Plan a run that the journal forgets again; it need not be the one that is unfinished."""
    with journal.loading(keep=False):
        run, notes = _plan(source, destination, journal, progress, remembers=remembers)
        yield LoadedRun(run, notes, run.count_open())


def _plan(
    source: Source, destination: Destination, journal: Journal, progress: Progress, *, remembers: bool = True
) -> tuple[JournalRun, Sequence[str]]:
    """Put all rows into the journal and settle those that need no sending."""
    reader = source.open_reader()
    run = _begin(source, destination, journal)
    wrong: list[str] = []
    for chunk in reader.chunks():
        run.add_rows(chunk, [_check(row, destination) for row in chunk])
        progress.rows_read += len(chunk)
        if source.is_plan:
            wrong += (row.message for row in chunk if isinstance(row, InvalidRow))
    source.check_unchanged()
    if wrong:
        lines = "\n".join(f"  {message}" for message in wrong)
        raise UsageError(f"{source.name} cannot be understood in {len(wrong):,} of its lines:\n{lines}")
    if source.mirrors:
        _check_mirror(run.count_invalid())
    progress.phase = Phase.PLANNING
    for rows in run.titles_rated_twice():
        run.close_each(close_duplicates(rows))
    if remembers:
        run.close_unchanged(UNCHANGED)
    return run, reader.notes


def _begin(source: Source, destination: Destination, journal: Journal) -> JournalRun:
    kind = RunKind.IMPORT if source.undo_of is None else RunKind.UNDO
    return journal.begin(source.fingerprint, source.name, destination.name, kind=kind, undo_of=source.undo_of)


def _repeat(
    earlier: JournalRun, source: Source, destination: Destination, journal: Journal
) -> tuple[JournalRun, Sequence[str]]:
    """Plan the run of a file whose rows are in the journal as they would be read and settled again."""
    run = _begin(source, destination, journal)
    run.repeat(earlier, UNCHANGED)
    return run, [f"the file is still the one of run {earlier.run_id}, so it was not read again"]


def _check_mirror(invalid: int) -> None:
    """See that the mirror is told of all that the file rates. Raises UsageError."""
    if invalid:
        rows = f"{invalid:,} rows are" if invalid > 1 else "1 row is"
        raise UsageError(
            f"--mirror would remove what the file may well rate: {rows} invalid. Correct them, or take them "
            "out of the file (`importer inspect` names them)."
        )


def _check(row: SourceRow, destination: Destination) -> Outcome | None:
    if isinstance(row, PlannedRow):
        return destination.check(row.job)
    return destination.check(row) if isinstance(row, RatingJob) else None
