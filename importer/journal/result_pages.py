"""Some of a run's results, a page at a time: chosen by status, reason and text, in the order of the file."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from importer.journal.history import PastRun
from importer.journal.reading import reading
from importer.model import RESULT_COLUMNS, Status

_COLUMNS = ", ".join(RESULT_COLUMNS)


@dataclass(frozen=True, slots=True)
class ResultFilter:
    """Which rows. Nothing given means all."""

    statuses: Sequence[Status] = ()
    reasons: Sequence[str] = ()
    text: str = ""
    """A part of the title or of the message, in any case."""


@dataclass(frozen=True, slots=True)
class ResultPage:
    """Rows in the order of `RESULT_COLUMNS`, out of `matching` rows of `total`."""

    total: int
    matching: int
    offset: int
    rows: Sequence[tuple[Any, ...]]


def read_page(run: PastRun, wanted: ResultFilter, *, offset: int = 0, limit: int | None = None) -> ResultPage:
    """Read the rows that the filter names, from the `offset`-th on. Raises StateFileError."""
    with reading(run.journal) as database:
        total = database.execute(*_build_query(database, run, ResultFilter(), "count(*)")).fetchone()[0]
        matching = database.execute(*_build_query(database, run, wanted, "count(*)")).fetchone()[0]
        return ResultPage(total, matching, offset, [*_find_rows(database, run, wanted, offset, limit)])


def read_rows(
    run: PastRun, wanted: ResultFilter, *, offset: int = 0, limit: int | None = None
) -> Iterator[tuple[Any, ...]]:
    """Yield the same rows one by one, however many they are."""
    with reading(run.journal) as database:
        yield from _find_rows(database, run, wanted, offset, limit)


def _find_rows(
    database: sqlite3.Connection, run: PastRun, wanted: ResultFilter, offset: int, limit: int | None
) -> sqlite3.Cursor:
    query, values = _build_query(database, run, wanted, _COLUMNS)
    page = (-1 if limit is None else limit, offset)
    return database.execute(f"{query} ORDER BY row LIMIT ? OFFSET ?", (*values, *page))


def _build_query(
    database: sqlite3.Connection, run: PastRun, wanted: ResultFilter, columns: str
) -> tuple[str, tuple[object, ...]]:
    conditions = ["run = ?"]
    for column, words in (("status", wanted.statuses), ("ifnull(reason, '')", wanted.reasons)):
        if words:
            conditions.append(f"{column} IN ({', '.join('?' * len(words))})")
    if wanted.text:
        sought = wanted.text.casefold()
        # SQLite folds the case of English letters alone.
        database.create_function("holds", 1, lambda text: sought in str(text or "").casefold())
        conditions.append("(holds(title) OR holds(message))")
    query = f"SELECT {columns} FROM result WHERE {' AND '.join(conditions)}"
    return query, (run.number, *wanted.statuses, *wanted.reasons)
