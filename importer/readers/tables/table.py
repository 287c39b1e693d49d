"""Every file is a table to its reader: columns by name, rows in chunks.

`Table` is that of a delimited text, whose rows `csv_rows` takes apart; JSON, XML and workbooks become a
`RecordTable` (in `records`). What the columns mean is left to the readers.
"""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from importer import limits
from importer.errors import EmptyFileError, UnknownFormatError, UnreadableFileError
from importer.readers.tables.chunk import Chunk
from importer.readers.tables.dialect import DELIMITERS, find_dialect
from importer.readers.tables.text import CHECK_FILE, TextFile, read_text_file

if TYPE_CHECKING:
    from importer.readers.tables.written_rows import WrittenRows

BLOCK_SIZE = 1 << 19
"""Bytes of a chunk. Measured: smaller ones pay pandas' cost per call too often, larger ones gain nothing."""


@dataclass(frozen=True, slots=True)
class Header:
    """The columns: `names` as the file writes them, `keys` as they are compared."""

    names: tuple[str, ...]
    keys: tuple[str, ...]

    @classmethod
    def of(cls, cells: Sequence[str]) -> "Header":
        """Take the cells of the header row, trimmed; upper and lower case do not matter."""
        names = tuple(cell.lstrip("\ufeff").strip() for cell in cells)
        return cls(names, tuple(name.lower() for name in names))

    def find(self, names: Sequence[str]) -> int | None:
        """Return the place of the first of these names that the header has."""
        for name in names:
            if (key := name.lower()) in self.keys:
                return self.keys.index(key)
        return None


class AnyTable(Protocol):
    """An open table. Reading it again starts again; memory does not grow with the file."""

    header: Header
    block_size: int
    """Bytes of a chunk, about."""

    @property
    def name(self) -> str:
        """What messages call the file."""
        ...

    @property
    def path(self) -> Path:
        """Where the file lies; files that belong to it lie beside it."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What was found out about the file, for people."""
        ...

    @property
    def is_garbled(self) -> bool:
        """Whether its letters are of an encoding that nobody knows."""
        ...

    def chunks(self, places: Sequence[int]) -> Iterator[Chunk]:
        """Yield the rows, with the columns at these places; raise UnreadableFileError after the last good."""
        ...

    def named(self, names: Sequence[str]) -> "AnyTable | None":
        """The same table without a header row, its columns given these names; None if it cannot be that."""
        ...


class Table:
    """The table of a delimited text; see `AnyTable`."""

    def __init__(self, text: TextFile) -> None:
        self.text = text
        self.block_size = BLOCK_SIZE
        dialect = find_dialect(next(text.blocks(BLOCK_SIZE), b"").decode(errors="replace"))
        if dialect is None:
            raise EmptyFileError(text.name, "there is no row of column names", remedy=CHECK_FILE)
        if len(dialect.names) > limits.MOST_COLUMNS:
            problem = f"the first row has {len(dialect.names):,} cells"
            raise UnreadableFileError(text.name, problem, remedy=CHECK_FILE)
        self._dialect = dialect
        self.header = Header.of(dialect.names)

    @property
    def name(self) -> str:
        """What messages call the file."""
        return self.text.name

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return self.text.path

    @property
    def is_garbled(self) -> bool:
        """Whether its letters are of an encoding that nobody knows."""
        return self.text.is_garbled

    def named(self, names: Sequence[str]) -> "Table | None":
        """Give names to the columns of a file whose first row is no header."""
        if len(names) != len(self.header.names):
            return None
        table = copy(self)
        table.header = Header.of(names)
        table._dialect = self._dialect._replace(names=tuple(names), header_lines=0)
        return table

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found out about the file, for people."""
        notes = (*self.text.notes, f"{DELIMITERS[self._dialect.delimiter]} separated")
        return notes if any(self.chunks([0])) else (*notes, "there is no row below the header")

    def chunks(self, places: Sequence[int]) -> Iterator[Chunk]:
        """Yield the rows below the header, with the columns at these places.

        Raises `UnreadableFileError` where a quote swallows rows, after all rows before it.
        """
        from importer.readers.tables.csv_rows import read_chunks  # noqa: PLC0415  pandas is half of a start-up

        return read_chunks(self.text, self._dialect, places, self.block_size)

    @property
    def written_header(self) -> bytes:
        """The lines down to the end of the header, as they are written."""
        from importer.readers.tables.written_rows import read_written_header  # noqa: PLC0415  as in `chunks`

        return read_written_header(self.text, self._dialect, self.block_size)

    def written_rows(self, place: int) -> Iterator["WrittenRows"]:
        """Yield the rows as they are written, with the cells of one column. Raises `UnreadableFileError`."""
        from importer.readers.tables.written_rows import read_written_rows  # noqa: PLC0415  as in `chunks`

        return read_written_rows(self.text, self._dialect, place, self.block_size)


def open_own_table(path: Path, name: str, what: str, columns: Sequence[str]) -> Table:
    """Open a table that the importer itself has written. Raises UnreadableFileError, UnknownFormatError."""
    table = Table(read_text_file(path, name))
    missing = [column for column in columns if table.header.find([column]) is None]
    if missing:
        raise UnknownFormatError(
            f"{name}: this is no {what} of the importer; it lacks {', '.join(missing)}",
            found=table.header.names,
            missing=missing,
        )
    return table
