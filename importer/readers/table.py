"""A text file as a table: delimiter, header, records, each with the physical line it starts at.

The tokenising is done by the standard library's `csv` reader, not by `pandas.read_csv`, for three
things that a row's fate depends on: it says exactly which line a record ends at, it keeps rows that
have too few or too many cells, and it never drops one. The price was measured and is small
(`benchmarks/reading.py`); from here on, whole chunks of records go through pandas (`table_reader`).

What the columns mean is left to the readers.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from importer.errors import UnreadableFileError
from importer.readers.cells import CellError, Reason
from importer.readers.textfile import LONGEST_LINE, TextFile

if TYPE_CHECKING:
    import _csv

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_MOST_COLUMNS = 1_000
_BLOCK = 1 << 16
_CHECK_FILE = "Check whether the file is a ratings export, and download it again."


@dataclass(frozen=True, slots=True)
class Header:
    """The columns: `names` as the file writes them, `keys` as they are compared."""

    names: tuple[str, ...]
    keys: tuple[str, ...]

    @classmethod
    def of(cls, cells: Sequence[str]) -> "Header":
        """Take the cells of the header row, trimmed; upper and lower case do not matter."""
        names = tuple(cell.strip().lstrip("\ufeff") for cell in cells)
        return cls(names, tuple(name.lower() for name in names))

    def find(self, names: Sequence[str]) -> int | None:
        """Return the place of the first of these names that the header has."""
        for name in names:
            if (key := name.lower()) in self.keys:
                return self.keys.index(key)
        return None


class Chunk(NamedTuple):
    """Some records of a table: the wanted cells of each, and the physical lines they start at."""

    records: list[tuple[str, ...]]
    lines: list[int]
    short: dict[int, int]
    """Records with fewer cells than the header, by place: how many cells they have."""
    broken: dict[int, CellError]
    """Records that cannot be trusted as a whole, by place: why."""

    def add(self, cells: tuple[str, ...], line: int) -> int:
        """Take a record in and return its place."""
        self.records.append(cells)
        self.lines.append(line)
        return len(self.records) - 1


class Table:
    """An open table. Reading it again starts again; memory does not grow with the file."""

    def __init__(self, text: TextFile) -> None:
        self.text = text
        first = {delimiter: self._first_record(delimiter) for delimiter in _DELIMITERS}
        self.delimiter = max(first, key=lambda delimiter: len(first[delimiter]))
        self.header = Header.of(first[self.delimiter])
        cells = len(self.header.names)
        if not 0 < cells <= _MOST_COLUMNS:
            problem = f"the first row has {cells:,} cells" if cells else "there is no row of column names"
            raise UnreadableFileError(text.name, problem, remedy=_CHECK_FILE)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found out about the file, for people."""
        notes = (*self.text.notes, f"{_DELIMITERS[self.delimiter]} separated")
        return notes if any(self.chunks((0,), size=1)) else (*notes, "there is no row below the header")

    def chunks(self, wanted: Sequence[int], size: int) -> Iterator[Chunk]:
        """Yield the records below the header, with their cells in the `wanted` columns.

        Raises `UnreadableFileError` where a quote swallows rows, after all rows before it.
        """
        records = _Records(self, wanted)
        more = True
        while more:
            chunk = Chunk([], [], {}, {})
            failure = None
            try:
                more = records.fill(chunk, size)
            except UnreadableFileError as error:
                failure = error
            if chunk.records:
                yield chunk
            if failure is not None:
                raise failure

    def _first_record(self, delimiter: str) -> list[str]:
        try:
            return next(
                (record for record in _tokenise(_Feed(self.text), delimiter) if not _is_blank(record)), []
            )
        except csv.Error:
            return []


class _Records:
    """The records of one reading, poured into chunks."""

    def __init__(self, table: Table, wanted: Sequence[int]) -> None:
        self._feed = _Feed(table.text)
        self._delimiter = table.delimiter
        self._width = len(table.header.names)
        self._pick = _picker(wanted)
        self._tokens = _tokenise(self._feed, table.delimiter)
        next(record for record in self._tokens if not _is_blank(record))
        self._feed.finished = self._tokens.line_num

    def fill(self, chunk: Chunk, size: int) -> bool:
        """Add records up to `size`; return whether more may follow."""
        records, lines, pick, width = chunk.records, chunk.lines, self._pick, self._width
        feed, tokens = self._feed, self._tokens
        while True:
            try:
                for record in tokens:
                    if len(record) == width:  # written out, for a million rows pass here
                        records.append(pick(record))
                        lines.append(feed.finished + 1)
                    elif not _is_blank(record):
                        self._add_ragged(chunk, record)
                    feed.finished = tokens.line_num
                    if len(records) >= size:
                        return True
            except csv.Error as error:
                self._add_broken(chunk, error)
                feed.finished = tokens.line_num
            else:
                return False

    def _add_ragged(self, chunk: Chunk, record: list[str]) -> None:
        place = chunk.add(self._cells(record), self._feed.finished + 1)
        if len(record) < self._width:
            chunk.short[place] = len(record)
        elif any(cell.strip() for cell in record[self._width :]):
            chunk.broken[place] = CellError(
                Reason.TOO_MANY_CELLS,
                f"the row has {len(record)} cells, the header {self._width}",
                "Put quotes around the cell that has a separator in it.",
            )

    def _add_broken(self, chunk: Chunk, error: csv.Error) -> None:
        line = self._feed.single_line(self._tokens.line_num)
        if line is None:
            raise UnreadableFileError(
                self._feed.name,
                "a quote in the row that starts here is not closed, and swallows the rows after it",
                remedy="Close the quote, or if the file was cut off there, export it again.",
                line=self._feed.finished + 1,
            ) from error
        try:
            record = next(csv.reader([line], delimiter=self._delimiter, skipinitialspace=True), [])
        except csv.Error:
            record, reason, problem = [], Reason.CELL_TOO_LONG, "the row has a cell too long to be read"
        else:
            reason, problem = Reason.BAD_QUOTES, "the row has a quote inside a quoted cell"
            if self._feed.is_at_end:
                reason, problem = Reason.UNCLOSED_QUOTE, "the row has a quote that is never closed"
        place = chunk.add(self._cells(record), self._feed.finished + 1)
        chunk.broken[place] = CellError(
            reason, problem, "Correct the row; inside quotes, a quote is written twice."
        )

    def _cells(self, record: list[str]) -> tuple[str, ...]:
        return self._pick(record + [""] * (self._width - len(record)))


class _Feed:
    """Physical lines for the csv reader, in blocks; refuses a row that never ends."""

    def __init__(self, text: TextFile) -> None:
        self.name = text.name
        self.finished = 0
        """The last line of the last whole record: set by who reads the records."""
        self.is_at_end = False
        self._text = text
        self._block: list[str] = []
        self._before = 0

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self._blocks())

    def _blocks(self) -> Iterator[list[str]]:
        unfinished = 0
        try:
            with self._text.open() as file:
                while block := file.readlines(_BLOCK):
                    self._before += len(self._block)
                    self._block = block
                    yield block
                    unfinished = unfinished + 1 if self.finished <= self._before else 0
                    if unfinished * _BLOCK > LONGEST_LINE:
                        raise UnreadableFileError(
                            self.name, "a row has no end", remedy=_CHECK_FILE, line=self.finished + 1
                        )
        except OSError as error:
            problem = f"cannot be read further ({error.strerror or error})"
            raise UnreadableFileError(
                self.name, problem, remedy="Copy the file to another disk first."
            ) from error
        self.is_at_end = True

    def single_line(self, last: int) -> str | None:
        """Return the line after the finished ones, if none but blank lines follow it up to `last`."""
        first = self.finished - self._before
        if first < 0:
            return None
        line, *others = self._block[first : last - self._before]
        return None if "".join(others).strip() else line


def _tokenise(feed: _Feed, delimiter: str) -> "_csv.Reader":
    return csv.reader(feed, delimiter=delimiter, skipinitialspace=True, strict=True)


def _picker(wanted: Sequence[int]) -> Callable[[list[str]], tuple[str, ...]]:
    if len(wanted) == 1:
        return lambda record: (record[wanted[0]],)
    return itemgetter(*wanted)


def _is_blank(record: list[str]) -> bool:
    return not record or (len(record) == 1 and not record[0].strip())
