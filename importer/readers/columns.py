"""The columns of a chunk, parsed: text to values, a column at a time.

In a column whose cells repeat, each distinct cell is parsed once, and what it gave is remembered.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from importer.readers.cells.cells import CellError, are_imdb_ids, parse_text

Parse = Callable[[str], object]

_NEARLY_ALL_DISTINCT = frozenset({"title", "imdb_id"})
_REMEMBERED = 1 << 13
"""Distinct cells a column remembers: more than twenty years of days."""

_LONGEST_REMEMBERED = 64
"""Characters. A longer cell is no date, number or word that repeats; thousands would fill the memory."""


class Parsed(NamedTuple):
    """The values of a field in a chunk, and what is wrong with some, by place."""

    field: str
    values: Sequence[Any]
    wrong: Mapping[int, CellError]


class Columns:
    """Parses chunks; `places` says in which column of the table a field stands, and fields may share one."""

    def __init__(self, places: Mapping[str, int], parsers: Mapping[str, Parse]) -> None:
        self._fields = [
            (field, place, _remembering(field, parsers[field])) for field, place in places.items()
        ]

    def parse(self, frame: pd.DataFrame) -> Iterator[Parsed]:
        """Parse every field of a chunk."""
        for field, place, parse in self._fields:
            yield _parse(field, frame[place].tolist(), parse)


class _Memory(dict[str, object]):
    """What the cells of a column gave, for as many as are worth keeping (an `lru_cache` is much slower)."""

    def __init__(self, parse: Parse) -> None:
        super().__init__()
        self._parse = parse

    def __missing__(self, cell: str) -> object:
        if len(cell) > _LONGEST_REMEMBERED:
            return self._parse(cell)
        if len(self) >= _REMEMBERED:
            self.clear()
        value = self[cell] = self._parse(cell)
        return value


def _remembering(field: str, parse: Parse) -> Parse:
    return parse if field in _NEARLY_ALL_DISTINCT else _Memory(parse).__getitem__


def _parse(field: str, cells: list[str], parse: Parse) -> Parsed:
    if field == "imdb_id" and are_imdb_ids(cells):
        return Parsed(field, cells, {})
    if parse is parse_text:  # written out, for a call for each title is what costs
        return Parsed(field, [cell.strip() or None for cell in cells], {})
    return Parsed(field, *_parse_each(cells, parse))


def _parse_each(cells: Sequence[str], parse: Parse) -> tuple[list[Any], dict[int, CellError]]:
    try:
        return list(map(parse, cells)), {}
    except CellError:
        pass  # one by one, then
    values: list[Any] = []
    wrong = {}
    for place, cell in enumerate(cells):
        try:
            values.append(parse(cell))
        except CellError as error:
            values.append(None)
            wrong[place] = error.with_traceback(None)  # which would hold the whole chunk, in a circle
    return values, wrong
