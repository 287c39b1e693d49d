"""The results of one run of a journal that is open, line by line and counted. Reads only."""

import json
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

from importer.journal.blocks import is_of_today
from importer.journal.states import KNOWN, WITHIN, within
from importer.model import RESULT_COLUMNS, UNRATE, RatingJob, Status

_RESULTS = f"SELECT {', '.join(RESULT_COLUMNS)} FROM result WHERE run = ? ORDER BY row"
_OUTCOMES = (
    "SELECT first_row, last_row, status, reason, told, attempts, http_status, sent_at, duration_ms"
    f" FROM outcome WHERE {WITHIN} ORDER BY last_row"
)
_BLOCK_ROWS = 1000
_CELLS = (
    "SELECT row, line, kind, title, year, season, episode, imdb_id, tmdb_id, tvdb_id, trakt_id, row.rating,"
    " row.rated_at, NULL, note, previous.rating FROM row LEFT JOIN previous USING (run, row)"
    f" WHERE id BETWEEN (? << 32) + ? + 1 AND (? << 32) + 4294967295 ORDER BY id LIMIT {_BLOCK_ROWS}"
)

RESULT_CELLS = (
    *("row", "line", "status", "sent_at", "kind", "season", "episode"),
    *("imdb_id", "tmdb_id", "tvdb_id", "trakt_id", "rating", "title", "year"),
)
"""The cells of `results_at`."""

_OUTCOME_AT = (
    "(SELECT {} FROM outcome WHERE outcome.run = ? AND last_row >= row.row ORDER BY last_row LIMIT 1)"
)
_CELLS_AT = (
    f"SELECT row.row, line, {_OUTCOME_AT.format('status')}, {_OUTCOME_AT.format('sent_at')}, kind, season,"
    " episode, imdb_id, tmdb_id, tvdb_id, trakt_id, iif(rating = 0, 'unrate', rating), title, year"
    " FROM row WHERE id IN (SELECT (? << 32) + value FROM json_each(?))"
)


@dataclass(frozen=True, slots=True)
class Tally:
    """The number of rows with a status and reason, and up to three of them as (line, title, message)."""

    status: Status
    reason: str
    count: int
    examples: Sequence[tuple[int, str | None, str | None]]


def count_taken_over(database: sqlite3.Connection, number: int) -> dict[Status, int]:
    """Count by status the rows of a run that were taken over as they stood."""
    rows, table = (
        ("sum(last_row - first_row + 1)", "state") if is_of_today(database) else ("count(*)", "row_state")
    )
    found = database.execute(
        f"SELECT status, {rows} FROM {table} WHERE run = ? AND carried GROUP BY status ORDER BY 2 DESC, 1",
        (number,),
    )
    return {Status(status): count for status, count in found}


def results_at(database: sqlite3.Connection, number: int, rows: Sequence[int]) -> list[tuple[Any, ...]]:
    """Return the `RESULT_CELLS` of these rows, whatever their order."""
    ((repeats,),) = database.execute("SELECT repeats FROM run WHERE number = ?", (number,))
    values = (number, number, repeats or number, json.dumps(rows))
    return database.execute(_CELLS_AT, values).fetchall()


def results_of(
    database: sqlite3.Connection, number: int, jobs: Sequence[RatingJob] = ()
) -> Generator[tuple[Any, ...]]:
    """Yield the lines of a run's results file, in input order and in the order of its columns.

    `jobs` are all rows of the run, if they are at hand; else the journal has them.
    """
    found = "SELECT repeats FROM run WHERE number = ? AND undo_of IS NULL"
    if is_of_today(database) and (run := database.execute(found, (number,)).fetchone()):
        for lines in _join_columns(database, number, run[0], jobs):
            yield from lines
    else:
        yield from database.execute(_RESULTS, (number,))


def _join_columns(
    database: sqlite3.Connection, number: int, repeats: int | None, jobs: Sequence[RatingJob]
) -> Iterator[Iterable[tuple[Any, ...]]]:
    """Yield blocks of the view's lines in two thirds of its time: what became of a hundred rows is read once.

    A run that repeats another has the rows of that one, and what it knew of them stood there before.
    """
    for rows in _list_rows(database, number, jobs) if jobs else _read_rows(database, repeats or number):
        begin, end = rows[0][0], rows[-1][0]
        lines = database.execute(_OUTCOMES, within(number, begin, end)).fetchall()
        _, _, *columns = zip(*lines, strict=True)
        if len(lines) < len(rows):
            sizes = [min(last, end) - max(first, begin) + 1 for first, last, *_ in lines]
            columns = [tuple(chain.from_iterable(map(repeat, values, sizes))) for values in columns]
        status, reason, told, *sent = columns
        row, line, *cells, rating, rated_at, _, notes, previous = zip(*rows, strict=True)
        if any(notes):
            told = tuple(
                f"{note}; {each}" if note and each else note or each
                for note, each in zip(notes, told, strict=True)
            )
        if repeats:
            previous = tuple(
                now if why == KNOWN.reason else before
                for why, now, before in zip(reason, rating, previous, strict=True)
            )
        ratings = _name_removals(rating), rated_at, _name_removals(previous)
        yield zip(row, line, status, reason, told, *cells, *ratings, *sent, strict=True)


def _read_rows(database: sqlite3.Connection, run: int) -> Iterator[list[tuple[Any, ...]]]:
    """Yield rows in blocks, each with the values of a job, and the rating that stood there before."""
    end = 0
    while rows := database.execute(_CELLS, (run, end, run)).fetchall():
        yield rows
        end = rows[-1][0]


def _list_rows(
    database: sqlite3.Connection, run: int, jobs: Sequence[RatingJob]
) -> Iterator[list[tuple[Any, ...]]]:
    before = dict(database.execute("SELECT row, rating FROM previous WHERE run = ?", (run,)).fetchall())
    for first in range(0, len(jobs), _BLOCK_ROWS):
        yield [(*job, before.get(job[0])) for job in jobs[first : first + _BLOCK_ROWS]]


def _name_removals(ratings: Sequence[Any]) -> Sequence[Any]:
    return ["unrate" if rating == UNRATE else rating for rating in ratings] if UNRATE in ratings else ratings


def tallies_of(database: sqlite3.Connection, number: int) -> list[Tally]:
    """Count the rows of a run by status and reason, the most frequent first."""
    counts = count_outcomes(database, number)
    return [_build_tally(database, number, Status(status), reason, count) for status, reason, count in counts]


def count_outcomes(database: sqlite3.Connection, number: int) -> list[tuple[str, str, int]]:
    """Count by status and reason, the most frequent first; most ended runs were counted at their end."""
    order = " ORDER BY rows DESC, status, reason"
    counted = f"SELECT status, reason, rows FROM tally WHERE run = ? {order}"
    grouped = (
        "SELECT status, ifnull(reason, '') AS reason, sum(last_row - first_row + 1) AS rows FROM outcome"
        f" WHERE run = ? GROUP BY 1, 2 {order}"
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
