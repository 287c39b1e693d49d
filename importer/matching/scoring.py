"""Which title of the destination a row means that has none of its ids: candidates scored, and judged. Pure.

A candidate is certain only where it stands out: its name is the row's name, its year the row's year or the
one beside it, and no other comes close. Everything else is for people to decide.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz

from importer.destinations.titles import Candidate
from importer.matching.model import MatchConfidence, MatchLine, TitleQuery
from importer.model import MediaKind

MOST_CANDIDATES = 5

_ALIKE = 0.4
"""What scores less is another title altogether: a search gives whatever shares a word. So much alike must a
name be, too, if its year is another."""

_CLOSE = 0.05
"""A second candidate whose score is within this of the best one's leaves the choice to people."""

_NEXT_YEAR, _NO_YEAR, _OTHER_YEAR = 0.97, 0.9, 0.6
_OTHER_KIND = 0.85
_OTHER_TITLE = 0.9
"""What is left of a score; a name that is only alike never comes close to the very name."""

_ARTICLES = {"the", "a", "an"}
_TRAILING_ARTICLES = _ARTICLES | {"der", "die", "das", "le", "la", "les", "el", "los", "las", "il", "gli"}

# Letters that look the same; exports hold titles with some typed on the wrong keyboard.
_LATIN, _CYRILLIC = "ABCEHKMOPTXYaceiopxy", "АВСЕНКМОРТХУасеіорху"
_TO_CYRILLIC = str.maketrans(_LATIN, _CYRILLIC)
_TO_LATIN = str.maketrans(_CYRILLIC, _LATIN)
_find_latin = re.compile(r"[A-Za-z]").findall
_find_cyrillic = re.compile(r"[\u0400-\u04ff]").findall

_WHOLE_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d"})
_APOSTROPHES = re.compile("['’‘`´ʼ]")
# Only Latin, Greek and Cyrillic accents: elsewhere a mark may be a vowel.
_ACCENTS = re.compile(r"[\u0300-\u036f]")


class MatchResult(NamedTuple):
    """What a look-up came to: the candidates, the best first, and why people have to choose, if they have."""

    certainty: MatchConfidence
    scored: Sequence[tuple[float, Candidate]]
    message: str


def mend_script(title: str) -> str:
    """Write each word in one alphabet, where letters of another that look the same are mixed in."""
    return " ".join(map(_mend_word, title.split(" ")))


@lru_cache(maxsize=4096)
def normalise(title: str) -> str:
    """Bring a name into the form in which two spellings of it are the same."""
    text = unicodedata.normalize("NFKC", mend_script(title)).casefold()
    text = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))
    text = text.translate(_WHOLE_LETTERS)
    head, comma, tail = text.rpartition(",")
    if comma and tail.strip() in _TRAILING_ARTICLES:
        text = f"{tail} {head}"
    words = _blank_punctuation(_APOSTROPHES.sub("", text.replace("&", " and "))).split()
    if len(words) > 1 and words[0] in _ARTICLES:
        del words[0]
    return " ".join(words) or text.strip()  # a title may be all punctuation


def possible_years(year: int | None) -> range | None:
    """The years to search in: exports and destinations differ by one now and then."""
    return None if year is None else range(year - 1, year + 2)


def searched_kinds(kind: MediaKind) -> tuple[MediaKind, ...]:
    """The kinds to search among: what exports call a movie may be a show elsewhere."""
    return (MediaKind.EPISODE,) if kind is MediaKind.EPISODE else (MediaKind.MOVIE, MediaKind.SHOW)


def score(subject: TitleQuery, candidate: Candidate) -> float:
    """Say how well a candidate fits, from 0 to 1."""
    fit = _compare_titles(subject, candidate)
    if subject.year is None or candidate.year is None:
        fit *= _NO_YEAR if subject.year is not None else 1
    elif subject.year != candidate.year:
        fit *= _NEXT_YEAR if abs(subject.year - candidate.year) == 1 else _OTHER_YEAR
    return round(fit if _is_kind(subject, candidate) else fit * _OTHER_KIND, 2)


def is_named(subject: TitleQuery, candidate: Candidate) -> bool:
    """Whether one of the candidate's names is the very name of the subject."""
    return _compare_titles(subject, candidate) == 1


def score_search(subject: TitleQuery, found: Sequence[Candidate]) -> MatchResult:
    """Judge what a search by title has found."""
    likely = [each for each in found if _is_likely(subject, each)]
    scored = sorted(((score(subject, each), each) for each in likely), key=lambda pair: -pair[0])
    shown = [pair for pair in scored if pair[0] >= _ALIKE][:MOST_CANDIDATES]
    if likely and likely[0] not in [each for _, each in shown] and likely[0].year == subject.year:
        # The server knows it by a name that is not in its answer, perhaps.
        shown = [*shown[: MOST_CANDIDATES - 1], (score(subject, likely[0]), likely[0])]
    if not shown:
        return MatchResult(MatchConfidence.NOT_FOUND, (), "nothing of this name was found")
    doubt = _find_doubt(subject, scored)
    if doubt:
        return MatchResult(MatchConfidence.AMBIGUOUS, shown, doubt)
    return MatchResult(MatchConfidence.CERTAIN, shown[:1], "")


def score_lookup(subject: TitleQuery, found: Sequence[Candidate]) -> MatchResult:
    """Judge what carries the id of a row whose kind is open. IMDb ids are unique over all kinds."""
    if not found:
        return MatchResult(MatchConfidence.NOT_FOUND, (), "nothing with this id was found")
    scored = [(1.0, each) for each in found[:MOST_CANDIDATES]]
    if len(found) > 1:
        return MatchResult(MatchConfidence.AMBIGUOUS, scored, f"{len(found)} titles carry this id")
    is_imdb = (subject.id or "").startswith("imdb:")
    if not is_imdb and subject.title and not is_named(subject, found[0]):
        return MatchResult(MatchConfidence.AMBIGUOUS, scored, "another kind of title may carry this id, too")
    return MatchResult(MatchConfidence.CERTAIN, scored, "")


def build_lines(subject: TitleQuery, rows: int, first_line: int, judgement: MatchResult) -> list[MatchLine]:
    """Build the lines of the resolve file for a subject; what is certain is chosen already."""
    scored: Sequence[tuple[float | None, Candidate | None]] = judgement.scored or [(None, None)]
    is_certain = judgement.certainty is MatchConfidence.CERTAIN
    return [
        MatchLine(
            is_certain, judgement.certainty, fit, subject, rows, first_line, candidate, judgement.message
        )
        for fit, candidate in scored
    ]


def keep_choices(new: Sequence[MatchLine], old: Sequence[MatchLine]) -> list[MatchLine]:
    """Bring what people chose in the old lines of a subject into its new ones."""
    chosen = [line for line in old if line.is_chosen]
    if not chosen:
        was_certain = any(
            line.certainty is MatchConfidence.CERTAIN for line in old
        )  # and somebody took that back
        return [line._replace(is_chosen=line.is_chosen and not was_certain) for line in new]
    kept = chosen[0]
    again = [line for line in new if _is_same(line.candidate, kept.candidate)]
    lines = [line._replace(is_chosen=line in again[:1]) for line in new if line.candidate is not None]
    return lines if again else [kept._replace(rows=new[0].rows, first_line=new[0].first_line), *lines]


def _blank_punctuation(text: str) -> str:
    # By category, for to a pattern's \w the vowels of some scripts are none.
    return "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in text)


def _mend_word(word: str) -> str:
    latin, cyrillic = len(_find_latin(word)), len(_find_cyrillic(word))
    if not latin or not cyrillic:
        return word
    mended = word.translate(_TO_CYRILLIC if cyrillic >= latin else _TO_LATIN)
    is_mixed = bool(_find_latin(mended)) and bool(_find_cyrillic(mended))
    return word if is_mixed else mended


def _compare_titles(subject: TitleQuery, candidate: Candidate) -> float:
    sought = normalise(subject.title or "")
    return max(_compare(sought, normalise(name)) for name in (candidate.title, *candidate.other_titles))


def _compare(sought: str, name: str) -> float:
    if sought and sought == name:
        return 1.0
    return _OTHER_TITLE * max(fuzz.ratio(sought, name), fuzz.token_sort_ratio(sought, name)) / 100


def _is_kind(subject: TitleQuery, candidate: Candidate) -> bool:
    return subject.kind in {MediaKind.UNKNOWN, candidate.kind}


def _fits_year(subject: TitleQuery, candidate: Candidate) -> bool:
    if subject.year is None:
        return True
    return candidate.year is not None and abs(subject.year - candidate.year) <= 1


def _is_likely(subject: TitleQuery, candidate: Candidate) -> bool:
    # With the right year it may have another name; with neither it was found by a word or two.
    return _fits_year(subject, candidate) or _compare_titles(subject, candidate) >= _ALIKE


def _find_doubt(subject: TitleQuery, scored: Sequence[tuple[float, Candidate]]) -> str:
    """Say why the best candidate is not certain; empty if it is."""
    best_score, best = scored[0]
    if not is_named(subject, best):
        return "the name is not quite the same"
    if subject.year is None:
        same = [each for _, each in scored if is_named(subject, each)]
        if len(same) > 1:
            return f"{len(same)} titles of this name were found, and the row has no year"
    elif not _fits_year(subject, best):
        return "the title of this name is of another year"
    if not _is_kind(subject, best):
        return f"the title of this name is a {best.kind}, not a {subject.kind}"
    close = [each for fit, each in scored[1:] if best_score - fit <= _CLOSE]
    return f"{len(close) + 1} titles fit equally well or nearly so" if close else ""


def _is_same(one: Candidate | None, other: Candidate | None) -> bool:
    return one is not None and other is not None and one[3:7] == other[3:7] and one.kind == other.kind
