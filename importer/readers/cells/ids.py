"""Ids: IMDb's, with or without tt or as an address, and the numbers of the others.

"https://www.imdb.com/title/tt0111161/"  ->  "tt0111161"        "111161" (MovieLens)  ->  "tt0111161"
"""

import re
from collections.abc import Collection

from importer.model import IMDB_ID
from importer.readers.cells.errors import CellError, Reason
from importer.readers.cells.texts import unmark

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
    text = unmark(cell)
    if not text or _match_id(text):
        return text or None
    if _match_id(lower := text.lower()):
        return lower
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
    text = unmark(cell).removesuffix(".0")
    if text in {"", "0", "-1"}:
        return None
    if match := _match_imdb_number(text):
        return f"tt{match[1]:0>7}"
    return parse_imdb_id(text)


# "603.0" is what a table program makes of 603 where other cells of the column are empty; "12.000" may be
# twelve thousand, as German tables write it.
_match_number_id = re.compile(r"([0-9]{1,15})(?:\.0)?").fullmatch


def parse_number_id(cell: str) -> int | None:
    """Read the number by which TMDB, TVDB or Trakt know a title; exports write 0 for none."""
    text = unmark(cell)
    if not text:
        return None
    if match := _match_number_id(text):
        return int(match[1]) or None
    raise CellError(Reason.BAD_ID, "is not a number", "Write the id as digits only, or leave the cell empty.")
