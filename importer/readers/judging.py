"""Checks the scale of a whole file: one row cannot show which scale it has.

9, 4, 8.5, 5        expected 1 to 5: two of four are above 5, so the 4 and the 5 are of another scale, too
5, 4, 3.5, 4, 5.5   expected 1 to 5: one of five is a slip: an invalid row, and the 5 stays five stars
5, 3, 3.5, 4        expected 1 to 10: halves, and none above 5, so the scale is 1 to 5
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import NamedTuple

from importer import limits
from importer.errors import ScaleNeededError, UnreadableFileError
from importer.model import RowRemedy
from importer.readers.cells.errors import quote
from importer.readers.cells.scales import Scale, Steps, parse_value
from importer.readers.tables.table import AnyTable

_STARS = 5
_TEN = 10
_TWENTY = 20
_HUNDRED = 100
_FEW = 20
"""With fewer ratings, all of them may be low by chance."""

_MOST_NAMED = 3
_STRAY = Fraction(1, 4)
"""Up to this share of ratings above the scale are typing errors, and so is a single one."""


class Ratings(NamedTuple):
    """A summary of the numbers in a rating column."""

    numbers: int
    highest: Fraction
    above: int
    """Ratings above the expected scale."""
    has_halves: bool
    """As stars have them: below 5."""
    above_stars: int = 0
    strays: Sequence[str] = ()
    """The first ratings above it, each with its line."""

    @property
    def are_of_another_scale(self) -> bool:
        """Whether too many are above the scale to be typing errors."""
        return self.above > 1 and self.above >= _STRAY * self.numbers

    @property
    def example(self) -> str | None:
        """The scale to name as an example; None where it would shrink more ratings than it explains."""
        return self.likely_scale if self.are_stars or 2 * self.above >= self.numbers else None

    @property
    def clear_scale(self) -> str | None:
        """The scale that enough of the ratings show, so that it may be what Enter means; never that of stars.

        The expected scale is ten. A few above 5 may be slips among stars, or above 10 among ratings of ten.
        """
        if self.above:
            is_clear = self.highest > _HUNDRED / 2 and self.above >= _STRAY * self.numbers
            return str(_HUNDRED) if is_clear else None
        is_clear = self.above_stars > 1 and self.above_stars > _STRAY * self.numbers
        return str(_TEN) if is_clear else None

    @property
    def above_in_words(self) -> str:
        """How many are above the expected scale, with the lines of the first."""
        more = self.above - len(self.strays)
        return f"{', '.join(self.strays)}{f' and {more:,} more' if more else ''}"

    @property
    def are_stars(self) -> bool:
        """Whether they have halves, and hardly any is above 5."""
        return self.has_halves and (not self.above_stars or self.above_stars <= _STRAY * self.numbers)

    @property
    def may_be_stars(self) -> bool:
        """Whether there are many, and none above 5."""
        return self.numbers >= _FEW and self.highest <= _STARS

    @property
    def likely_scale(self) -> str:
        """The scale to name as an example."""
        if self.highest <= _STARS or self.are_stars:
            return str(_STARS)
        return str(next(each for each in (_TEN, _TWENTY, _HUNDRED) if self.highest <= each))


def summarise_ratings(table: AnyTable, place: int, limit: Fraction | int) -> Ratings:
    """Read the whole column; `limit` is the highest rating of the expected scale."""
    return summarise_cells(_read_lines(table, place), limit)


def summarise_cells(cells: Iterable[tuple[int, str]], limit: Fraction | int) -> Ratings:
    """Summarise the numbers in cells, each with its line; `limit` as above."""
    numbers = above = above_stars = 0
    highest, has_halves = Fraction(0), False
    strays: list[str] = []
    seen: dict[str, Fraction | None] = {}
    for line, cell in cells:
        if len(cell) > limits.LONGEST_CELL:
            continue
        if cell not in seen:
            seen = seen if len(seen) < _HUNDRED * _HUNDRED else {}
            seen[cell] = parse_value(cell)
        # A broken row may have anything here; a number such as 83922 is no rating of any scale.
        if (value := seen[cell]) is not None and 0 < value <= _HUNDRED:
            numbers += 1
            above_stars += value > _STARS
            if value > limit:
                above += 1
                if len(strays) < _MOST_NAMED:
                    strays.append(f"line {line}: {quote(cell.strip())}")
            highest = max(highest, value)
            has_halves = has_halves or (value < _STARS and value.denominator > 1)
    return Ratings(numbers, highest, above, has_halves, above_stars, strays)


def refuse_other_scale(table: AnyTable, place: int, highest: Fraction, *, is_sure: bool = True) -> None:
    """Raise ScaleNeededError if too many ratings are above `highest`, or any, where that is not sure.

    An 11 among ratings of ten is a typing error, and so is a 6 among the stars of a service's export. In a
    file that any program may have written, the 6 may be one of ten, and so may the others.
    """
    ratings = summarise_ratings(table, place, highest)
    if ratings.are_of_another_scale or (ratings.above and not is_sure):
        problem = f"{ratings.above:,} of {ratings.numbers:,} are above {highest}, the highest rating"
        raise ScaleNeededError(table.name, f"{problem}: {ratings.above_in_words}", None, ratings.example)


def describe_scale(table: AnyTable, place: int, scale: Scale | None, expected: Steps | None) -> Sequence[str]:
    """Say what `--scale` makes of ratings, also if they are of the format's own, lower scale after all."""
    notes = [f"but ratings are {scale}, {RowRemedy.GIVEN_SCALE}"]
    if expected is not None and isinstance(scale, Steps) and scale.highest > expected.highest:
        ratings = summarise_ratings(table, place, expected.highest)
        if not ratings.are_of_another_scale:
            few = f"{ratings.above:,} of {ratings.numbers:,} are above {expected.highest}"
            own = f"if they are {expected}, as this format has them"
            notes.append(f"{few}: {own}, that makes too little of them")
    return notes


def read_cells(table: AnyTable, place: int) -> Iterator[str]:
    """Read the column as far as it can be read; `chunks` reports the error."""
    return (cell for _, cell in _read_lines(table, place))


def _read_lines(table: AnyTable, place: int) -> Iterator[tuple[int, str]]:
    with suppress(UnreadableFileError):
        for chunk in table.chunks([place]):
            yield from zip(chunk.lines, chunk.column(place), strict=False)
