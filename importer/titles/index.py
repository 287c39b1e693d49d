"""Asks the title index: titles by name and year, and what an IMDb id is.

    search("Heat", 1995)         the titles named so of 1994 to 1996, the most rated ones first
    search("Heat", 2021)         none is of about that year: some of other years, and some with a similar name
    search("Jurasic Park", 1993) none is named so: those whose words differ by an error, or by one word
    find("tt0113277")            Heat (1995), a movie
    find("tt0959621")            an episode: season 1, number 1 of Breaking Bad
    find("tt9999999")            None: no such id, or one that IMDb has merged into another

`matching/scoring.py` decides what the answers are worth.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple, Self

from importer.destinations.titles import Candidate, EpisodeOf, Found
from importer.errors import Remedy, StateFileError
from importer.model import MediaKind
from importer.readers.cells.kinds import IMDB_TYPES
from importer.state_files import translate_trouble
from importer.titles.build import FORM, hash_name, kind_word
from importer.titles.spelling import normalise, spellings
from importer.titles.words import SHORTEST, is_one_error_away

MOST_NAMESAKES = 200
"""Titles of one name and about one year; there are hardly more. Then the answer counts as cut off."""

_OTHER_YEARS = 5
"""Titles of the name, but of another year, that are shown as well."""

_MOST_NEAR = 30
_MOST_CORRECTIONS = 12

_COLUMNS = "title.id, word, title.year, votes, title.title, original, names"
_TYPED = "JOIN type ON type.number = title.type"


class _Row(NamedTuple):
    id: int
    type: str
    year: int | None
    votes: int | None
    title: str
    original: str | None
    names: str | None


class UnratedType(NamedTuple):
    """What an id is that cannot be rated anywhere: a video game, say."""

    word: str


class TitleIndex:
    """An open index. A context manager; its methods raise StateFileError."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        with _translated(self._path):
            self._db = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            self._check_form()
        except BaseException:
            self._db.close()
            raise
        return self

    def _check_form(self) -> None:
        with _translated(self._path):
            form = self._db.execute("PRAGMA user_version").fetchone()[0]
        if form != FORM:
            raise StateFileError(
                self._path, "the title index was made by another version of the importer", Remedy.BUILD_INDEX
            )

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def describe(self) -> Mapping[str, str]:
        """Say when and of what it was made, and how much is in it."""
        with _translated(self._path):
            return dict(self._db.execute("SELECT what, value FROM made"))

    def search(self, title: str, year: int | None) -> list[Found]:
        """Find movies and shows by any of their names; names that are nearly the same if none fits."""
        with _translated(self._path):
            forms = spellings(title)
            exact = self._find_named(forms, year)
            if any(year is None or _is_about(row, year) for row, _ in exact):
                return [_as_found(exact, MOST_NAMESAKES)]
            near = self._find_near(normalise(title), year)
            return [_as_found(exact, MOST_NAMESAKES), _as_found(near, _MOST_NEAR)]

    def find(self, imdb_id: str) -> Candidate | UnratedType | None:
        """Find what an id is; None if the index has none like it."""
        with _translated(self._path):
            number = int(imdb_id.removeprefix("tt"))
            row = self._fetch(f"SELECT {_COLUMNS} FROM title {_TYPED} WHERE id = ?", number)
            if row:
                kind = _kind_of(row[0])
                return UnratedType(row[0].type) if kind is None else _as_candidate(row[0])
            return self._find_episode(imdb_id, number)

    def _find_episode(self, imdb_id: str, number: int) -> Candidate | None:
        found = self._db.execute(
            "SELECT show, season, episode.number, title, year FROM episode "
            "LEFT JOIN title ON title.id = episode.show WHERE episode.id = ?",
            (number,),
        ).fetchone()
        if found is None:
            return None
        show, season, place, title, year = found
        is_placed = None not in (title, season, place)
        of = EpisodeOf(title, year, season, place, imdb_id=_as_id(show)) if is_placed else None
        name = f"{title}: {season}x{place:02}" if is_placed else ""
        return Candidate(MediaKind.EPISODE, name, None, imdb_id, url=_url(imdb_id), place=of)

    def _find_named(self, forms: Iterable[str], year: int | None) -> list[tuple[_Row, str]]:
        """Return the titles of this name: those about the year, else a few others."""
        if year is None:
            return self._find_by_hash(forms, "1", MOST_NAMESAKES)
        about = f"BETWEEN {year - 1} AND {year + 1}"
        found = self._find_by_hash(forms, f"name.year {about}", MOST_NAMESAKES)
        return found or self._find_by_hash(forms, f"name.year NOT {about}", _OTHER_YEARS)

    def _find_by_hash(self, forms: Iterable[str], condition: str, most: int) -> list[tuple[_Row, str]]:
        found: dict[int, tuple[_Row, str]] = {}
        for form in forms:
            rows = self._fetch(
                f"SELECT {_COLUMNS} FROM name JOIN title ON title.id = name.title {_TYPED} "
                f"WHERE hash = ? AND {condition} ORDER BY votes DESC LIMIT ?",
                *(hash_name(form), most),
            )
            for row in rows:
                if form in (row.names or "").split("\n"):  # two forms may have one hash
                    found.setdefault(row.id, (row, form))
        return list(found.values())

    def _find_near(self, form: str, year: int | None) -> list[tuple[_Row, str]]:
        words = form.split()[:12]
        if not words:
            return []
        terms = [self._correct(word, is_alone=len(words) == 1) for word in words]
        when = "" if year is None else " AND (" + " OR ".join(f'"{year + n}y"' for n in (-1, 0, 1)) + ")"
        questions = [" AND ".join(terms)]
        if len(terms) > 1:
            without_one = (" AND ".join(terms[:n] + terms[n + 1 :]) for n in range(len(terms)))
            questions.append(" OR ".join(f"({each})" for each in without_one))
        for question in questions:
            rows = self._fetch(
                f"SELECT {_COLUMNS} FROM near JOIN title ON title.id = near.rowid {_TYPED} "
                "WHERE near MATCH ? ORDER BY votes DESC LIMIT ?",
                *(f"({question}){when}", _MOST_NEAR),
            )
            if rows:
                return [(row, _nearest(row, words)) for row in rows]
        return []

    def _correct(self, word: str, *, is_alone: bool) -> str:
        """Return the word, with others that a typing error may have made it of, as a question to FTS5."""
        is_known = self._db.execute("SELECT 1 FROM word WHERE word = ?", (word,)).fetchone()
        others = [] if len(word) < SHORTEST or (is_known and not is_alone) else self._find_alike(word)
        quoted = ['"{}"'.format(each.replace('"', "")) for each in (word, *others)]
        return f"({' OR '.join(quoted)})"

    def _find_alike(self, word: str) -> list[str]:
        found: dict[str, int] = {}
        shortest, longest = max(len(word) - 1, SHORTEST), len(word) + 1
        first = word[: shortest // 2]
        same_begin = self._db.execute(
            "SELECT word, titles FROM word WHERE word >= ? AND word < ? AND length(word) BETWEEN ? AND ?",
            (first, f"{first}\U0010ffff", shortest, longest),
        )
        found.update((each, titles) for each, titles in same_begin if is_one_error_away(word, each))
        for length in range(shortest, longest + 1):
            end = word[len(word) - length // 2 :]
            same_end = self._db.execute("SELECT word, titles FROM word WHERE last_half = ?", (end,))
            found.update((each, titles) for each, titles in same_end if is_one_error_away(word, each))
        return sorted(found, key=lambda each: -found[each])[:_MOST_CORRECTIONS]

    def _fetch(self, question: str, *values: object) -> list[_Row]:
        with closing(self._db.execute(question, values)) as rows:
            return [_Row(*row) for row in rows]


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        with translate_trouble(path, "use the title index"):
            yield
    except StateFileError as error:
        if error.remedy is Remedy.MOVE_ASIDE:  # damaged; nothing in it is lost
            error.remedy = Remedy.BUILD_INDEX
        raise


def _nearest(row: _Row, words: Sequence[str]) -> str:
    """Return the name of the title that shares the most words, and has the fewest others."""
    wanted = set(words)

    def rank(name: str) -> tuple[int, int]:
        has = name.split()
        return (-len(wanted.intersection(has)), abs(len(has) - len(words)))

    return min((row.names or "").split("\n"), key=rank)


def _is_about(row: _Row, year: int) -> bool:
    return row.year is not None and abs(row.year - year) <= 1


def _as_found(rows: Sequence[tuple[_Row, str]], most: int) -> Found:
    return Found(tuple(_as_candidate(*each) for each in rows), is_cut_off=len(rows) >= most)


def _as_candidate(row: _Row, name: str = "") -> Candidate:
    shown = name if normalise(name) == name else f"the {name}"  # "a team" is of "The A-Team"
    others = dict.fromkeys(each for each in (row.original, shown) if each)
    if name in spellings(row.title) or (row.original and name in spellings(row.original)):
        others.pop(shown, None)  # known already, as people write it
    return Candidate(
        _kind_of(row),
        row.title,
        row.year,
        _as_id(row.id),
        other_titles=tuple(others),
        url=_url(_as_id(row.id)),
        votes=row.votes,
    )


def _kind_of(row: _Row) -> MediaKind | None:
    found = IMDB_TYPES.get(kind_word(row.type))
    return None if found is None else found.kind


def _as_id(number: int) -> str:
    return f"tt{number:07}"


def _url(imdb_id: str) -> str:
    return f"https://www.imdb.com/title/{imdb_id}/"
