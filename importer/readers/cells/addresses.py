"""Addresses of titles' pages: what they say of the kind, and the ids in them.

"https://www.themoviedb.org/tv/1396-breaking-bad"  ->  a show, TMDB 1396
"https://www.criticker.com/tv/Duel/"               ->  a show or a TV film: the site has both there
"""

import re
from typing import NamedTuple

from importer.model import IMDB_ID, MediaKind

_MOVIE, _SHOW = MediaKind.MOVIE, MediaKind.SHOW
_WORDS = {"movie": _MOVIE, "movies": _MOVIE, "film": _MOVIE, "films": _MOVIE}
_WORDS |= {"tv": _SHOW, "show": _SHOW, "shows": _SHOW, "series": _SHOW, "serial": _SHOW}
_find_word = re.compile(rf"(?<=[a-z0-9])/({'|'.join(_WORDS)})/").search
_find_imdb = re.compile(rf"imdb\.com/(?:[a-z-]+/)?title/({IMDB_ID})(?![0-9])").search
_find_number = re.compile(
    r"(?:(themoviedb\.org/(?:movie|tv)/)|(thetvdb\.com/(?:dereferrer/)?(?:series/|movie/|\?.*?id=))"
    r"|(trakt\.tv/(?:movies|shows)/))([0-9]{1,15})(?(2)(?![\w-])|(?(3)(?![\w-])|(?![0-9])))"
).search


class Address(NamedTuple):
    """What the address of a page says of its title."""

    kind: MediaKind | None = None
    imdb_id: str | None = None
    tmdb_id: int | None = None
    tvdb_id: int | None = None
    trakt_id: int | None = None


def parse_address(cell: str) -> Address:
    """Read an address; what says nothing is no error."""
    text = cell.strip()
    word, imdb, number = _find_word(text.lower()), _find_imdb(text.lower()), _find_number(text.lower())
    value = int(number[4]) if number else None
    return Address(
        _WORDS[word[1]] if word else None,
        imdb[1] if imdb else None,
        value if number and number[1] else None,
        value if number and number[2] else None,
        value if number and number[3] else None,
    )
