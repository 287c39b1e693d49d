"""Records as a table: what JSON, XML and workbooks hold, each record a row, each of its values a cell.

A value within values goes by its path, `movie.ids.imdb`. The columns are found by reading the file
through once, since a value that is missing in the first records may stand in the last.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from importer import limits
from importer.errors import EmptyFileError, UnreadableFileError
from importer.readers.cells.errors import CellError, Reason, quote
from importer.readers.tables.chunk import Chunk
from importer.readers.tables.table import BLOCK_SIZE, Header
from importer.readers.tables.text import CHECK_FILE

LIST = "@list"
"""The column that names the list a record stands in, in a file that holds several."""

_BYTES_PER_RECORD = 256
"""About so many a record takes in a chunk, or what its cells have if that is more."""


class Record(NamedTuple):
    """One record: the physical line it starts at and its cells by column."""

    line: int
    cells: Mapping[str, str]
    doubled: Collection[str] = ()
    """Columns for which the record has several values that differ: which is meant, nobody knows."""
    broken: CellError | None = None
    """Why it cannot be trusted as a whole."""
    formulas: Collection[str] = ()
    """Columns in which it has a formula and not what that comes to."""


def build_record(line: int, pairs: Iterable[tuple[str, str]]) -> Record:
    """Put the values of a record under the names of their columns."""
    cells: dict[str, str] = {}
    doubled: set[str] = set()
    for name, text in pairs:
        if cells.setdefault(name, text) != text:
            doubled.add(name)
    return Record(line, cells, doubled)


class RecordTable:
    """A table of records; see `table.AnyTable`.

    `read` starts reading from the beginning, in blocks of about so many bytes.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        read: Callable[[int], Iterator[Record]],
        kind_of_file: str,
        beside: Mapping[str, str] | None = None,
    ) -> None:
        self.path = path
        self.name = name
        self.block_size = BLOCK_SIZE
        self.beside: Mapping[str, str] = {} if beside is None else beside
        """What stands beside the lists of records, by its path, filled while they are read through."""
        self._read = read
        columns, self._failure = _find_columns(read(BLOCK_SIZE))
        if not columns:
            raise self._failure or no_record(name)
        if len(columns) > limits.MOST_RECORD_COLUMNS:
            problem = f"its records have more than {limits.MOST_RECORD_COLUMNS:,} different values"
            raise UnreadableFileError(name, problem, remedy=CHECK_FILE)
        self.header = Header.of(columns)
        self.notes: Sequence[str] = (kind_of_file,)
        self.is_garbled = False
        self._columns = columns
        self._lists: Collection[str] | None = None
        self._needed: frozenset[str] | None = None

    def take_lists(self, names: Collection[str]) -> None:
        """Take only records that stand in these lists, of a file that holds other things, too."""
        self._lists = names

    def take_with(self, names: Collection[str]) -> None:
        """Take only records with a value of one of these names, of a file in which others hold none."""
        keys = {name.lower() for name in names}
        self._needed = frozenset(column for column in self._columns if column.lower() in keys)

    def named(self, names: Sequence[str]) -> None:
        """Records name their values themselves."""
        del names

    def chunks(self, places: Sequence[int]) -> Iterator[Chunk]:
        """Yield the records; see `table.AnyTable`."""
        columns = [self._columns[place] for place in places]
        records = self._taken()
        failure: UnreadableFileError | None = None
        while failure is None:
            rows: list[tuple[str, ...]] = []
            lines: list[int] = []
            broken: dict[int, CellError] = {}
            room = self.block_size
            try:
                for record in records:
                    if (problem := record.broken or _find_unclear(record, columns)) is not None:
                        broken[len(rows)] = problem
                    rows.append(tuple(record.cells.get(column, "") for column in columns))
                    lines.append(record.line)
                    room -= max(_BYTES_PER_RECORD, sum(map(len, rows[-1])))
                    if room <= 0:
                        break
            except UnreadableFileError as error:
                failure = error
            if rows:
                yield Chunk.of_rows(rows, places, lines, {}, broken)
            elif failure is None:
                return
        raise failure

    def _taken(self) -> Iterator[Record]:
        records = self._read(self.block_size)
        if (lists := self._lists) is not None:
            records = (record for record in records if record.cells.get(LIST) in lists)
        if (needed := self._needed) is not None:
            records = (record for record in records if record.broken or needed & record.cells.keys())
        return records


def _find_columns(records: Iterator[Record]) -> tuple[tuple[str, ...], UnreadableFileError | None]:
    """Read all records for their columns, as far as they can be read; `chunks` reports the error."""
    columns: dict[str, None] = {}
    try:
        for record in records:
            if len(columns) <= limits.MOST_RECORD_COLUMNS and not record.cells.keys() <= columns.keys():
                columns.update(dict.fromkeys(record.cells))
    except UnreadableFileError as error:
        return tuple(columns), error
    return tuple(columns), None


def no_record(name: str) -> EmptyFileError:
    """Make the error of a file without any record."""
    return EmptyFileError(name, "there is no record in it", remedy="Export your ratings again.")


def _find_unclear(record: Record, columns: Collection[str]) -> CellError | None:
    if not record.doubled and not record.formulas:
        return None
    for name in columns:
        if name in record.doubled:
            return CellError(
                Reason.TWO_VALUES,
                f"the entry has two values for {quote(name)}",
                "Take the wrong one out, and import the file again.",
            )
        if name in record.formulas:
            return CellError(
                Reason.NO_VALUE,
                f"the formula {quote(record.cells[name])} in {quote(name)} was saved without its value",
                "Open the workbook in a spreadsheet program, save it there, and import it again.",
            )
    return None
