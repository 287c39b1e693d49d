"""Checks the scale of a whole file: one row cannot show which scale it has.

9, 4, 8.5, 5    expected 1 to 5: two of four are above 5, so the 4 and the 5 are of another scale, too
5, 3, 3.5, 4    expected 1 to 10: halves, and none above 5, so the scale is 1 to 5
"""

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from typing import NamedTuple

from importer import limits
from importer.errors import ScaleNeededError, UnreadableFileError
from importer.readers.cells.scales import parse_value
from importer.readers.tables.table import AnyTable

_STARS = 5
_TEN = 10
_HUNDRED = 100
_FEW = 20
"""With fewer ratings, all of them may be low by chance."""

_STRAY = Fraction(1, 4)
"""Up to this share of ratings above the scale are typing errors, and so is a single one."""


class Ratings(NamedTuple):
    """A summary of the numbers in a rating column."""

    numbers: int
    highest: Fraction
    above: int
    """Ratings above the expected scale."""
    has_halves: bool

    @property
    def are_of_another_scale(self) -> bool:
        """Whether too many are above the scale to be typing errors."""
        return self.above > 1 and self.above >= _STRAY * self.numbers

    @property
    def are_stars(self) -> bool:
        """Whether they have halves and none above 5."""
        return self.has_halves and self.highest <= _STARS

    @property
    def may_be_stars(self) -> bool:
        """Whether there are many, and none above 5."""
        return self.numbers >= _FEW and self.highest <= _STARS

    @property
    def likely_scale(self) -> str:
        """The scale to name as an example."""
        if self.highest <= _STARS:
            return str(_STARS)
        return str(_TEN if self.highest <= _TEN else _HUNDRED)


def summarise_ratings(table: AnyTable, place: int, limit: Fraction | int) -> Ratings:
    """Read the whole column; `limit` is the highest rating of the expected scale."""
    numbers = above = 0
    highest, has_halves = Fraction(0), False
    seen: dict[str, Fraction | None] = {}
    for cell in read_cells(table, place):
        if len(cell) > limits.LONGEST_CELL:
            continue
        if cell not in seen:
            seen = seen if len(seen) < _HUNDRED * _HUNDRED else {}
            seen[cell] = parse_value(cell)
        # A broken row may have anything here; a number such as 83922 is no rating of any scale.
        if (value := seen[cell]) is not None and 0 < value <= _HUNDRED:
            numbers += 1
            above += value > limit
            highest = max(highest, value)
            has_halves = has_halves or value.denominator > 1
    return Ratings(numbers, highest, above, has_halves)


def refuse_other_scale(table: AnyTable, place: int, highest: Fraction) -> None:
    """Raise ScaleNeededError if too many ratings are above `highest`; among stars, if any is.

    An 11 among ratings of ten is a typing error. A 6 among stars may be one of ten, and so may the others.
    """
    ratings = summarise_ratings(table, place, highest)
    if ratings.are_of_another_scale or (highest <= _STARS and ratings.above):
        problem = f"{ratings.above:,} of {ratings.numbers:,} are above {highest}, the highest rating"
        raise ScaleNeededError(table.name, problem, None, ratings.likely_scale)


def read_cells(table: AnyTable, place: int) -> Iterator[str]:
    """Read the column as far as it can be read; `chunks` reports the error."""
    with suppress(UnreadableFileError):
        for chunk in table.chunks([place]):
            yield from chunk.column(place)
