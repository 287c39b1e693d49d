"""Some cells of each column, for people who have to say what a table holds."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from importer.readers.base import ReadOptions
from importer.readers.judging import summarise_cells
from importer.readers.tables.archive import GZIP_START, ZIP_START, is_workbook
from importer.readers.tables.opening import open_tables
from importer.readers.tables.text import read_head

_MOST_CELLS = 3
_TEN = 10
_MOST_COLUMNS = 40


class ColumnSample(NamedTuple):
    """A column by its name, and the first cells that hold something."""

    name: str
    cells: Sequence[str]
    likely_scale: str = ""
    """What its numbers are ratings of beyond doubt, if they are ratings; empty if they may be stars."""
    repeats: bool = False
    """Whether one of its texts stands in several rows, as votes do and titles do not."""


def sample_columns(path: Path, name: str, options: ReadOptions, wanted: Sequence[str]) -> list[ColumnSample]:
    """Show the columns of the table that has those that are wanted; nothing of an archive.

    Raises UnreadableFileError.
    """
    head = read_head(path, name)
    if head.startswith(GZIP_START) or (head.startswith(ZIP_START) and not is_workbook(path)):
        return []
    for table in open_tables(path, name, head, encoding=options.encoding, sheet=options.sheet):
        names = table.header.names
        if names == tuple(wanted):
            places = [place for place, each in enumerate(names[:_MOST_COLUMNS]) if each]
            chunk = next(table.chunks(places), None)
            lines = () if chunk is None else chunk.lines
            return [
                _sample(names[place], lines, () if chunk is None else chunk.column(place)) for place in places
            ]
    return []


def _sample(name: str, lines: Sequence[int], column: Sequence[str]) -> ColumnSample:
    cells = list(filter(str.strip, column))
    scale = summarise_cells(zip(lines, column, strict=False), _TEN).clear_scale
    return ColumnSample(name, cells[:_MOST_CELLS], scale or "", len(set(cells)) < len(cells))
