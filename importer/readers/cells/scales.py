"""Rating scales: what the numbers of a format mean, and how they become 1 to 10. Pure.

A value becomes the nearest whole number of ten, a half the higher one, and never less than 1: the rule
that loses least. The row's note says what was not exact. Nothing outside of a scale is clamped.

```text
parse_scale("5").convert("3.5")             ->  7
parse_scale("0-100").convert("73")          ->  7, with the note "73 of 100 is rated 7"
parse_scale("1=3,2=7,3=10").convert("2")    ->  7
parse_scale("5").convert("7")               CellError: is not a rating from more than 0 to 5
```
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from importer.errors import OptionError
from importer.model import RowRemedy
from importer.readers.cells.errors import CellError, Reason
from importer.readers.cells.ratings import is_unrated, not_rated, parse_share, refuse_date

_TEN = 10
_match_number = re.compile(r"-?[0-9]{1,6}(?:[.,][0-9]{1,6})?").fullmatch
_match_halves = re.compile(r"(?:([0-9]{1,3})|([★⭐]{0,10}))\s?(½)?").fullmatch
_match_range = re.compile(r"(?:([0-9.,]+)-)?([0-9.,]+)").fullmatch


class Scale(Protocol):
    """What the texts of a rating column mean."""

    def convert(self, cell: str) -> int:
        """Turn a cell into 1 to 10. Raises CellError, with status `skipped` for no rating."""
        ...

    def note(self, cell: str) -> str | None:
        """Say what the conversion has changed, if it has; never fails."""
        ...

    @property
    def flag(self) -> str:
        """The scale as `--scale` takes it; `str` is for sentences."""
        ...


@dataclass(frozen=True, slots=True)
class Steps:
    """Numbers from `lowest` to `highest` in steps of `step`, or of any size with step 0.

    `none` are the texts that mean "not rated": the row is skipped, it is no failure. With `is_open`,
    `lowest` itself is no rating. A text that names its own scale (`8/10`, `90 %`) is read by that.
    """

    lowest: Fraction
    highest: Fraction
    step: Fraction = Fraction(0)
    none: frozenset[str] = frozenset()
    is_open: bool = False

    def convert(self, cell: str) -> int:
        """See `Scale`."""
        text = cell.strip()
        if not text or text in self.none or is_unrated(text):
            raise not_rated()
        if (share := parse_share(text)) is not None:
            return share
        value = parse_value(text)
        if value is None or not self._holds(value):
            refuse_date(text)
            raise CellError(
                Reason.OFF_SCALE,
                f"is not a rating from {self}",
                "Correct the cell and import the file again.",
            )
        if self.step and value % self.step:
            raise CellError(
                Reason.OFF_SCALE,
                f"is no multiple of {_write(self.step)}",
                "Correct the cell and import the file again.",
            )
        return self._round(value)

    def note(self, cell: str) -> str | None:
        """See `Scale`."""
        text = cell.strip()
        value = parse_value(text)
        if value is None or text in self.none or not self._holds(value):
            return None
        rating = self._round(value)
        if rating * self.highest == value * _TEN:
            return None
        return f"{_write(value)} of {_write(self.highest)} is rated {rating}"

    def _holds(self, value: Fraction) -> bool:
        return self.lowest <= value <= self.highest and not (self.is_open and value == self.lowest)

    def _round(self, value: Fraction) -> int:
        return max(1, int(value * _TEN / self.highest + Fraction(1, 2)))

    @property
    def flag(self) -> str:
        """See `Scale`."""
        highest = _write(self.highest)
        return highest if self.is_open else f"{_write(self.lowest)}-{highest}"

    def __str__(self) -> str:
        return f"{'more than ' * self.is_open}{_write(self.lowest)} to {_write(self.highest)}"


@dataclass(frozen=True, slots=True)
class Votes:
    """Texts that are no numbers of a scale, such as thumbs, each with the rating its owner says it is."""

    ratings: Mapping[str, int]
    none: frozenset[str] = frozenset()

    def convert(self, cell: str) -> int:
        """See `Scale`."""
        text = cell.strip()
        if text in self.none:
            raise not_rated()
        if (rating := self.ratings.get(text.casefold())) is None:
            raise CellError(
                Reason.OFF_SCALE,
                "is none of the votes that the scale names",
                RowRemedy.ADD_VOTE.format(votes=f"{self},{text or 'VOTE'}"),
            )
        return rating

    def note(self, cell: str) -> str | None:
        """See `Scale`."""
        text = cell.strip()
        rating = self.ratings.get(text.casefold())
        return None if rating is None or text in self.none else f"{text} is rated {rating}, as the scale says"

    @property
    def flag(self) -> str:
        """See `Scale`."""
        return str(self)

    def __str__(self) -> str:
        return ",".join(f"{vote}={rating}" for vote, rating in self.ratings.items())


def steps(lowest: str, highest: str, step: str = "0", *, none: frozenset[str] = frozenset()) -> Steps:
    """Write a scale as it is read: `steps("0.5", "5", "0.5")`."""
    return Steps(Fraction(lowest), Fraction(highest), Fraction(step), none)


def parse_scale(text: str, none: frozenset[str] = frozenset()) -> Scale:
    """Parse `--scale`: the highest rating (`5`, `100`), a range (`0-100`), or votes (`1=3,2=7,3=10`).

    `none` are the texts that mean "not rated" in the format. Raises UsageError.
    """
    if "=" in text:
        return Votes(dict(map(_parse_vote, text.split(","))), none)
    match = _match_range(text.strip())
    lowest, highest = (parse_value(part or "") for part in match.groups()) if match else (None, None)
    if not highest or (lowest is not None and lowest >= highest):
        problem = "write the highest rating (5), a range (0-100), or what each vote is (1=3,2=8)"
        raise OptionError("scale", problem, text)
    # Nobody means by `5` that 0 is a rating; `0-5` says so.
    return Steps(lowest or Fraction(0), highest, none=none, is_open=lowest is None)


def _parse_vote(word: str) -> tuple[str, int]:
    vote, _, rating = (part.strip() for part in word.partition("="))
    if not vote or rating not in {str(number) for number in range(1, _TEN + 1)}:
        raise OptionError("scale", f"{word!r} is no vote; write it as VOTE=RATING with a rating of 1 to 10")
    return vote.casefold(), int(rating)


def parse_value(cell: str) -> Fraction | None:
    """Read a number as tables and people write it: 3.5, 3,5, 3½, ★★★½; None if it is none."""
    text = cell.strip()
    if _match_number(text):
        return Fraction(text.replace(",", "."))
    if (match := _match_halves(text)) and text:
        return Fraction(match[1] or len(match[2])) + (Fraction(1, 2) if match[3] else 0)
    return None


def _write(value: Fraction) -> str:
    return f"{float(value):g}"
