"""The columns of a format, each declared once: the names it goes by, and what its cells mean.

    rating = Column("Your Rating", "You rated", parse=parse_rating, required=True)

A chunk is parsed a column at a time. In a column whose cells repeat, each distinct cell is parsed once, and
the result is remembered.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from importer import limits
from importer.readers.cells.errors import CellError
from importer.readers.cells.ids import are_imdb_ids
from importer.readers.cells.texts import parse_text
from importer.readers.row_problems import too_long

Parse = Callable[[str], object]
"""Turns the text of a cell into a value. Raises CellError."""

_NEARLY_ALL_DISTINCT = frozenset({"title", "imdb_id"})
_REMEMBERED = 1 << 13
"""Distinct cells a column remembers: more than twenty years of days."""

_LONGEST_REMEMBERED = 64
"""Characters. A longer cell is no date, number or word that repeats; thousands would fill the memory."""


@dataclass(frozen=True, slots=True)
class PerFile:
    """A parser that is made for each file, from its reader: a date depends on `--timezone`, for example."""

    make: Callable[[Any], Parse]


class Column:
    """A column of a format, under the best of the names that it goes by, and what parses its cells."""

    def __init__(self, *names: str, parse: Parse | PerFile = parse_text, required: bool = False) -> None:
        self.names = names
        self.parse = parse
        self.required = required
        """Without it a file is not of the format."""

    def also(self, parse: Parse | PerFile) -> "Column":
        """A second field from the same column: what else its cells mean."""
        return Column(*self.names, parse=parse)

    def parser_for(self, reader: object) -> Parse:
        """Return the parser for the file of this reader."""
        return self.parse.make(reader) if isinstance(self.parse, PerFile) else self.parse


def parse_cleaned(parse: Parse, clean: Callable[[str], str]) -> Parse:
    """Make a parser of cells to which a program did something that `clean` undoes."""
    return lambda cell: parse(clean(cell))


class ColumnGroup(dict[str, Column]):
    """Several columns at once, by field: those of a title, say, which repeat for its show."""


def collect_columns(namespace: Mapping[str, object]) -> Iterator[tuple[str, Column]]:
    """Yield field and column of each that a class declares, in order."""
    for name, value in namespace.items():
        if isinstance(value, Column):
            yield name, value
        elif isinstance(value, ColumnGroup):
            yield from value.items()


class ParsedColumn(NamedTuple):
    """The values of a column in a chunk, and what is wrong with some, by index."""

    values: Sequence[Any]
    errors: Mapping[int, CellError]


class ColumnParser:
    """Parses the cells of a field, chunk after chunk."""

    def __init__(self, field: str, place: int, parse: Parse) -> None:
        self.field = field
        self.place = place
        self._parse = parse if field in _NEARLY_ALL_DISTINCT else _Memory(parse).__getitem__

    def parse(self, cells: list[str]) -> ParsedColumn:
        """Parse the cells of a chunk."""
        if self.field == "imdb_id" and are_imdb_ids(cells):
            return ParsedColumn(cells, {})
        if self.field in _NEARLY_ALL_DISTINCT and max(map(len, cells), default=0) > limits.LONGEST_CELL:
            return self._parse_one_by_one(cells)
        if self._parse is parse_text:  # written out: a call for each title is what costs
            return ParsedColumn([cell.strip() or None for cell in cells], {})
        try:
            return ParsedColumn(list(map(self._parse, cells)), {})
        except CellError:
            pass  # one by one, then; not in here, or each error would hold the first, and that the chunk
        return self._parse_one_by_one(cells)

    def _parse_one_by_one(self, cells: Sequence[str]) -> ParsedColumn:
        values: list[Any] = []
        errors = {}
        for index, cell in enumerate(cells):
            try:
                values.append(self._parse(_refuse_long(cell)))
            except CellError as error:
                values.append(None)
                errors[index] = error.with_traceback(None)  # which would hold the whole chunk, in a circle
        return ParsedColumn(values, errors)


def _refuse_long(cell: str) -> str:
    if len(cell) > limits.LONGEST_CELL:
        raise too_long()
    return cell


class _Memory(dict[str, object]):
    """What the cells of a column gave, for as many as are worth keeping (an `lru_cache` is much slower)."""

    def __init__(self, parse: Parse) -> None:
        super().__init__()
        self._parse = parse

    def __missing__(self, cell: str) -> object:
        if len(cell) > _LONGEST_REMEMBERED:
            return self._parse(_refuse_long(cell))
        if len(self) >= _REMEMBERED:
            self.clear()
        value = self[cell] = self._parse(cell)
        return value
