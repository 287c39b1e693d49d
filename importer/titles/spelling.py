"""Normalises titles, which people and catalogues spell in many ways. Pure.

"Matrix, The"            -> "matrix"
"Lilo & Stitch"          -> "lilo and stitch"
"Amélie"                 -> "amelie"
"Singin’ in the Rain"    -> "singin in the rain"
"Rocky II"               -> "rocky 2"
"Чeрная" (a Latin e)     -> "черная"
"""

import re
import unicodedata
from functools import lru_cache

_ARTICLES = {"the", "a", "an"}
_TRAILING_ARTICLES = _ARTICLES | {"der", "die", "das", "le", "la", "les", "el", "los", "las", "il", "gli"}

# Letters that look the same; some titles in exports were typed on the wrong keyboard.
_LATIN, _CYRILLIC = "ABCEHKMOPTXYaceiopxy", "АВСЕНКМОРТХУасеіорху"
_TO_CYRILLIC = str.maketrans(_LATIN, _CYRILLIC)
_TO_LATIN = str.maketrans(_CYRILLIC, _LATIN)
_find_latin = re.compile(r"[A-Za-z]").findall
_find_cyrillic = re.compile(r"[\u0400-\u04ff]").findall
_has_cyrillic = re.compile(r"[\u0400-\u04ff]").search

_WHOLE_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d"})
_SPELLED_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}
    | {"Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Å": "Aa", "Ø": "Oe"}
)
"""What people write who have no such keys: "Muenchen"."""

_ROMAN = (
    "i",
    "ii",
    "iii",
    "iv",
    "v",
    "vi",
    "vii",
    "viii",
    "ix",
    "x",
    "xi",
    "xii",
    "xiii",
    "xiv",
    "xv",
    "xvi",
)
_NUMERALS = {word: str(number) for number, word in enumerate(_ROMAN, 1)}
"""After the first word: "I, Robot" and "V for Vendetta" have no number."""

# `&`, apostrophes and punctuation in one step for ASCII alone: an index normalises millions of titles.
_ASCII = {number: " " for number in range(128) if not chr(number).isalnum()}
_ASCII |= {ord("&"): " and ", ord("'"): "", ord("`"): ""}

_APOSTROPHES = re.compile("['’‘`´ʼ]")
# Only Latin, Greek and Cyrillic accents: elsewhere a mark may be a vowel.
_ACCENTS = re.compile(r"[\u0300-\u036f]")


@lru_cache(maxsize=4096)
def normalise(title: str) -> str:
    """Return the form that two spellings of one title share."""
    if title.isascii():
        text, blank = title.lower(), _blank_ascii
    else:
        text, blank = unicodedata.normalize("NFKC", unify_alphabet(title)).casefold(), _blank_any
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))
        text = text.translate(_WHOLE_LETTERS)
    head, comma, tail = text.rpartition(",")
    tail = _blank_punctuation(tail).strip() if comma else ""  # “Matrix, The”
    if tail in _TRAILING_ARTICLES:
        text = f"{tail} {head}"
    words = blank(text).split()
    if len(words) > 1 and words[0] in _ARTICLES:
        del words[0]
    words[1:] = [_NUMERALS.get(word, word) for word in words[1:]]
    return " ".join(words) or text.strip()  # a title may be all punctuation


@lru_cache(maxsize=4096)
def spellings(title: str) -> frozenset[str]:
    """Return all normal forms of a title: "münchen" is "munchen" and "muenchen"."""
    spelled_out = title.translate(_SPELLED_OUT)
    return frozenset(
        {normalise(title), normalise(spelled_out)} if spelled_out != title else {normalise(title)}
    )


def as_catalogued(title: str) -> str:
    """Return the title as catalogues spell it: "The Matrix" for "Matrix, The", each word in one alphabet."""
    head, comma, tail = unify_alphabet(title).rpartition(",")
    if comma and tail.strip().casefold() in _TRAILING_ARTICLES:
        return f"{tail.strip()} {head.strip()}"
    return f"{head}{comma}{tail}"


def unify_alphabet(title: str) -> str:
    """Replace letters of another alphabet that look the same, so that each word is in one alphabet."""
    return " ".join(map(_unify_word, title.split(" "))) if _has_cyrillic(title) else title


def _unify_word(word: str) -> str:
    latin, cyrillic = len(_find_latin(word)), len(_find_cyrillic(word))
    if not latin or not cyrillic:
        return word
    unified = word.translate(_TO_CYRILLIC if cyrillic >= latin else _TO_LATIN)
    is_mixed = bool(_find_latin(unified)) and bool(_find_cyrillic(unified))
    return word if is_mixed else unified


def _blank_ascii(text: str) -> str:
    return text.translate(_ASCII)


def _blank_any(text: str) -> str:
    return _blank_punctuation(_APOSTROPHES.sub("", text.replace("&", " and ")))


class _Blanks(dict[int, str | int]):
    r"""By character, a blank for punctuation: a \w would leave out the vowel marks of some scripts."""

    def __missing__(self, number: int) -> str | int:
        found = self[number] = number if unicodedata.category(chr(number))[0] in "LMN" else " "
        return found


_BLANKS = _Blanks()


def _blank_punctuation(text: str) -> str:
    return text.translate(_BLANKS)
