"""The sheets of a workbook and the tables of a web page: rows of cells, of which one row is the header.

My films                                 the name of the table
imdb_id      title          rating       the header, a row of names below it
tt0111161    The Shawshank  9            a record: line 3
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from importer import limits
from importer.errors import UnreadableFileError
from importer.readers.cells.errors import quote
from importer.readers.tables.dialect import are_names_below_a_title
from importer.readers.tables.records import Record, RecordTable, build_record

SAVE_AS_CSV = "Save the sheet as CSV in UTF-8 and import that file."

Row = tuple[int, Sequence[Any]]
"""The number of a row and its cells."""


class Formula(str):
    """A cell whose formula was saved without its value, as programs do that do not calculate: `=4+5`."""

    __slots__ = ()


class Sheet(NamedTuple):
    """A sheet by its name, and what reads its rows from the first, each time it is called."""

    kind_of_file: str
    name: str
    rows: Callable[[], Iterator[Row]]
    write: Callable[[Any], str] = str
    """Makes a text of a cell."""


def open_sheet(path: Path, name: str, sheet: Sheet, others: Sequence[str]) -> RecordTable:
    """Make a table of a sheet. Raises `UnreadableFileError`, and `EmptyFileError` if it holds no record."""
    table = RecordTable(path, name, lambda _: _read_records(sheet, name), sheet.kind_of_file)
    if others:
        note = f"only the sheet {quote(sheet.name)} is read, not {', '.join(map(quote, others))}"
        table.notes = (*table.notes, note)
    return table


def _read_records(sheet: Sheet, name: str) -> Iterator[Record]:
    rows = _bounded(sheet.rows(), name)
    names, following = _find_header(rows, sheet.write)
    if len(names) > limits.MOST_RECORD_COLUMNS:
        problem = f"the row of column names has {len(names):,} cells"
        raise UnreadableFileError(name, problem, remedy=SAVE_AS_CSV)
    for line, row in chain(following, rows):
        # Behind the last column there may be thousands of cells that only have a colour.
        cells = list(map(sheet.write, row[: len(names)]))
        if any(cells):
            record = build_record(line, [pair for pair in zip(names, cells, strict=False) if pair[0]])
            formulas = [name for name, cell in zip(names, row, strict=False) if type(cell) is Formula]
            yield record._replace(formulas=formulas) if formulas else record


def _bounded(rows: Iterator[Row], name: str) -> Iterator[Row]:
    for line, row in rows:
        if line > limits.MOST_SHEET_ROWS:  # a file that names a higher row would have us count up to it
            problem = f"the workbook has more than {limits.MOST_SHEET_ROWS:,} rows"
            raise UnreadableFileError(name, problem, remedy=SAVE_AS_CSV, line=line)
        yield line, row


def _find_header(rows: Iterator[Row], write: Callable[[Any], str]) -> tuple[Sequence[str], Sequence[Row]]:
    """Find the first row of names, below that of a single cell which names the table.

    Also returns the row that was read beyond it, if one was.
    """
    title: Sequence[str] | None = None
    for line, row in rows:
        cells = list(map(write, row))
        filled = list(filter(None, cells))
        if title is not None and filled:
            return (cells, ()) if are_names_below_a_title(filled) else (title, [(line, row)])
        if len(filled) > 1 or (filled and not cells[0]):
            while not cells[-1]:  # there may be thousands of cells that only have a colour
                cells.pop()
            return cells, ()
        title = cells if filled else None
    return title or (), ()
