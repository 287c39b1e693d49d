"""What the ratings of a whole file look like: a scale is never judged row by row.

9, 4, 8.5, 5    as stars of five: two of the four are none, so the 4 and the 5 are none either
5, 3, 3.5, 4    as ratings of ten: halves, and none above 5, so these are stars
"""

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from typing import NamedTuple

from importer.errors import ScaleNeededError, UnreadableFileError
from importer.readers.cells.scales import parse_value
from importer.readers.tables.table import AnyTable

_STARS = 5
_TEN = 10
_HUNDRED = 100
_FEW = 20
"""Ratings: of fewer, none need be high."""

_STRAY = Fraction(1, 4)
"""Up to this share of ratings above a scale are slips of the pen, and so is a single one."""


class Ratings(NamedTuple):
    """What the numbers of a rating column have in common."""

    numbers: int
    highest: Fraction
    above: int
    """Ratings above the scale that was looked for."""
    has_halves: bool

    @property
    def are_of_another_scale(self) -> bool:
        """Whether too many lie above the scale to be slips."""
        return self.above > 1 and self.above >= _STRAY * self.numbers

    @property
    def are_stars(self) -> bool:
        """Whether they can hardly be whole numbers of ten."""
        return self.has_halves and self.highest <= _STARS

    @property
    def may_be_stars(self) -> bool:
        """Whether there are many, and all low."""
        return self.numbers >= _FEW and self.highest <= _STARS

    @property
    def likely_scale(self) -> str:
        """The scale to name as an example."""
        if self.highest <= _STARS:
            return str(_STARS)
        return str(_TEN if self.highest <= _TEN else _HUNDRED)


def judge_ratings(table: AnyTable, place: int, limit: Fraction | int) -> Ratings:
    """Read a column through; `limit` is the highest rating of the scale that it should be of."""
    numbers = above = 0
    highest, has_halves = Fraction(0), False
    seen: dict[str, Fraction | None] = {}
    for cell in read_cells(table, place):
        if cell not in seen:
            seen = seen if len(seen) < _HUNDRED * _HUNDRED else {}
            seen[cell] = parse_value(cell)
        # A broken row may hold anything here; a number such as 83922 is no rating of any scale.
        if (value := seen[cell]) is not None and 0 < value <= _HUNDRED:
            numbers += 1
            above += value > limit
            highest = max(highest, value)
            has_halves = has_halves or value.denominator > 1
    return Ratings(numbers, highest, above, has_halves)


def refuse_other_scale(table: AnyTable, place: int, highest: Fraction, *, is_strict: bool = False) -> None:
    """Refuse a file of whose ratings too many lie above the highest, or any. Raises ScaleNeededError."""
    ratings = judge_ratings(table, place, highest)
    if ratings.are_of_another_scale or (is_strict and ratings.above):
        told = f"{ratings.above:,} of {ratings.numbers:,} are above {highest}, the most there is"
        raise ScaleNeededError(table.name, told, None, ratings.likely_scale)


def read_cells(table: AnyTable, place: int) -> Iterator[str]:
    """Read a column through, as far as it can be read; `chunks` tells of the rest, in its place."""
    with suppress(UnreadableFileError):
        for chunk in table.chunks([place]):
            yield from chunk.column(place)
