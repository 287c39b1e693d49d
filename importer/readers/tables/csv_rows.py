"""The rows of a table in chunks, each with the physical line it starts at; none is lost or moved.

pandas reads a block of lines where that is exact: where every line is one row with as many cells as
the header. A mark put at the end of each line proves it, for only then does the mark stand right
behind the last column in as many rows as there are lines. Any other block (a newline in quotes, a
blank line, a row too short or too long, an open quote) is read by the standard library's `csv`, which
says where a row ends and keeps what does not fit.

    tt0111161,The Shawshank Redemption,9,<mark>      pandas: one line, one row, the mark behind its cells
    tt0068646,"The God                               csv: a row of two lines, at line 3
    father",9

Alone, `pandas.read_csv` would cut long rows, fill up short ones and know no line numbers. Alone, `csv`
would take 1.6 times as long: 1.10 s for 300,000 rows of IMDb, in place of 0.69 s.
"""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from operator import itemgetter

try:
    import pandas as pd
except ImportError:  # the extra `fast` is not installed: `csv` reads every block
    pd = None  # type: ignore[assignment]

from importer import limits
from importer.errors import UnreadableFileError
from importer.readers.cells.errors import CellError, Reason
from importer.readers.tables.chunk import Chunk
from importer.readers.tables.dialect import Dialect, is_blank, is_conflict_mark
from importer.readers.tables.text import TextFile

_MARK = "\x1e"


def read_chunks(text: TextFile, dialect: Dialect, places: Sequence[int], block_size: int) -> Iterator[Chunk]:
    """Yield the rows below the header, with the columns at these places.

    Raises `UnreadableFileError` where a quote swallows rows, after all rows before it.
    """
    blocks = text.blocks(block_size)
    first = drop_lines(next(blocks, b""), dialect.header_lines)
    yield from read_blocks(chain([first], blocks), dialect.header_lines + 1, text.name, dialect, places)


def drop_lines(block: bytes, count: int) -> bytes:
    """Return what stands below the first lines of a block."""
    return (block.split(b"\n", count)[count:] or [b""])[0]


def read_blocks(
    blocks: Iterator[bytes], line: int, name: str, dialect: Dialect, places: Sequence[int]
) -> Iterator[Chunk]:
    """Yield the rows of blocks of whole lines, of which the first is the line of this number."""
    block = next(blocks, None)
    while block is not None:
        following = next(blocks, None)
        failure = None
        chunk, rest = _read_regular(block, line, dialect, places), b""
        if chunk is None:
            rows = _IrregularRows(block, line, dialect, places)
            try:
                rest = rows.read(name, is_last=following is None)
            except UnreadableFileError as error:
                failure = error
            chunk = rows.as_chunk()
        if chunk.lines:
            yield chunk
        if failure is not None:
            raise failure
        line += block.count(b"\n") - rest.count(b"\n")
        block = None if following is None else rest + following


def _read_regular(block: bytes, line: int, dialect: Dialect, places: Sequence[int]) -> Chunk | None:
    """Read a block through pandas; None if that would not be exact."""
    mark = _MARK.encode()
    if pd is None or dialect.skips_blanks or mark in block or block.startswith(codecs.BOM_UTF8):
        return None
    if not block.endswith(b"\n"):
        block += b"\n"
    width = len(dialect.names)
    try:
        frame = pd.read_csv(
            io.BytesIO(block.replace(b"\n", dialect.delimiter.encode() + mark + b"\n")),
            sep=dialect.delimiter,
            header=None,
            names=range(width + 1),
            usecols=[*places, width],
            index_col=False,
            dtype=object,
            na_filter=False,
            skip_blank_lines=False,
            low_memory=False,
            encoding_errors="replace",
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError):
        return None
    lines = range(line, line + block.count(b"\n"))
    if len(frame) != len(lines) or list(frame[width].unique()) != [_MARK]:
        return None
    return Chunk({place: frame[place].tolist() for place in places}, lines, {}, {})


class _IrregularRows:
    """The rows of a block whose lines are not all rows."""

    def __init__(self, block: bytes, line: int, dialect: Dialect, places: Sequence[int]) -> None:
        self._text = io.StringIO(block.decode(errors="replace")).readlines()
        self._line = line
        self._done = 0
        """Lines up to the end of the last whole row."""
        self._dialect = dialect
        self._width = len(dialect.names)
        self._places = places
        self._pick = _picker(places)
        self._rows: list[tuple[str, ...]] = []
        self._lines: list[int] = []
        self._short: dict[int, int] = {}
        self._broken: dict[int, CellError] = {}

    def as_chunk(self) -> Chunk:
        """Return the rows read so far."""
        return Chunk.of_rows(self._rows, self._places, self._lines, self._short, self._broken)

    def read(self, name: str, *, is_last: bool) -> bytes:
        """Read the rows, and return the lines of one that goes on in the next block."""
        tokens = self._dialect.tokenise(self._text, is_strict=True)
        while True:
            try:
                for record in tokens:
                    if len(record) == self._width:
                        self._rows.append(self._pick(record))
                        self._lines.append(self._line + self._done)
                    elif not is_blank(record):
                        self._add_ragged(record)
                    self._done = tokens.line_num
            except csv.Error as error:
                # Joined only where it is needed: once for each bad quote would be the block's length squared.
                if tokens.line_num == len(self._text) and not is_last:
                    rest = "".join(self._text[self._done :]).encode()
                    if len(rest) < limits.LONGEST_LINE:
                        return rest
                first, *others = self._text[self._done : tokens.line_num]
                if "".join(others).strip():
                    raise UnreadableFileError(
                        name,
                        "a quote in the row that starts here is not closed, and swallows the rows after it",
                        remedy="Close the quote; if the file was cut off there, export it again.",
                        line=self._line + self._done,
                    ) from error
                self._add_badly_quoted(first)
                self._done = tokens.line_num
            else:
                return b""

    def _add_badly_quoted(self, line: str) -> None:
        # Whether the quote is still open shows in what becomes of a line after it.
        record = next(self._dialect.tokenise([line, _MARK], is_strict=False))
        is_open = record[-1].endswith(_MARK)
        record[-1] = record[-1].removesuffix(_MARK)
        self._add_ragged(record)
        if is_open:
            self._broken[len(self._rows) - 1] = CellError(
                Reason.UNCLOSED_QUOTE,
                "the row has a quote that is never closed",
                "Close the quote; if the file was cut off there, export it again.",
            )

    def _add_ragged(self, record: list[str]) -> None:
        if is_conflict_mark(record):
            self._broken[len(self._rows)] = CellError(
                Reason.CONFLICT_MARK,
                "git left a mark here, because it could not join two versions of the file",
                "Take the mark out; the rows of both versions are read.",
            )
        if len(record) < self._width:
            self._short[len(self._rows)] = len(record)
            record = record + [""] * (self._width - len(record))
        elif any(cell.strip() for cell in record[self._width :]):
            self._broken[len(self._rows)] = CellError(
                Reason.TOO_MANY_CELLS,
                f"the row has {len(record)} cells, the header {self._width}",
                "Put quotes around the cell that has a separator in it.",
            )
        self._rows.append(self._pick(record))
        self._lines.append(self._line + self._done)


def _picker(places: Sequence[int]) -> Callable[[list[str]], tuple[str, ...]]:
    if len(places) == 1:
        return lambda record: (record[places[0]],)
    return itemgetter(*places)
