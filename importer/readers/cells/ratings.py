"""Ratings from 1 to 10, and the words that stand for some; other scales are in `scales`."""

import re
from collections.abc import Callable

from importer.model import HATE, LOVE, UNRATE, Rating, Status
from importer.readers.cells.errors import CellError, FractionError, Reason
from importer.readers.cells.texts import unmark

_HIGHEST = 10
_WORDS: dict[str, Rating] = {LOVE: LOVE, HATE: HATE, "unrate": UNRATE, "0": UNRATE}
# A spreadsheet's 8,0 is a whole number, too.
_match_whole = re.compile(r"([0-9]{1,3})(?:\.0*|,0{1,2})?").fullmatch
_match_share = re.compile(r"([0-9]{1,3})(?:\s*/\s*(5|10|100)|\s?%)").fullmatch
_match_stars = re.compile(r"([★⭐]{0,10})(☆{1,10})").fullmatch
_UNRATED = frozenset({"-", "--", "–", "—", "n/a", "na", "null", "none", "not rated", "unrated"})
# 04. Mai, 5-Apr, May 4, 4.5.2024 and 2024-05-04: of these, nobody can tell 4.5 from 4.05.
_match_date = re.compile(
    r"[0-9]{1,2}[. -]{1,2}[^\W\d_]{3,}\.?(?:[ -][0-9]{2,4})?|[^\W\d_]{3,}\.?[ -][0-9]{1,2}"
    r"|[0-9]{1,2}([./-])[0-9]{1,2}\1(?:[0-9]{4}|[0-9]{2})|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T].*)?"
).fullmatch
_match_fraction = re.compile(r"[0-9]+[.,][0-9]+").fullmatch


def parse_rating(cell: str) -> int:
    """Read a rating from 1 to 10; it is never rounded or clamped."""
    text = unmark(cell)
    if not text or is_unrated(text):
        raise not_rated()
    if (share := parse_share(text)) is not None:
        return share
    match = _match_whole(text)
    if match and 1 <= int(match[1]) <= _HIGHEST:
        return int(match[1])
    refuse_date(text)
    if _match_fraction(text):
        raise FractionError(
            Reason.BAD_RATING,
            "is not a whole number",
            "Ratings are whole numbers from 1 to 10; decide for one in the file.",
        )
    raise CellError(
        Reason.BAD_RATING,
        "is not a rating from 1 to 10",
        "Correct the cell and import the file again.",
    )


def refuse_date(text: str) -> None:
    """Refuse what a spreadsheet made of 4.5: a day of May. Raises CellError."""
    if _match_date(text):
        remedy = "A spreadsheet made a date of the rating; take it from the file as it was downloaded."
        raise CellError(Reason.OFF_SCALE, "is a date and no rating", remedy)


def is_unrated(cell: str) -> bool:
    """Whether a cell says that there is no rating; an empty one says nothing."""
    return cell.strip().casefold() in _UNRATED


def parse_share(text: str) -> int | None:
    """Read a rating that says itself out of how many it is, where that is a whole number of ten.

    `4/5`, `80 %` and `★★★★☆` are 8; None if it is no such rating, or off its own scale.
    """
    if match := _match_share(text):
        rating, highest = int(match[1]), int(match[2] or 100)
    elif match := _match_stars(text):
        rating, highest = len(match[1]), len(match[0])
    else:
        return None
    tenths, rest = divmod(rating * _HIGHEST, highest)
    return tenths if not rest and 1 <= tenths <= _HIGHEST else None


def not_rated(field: str | None = None) -> CellError:
    """Make the error of a row that holds no rating where that is nothing unusual."""
    remedy = "The title is not rated; nothing is sent."
    return CellError(Reason.NO_RATING, "is no rating", remedy, status=Status.SKIPPED, field=field)


def parse_rating_or_word(cell: str, parse: Callable[[str], int] = parse_rating) -> Rating:
    """Read `love`, `hate`, or `unrate`, which removes a rating, or what `parse` reads.

    Without a scale of its own 0 removes a rating, too; on a scale it may be one.
    """
    text = cell.strip().lower()
    word = None if text == "0" and parse is not parse_rating else _WORDS.get(text)
    return parse(cell) if word is None else word
