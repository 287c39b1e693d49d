"""Records as a table: what JSON, XML and workbooks hold, each record a row, each of its values a cell.

A value within values goes by its path, `movie.ids.imdb`. The columns are found by reading the file
through once, since a value that is missing in the first records may stand in the last.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from importer.errors import UnreadableFileError
from importer.readers.cells import CellError, Reason
from importer.readers.table import BLOCK_SIZE, Header
from importer.readers.textfile import CHECK_FILE

if TYPE_CHECKING:
    from importer.readers.records import Chunk

LIST = "@list"
"""The column that names the list a record stands in, in a file that holds several."""

_BYTES_PER_RECORD = 256
"""About so many: it turns the bytes of a chunk into a number of records."""

_MOST_COLUMNS = 2_000
_DEEPEST = 6


class Record(NamedTuple):
    """One record: the physical line it starts at and its cells by column; None if it holds no values."""

    line: int
    cells: Mapping[str, str] | None


class RecordTable:
    """A table of records; see `table.AnyTable`. `read` starts reading from the beginning."""

    def __init__(
        self, path: Path, name: str, read: Callable[[], Iterator[Record]], kind_of_file: str
    ) -> None:
        self.path = path
        self.name = name
        self.block_size = BLOCK_SIZE
        self._read = read
        columns, rows, self._failure = _find_columns(read())
        if not columns and self._failure is not None:
            raise self._failure
        if len(columns) > _MOST_COLUMNS:
            raise UnreadableFileError(name, f"its records have {len(columns):,} fields", remedy=CHECK_FILE)
        self.header = Header.of(columns)
        self._columns = columns
        self.notes: Sequence[str] = (kind_of_file, *(() if rows else ("there is no record in it",)))

    def named(self, names: Sequence[str]) -> None:
        """Records name their values themselves."""
        del names

    def chunks(self, places: Sequence[int]) -> Iterator["Chunk"]:
        """Yield the records; see `table.AnyTable`."""
        from importer.readers.records import Chunk, build_frame  # noqa: PLC0415  pandas is half of a start-up

        columns = [self._columns[place] for place in places]
        records = self._read()
        failure: UnreadableFileError | None = None
        while failure is None:
            rows: list[tuple[str, ...]] = []
            lines: list[int] = []
            broken: dict[int, CellError] = {}
            try:
                for line, cells in islice(records, max(1, self.block_size // _BYTES_PER_RECORD)):
                    if cells is None:
                        broken[len(rows)] = _no_object()
                        cells = {}  # noqa: PLW2901
                    rows.append(tuple(cells.get(column, "") for column in columns))
                    lines.append(line)
            except UnreadableFileError as error:
                failure = error
            if rows:
                yield Chunk(build_frame(rows, places), lines, {}, broken)
            elif failure is None:
                return
        raise failure


def flatten(value: object, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield the values within a value by their paths, as texts; lists are left out, and so is null."""
    if isinstance(value, Mapping):
        if depth < _DEEPEST:
            for key, inner in value.items():
                yield from flatten(inner, f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(value, bool):
        yield path, str(value).lower()
    elif value is not None and not isinstance(value, list):
        yield path, str(value)


def _find_columns(records: Iterator[Record]) -> tuple[tuple[str, ...], int, UnreadableFileError | None]:
    """Read all records through for their columns; what can be read decides, the reading proper tells more."""
    columns: dict[str, None] = {}
    rows = 0
    try:
        for _, cells in records:
            rows += 1
            if cells and len(columns) <= _MOST_COLUMNS and not cells.keys() <= columns.keys():
                columns.update(dict.fromkeys(cells))
    except UnreadableFileError as error:
        return tuple(columns), rows, error
    return tuple(columns), rows, None


def _no_object() -> CellError:
    return CellError(
        Reason.NO_OBJECT, "the entry holds no named values", "Each entry must be an object, as in {...}."
    )
