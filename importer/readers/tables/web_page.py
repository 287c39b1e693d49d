"""The tables of a web page: some sites and programs give one the name .xls, for Excel opens it as a sheet.

<table><tr><td>title</td><td>rating</td></tr>      the header
       <tr><td>The Matrix<td>9</table>             a record; what is not closed is closed by what follows
"""

import codecs
import re
from collections.abc import Iterator, Sequence
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

_starts_page = re.compile(
    r"(?:\ufeff|\s|<!--.*?-->)*(?:<!doctype\s+html|<html\b|<table\b[^>]*>\s*<(?:caption|colgroup|t(?:head|body|r)\b))",
    re.IGNORECASE | re.DOTALL,
).match
_find_charset = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?([\w-]+)""", re.IGNORECASE).search
_NO_TEXT = frozenset({"script", "style", "title"})


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


class _Tables(HTMLParser):
    """Collects the rows of a page, the inner tables' apart from those of the outer ones."""

    def __init__(self, name: str) -> None:
        super().__init__(convert_charrefs=True)
        self._name = name
        self._found: list[tuple[int, Sequence[str]]] = []
        self._count = 0
        self._open: list[tuple[int, list[str], bool]] = []
        """Outer tables: number, cells of the row so far, whether a cell is open."""
        self._table = 0
        self._cells: list[str] = []
        self._is_in_cell = False
        self._unseen = ""

    def take(self) -> list[tuple[int, Sequence[str]]]:
        """Give the rows found since the last time."""
        found, self._found = self._found, []
        return found

    def end_row(self) -> None:
        """Close the row, if one is open."""
        if any(map(str.strip, self._cells)):
            self._found.append((self._table, [" ".join(cell.split()) for cell in self._cells]))
        self._cells, self._is_in_cell = [], False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See `HTMLParser`."""
        del attrs
        if tag == "table":
            if len(self._open) > _MOST_TABLES:
                problem = "looks like a web page whose tables stand too deep within each other"
                raise UnreadableFileError(self._name, problem, remedy=OPEN_AS_TABLE)
            self._open.append((self._table, self._cells, self._is_in_cell))
            self._count += 1
            self._table, self._cells, self._is_in_cell = self._count, [], False
        elif tag == "tr":
            self.end_row()
        elif tag in {"td", "th"} and self._table:
            if len(self._cells) >= _MOST_CELLS:
                problem = f"looks like a web page with a row of more than {_MOST_CELLS:,} cells"
                raise UnreadableFileError(self._name, problem, remedy=OPEN_AS_TABLE)
            self._cells.append("")
            self._is_in_cell = True
        elif tag == "br":
            self.handle_data(" ")
        elif tag in _NO_TEXT:
            self._unseen = tag

    def handle_endtag(self, tag: str) -> None:
        """See `HTMLParser`."""
        if tag == "table" and self._open:
            self.end_row()
            self._table, self._cells, self._is_in_cell = self._open.pop()
        elif tag == "tr":
            self.end_row()
        elif tag in {"td", "th"}:
            self._is_in_cell = False
        elif tag == self._unseen:
            self._unseen = ""

    def handle_data(self, data: str) -> None:
        """See `HTMLParser`."""
        if self._is_in_cell and not self._unseen and len(self._cells[-1]) < 2 * limits.LONGEST_CELL:
            self._cells[-1] += data
