"""Whole numbers: of seasons and episodes, and years."""

import re

from importer.readers.cells.errors import CellError, Reason
from importer.readers.cells.texts import unmark

# "3.0" is what a table program makes of 3 where other cells of the column are empty; "1.000" is a thousand
# to a German one.
_match_number = re.compile(r"([0-9]{1,15})(?:\.0{0,2})?").fullmatch


def _parse_whole(cell: str, reason: Reason, problem: str, remedy: str) -> int | None:
    text = unmark(cell)
    if not text:
        return None
    if match := _match_number(text):
        return int(match[1])
    raise CellError(reason, problem, remedy)


def parse_number(cell: str) -> int | None:
    """Read a season's or an episode's number; season 0 are the specials."""
    return _parse_whole(
        cell, Reason.BAD_NUMBER, "is not a whole number", "Write digits only, or leave the cell empty."
    )


# 1999–2007 of a series, (1994) of a title, and what programs write that know of none
_match_dressed_year = re.compile(
    r"\(?([0-9]{4})(?:\s?[-–—]\s?(?:[0-9]{4})?)?\)?|n/a|-|–|null|none|unknown|\?", re.IGNORECASE
).fullmatch
_FIRST_YEAR = 1870
_LAST_YEAR = 2199


def parse_year(cell: str) -> int | None:
    """Read a year of four digits."""
    if match := _match_dressed_year(unmark(cell)):
        cell = match[1] or ""
    problem, remedy = "is not a year", "Write four digits, such as 1994, or leave the cell empty."
    year = _parse_whole(cell, Reason.BAD_YEAR, problem, remedy)
    if year is None or _FIRST_YEAR <= year <= _LAST_YEAR:
        return year
    raise CellError(Reason.BAD_YEAR, problem, remedy)
