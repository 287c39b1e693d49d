"""The rows of a text as they are written, byte for byte in UTF-8, beside the cells of one column.

```text
user,title               read_written_header      the first line
ada,"Alien
Director's Cut"          read_written_rows        cells [b"ada", b"bob"], rows [lines 2 and 3, line 4]
bob,Heat
```

Blocks without a quote, in which each line has as many separators as the header, are cut here: that takes as
long as pandas, which need not be there. From the first other block on `csv_rows` says where rows start; the
lines are kept until the start of the next row is known.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise, repeat
from typing import NamedTuple

from importer.readers.tables.chunk import Chunk
from importer.readers.tables.csv_rows import drop_lines, read_blocks
from importer.readers.tables.dialect import Dialect
from importer.readers.tables.text import TextFile

_ALL_BYTES = bytes(range(256))


class WrittenRows(NamedTuple):
    """Some rows of a text, one after the other."""

    cells: list[bytes]
    """Of the column that was asked for, without blanks at both ends."""
    rows: list[bytes]
    """Each without the newline at its end."""
    doubtful: frozenset[int] = frozenset()
    """Rows, by index, whose cell cannot be trusted: broken, or cut off within or before it."""
    spans_lines: bool = False
    """Whether a row has a newline within."""


def read_written_header(text: TextFile, dialect: Dialect, block_size: int) -> bytes:
    """Return the lines down to the end of the header, as they are written."""
    block = next(text.blocks(block_size), b"")
    return b"\n".join([*block.splitlines()[: dialect.header_lines], b""])


def read_written_rows(text: TextFile, dialect: Dialect, place: int, block_size: int) -> Iterator[WrittenRows]:
    """Yield the rows below the header. Raises `UnreadableFileError` where not all can be read."""
    blocks = text.blocks(block_size)
    first = drop_lines(next(blocks, b""), dialect.header_lines)
    line = dialect.header_lines + 1
    for block in chain([first] if first else [], blocks):
        lines = block.splitlines()
        cells = _cut_plain(block, lines, dialect, place)
        if cells is None:
            yield from _read_others(chain([block], blocks), line, text.name, dialect, place)
            return
        line += len(lines)
        yield WrittenRows(cells, lines)


def _cut_plain(block: bytes, lines: Sequence[bytes], dialect: Dialect, place: int) -> list[bytes] | None:
    """Cut a block in which every line is a row of as many cells as the header; None if it is not sure."""
    delimiter, others = dialect.delimiter.encode(), len(dialect.names) - 1
    if b'"' in block or not others or dialect.skips_blanks:
        return None
    shape = block.translate(None, _ALL_BYTES.translate(None, delimiter + b"\n"))
    if shape.rstrip(b"\n") != ((delimiter * others + b"\n") * len(lines))[:-1]:
        return None
    cells = [parts[place].strip() for parts in map(bytes.split, lines, repeat(delimiter), repeat(place + 1))]
    if not (block.isascii() or b"".join(cells).isascii()):  # there are other blanks, too
        cells = [cell.decode(errors="replace").strip().encode() for cell in cells]
    return cells


def _read_others(
    blocks: Iterator[bytes], line: int, name: str, dialect: Dialect, place: int
) -> Iterator[WrittenRows]:
    recorded = _Recorded(blocks, line)
    held: Chunk | None = None
    for chunk in read_blocks(iter(recorded), line, name, dialect, [place]):
        if held is not None:
            yield _join(held, recorded.take(held.lines[0], chunk.lines[0]), place)
        held = chunk
    if held is not None:
        yield _join(held, recorded.take(held.lines[0], None), place)


class _Recorded:
    """Blocks whose lines are kept, once they were given, until they are dropped."""

    def __init__(self, blocks: Iterator[bytes], first_line: int) -> None:
        self._blocks = blocks
        self._lines: list[bytes] = []
        self._dropped = first_line - 1

    def __iter__(self) -> Iterator[bytes]:
        for block in self._blocks:
            self._lines += block.splitlines()
            yield block

    def take(self, begin: int, end: int | None) -> list[bytes]:
        """Return the lines from `begin` to before `end`, counted from 1, and drop all before `end`."""
        first = begin - 1 - self._dropped
        last = len(self._lines) if end is None else end - 1 - self._dropped
        taken = self._lines[first:last]
        del self._lines[:last]
        self._dropped += last
        return taken


def _join(chunk: Chunk, lines: list[bytes], place: int) -> WrittenRows:
    """Join the lines from a chunk's first row to the next chunk's: blank ones may stand below its last."""
    cells = [cell.strip().encode() for cell in chunk.column(place)]
    doubtful = frozenset(chunk.broken) | {row for row, cells in chunk.short.items() if cells <= place + 1}
    if len(lines) == len(chunk.lines):
        return WrittenRows(cells, lines, doubtful)
    first = chunk.lines[0]
    starts = [*(line - first for line in chunk.lines), len(lines)]
    rows = [b"\n".join(lines[begin:end]).rstrip(b"\n") for begin, end in pairwise(starts)]
    return WrittenRows(cells, rows, doubtful, spans_lines=True)
