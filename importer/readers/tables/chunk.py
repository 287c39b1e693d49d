"""Some rows of a table, as lists of texts: all that a format ever sees of pandas."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from importer.readers.cells.errors import CellError


class Chunk(NamedTuple):
    """Some rows of a table, column by column."""

    cells: Mapping[int, list[str]]
    """Place of a column to its cells, just as the file has them: of the columns that were asked for."""
    lines: Sequence[int]
    """The physical line each row starts at."""
    short: Mapping[int, int]
    """Rows with fewer cells than the header, by index: how many cells they have."""
    broken: Mapping[int, CellError]
    """Rows that cannot be trusted as a whole, by index: why."""

    @classmethod
    def of_rows(
        cls,
        rows: Sequence[Sequence[str]],
        places: Sequence[int],
        lines: Sequence[int],
        short: Mapping[int, int],
        broken: Mapping[int, CellError],
    ) -> "Chunk":
        """Turn rows of cells, one for each place, into columns."""
        columns = map(list, zip(*rows, strict=True)) if rows else ([] for _ in places)
        return cls(dict(zip(places, columns, strict=True)), lines, short, broken)

    def column(self, place: int) -> list[str]:
        """Return the cells of a column."""
        return self.cells[place]

    def rows(self, places: Sequence[int]) -> Iterator[tuple[str, ...]]:
        """Yield the cells of these columns, row by row."""
        return zip(*map(self.column, places), strict=True)
