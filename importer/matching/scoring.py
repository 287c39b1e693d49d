"""Scores the candidates for a row without ids from 0 to 1. Pure.

    query                    candidate               score
    Heat (1995), a movie     Heat (1995), a movie     1.00
                             Heat (1996), a movie     0.97    one year off
                             Heat, a movie            0.90    no year
                             Heats (1995), a movie    0.80    a similar name
                             Heat (1995), a show      0.85    another kind
                             Heat (1986), a movie     0.60    another year

A candidate is certain only if it has the row's name, year and kind, if the list it is in was not cut off,
and if no other candidate is close. Otherwise people choose.
"""

import unicodedata
from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz

from importer.destinations.titles import Candidate, Found
from importer.matching.model import MatchConfidence, MatchResult, TitleQuery, describe
from importer.model import MediaKind
from importer.titles.spelling import normalise, spellings

MOST_CANDIDATES = 5

_ALIKE = 0.4
"""A lower score means another title: a search returns every title that shares a word. With another year,
the names alone must be this similar."""

_CLOSE = 0.05
"""If a second candidate's score is this close to the best one's, people choose."""

_OUTWEIGHS = 1000
"""IMDb has a short film of nearly every name in nearly every year. A well-known film is not doubtful for one
that a thousand times fewer people rated: at most one row in a thousand means that one."""

_YEARS_AGREE = 20
"""How much likelier the very year is than one that is off by one: that is so in some 5 % of all rows."""

_NEXT_YEAR, _NO_YEAR, _OTHER_YEAR = 0.97, 0.9, 0.6
_OTHER_KIND = 0.85
_OTHER_TITLE = 0.9
"""The factors of a score; a similar name never scores close to the exact name."""


def possible_years(year: int | None) -> range | None:
    """Return the years to search in: exports and destinations sometimes differ by one."""
    return None if year is None else range(year - 1, year + 2)


def searched_kinds(kind: MediaKind) -> tuple[MediaKind, ...]:
    """Return the kinds to search: an export's movie may be a show at the destination."""
    return (MediaKind.EPISODE,) if kind is MediaKind.EPISODE else (MediaKind.MOVIE, MediaKind.SHOW)


def score(query: TitleQuery, candidate: Candidate) -> float:
    """Return the score of a candidate, from 0 to 1."""
    fit = _compare_titles(query, candidate)
    if query.year is None or candidate.year is None:
        fit *= _NO_YEAR if query.year is not None else 1
    elif query.year != candidate.year:
        fit *= _NEXT_YEAR if abs(query.year - candidate.year) == 1 else _OTHER_YEAR
    return round(fit if _is_kind(query, candidate) else fit * _OTHER_KIND, 2)


def is_named(query: TitleQuery, candidate: Candidate) -> bool:
    """Whether one of the candidate's names is exactly the query's."""
    return _compare_titles(query, candidate) == 1


def score_search(query: TitleQuery, answers: Sequence[Found]) -> MatchResult:
    """Score the results of searches by title, those of the exact search first."""
    found: dict[object, Candidate] = {}
    whole: set[object] = set()  # from complete answers, so there is no other title of this name
    for answer in answers:
        for each in answer.titles:
            found.setdefault(identity_of(each), each)
        if not answer.is_cut_off:
            whole.update(map(identity_of, answer.titles))
    likely = [each for each in found.values() if _is_likely(query, each)]
    scored = sorted(((score(query, each), each) for each in likely), key=lambda pair: -pair[0])
    shown = [pair for pair in scored if pair[0] >= _ALIKE][:MOST_CANDIDATES]
    if likely and likely[0] not in [each for _, each in shown] and likely[0].year == query.year:
        # The server may know the title by a name that is not in its answer.
        shown = [*shown[: MOST_CANDIDATES - 1], (score(query, likely[0]), likely[0])]
    if not shown:
        return MatchResult(MatchConfidence.NOT_FOUND, (), "nothing of this name was found")
    doubt = _find_doubt(query, scored)
    if not doubt and identity_of(scored[0][1]) not in whole:
        doubt = "more titles were found than the search lists"
    if doubt:
        return MatchResult(MatchConfidence.AMBIGUOUS, shown, doubt)
    return MatchResult(MatchConfidence.CERTAIN, shown[:1], "")


def score_lookup(query: TitleQuery, found: Sequence[Candidate]) -> MatchResult:
    """Score the titles with the id of a row. IMDb ids are unique over all kinds, the others are not."""
    found = [each for each in found if _is_kind(query, each)]
    if not found:
        return MatchResult(MatchConfidence.NOT_FOUND, (), "nothing with this id was found")
    scored = [(1.0, each) for each in found[:MOST_CANDIDATES]]
    if len(found) > 1:
        return MatchResult(MatchConfidence.AMBIGUOUS, scored, f"{len(found)} titles carry this id")
    is_imdb = (query.id or "").startswith("imdb:")
    if not is_imdb and query.title and not is_named(query, found[0]):
        return MatchResult(MatchConfidence.AMBIGUOUS, scored, "another kind of title may carry this id, too")
    return MatchResult(MatchConfidence.CERTAIN, scored, "")


def _compare_titles(query: TitleQuery, candidate: Candidate) -> float:
    sought, names = spellings(query.title or ""), (candidate.title, *candidate.other_titles)
    if any(each and not sought.isdisjoint(spellings(each)) for each in names):
        return 1.0
    plain = normalise(query.title or "")
    return max(_compare(plain, normalise(name)) for name in names)


def _compare(sought: str, name: str) -> float:
    return _OTHER_TITLE * max(fuzz.ratio(sought, name), fuzz.token_sort_ratio(sought, name)) / 100


def _is_kind(query: TitleQuery, candidate: Candidate) -> bool:
    return query.kind in {MediaKind.UNKNOWN, candidate.kind}


def _fits_year(query: TitleQuery, candidate: Candidate) -> bool:
    if query.year is None:
        return True
    return candidate.year is not None and abs(query.year - candidate.year) <= 1


def _is_likely(query: TitleQuery, candidate: Candidate) -> bool:
    # With the right year the name may differ; with neither, only a word or two are the same.
    return _fits_year(query, candidate) or _compare_titles(query, candidate) >= _ALIKE


def _find_doubt(query: TitleQuery, scored: Sequence[tuple[float, Candidate]]) -> str:
    """Return why the best candidate is not certain; empty if it is."""
    best_score, best = scored[0]
    if not is_named(query, best):
        return "the name is not quite the same"
    if query.year is None:
        same = [each for _, each in scored if is_named(query, each)]
        if len(same) > 1:
            return f"{len(same)} titles of this name were found, and the row has no year"
    elif best.year is None:
        return "the title of this name has no year at the destination"
    elif best.year != query.year:
        return f"the title of this name is of {best.year}, not {query.year}"
    if not _is_kind(query, best):
        return f"the title of this name is a {best.kind}, not a {query.kind}"
    close = [
        each for fit, each in scored[1:] if best_score - fit <= _CLOSE and not _outweighs(query, best, each)
    ]
    return f"{len(close) + 1} titles fit equally well or nearly so" if close else ""


def _outweighs(query: TitleQuery, best: Candidate, rival: Candidate) -> bool:
    """Whether a rival of the same name is a thousand times less likely, by the people who rated each.

    A row without a year has too little to go by. One that is spelled just as the rival is may well mean it:
    `Müller`, where many more people rated `Muller`.
    """
    if query.year is None or best.votes is None or rival.votes is None:
        return False
    if _is_spelled_as(query, rival) and not _is_spelled_as(query, best):
        return False
    odds = best.votes / max(rival.votes, 1)
    return odds * (1 if rival.year == best.year else _YEARS_AGREE) >= _OUTWEIGHS


def _is_spelled_as(query: TitleQuery, candidate: Candidate) -> bool:
    names = (candidate.title, *candidate.other_titles)
    return _fold(query.title or "") in {_fold(name) for name in names if name}


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold().strip()


# The titles of one file


def doubt_shared_titles(results: Mapping[TitleQuery, MatchResult]) -> dict[TitleQuery, MatchResult]:
    """Make a title ambiguous that is certain for two different queries: at most one of them is right.

    Two spellings of a name count as one query, and a match by a row's own id stays certain.
    """
    by_title: dict[object, list[TitleQuery]] = {}
    for query, result in results.items():
        if result.confidence is MatchConfidence.CERTAIN:
            by_title.setdefault(identity_of(result.scored[0][1]), []).append(query)
    doubted = dict(results)
    for queries in by_title.values():
        for query in queries:
            others = [other for other in queries if _spell(other) != _spell(query)]
            if others and query.id is None:
                kind = "" if others[0].kind is MediaKind.UNKNOWN else f", a {others[0].kind},"
                message = f"{describe(others[0])}{kind} in this file comes to the same title"
                doubted[query] = MatchResult(MatchConfidence.AMBIGUOUS, results[query].scored, message)
    return doubted


def identity_of(candidate: Candidate) -> object:
    """Return a value that is equal for two candidates of the same title."""
    return (candidate.kind, candidate.trakt_id) if candidate.trakt_id else candidate[:7]


def _spell(query: TitleQuery) -> TitleQuery:
    return query._replace(title=normalise(query.title or ""))
