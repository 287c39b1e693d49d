"""The rows of a text as they are written, byte for byte in UTF-8, beside the cells of one column.

```text
user,title               read_written_header      the first line
ada,"Alien
Director's Cut"          read_written_rows        cells ["ada", "bob"], rows [lines 2 and 3, line 4]
bob,Heat
```

`csv_rows` knows where a row starts. Here the lines are kept until the start of the next row is known.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from importer.readers.tables.chunk import Chunk
from importer.readers.tables.csv_rows import read_chunks
from importer.readers.tables.dialect import Dialect
from importer.readers.tables.text import TextFile


class WrittenRows(NamedTuple):
    """Some rows of a text, one after the other."""

    cells: list[str]
    """Of the column that was asked for."""
    rows: list[bytes]
    """Each with a newline at its end."""
    doubtful: frozenset[int]
    """Rows, by index, whose cell cannot be trusted: broken, or cut off within or before it."""
    spans_lines: bool
    """Whether a row has a newline within."""


class _Recorded:
    """A text that keeps the lines it gave until they are dropped."""

    def __init__(self, text: TextFile) -> None:
        self.name = text.name
        self._text = text
        self._lines: list[bytes] = []
        self._dropped = 0

    def blocks(self, size: int) -> Iterator[bytes]:
        for block in self._text.blocks(size):
            self._lines += block.splitlines(keepends=True)
            yield block

    def take(self, begin: int, end: int | None) -> list[bytes]:
        """Return the lines from `begin` to before `end`, counted from 1, and drop all before `end`."""
        first = begin - 1 - self._dropped
        last = len(self._lines) if end is None else end - 1 - self._dropped
        taken = self._lines[first:last]
        del self._lines[:last]
        self._dropped += last
        return taken


def read_written_header(text: TextFile, dialect: Dialect, block_size: int) -> bytes:
    """Return the lines down to the end of the header, as they are written."""
    block = next(text.blocks(block_size), b"")
    return _end(block.splitlines(keepends=True)[: dialect.header_lines])


def read_written_rows(text: TextFile, dialect: Dialect, place: int, block_size: int) -> Iterator[WrittenRows]:
    """Yield the rows below the header. Raises `UnreadableFileError` where not all can be read."""
    recorded = _Recorded(text)
    held: Chunk | None = None
    for chunk in read_chunks(recorded, dialect, [place], block_size):
        if held is not None:
            yield _join(held, recorded.take(held.lines[0], chunk.lines[0]), place)
        held = chunk
    if held is not None:
        yield _join(held, recorded.take(held.lines[0], None), place)


def _join(chunk: Chunk, lines: list[bytes], place: int) -> WrittenRows:
    """Join the lines from a chunk's first row to the next chunk's: blank ones may stand below its last."""
    doubtful = frozenset(chunk.broken) | {row for row, cells in chunk.short.items() if cells <= place + 1}
    if len(lines) == len(chunk.lines):
        lines[-1] = _end(lines[-1:])
        return WrittenRows(chunk.column(place), lines, doubtful, spans_lines=False)
    first = chunk.lines[0]
    starts = [*(line - first for line in chunk.lines), len(lines)]
    rows = [_end(lines[begin:end]) for begin, end in pairwise(starts)]
    return WrittenRows(chunk.column(place), rows, doubtful, spans_lines=True)


def _end(lines: list[bytes]) -> bytes:
    """Join the lines of a row; it ends with one newline, also if it is the file's last."""
    return b"".join(lines).rstrip(b"\n") + b"\n"
