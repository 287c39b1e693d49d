"""The tables of a web page: some sites and programs give one the name .xls, for Excel opens it as a sheet.

<table><tr><td>title</td><td>rating</td></tr>      the header
       <tr><td>The Matrix<td rowspan=2>9           a record; what is not closed is closed by what follows
       <tr><td>Heat</table>                        a record with the cell that reaches down: Heat, 9
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

from importer import limits
from importer.errors import UnreadableFileError
from importer.readers.tables.sheets import Row, Sheet
from importer.readers.tables.text import read_head, reading_further

WEB_PAGE = "web page"
OPEN_AS_TABLE = (
    "Sign in at the site and download the export again; or, if the page shows your ratings as a table, "
    "open it in a spreadsheet program and save it as CSV in UTF-8."
)
_BLOCK = 1 << 16
_MOST_CELLS = 1 << 10
_MOST_TABLES = 20
"""Tables of several rows that are tried; a page may be built of hundreds."""

_WIDEST_SPAN, _HIGHEST_SPAN = 1_000, 65_534
"""Columns and rows of a cell: what browsers cut a larger number down to."""

_starts_page = re.compile(
    r"(?:\ufeff|\s|<!--.*?-->)*(?:<!doctype\s+html|<html\b|<table\b[^>]*>\s*<(?:caption|colgroup|t(?:head|body|r)\b))",
    re.IGNORECASE | re.DOTALL,
).match
_find_charset = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?([\w-]+)""", re.IGNORECASE).search
_match_number = re.compile(r"\s*\+?0*([0-9]{1,9})").match
_NO_TEXT = frozenset({"script", "style", "title"})
_GROUPS = frozenset({"thead", "tbody", "tfoot"})


def is_web_page(start: str) -> bool:
    """Whether a text begins as a web page does."""
    return _starts_page(start) is not None


def open_page(path: Path, name: str) -> list[Sheet]:
    """Name the tables of a page that have several rows. Raises `UnreadableFileError` if there is none."""
    encoding = _find_encoding(path, name)
    lengths: dict[int, int] = {}
    for table, _ in _read(path, name, encoding):
        lengths[table] = lengths.get(table, 0) + 1
    tables = [table for table, length in lengths.items() if length > 1][:_MOST_TABLES]
    if not tables:
        raise UnreadableFileError(name, "looks like a web page", remedy=OPEN_AS_TABLE)
    return [
        Sheet(WEB_PAGE, f"table {number}", partial(_read_rows, path, name, encoding, table))
        for number, table in enumerate(tables, start=1)
    ]


def _find_encoding(path: Path, name: str) -> str:
    head = read_head(path, name)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    named = _find_charset(head)
    try:
        return codecs.lookup(named[1].decode()).name if named else "utf-8-sig"
    except LookupError:
        return "utf-8-sig"


def _read_rows(path: Path, name: str, encoding: str, wanted: int) -> Iterator[Row]:
    rows = (cells for table, cells in _read(path, name, encoding) if table == wanted)
    yield from enumerate(rows, start=1)


def _read(path: Path, name: str, encoding: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the rows of all tables, each with the number of its table."""
    page = _Tables(name)
    with reading_further(name), path.open(encoding=encoding, errors="replace") as file:
        while block := file.read(_BLOCK):
            page.feed(block)
            if len(page.rawdata) > limits.LONGEST_RECORD:
                problem = f"a tag is longer than {limits.LONGEST_RECORD:,} characters"
                raise UnreadableFileError(name, problem, remedy=OPEN_AS_TABLE)
            yield from page.take()
    page.close()
    page.end_row()
    yield from page.take()


@dataclass
class _Cell:
    columns: int
    rows: int
    text: str = ""


@dataclass
class _Table:
    """A table that is open, its row so far, and the cells of rows above that reach down into it."""

    number: int
    cells: list[_Cell] = field(default_factory=list)
    is_in_row: bool = False
    is_in_cell: bool = False
    above: dict[int, tuple[str, int]] = field(default_factory=dict)
    """Text by column, and how many rows it is still to be put into."""

    def place_cells(self) -> list[str]:
        """Put each cell into the column where a browser shows it, and end the row."""
        cells, above = self.cells, self.above
        self.cells, self.is_in_row, self.is_in_cell = [], False, False
        if not above and all(cell.columns == cell.rows == 1 for cell in cells):
            return [cell.text for cell in cells]
        placed = {column: text for column, (text, _) in above.items()}
        self.above = {column: (text, rows - 1) for column, (text, rows) in above.items() if rows > 1}
        column = 0
        for cell in cells:
            while column in above:
                column += 1
            for covered in range(column, min(column + cell.columns, _MOST_CELLS + 1)):
                text = cell.text if covered == column else ""
                placed.setdefault(covered, text)
                if cell.rows > 1:
                    self.above.setdefault(covered, (text, cell.rows - 1))
            column += cell.columns
        return [placed.get(column, "") for column in range(max(placed, default=-1) + 1)]


class _Tables(HTMLParser):
    """Collects the rows of a page, the inner tables' apart from those of the outer ones."""

    def __init__(self, name: str) -> None:
        super().__init__(convert_charrefs=True)
        self._name = name
        self._found: list[tuple[int, Sequence[str]]] = []
        self._count = 0
        self._outer: list[_Table] = []
        self._table = _Table(0)
        self._spanned = 0
        """Cells so far that stand in the page only as a number: how far another reaches."""
        self._unseen = ""

    def take(self) -> list[tuple[int, Sequence[str]]]:
        """Give the rows found since the last time."""
        found, self._found = self._found, []
        return found

    def end_row(self) -> None:
        """Close the row, if one is open."""
        table = self._table
        if not table.is_in_row:
            return
        own = table.cells
        for cell in own:
            cell.text = " ".join(cell.text.split())
        cells = table.place_cells()
        self._spanned += len(cells) - len(own)
        if len(cells) > _MOST_CELLS:
            raise self._error(f"with a row of more than {_MOST_CELLS:,} cells")
        if self._spanned > limits.MOST_REPEATED_CELLS:
            raise self._error(f"in which more than {limits.MOST_REPEATED_CELLS:,} cells repeat others")
        if any(cell.text for cell in own):
            self._found.append((table.number, cells))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See `HTMLParser`."""
        table = self._table
        if tag == "table":
            if len(self._outer) > _MOST_TABLES:
                raise self._error("whose tables stand too deep within each other")
            self._outer.append(table)
            self._count += 1
            self._table = _Table(self._count)
        elif tag == "tr":
            self.end_row()
            table.is_in_row = table.number > 0
        elif tag in _GROUPS:
            self._end_group()
        elif tag in {"td", "th"} and table.number:
            if len(table.cells) >= _MOST_CELLS:
                raise self._error(f"with a row of more than {_MOST_CELLS:,} cells")
            table.cells.append(_open_cell(attrs))
            table.is_in_row = table.is_in_cell = True
        elif tag == "br":
            self.handle_data(" ")
        elif tag in _NO_TEXT:
            self._unseen = tag

    def handle_endtag(self, tag: str) -> None:
        """See `HTMLParser`."""
        if tag == "table" and self._outer:
            self.end_row()
            self._table = self._outer.pop()
        elif tag == "tr":
            self.end_row()
        elif tag in _GROUPS:
            self._end_group()
        elif tag in {"td", "th"}:
            self._table.is_in_cell = False
        elif tag == self._unseen:
            self._unseen = ""

    def handle_data(self, data: str) -> None:
        """See `HTMLParser`."""
        table = self._table
        if table.is_in_cell and not self._unseen and len(table.cells[-1].text) < 2 * limits.LONGEST_CELL:
            table.cells[-1].text += data

    def _end_group(self) -> None:
        self.end_row()
        self._table.above = {}  # no cell reaches out of its group

    def _error(self, problem: str) -> UnreadableFileError:
        return UnreadableFileError(self._name, f"looks like a web page {problem}", remedy=OPEN_AS_TABLE)


def _open_cell(attributes: list[tuple[str, str | None]]) -> _Cell:
    named = dict(reversed(attributes))  # of two of one name, the first counts
    columns, rows = (_match_number(named.get(name) or "1") for name in ("colspan", "rowspan"))
    return _Cell(
        columns=min(max(1, int(columns[1])), _WIDEST_SPAN) if columns else 1,
        # No number of rows, 0, means all that follow.
        rows=min(int(rows[1]) or _HIGHEST_SPAN, _HIGHEST_SPAN) if rows else 1,
    )
