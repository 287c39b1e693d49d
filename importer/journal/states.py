"""What became of the rows of a run, as lines from one row to another; a newer line covers older ones.

```text
read     1-1000 open
claimed  1-100 claimed, 101-1000 open
answered 1-100 rated, 101-1000 open                   a request of a hundred rows is one line
checked  1-49 rated, 50 failed, 51-100 rated, 101-1000 open
```

The rows themselves do not change. A change names the first values of a state, and the others stay: to claim a
row leaves its outcome, and to close one leaves when it was sent.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from importer.journal.database import insert_rows
from importer.model import Outcome, Status

COLUMNS = "is_claimed, status, reason, message, attempts, http_status, sent_at, duration_ms, carried"

OPEN = (0, None, None, None, None, None, None, None, 0)

CLAIMED = (1,)
"""The change of a row that is claimed."""

KNOWN = Outcome(Status.UNCHANGED, "known_from_journal", "an earlier run sent this very rating")

Line = tuple[int, int, tuple[Any, ...]]
"""The first row, the last row, and a state or its first values."""

WITHIN = (
    "run = ? AND last_row BETWEEN ? AND"
    " ifnull((SELECT min(last_row) FROM state WHERE run = ? AND last_row >= ?), ?)"
)
"""The states of the rows from one to another, and no others where these rows are there; see `within`."""

_NEAR = 256
"""Changes closer than that are made together."""

_LONGEST = 4000
"""Longer lines are not joined: whoever reads blocks of rows begins each with the first row of a line."""


def within(run: int, first_row: int, last_row: int) -> tuple[int, int, int, int, int]:
    """Return what `WITHIN` is filled in with."""
    return run, first_row, run, last_row, last_row


def join_rows(changes: Iterable[tuple[int, tuple[Any, ...]]]) -> list[Line]:
    """Join the changes of neighbours that are equal: rows 3, 1, 2 are (1, 3). The last of a row counts."""
    lines: list[Line] = []
    first_row = last_row = 0
    before: tuple[Any, ...] = ()
    for row, state in sorted(dict(changes).items()):
        if row == last_row + 1 and (state is before or state == before) and row - first_row < _LONGEST:
            last_row = row
        else:
            lines.append((first_row, last_row, before))
            first_row, last_row, before = row, row, state
    return [*lines[1:], (first_row, last_row, before)] if before else []


def insert(db: sqlite3.Connection, run: int, lines: Iterable[Line]) -> None:
    """Insert the states of new rows."""
    insert_rows(
        db,
        f"INSERT INTO state (run, first_row, last_row, {COLUMNS})",
        f"{run}, ?, ?{', ?' * len(OPEN)}",
        ((first_row, last_row, *state) for first_row, last_row, state in lines),
    )


def change(db: sqlite3.Connection, run: int, changes: Sequence[Line]) -> None:
    """Change the states of rows; changes are in order, and rows that are not there stay so."""
    begin = 0
    for number, (first_row, *_) in enumerate(changes):
        if number and first_row - changes[number - 1][1] > _NEAR:
            _change_near(db, run, changes[begin:number])
            begin = number
    if changes:
        _change_near(db, run, changes[begin:])


def _change_near(db: sqlite3.Connection, run: int, changes: Sequence[Line]) -> None:
    first_row, last_row = changes[0][0], changes[-1][1]
    found = db.execute(
        f"SELECT first_row, last_row, {COLUMNS} FROM state WHERE {WITHIN} AND first_row <= ?"
        " ORDER BY last_row",
        (*within(run, first_row, last_row), last_row),
    ).fetchall()
    if found:
        places = run, found[0][1], found[-1][1]
        db.execute("DELETE FROM state WHERE run = ? AND last_row BETWEEN ? AND ?", places)
        insert(db, run, _cover([(first, last, tuple(state)) for first, last, *state in found], changes))


def _cover(lines: Iterable[Line], changes: Sequence[Line]) -> list[Line]:
    """Return the lines as they are under the changes."""
    covered: list[Line] = []
    at = 0
    for first_row, last_row, state in lines:
        place = first_row
        while at < len(changes) and changes[at][0] <= last_row:
            first, last, change_ = changes[at]
            if last >= first_row:
                _append(covered, place, first - 1, state)
                place = min(last, last_row) + 1
                _append(covered, max(first, first_row), place - 1, change_ + state[len(change_) :])
            if last > last_row:
                break  # it goes on in the next line
            at += 1
        _append(covered, place, last_row, state)
    return covered


def _append(lines: list[Line], first_row: int, last_row: int, state: tuple[Any, ...]) -> None:
    if first_row > last_row:
        return
    if (
        lines
        and lines[-1][1] == first_row - 1
        and lines[-1][2] == state
        and last_row - lines[-1][0] < _LONGEST
    ):
        lines[-1] = (lines[-1][0], last_row, state)
    else:
        lines.append((first_row, last_row, state))
