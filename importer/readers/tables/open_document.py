"""The sheets of an OpenDocument spreadsheet (.ods), read row by row.

Its cells are elements within rows, and what repeats is written once:

    <table:table-row table:number-rows-repeated="2">
      <table:table-cell office:value-type="float" office:value="9"><text:p>9.0</text:p></table:table-cell>
      <table:table-cell table:number-columns-repeated="16380"/>        empty up to the edge of the sheet
"""

import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from xml.parsers import expat

from importer import limits
from importer.errors import UnreadableFileError
from importer.readers.tables.sheets import SAVE_AS_CSV, Formula, Row, Sheet

CONTENT = "content.xml"
"""The part of the archive that holds all sheets."""

_BLOCK = 1 << 18
_ROW, _CELLS = "table-row", frozenset({"table-cell", "covered-table-cell"})
_NO_CELL_TEXT = frozenset({"annotation"})
"""Elements within a cell whose paragraphs are not what it shows."""
_VALUES = {"float": "value", "currency": "value", "date": "date-value"}
"""Type of a cell to the attribute that holds what its text only shows: 9 for "9,0", a day for "1. May"."""

_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError),
    *(RuntimeError, ValueError, LookupError, NotImplementedError),
)


def open_document(path: Path, name: str) -> list[Sheet]:
    """Name the sheets of a spreadsheet. Raises `UnreadableFileError`."""
    rows = _Rows(name, None)
    for _ in _parse(path, name, rows):
        pass
    return [
        Sheet("OpenDocument spreadsheet", title, partial(_read_rows, path, name, place))
        for place, title in enumerate(rows.titles)
    ]


def _read_rows(path: Path, name: str, place: int) -> Iterator[Row]:
    rows = _Rows(name, place)
    line, count = 1, 0
    for _ in _parse(path, name, rows):
        for cells, repeated in rows.take():
            count += len(cells) * (repeated - 1)
            if count + rows.repeated > limits.MOST_REPEATED_CELLS:
                problem = f"more than {limits.MOST_REPEATED_CELLS:,} cells of the sheet repeat others"
                raise UnreadableFileError(name, problem, remedy=SAVE_AS_CSV, line=line)
            if cells:
                yield from (
                    (line + number, cells) for number in range(min(repeated, limits.MOST_SHEET_ROWS + 1))
                )
            line += repeated


def _parse(path: Path, name: str, rows: "_Rows") -> Iterator[None]:
    """Feed the parser, and stop at each block."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(CONTENT) as content:
            while block := content.read(_BLOCK):
                rows.feed(block)
                yield
            rows.feed(b"")
            yield
    except expat.ExpatError as error:
        problem = f"the workbook cannot be read ({expat.ErrorString(error.code)})"
        raise UnreadableFileError(name, problem, remedy=SAVE_AS_CSV) from error
    except _BROKEN as error:
        problem = f"the workbook cannot be read ({type(error).__name__})"
        raise UnreadableFileError(name, problem, remedy=SAVE_AS_CSV) from error


class _Rows:
    """Collects the rows of one sheet, by its place, from the events of the parser."""

    def __init__(self, name: str, wanted: int | None) -> None:
        self.titles: list[str] = []
        self._name = name
        self._wanted = wanted
        self._found: list[tuple[list[str], int]] = []
        self._cells: list[str] = []
        self._empty = 0
        """Empty cells since the last that is not: they count only if another follows."""
        self._repeated_rows = self._repeated_cells = 1
        self.repeated = 0
        """Cells so far that stand in the file only as a number: how often another repeats."""
        self._value: str | None = None
        self._formula: str | None = None
        """That of a cell which does not say what it comes to."""
        self._paragraphs: list[str] | None = None
        self._is_aside = 0
        self._fed = self._row_start = 0
        self._parser = expat.ParserCreate(namespace_separator="|")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, block: bytes) -> None:
        """Take in a block, the last one empty."""
        self._fed += len(block)
        self._parser.Parse(block, not block)
        if self._fed - self._row_start > limits.LONGEST_RECORD + len(block):
            raise self._error(f"a row is longer than {limits.LONGEST_RECORD:,} bytes")

    def take(self) -> list[tuple[list[str], int]]:
        """Give the rows found since the last time, each with how often it repeats."""
        found, self._found = self._found, []
        return found

    @property
    def _is_wanted(self) -> bool:
        return self._wanted == len(self.titles) - 1

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        element = tag.rpartition("|")[2]
        named = {name.rpartition("|")[2]: text for name, text in attributes.items()}
        if element == "table":
            self.titles.append(named.get("name", ""))
        elif element == _ROW:
            self._row_start = self._parser.CurrentByteIndex
            self._cells, self._empty = [], 0
            self._repeated_rows = _parse_count(named.get("number-rows-repeated"))
        elif element in _CELLS:
            self._repeated_cells = _parse_count(named.get("number-columns-repeated"))
            self._value = named.get(_VALUES.get(named.get("value-type", ""), ""))
            self._formula = None if "value-type" in named else named.get("formula")
            self._paragraphs = []
        elif self._paragraphs is None:
            return
        elif element in _NO_CELL_TEXT:
            self._is_aside += 1
        elif element == "p" and not self._is_aside:
            self._paragraphs.append("")
        elif element == "s":
            self._characters(" " * min(_parse_count(named.get("c")), limits.LONGEST_CELL))

    def _end(self, tag: str) -> None:
        element = tag.rpartition("|")[2]
        if element in _NO_CELL_TEXT:
            self._is_aside = max(0, self._is_aside - 1)
        elif element in _CELLS:
            self._end_cell()
        elif element == _ROW:
            self._row_start = self._parser.CurrentByteIndex
            if self._is_wanted:
                self._found.append((self._cells, self._repeated_rows))

    def _end_cell(self) -> None:
        text = self._value if self._value is not None else "\n".join(self._paragraphs or ())
        self._paragraphs = None
        if not self._is_wanted:
            return
        text = text.strip()
        if not text and self._formula is not None:
            text = Formula(f"={self._formula.partition('=')[2]}")  # of:=4+5
        if not text:
            self._empty += self._repeated_cells
            return
        if len(self._cells) + self._empty + self._repeated_cells > limits.MOST_SHEET_CELLS:
            raise self._error(f"a row has more than {limits.MOST_SHEET_CELLS:,} cells")
        self._cells += [""] * self._empty + [text] * self._repeated_cells
        self.repeated += self._empty + self._repeated_cells - 1
        self._empty = 0

    def _characters(self, text: str) -> None:
        # What is longer than any cell may be need not be kept whole: a blank that repeats has 20 bytes.
        if self._paragraphs and not self._is_aside and len(self._paragraphs[-1]) < 2 * limits.LONGEST_CELL:
            self._paragraphs[-1] += text

    def _doctype(self, *_: object) -> None:  # what it defines might change cells, see `xml`
        raise self._error("the file defines a document type of its own, which no spreadsheet does")

    def _error(self, problem: str) -> UnreadableFileError:
        return UnreadableFileError(self._name, problem, remedy=SAVE_AS_CSV)


def _parse_count(text: str | None) -> int:
    return max(1, int(text)) if text and text.isascii() and text.isdigit() and len(text) < 10 else 1
