"""Past runs of all journals and the outcomes of their rows. Reads only.

A journal can be read while another process writes it.
"""

import heapq
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from importer.errors import AlreadyUndoneError, ImporterError, Remedy, UsageError
from importer.journal import checksums
from importer.journal.reading import reading
from importer.journal.results import Tally, count_outcomes, count_taken_over, results_of, tallies_of
from importer.journal.run_ids import is_meant
from importer.model import CORRECTABLE, TRANSIENT, Status
from importer.state_files import translate_trouble

LAST = "last"
"""The word for the newest run that is not an undo."""

_CHANGING = frozenset({Status.RATED, Status.UNRATED, Status.UNCONFIRMED, Status.FAILED})
"""Without one of these a run has changed nothing; with one, its rows tell."""

_NAMED = 3
"""So many runs are named where a short id may mean several."""


class RunKind(StrEnum):
    """The kind of a run."""

    IMPORT = "import"
    RETRY = "retry"
    UNDO = "undo"
    PLAN = "plan"
    SYNC = "sync"


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run in a journal. `ended_at` is None if it was stopped or is in progress."""

    journal: Path
    number: int
    run_id: str
    source: str
    destination: str
    started_at: str
    ended_at: str | None
    kind: str
    """One of `RunKind`."""
    undo_of: str | None
    """The id of the run that it undoes."""
    counts: dict[Status, int]
    has_changes: bool = True
    """Whether it changed its destination, or may have."""
    undone_by: str | None = None
    """The id of the newest undo of this run that changed something, unless that was undone itself."""
    undone_with: Sequence[str] = ()
    """The ids of the undos before that one that undid other parts of it, the newest first."""
    undone_in_part: bool = False
    """Whether its undo is incomplete: it was stopped, rows failed, or ratings were left alone."""

    @property
    def is_undone(self) -> bool:
        """Whether nothing is left of it to undo."""
        return self.undone_by is not None and not self.undone_in_part

    @property
    def leaves_work(self) -> bool:
        """Whether the same command may do more: rows failed or were left alone."""
        return self.ended_at is None or bool(self.counts.keys() & (TRANSIENT | CORRECTABLE | {Status.KEPT}))


def list_runs(folder: Path, problems: list[str] | None = None) -> list[PastRun]:
    """List all runs of all journals in the folder, the oldest first.

    A journal that cannot be read is added to `problems`; without that list it is an ImporterError.
    """
    runs: list[list[PastRun]] = []
    for journal in _list_journals(folder):
        try:
            runs.append(list_account_runs(journal))
        except ImporterError as error:
            if problems is None:
                raise
            problems.append(str(error))
    # Runs of one journal are in the order of their numbers; across journals only the clock orders them.
    return list(heapq.merge(*runs, key=lambda run: run.started_at))


def _list_journals(folder: Path) -> list[Path]:
    # `glob` treats an unreadable folder as empty.
    with translate_trouble(folder, "read the journals"):
        return (
            sorted(path for path in folder.iterdir() if path.suffix == ".sqlite3") if folder.exists() else []
        )


def find_run(folder: Path, run_id: str) -> PastRun:
    """Find a run by its id, its short form or its beginning; `last` is the newest that is not an undo.

    Raises UsageError, and StateFileError if its rows are damaged.
    """
    problems: list[str] = []
    runs = list_runs(folder, problems)
    if run_id == LAST:
        # After `undo last` the newest run is an undo; typed again, the same command must mean the same run.
        found = [run for run in runs if run.undo_of is None][-1:]
    else:
        found = [run for run in runs if is_meant(run.run_id, run_id)]
    exact = [run for run in found if run.run_id == run_id]
    if len(exact or found) == 1:
        run = (exact or found)[0]
        _check_rows(run)
        return run
    if found:
        named = ", ".join(run.run_id for run in found[-_NAMED:])
        first = f"the last {_NAMED} are " if len(found) > _NAMED else ""
        raise UsageError(f"{run_id!r} may mean {len(found)} runs; type more of the id: {first}{named}")
    raise UsageError("\n".join([*problems, f"there is no run {run_id!r}"]), Remedy.LIST_RUNS)


def _check_rows(run: PastRun) -> None:
    with reading(run.journal) as database:
        checksums.check_file(database)
        # A repeat has states of its own, and the rows of the run that it repeats.
        used = "SELECT number FROM run WHERE number = ? UNION SELECT repeats FROM run WHERE number = ?"
        for (number,) in database.execute(used, (run.number, run.number)).fetchall():
            if number is not None:
                checksums.check_run(database, number)


def find_undoable(folder: Path, run_id: str) -> PastRun:
    """Find the run to undo, as `find_run` does; `last` is the newest that is no undo and changed something.

    Raises UsageError, also if the run was undone completely, or changed nothing.
    """
    problems: list[str] = []
    if run_id == LAST:
        changed = [run for run in list_runs(folder, problems) if run.undo_of is None and run.has_changes]
        if not changed:
            raise UsageError("\n".join([*problems, "no run has changed anything"]), Remedy.LIST_RUNS)
        run = changed[-1]
    else:
        run = find_run(folder, run_id)
    if run.undone_by is not None and run.is_undone:
        raise AlreadyUndoneError(run.run_id, run.undone_by)
    if not run.has_changes:
        raise UsageError(f"{run.run_id} changed nothing, so there is nothing to undo", Remedy.LIST_RUNS)
    return run


def list_without_changes(folder: Path, after: PastRun) -> list[str]:
    """List the runs after it that are no undos and changed nothing: those that its `last` passes over."""
    ids = [run.run_id for run in list_runs(folder, []) if run.undo_of is None]
    return ids[ids.index(after.run_id) + 1 :]


def find_sender(
    folder: Path, sent: Mapping[int, str], destinations: Collection[str] | None = None
) -> PastRun | None:
    """Find the first run, to one of these, that sent these rows at these times, from a results file."""
    all_runs = list_runs(folder, [])
    runs = [run for run in all_runs if destinations is None or run.destination in destinations]
    return next((run for run in runs if _has_sent(run, sent)), None) if sent else None


def _has_sent(run: PastRun, sent: Mapping[int, str]) -> bool:
    with reading(run.journal) as database:
        found = "SELECT row, sent_at FROM result WHERE run = ? AND sent_at IS NOT NULL"
        return sent.items() <= dict(database.execute(found, (run.number,))).items()


def count_sent(run: PastRun) -> int:
    """Count the rows that the run itself sent."""
    with reading(run.journal) as database:
        sent = "sent_at IS NOT NULL OR status IN ('rated', 'unrated')"
        counted = database.execute(
            f"SELECT count(*) FROM row_state WHERE run = ? AND NOT carried AND ({sent})", (run.number,)
        )
        return int(counted.fetchone()[0])


def read_results(run: PastRun) -> Iterator[tuple[Any, ...]]:
    """Yield the lines of a run's results file."""
    with reading(run.journal) as database:
        yield from results_of(database, run.number)


def read_tallies(run: PastRun) -> list[Tally]:
    """Count the rows of a run by status and reason, the most frequent first."""
    with reading(run.journal) as database:
        return tallies_of(database, run.number)


def read_taken_over(run: PastRun) -> dict[Status, int]:
    """Count by status the rows that an earlier run had closed, and this one took over."""
    with reading(run.journal) as database:
        return count_taken_over(database, run.number)


class OwnCounts(NamedTuple):
    """The rows that a run itself closed, by status, and the number of those that it took over."""

    counts: dict[Status, int]
    taken_over: int


def read_own_counts(runs: Iterable[PastRun]) -> dict[str, OwnCounts]:
    """Tell apart, by the run's id, what each run closed and what it took over. Each journal is opened once.

    What a plan has closed is its run's own: nobody has counted it before.
    """
    by_journal: dict[Path, list[PastRun]] = {}
    for run in runs:
        by_journal.setdefault(run.journal, []).append(run)
    found: dict[str, OwnCounts] = {}
    for journal, mine in by_journal.items():
        with reading(journal) as database:
            for run in mine:
                taken_over = {} if run.kind == RunKind.PLAN else count_taken_over(database, run.number)
                own = {status: number - taken_over.get(status, 0) for status, number in run.counts.items()}
                counts = {status: number for status, number in own.items() if number}
                found[run.run_id] = OwnCounts(counts, sum(taken_over.values()))
    return found


def was_compared(run: PastRun) -> bool:
    """Whether its rows were compared with the account, so that it is known what stood there before."""
    with reading(run.journal) as database:
        has_column = "SELECT 1 FROM pragma_table_info('run', 'main') WHERE name = 'compared'"
        if not database.execute(has_column).fetchone():
            return False  # of a version that did not write it down
        found = database.execute("SELECT compared FROM main.run WHERE number = ?", (run.number,)).fetchone()
        return bool(found[0])


def list_account_runs(journal: Path) -> list[PastRun]:
    """List the runs of one journal, the oldest first. Raises ImporterError."""
    with reading(journal) as database:
        if not checksums.check_schema(database):
            return []
        runs = database.execute(
            "SELECT number, run_id, source, destination, started_at, ended_at, kind, undo_of"
            " FROM run ORDER BY number"
        ).fetchall()
        return _note_undone([_build_run(database, journal, *run) for run in runs])


def _note_undone(runs: Sequence[PastRun]) -> list[PastRun]:
    """Note for each run which undo undid it.

    A is not undone by U1 any more once U2 has undone U1, and so redone A. An undo that changed nothing undid
    nothing; if it found nothing left to undo, it shows that the one before it was complete.
    """
    noted: list[PastRun] = []
    undos: dict[str, list[PastRun]] = {}  # of each run, the newest first
    for run in reversed(runs):  # an undo comes after the run that it undoes
        mine = undos.get(run.run_id, [])
        if changing := [undo.run_id for undo in mine if undo.has_changes]:
            in_part = mine[0].leaves_work or mine[0].undone_in_part
            newest, *others = changing
            run = replace(run, undone_by=newest, undone_with=others, undone_in_part=in_part)  # noqa: PLW2901 - the same run
        if run.undo_of is not None and not run.is_undone:
            undos.setdefault(run.undo_of, []).append(run)
        noted.append(run)
    return noted[::-1]


def _build_run(database: sqlite3.Connection, journal: Path, number: int, *columns: Any) -> PastRun:
    if not database.execute("SELECT 1 FROM tally WHERE run = ?", (number,)).fetchone():
        checksums.check_run(database, number)  # its rows are counted
    found: Counter[str] = Counter()
    for status, _, count in count_outcomes(database, number):
        found[status] += count
    counts = {status: found[status] for status in Status if status in found}
    has_changes = bool(counts.keys() & _CHANGING) and _has_changes(database, number)
    run_id, source, destination, started_at, ended_at, kind, undo_of = columns
    return PastRun(
        *(journal, number, run_id, source, destination, started_at, ended_at, kind, undo_of),
        counts,
        has_changes,
    )


def _has_changes(database: sqlite3.Connection, number: int) -> bool:
    changed = "SELECT 1 FROM row_state WHERE run = ? AND NOT carried AND may_have_changed LIMIT 1"
    return database.execute(changed, (number,)).fetchone() is not None
