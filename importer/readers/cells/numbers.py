"""Whole numbers: of seasons and episodes, and years."""

import re

from importer.readers.cells.errors import CellError, Reason

# "603.0" is what a table program makes of 603 where other cells of the column are empty.
_match_number = re.compile(r"([0-9]{1,15})(?:\.0*)?").fullmatch


def parse_whole(cell: str, reason: Reason, problem: str, remedy: str) -> int | None:
    """Read digits; nothing is None, and anything else the error that is described."""
    text = cell.strip()
    if not text:
        return None
    if match := _match_number(text):
        return int(match[1])
    raise CellError(reason, problem, remedy)


def parse_number(cell: str) -> int | None:
    """Read a season's or an episode's number; season 0 are the specials."""
    return parse_whole(
        cell, Reason.BAD_NUMBER, "is not a whole number", "Write digits only, or leave the cell empty."
    )


_FIRST_YEAR = 1870
_LAST_YEAR = 2199


def parse_year(cell: str) -> int | None:
    """Read a year of four digits."""
    problem, remedy = "is not a year", "Write four digits, such as 1994, or leave the cell empty."
    year = parse_whole(cell, Reason.BAD_YEAR, problem, remedy)
    if year is None or _FIRST_YEAR <= year <= _LAST_YEAR:
        return year
    raise CellError(Reason.BAD_YEAR, problem, remedy)
