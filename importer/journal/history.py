"""Looking back: which runs there were, in all journals, and what became of their rows. Reads only.

A journal that is being written at the same moment can be read all the same.
"""

import heapq
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from importer.errors import ImporterError, Remedy, UsageError
from importer.model import RESULT_COLUMNS, Status

LAST = "last"
"""What is typed for the newest run."""

UNDO = "undo "
"""How the source of an undo begins; the id of the run that it takes back follows."""

_RESULTS = f"SELECT {', '.join(RESULT_COLUMNS)} FROM result WHERE run = ? ORDER BY row"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows share one status and reason, with up to three of them as (line, title, message)."""

    status: Status
    reason: str
    count: int
    examples: Sequence[tuple[int, str | None, str | None]]


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run as its journal tells it. `ended_at` None: it was stopped, or is under way."""

    journal: Path
    number: int
    run_id: str
    source: str
    destination: str
    started_at: str
    ended_at: str | None
    counts: dict[Status, int]


def list_runs(folder: Path, problems: list[str] | None = None) -> list[PastRun]:
    """List all runs of all journals in the folder, the oldest first.

    A journal that cannot be read hides none of the others: it is named in `problems`, or an ImporterError.
    """
    runs: list[list[PastRun]] = []
    for journal in sorted(folder.glob("*.sqlite3")):
        try:
            runs.append(_read_runs(journal))
        except ImporterError as error:
            if problems is None:
                raise
            problems.append(str(error))
    # Each journal knows its own order, whatever the clock said; among journals the clock is all there is.
    return list(heapq.merge(*runs, key=lambda run: run.started_at))


def find_run(folder: Path, run_id: str) -> PastRun:
    """Find a run by its id or the beginning of it, or the newest as `last`. Raises UsageError."""
    problems: list[str] = []
    runs = list_runs(folder, problems)
    found = runs[-1:] if run_id == LAST else [run for run in runs if run_id and run.run_id.startswith(run_id)]
    exact = [run for run in found if run.run_id == run_id]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if found:
        raise UsageError(f"{run_id!r} is the beginning of {len(found)} runs; type more of it")
    raise UsageError("\n".join([*problems, f"there is no run {run_id!r}"]), Remedy.LIST_RUNS)


def find_undoable(folder: Path, run_id: str) -> PastRun:
    """Find the run to undo as `find_run` does; after an undo that did not end, `last` is the run it undid."""
    run = find_run(folder, run_id)
    if run_id == LAST and run.ended_at is None and run.source.startswith(UNDO):
        return find_run(folder, run.source.removeprefix(UNDO))
    return run


def find_sender(folder: Path, sent: Mapping[int, str]) -> PastRun | None:
    """Find the first run that sent these rows at these times, as a results file tells them."""
    return next((run for run in list_runs(folder, []) if _has_sent(run, sent)), None) if sent else None


def _has_sent(run: PastRun, sent: Mapping[int, str]) -> bool:
    with _reading(run.journal) as database:
        question = "SELECT 1 FROM result WHERE run = ? AND row = ? AND sent_at = ?"
        return all(database.execute(question, (run.number, *each)).fetchone() for each in sent.items())


def count_sent(run: PastRun) -> int:
    """Count the rows that the run itself brought to the destination."""
    with _reading(run.journal) as database:
        sent = "sent_at IS NOT NULL OR status IN ('rated', 'unrated')"
        counted = database.execute(
            f"SELECT count(*) FROM row WHERE run = ? AND NOT carried AND ({sent})", (run.number,)
        )
        return int(counted.fetchone()[0])


def read_results(run: PastRun) -> Iterator[tuple[Any, ...]]:
    """Yield the lines of a run's results file."""
    with _reading(run.journal) as database:
        yield from results_of(database, run.number)


def read_tallies(run: PastRun) -> list[Tally]:
    """Count the rows of a run by status and reason."""
    with _reading(run.journal) as database:
        return tallies_of(database, run.number)


def results_of(database: sqlite3.Connection, number: int) -> sqlite3.Cursor:
    """Give the lines of a run's results file, in input order and in the order of its columns."""
    return database.execute(_RESULTS, (number,))


def tallies_of(database: sqlite3.Connection, number: int) -> list[Tally]:
    """Count the rows of a run by status and reason, the most frequent first."""
    counts = count_outcomes(database, number)
    return [_build_tally(database, number, Status(status), reason, count) for status, reason, count in counts]


def count_outcomes(database: sqlite3.Connection, number: int) -> list[tuple[str, str, int]]:
    """Count by status and reason, the most frequent first; what has ended was counted already, as a rule."""
    order = " ORDER BY rows DESC, status, reason"
    counted = f"SELECT status, reason, rows FROM tally WHERE run = ? {order}"
    grouped = (
        "SELECT status, ifnull(reason, '') AS reason, count(*) AS rows FROM result WHERE run = ?"
        f" GROUP BY 1, 2 {order}"
    )
    found = database.execute(counted, (number,)).fetchall()
    return found or database.execute(grouped, (number,)).fetchall()


def _build_tally(database: sqlite3.Connection, number: int, status: Status, reason: str, count: int) -> Tally:
    examples: list[tuple[int, str | None, str | None]] = []
    if not status.is_success:
        examples = database.execute(
            "SELECT line, title, message FROM result WHERE run = ? AND status = ?"
            " AND ifnull(reason, '') = ? ORDER BY row LIMIT 3",
            (number, status, reason),
        ).fetchall()
    return Tally(status, reason, count, examples)


def _read_runs(journal: Path) -> list[PastRun]:
    with _reading(journal) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'result'").fetchone():
            return []  # made a moment ago, or by a run that crashed at once
        runs = database.execute(
            "SELECT number, run_id, source, destination, started_at, ended_at FROM run ORDER BY number"
        ).fetchall()
        return [_build_run(database, journal, *run) for run in runs]


def _build_run(database: sqlite3.Connection, journal: Path, number: int, *told: Any) -> PastRun:
    run_id, source, destination, started_at, ended_at = told
    found: Counter[str] = Counter()
    for status, _, count in count_outcomes(database, number):
        found[status] += count
    counts = {status: found[status] for status in Status if status in found}
    return PastRun(journal, number, run_id, source, destination, started_at, ended_at, counts)


@contextmanager
def _reading(journal: Path) -> Iterator[sqlite3.Connection]:
    try:
        uri = f"{journal.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as database:
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'tally'").fetchone():
                database.execute("CREATE TEMP TABLE tally (run, status, reason, rows)")  # an older version's
            yield database
    except sqlite3.Error as error:
        raise ImporterError(f"{journal}: cannot read the journal ({error})") from error
