"""Which encoding a text has that is not UTF-8, told by its letters; where they do not tell, none is named.

    41 6d e9 6c 69 65             Amélie    Western: the letters beyond ASCII stand alone, between others
    c1 f0 e0 f2                   Брат      Cyrillic: they make whole words, small after large
    d0 a4 c9 ea bf cb             肖申克    Chinese: pairs of bytes, nearly all of them common signs
    4c b3 f3 64 9f                Łódź ...  Central European: what would be ³ or ¿ amid a word is a letter

The byte of a letter is all there is to go by, so a short text may fit two encodings: then it is undecided.
"""

import codecs
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from importer.errors import OptionError

WESTERN = "cp1252"
NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with BOM",
    "utf-16": "UTF-16",
    WESTERN: "Windows-1252 or ISO-8859-1",
    "cp1250": "Windows-1250 (Central European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "gb18030": "GBK (Chinese)",
    "cp950": "Big5 (Chinese)",
    "cp932": "Shift-JIS (Japanese)",
}
"""What people call the encodings that are recognised."""

_SAMPLE = 1 << 16
"""Bytes of lines with letters beyond ASCII that are looked at."""

_MOST_READ = 1 << 24
_ENOUGH = 0.85
"""A text fits an encoding if so many of its letters are usual ones in it ..."""
_AHEAD = 0.1
"""... and no other fits nearly as well."""
_FEW = 4
"""Letters that are too few to tell anything."""

_find_runs = re.compile(rb"[\x80-\xff]+").findall
_LONG_RUN = 3
_WHOLE_WORDS = 0.6
"""Of the bytes beyond ASCII, hardly any of a Western text stands in a run of three; of others nearly all."""

_WESTERN_BYTES = bytes(range(0xC0, 0x100)) + "ŠŒŽšœžŸ€…‘’“”•–—™\xa0¡©«®°²³¹·»¿½¼¾".encode(WESTERN)
"""Letters of Western texts, and the signs that titles have."""
_MANY_ODD = 0.25

_find_words = re.compile(r"[^\W\d_]+").findall
_match_cyrillic = re.compile("[\u0400-\u045f\u0490\u0491]+").fullmatch
_CYRILLIC_SIGNS = frozenset("«»„“”‘’–—…№\xa0")
# Between letters, ł ą ś ź ż ć of Windows-1250 would be ³ ¹ œ Ÿ ¿ in Windows-1252.
_find_central = re.compile(rb"[A-Za-z\xc0-\xff][\xb3\xb9\xbf\xbe\x9f\x9d][A-Za-z\xc0-\xff]").findall
_find_no_central = re.compile(rb"[\x83\x88\x98\x81\x90]").search


def check_encoding(name: str) -> str:
    """Check the name of an encoding. Raises OptionError."""
    try:
        found = codecs.lookup(name)
        "ABC,1".encode(found.name)
    except (LookupError, UnicodeError, TypeError, AttributeError) as error:
        raise OptionError("encoding", "write it as cp1251, gbk, big5, shift_jis or utf-8", name) from error
    return found.name


class Guess(NamedTuple):
    """What the letters of a text say."""

    encoding: str
    is_decided: bool
    """Else it is no Western text, but is read as one, and its titles are garbled."""


def guess_encoding(path: Path) -> Guess:
    """Tell the encoding of a file that is not UTF-8. Raises OSError."""
    sample = _read_sample(path)
    if not _is_western(sample):
        scores = {encoding: score(sample) for encoding, score in _SCORES.items()}
        best, second = sorted(scores, key=scores.__getitem__, reverse=True)[:2]
        is_decided = scores[best] >= _ENOUGH and scores[best] - scores[second] >= _AHEAD
        return Guess(best, True) if is_decided and best in NAMES else Guess(WESTERN, False)
    central = len(_find_central(sample))
    return Guess("cp1250" if central > 1 and not _find_no_central(sample) else WESTERN, True)


def _read_sample(path: Path) -> bytes:
    """Read the lines that have letters beyond ASCII, from the start."""
    lines: list[bytes] = []
    size = read = 0
    with path.open("rb") as file:
        while size < _SAMPLE and read < _MOST_READ and (line := file.readline(_SAMPLE)):
            read += len(line)
            if not line.isascii():
                lines.append(line)
                size += len(line)
    return b"".join(lines)


def _is_western(sample: bytes) -> bool:
    """Whether letters beyond ASCII stand alone, as in Amélie; too few say nothing against it."""
    runs = _find_runs(sample)
    letters = sum(map(len, runs))
    in_words = sum(len(run) for run in runs if len(run) >= _LONG_RUN)
    odd = sum(len(run.translate(None, _WESTERN_BYTES)) for run in runs)
    return letters < _FEW or (in_words < _WHOLE_WORDS * letters and odd < _MANY_ODD * letters)


def _score_cyrillic(sample: bytes) -> float:
    """Give the share of letters that stand in words as they are written: all small, or the first large."""
    text = sample.decode("cp1251", "replace")
    beyond = sum(not character.isascii() for character in text)
    if not any(map(str.isupper, filter(_match_cyrillic, text))):
        return 0.0  # Hebrew, say: titles begin with a large letter
    usual = sum(character in _CYRILLIC_SIGNS for character in text)
    for word in _find_words(text):
        if _match_cyrillic(word) and (word.islower() or word.istitle() or word.isupper()):
            usual += len(word)
    return usual / beyond


def _score_pairs(encoding: str, is_usual: Callable[[bytes], bool]) -> Callable[[bytes], float]:
    """Make the score of an encoding of pairs: the share of signs that are usual in it."""

    def score(sample: bytes) -> float:
        usual = beyond = 0
        for character in sample.decode(encoding, "replace"):
            if not character.isascii():
                beyond += 1
                usual += is_usual(character.encode(encoding, "replace"))
        return usual / beyond if beyond else 0.0

    return score


def _is_gbk(pair: bytes) -> bool:
    """Whether a sign is of the first level of GB2312, or a sign of punctuation."""
    first, second = pair[0], pair[-1]
    return second >= 0xA1 and (0xB0 <= first <= 0xD7 or 0xA1 <= first <= 0xA3)


def _is_big5(pair: bytes) -> bool:
    first, second = pair[0], pair[-1]
    return len(pair) == 2 and 0xA1 <= first <= 0xC6 and (0x40 <= second <= 0x7E or second >= 0xA1)


def _is_shift_jis(pair: bytes) -> bool:
    """Whether a sign is kana, of the first level of JIS, or a sign of punctuation; single bytes are not."""
    return len(pair) == 2 and (0x81 <= pair[0] <= 0x83 or 0x88 <= pair[0] <= 0x98)


def _is_korean(pair: bytes) -> bool:
    first, second = pair[0], pair[-1]
    return second >= 0xA1 and 0xB0 <= first <= 0xC8


def _is_euc_jp(pair: bytes) -> bool:
    first, second = pair[0], pair[-1]
    return second >= 0xA1 and (first in {0xA1, 0xA4, 0xA5} or 0xB0 <= first <= 0xCF)


_SCORES: dict[str, Callable[[bytes], float]] = {
    "cp1251": _score_cyrillic,
    "gb18030": _score_pairs("gb18030", _is_gbk),
    "cp950": _score_pairs("cp950", _is_big5),
    "cp932": _score_pairs("cp932", _is_shift_jis),
    # So that Korean, and Japanese as Unix writes it, are not taken for Chinese.
    "euc_kr": _score_pairs("euc_kr", _is_korean),
    "euc_jp": _score_pairs("euc_jp", _is_euc_jp),
}
