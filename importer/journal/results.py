"""The results of one run of a journal that is open, line by line and counted. Reads only."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from importer.model import RESULT_COLUMNS, Status

_RESULTS = f"SELECT {', '.join(RESULT_COLUMNS)} FROM {{view}} WHERE run = ? ORDER BY row"


@dataclass(frozen=True, slots=True)
class Tally:
    """The number of rows with a status and reason, and up to three of them as (line, title, message)."""

    status: Status
    reason: str
    count: int
    examples: Sequence[tuple[int, str | None, str | None]]


def count_taken_over(database: sqlite3.Connection, number: int) -> dict[Status, int]:
    """Count by status the rows of a run that were taken over as they stood."""
    found = database.execute(
        "SELECT status, count(*) FROM row WHERE run = ? AND carried GROUP BY status ORDER BY 2 DESC, 1",
        (number,),
    )
    return {Status(status): count for status, count in found}


def results_of(database: sqlite3.Connection, number: int) -> sqlite3.Cursor:
    """Return the lines of a run's results file, in input order and in the order of its columns."""
    return database.execute(_RESULTS.format(view=view_of(database, number)), (number,))


def view_of(database: sqlite3.Connection, number: int) -> str:
    """Name the view that has a run's results."""
    repeats = database.execute("SELECT 1 FROM run WHERE number = ? AND repeats IS NOT NULL", (number,))
    return "repeated_result" if repeats.fetchone() else "result"


def tallies_of(database: sqlite3.Connection, number: int) -> list[Tally]:
    """Count the rows of a run by status and reason, the most frequent first."""
    counts = count_outcomes(database, number)
    return [_build_tally(database, number, Status(status), reason, count) for status, reason, count in counts]


def count_outcomes(database: sqlite3.Connection, number: int) -> list[tuple[str, str, int]]:
    """Count by status and reason, the most frequent first; most ended runs were counted at their end."""
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
            f"SELECT line, title, message FROM {view_of(database, number)} WHERE run = ? AND status = ?"
            " AND ifnull(reason, '') = ? ORDER BY row LIMIT 3",
            (number, status, reason),
        ).fetchall()
    return Tally(status, reason, count, examples)
