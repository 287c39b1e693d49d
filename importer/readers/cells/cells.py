"""What one cell means: pure text to value, or a `CellError` that says what is wrong and what to do.

A parser takes the text of a cell, blanks around it welcome, and returns a value or None for "nothing
stands there". Which column a cell comes from, and what its row becomes, is the reader's affair. Dates
are parsed in `dates`, kinds of titles in `title_types`.
"""

import re
from collections.abc import Callable, Collection
from enum import StrEnum
from html import unescape

from importer.model import HATE, IMDB_ID, LOVE, UNRATE, Rating, Status


class Reason(StrEnum):
    """Every word a reader puts into a row's `reason` column."""

    NO_ID = "no_id"
    BAD_ID = "bad_id"
    NO_RATING = "no_rating"
    BAD_RATING = "bad_rating"
    OFF_SCALE = "off_scale"
    BAD_YEAR = "bad_year"
    BAD_NUMBER = "bad_number"
    NO_NUMBER = "no_number"
    BAD_DATE = "bad_date"
    UNKNOWN_TYPE = "unknown_type"
    TYPE_MISMATCH = "type_mismatch"
    VIDEO_GAME = "video_game"
    MUSIC_VIDEO = "music_video"
    PODCAST = "podcast"
    PERSON = "person"
    EMPTY_ROW = "empty_row"
    TOO_FEW_CELLS = "too_few_cells"
    TOO_MANY_CELLS = "too_many_cells"
    UNCLOSED_QUOTE = "unclosed_quote"
    NO_OBJECT = "no_object"
    TWO_VALUES = "two_values"
    REPEATED_HEADER = "repeated_header"
    CONFLICT_MARK = "conflict_mark"
    OTHER_USER = "other_user"
    OTHER_PROFILE = "other_profile"


AT_THE_SOURCE = frozenset(
    {
        *(Reason.OFF_SCALE, Reason.TOO_FEW_CELLS, Reason.TOO_MANY_CELLS, Reason.UNCLOSED_QUOTE),
        *(Reason.NO_OBJECT, Reason.TWO_VALUES, Reason.CONFLICT_MARK),
    }
)
"""What can be mended only in the file itself: a results file does not hold what the cells mean there."""


class CellError(ValueError):
    """A cell, or a row as a whole, that cannot become what it should.

    `problem` continues a sentence that starts with the quoted value; `remedy` is a sentence of its own.
    `field` is set where a whole row was judged and one field is to blame.
    """

    def __init__(
        self,
        reason: Reason,
        problem: str,
        remedy: str,
        *,
        status: Status = Status.INVALID,
        field: str | None = None,
    ) -> None:
        self.reason = reason
        self.problem = problem
        self.remedy = remedy
        self.status = status
        self.field = field
        super().__init__(problem)


_QUOTED_LENGTH = 80


def quote(text: str) -> str:
    """Quote a cell for a message: shortened, and with nothing a terminal would act on."""
    if len(text) > _QUOTED_LENGTH:
        text = text[: _QUOTED_LENGTH - 1] + "…"
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return f'"{shown}"'


def parse_text(cell: str) -> str | None:
    """Trim a text; an empty one is none."""
    return cell.strip() or None


def parse_html_text(cell: str) -> str | None:
    """Trim a text in which a site left the entities of its pages, such as &amp;."""
    return parse_text(unescape(cell))


_match_id = re.compile(IMDB_ID).fullmatch
_match_ids = re.compile(rf"(?:{IMDB_ID}\n)*").fullmatch
_match_url = re.compile(
    rf"(?:https?://)?(?:[a-z]+\.)?imdb\.com/(?:[a-z-]+/)?title/({IMDB_ID})(?:[/?#].*)?"
).fullmatch


def are_imdb_ids(cells: Collection[str]) -> bool:
    """Whether every cell is an IMDb id as it should be, with one match for all: far cheaper than one each."""
    joined = "\n".join(cells) + "\n"
    return _match_ids(joined) is not None and joined.count("\n") == len(cells)  # none within a cell


def parse_imdb_id(cell: str) -> str | None:
    """Read `tt0111161`, or the address of a title's page."""
    text = cell.strip()
    if not text or _match_id(text):
        return text or None
    if url := _match_url(text):
        return url[1]
    raise CellError(
        Reason.BAD_ID,
        "is not the IMDb id of a title",
        "Write it as tt and at least 7 digits, such as tt0111161.",
    )


_match_imdb_number = re.compile(r"0*([0-9]{1,10})").fullmatch


def parse_imdb_number(cell: str) -> str | None:
    """Read an IMDb id without its tt, such as 0114709; the zeros that a table program took are given back.

    Exports write -1 or 0 for none.
    """
    text = cell.strip().removesuffix(".0")
    if text in {"", "0", "-1"}:
        return None
    if match := _match_imdb_number(text):
        return f"tt{match[1]:0>7}"
    return parse_imdb_id(text)


# "603.0" is what a table program makes of 603 where other cells of the column are empty.
_match_number = re.compile(r"([0-9]{1,15})(?:\.0*)?").fullmatch


def _parse_whole(cell: str, reason: Reason, problem: str, remedy: str) -> int | None:
    text = cell.strip()
    if not text:
        return None
    if match := _match_number(text):
        return int(match[1])
    raise CellError(reason, problem, remedy)


def parse_number_id(cell: str) -> int | None:
    """Read the number by which TMDB, TVDB or Trakt know a title; exports write 0 for none."""
    return (
        _parse_whole(
            cell, Reason.BAD_ID, "is not a number", "Write the id as digits only, or leave the cell empty."
        )
        or None
    )


def parse_number(cell: str) -> int | None:
    """Read a season's or an episode's number; season 0 are the specials."""
    return _parse_whole(
        cell, Reason.BAD_NUMBER, "is not a whole number", "Write digits only, or leave the cell empty."
    )


_FIRST_YEAR = 1870
_LAST_YEAR = 2199


def parse_year(cell: str) -> int | None:
    """Read a year of four digits."""
    problem, remedy = "is not a year", "Write four digits, such as 1994, or leave the cell empty."
    year = _parse_whole(cell, Reason.BAD_YEAR, problem, remedy)
    if year is None or _FIRST_YEAR <= year <= _LAST_YEAR:
        return year
    raise CellError(Reason.BAD_YEAR, problem, remedy)


_HIGHEST = 10
_WORDS: dict[str, Rating] = {LOVE: LOVE, HATE: HATE, "unrate": UNRATE, "0": UNRATE}
# A spreadsheet's 8,0 is a whole number, too.
_match_whole = re.compile(r"([0-9]{1,3})(?:\.0*|,0{1,2})?").fullmatch
_match_fraction = re.compile(r"[0-9]+[.,][0-9]+").fullmatch


def parse_rating(cell: str) -> int:
    """Read a rating from 1 to 10; it is never rounded or clamped."""
    text = cell.strip()
    if not text:
        raise CellError(Reason.NO_RATING, "is no rating", "Rate the title, or take the row out.")
    match = _match_whole(text)
    if match and 1 <= int(match[1]) <= _HIGHEST:
        return int(match[1])
    if _match_fraction(text):
        raise CellError(
            Reason.BAD_RATING,
            "is not a whole number",
            "Ratings are whole numbers from 1 to 10; decide for one in the file.",
        )
    raise CellError(
        Reason.BAD_RATING,
        "is not a rating from 1 to 10",
        "Correct the cell and import the file again.",
    )


def parse_rating_or_word(cell: str, parse: Callable[[str], int] = parse_rating) -> Rating:
    """Read `love`, `hate`, or `unrate`, which removes a rating, or what `parse` reads.

    Without a scale of its own 0 removes a rating, too; on a scale it may be one.
    """
    text = cell.strip().lower()
    word = None if text == "0" and parse is not parse_rating else _WORDS.get(text)
    return parse(cell) if word is None else word
