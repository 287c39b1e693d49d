r"""Measures how often a match is right: made-up rows are looked up in an index of a made-up catalogue.

    python -m benchmarks.matching                 20,000 titles, 10,000 rows of exports and 10,000 typed ones
    python -m benchmarks.matching --titles 200000 --rows 50000

The catalogue has what makes matching hard: namesakes of the same year and of the next one, remakes,
translations that are other films' titles, articles, numerals, umlauts, other alphabets. The rows are films
that people rated, well-known ones more often than others; every twentieth is any film, however few have seen
it. Some are not in the catalogue. Sites write titles as their catalogue has them, people with typing errors
and without years. How often each happens in real files is not known: the table says how each kind fares.

    certain     how many rows are called certain
    precision   how many of these are right
    recall      how many rows are called certain, and are right
    found       how many rows have the right title among the candidates that people choose from
"""

import argparse
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.titles import COMMON, SYLLABLES
from importer.matching.model import MatchConfidence, TitleQuery
from importer.matching.scoring import doubt_shared_titles
from importer.matching.sources import IndexSource
from importer.model import MediaKind
from importer.progress import Progress
from tests.titles.extract import Title, build

_ROMAN = ("II", "III", "IV", "V", "VI")
EXPORTED = {
    "as catalogued": 70,
    "other case, no punctuation": 4,
    "article at the end": 4,
    "number instead of numeral": 4,
    "umlaut written out": 3,
    "translated": 10,
    "year off by one": 3,
    "not in the catalogue": 2,
}
"""The ways in which sites write titles, with their weights."""

TYPED = {
    **EXPORTED,
    "as catalogued": 45,
    "typing error": 10,
    "word missing": 5,
    "without a year": 10,
    "year off by one": 8,
}
"""The ways in which people write them."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of an export, how it was made, and the id of the title that it means."""

    query: TitleQuery
    way: str
    meant: str | None


@dataclass(slots=True)
class Score:
    """Counts of rows."""

    rows: int = 0
    findable: int = 0
    certain: int = 0
    right: int = 0
    found: int = 0

    @property
    def precision(self) -> float:
        """The share of certain matches that are right."""
        return self.right / self.certain if self.certain else 1.0

    @property
    def recall(self) -> float:
        """The share of rows that are certain and right, of those whose title is in the catalogue."""
        return self.right / self.findable if self.findable else 1.0

    @property
    def found_share(self) -> float:
        """The share of rows with the right title among the candidates."""
        return self.found / self.findable if self.findable else 1.0


class Catalogue:
    """Made-up titles, the same for the same seed."""

    def __init__(self, count: int, seed: int = 11) -> None:
        self._random = random.Random(seed)
        words = max(count // 2, 500)
        self._words = [self._made_word() for _ in range(words)]
        self.titles: list[Title] = []
        while len(self.titles) < count:
            self._add_family()

    def _made_word(self) -> str:
        return "".join(self._random.choices(SYLLABLES[:-2], k=self._random.randint(2, 4))).capitalize()

    def _name(self) -> str:
        pick = self._random
        size = pick.choice((1, 1, 2, 2, 2, 3, 3, 4))
        words = [
            pick.choice(COMMON).capitalize()
            if size > 1 and pick.random() < 0.35
            else pick.choice(self._words)
            for _ in range(size)
        ]
        article = f"{pick.choice(('The', 'The', 'A'))} " if pick.random() < 0.25 else ""
        number = f" {pick.choice(_ROMAN)}" if pick.random() < 0.06 else ""
        return article + " ".join(words) + number

    def _votes(self, most: float) -> int:
        return int(10 ** (0.7 + self._random.random() ** 1.5 * most))

    def _add(self, name: str, year: int, type_: str, most_votes: float = 5.5) -> None:
        akas = [self._translation() for _ in range(self._random.randint(0, 4))]
        self.titles.append(
            Title(len(self.titles) + 1, type_, name, year, votes=self._votes(most_votes), akas=akas)
        )

    def _translation(self) -> str:
        pick = self._random
        if self.titles and pick.random() < 0.03:
            return pick.choice(self.titles).title  # another film's title
        if pick.random() < 0.3:
            return "".join(pick.choices("абвгдежзиклмнопрст", k=pick.randint(5, 12))).capitalize()
        name = self._name()
        return name.replace("a", "ä", 1) if pick.random() < 0.4 else name

    def _add_family(self) -> None:
        """Add a film, and perhaps others of its name."""
        pick, name = self._random, self._name()
        year = 2026 - int(95 * pick.random() ** 1.6)
        types = ("movie", "tvMovie", "short", "tvSeries", "video")
        self._add(name, year, pick.choices(types, (50, 8, 25, 10, 7))[0])
        if pick.random() < 0.15:  # a short film of the name, of about that year
            self._add(name, year + pick.choice((-1, 0, 0, 1)), pick.choice(("short", "video")), 2.5)
        if pick.random() < 0.04:  # another film of the name in about that year
            self._add(name, year + pick.choice((-1, 0, 1)), "movie")
        if pick.random() < 0.06:  # a remake
            self._add(name, max(year - pick.randint(8, 50), 1900), "movie")

    def rows(self, count: int, ways: Mapping[str, int]) -> Iterator[Row]:
        """Yield rows that mean these titles."""
        pick = self._random
        rated = [title for title in self.titles if title.type != "tvSeries"]
        weights = [title.votes for title in rated]
        for title in pick.choices(rated, weights, k=count):
            meant = pick.choice(rated) if pick.random() < 0.05 else title
            way = pick.choices(list(ways), list(ways.values()))[0]
            yield self._write(meant, way)

    def _write(self, title: Title, way: str) -> Row:
        """Write a title in this way, or as catalogued if that makes no difference."""
        year = title.year or 0
        if way == "not in the catalogue":
            return Row(TitleQuery(MediaKind.MOVIE, f"{self._name()} {self._made_word()}x", year), way, None)
        if way == "year off by one":
            year += self._random.choice((-1, 1))
            return Row(TitleQuery(MediaKind.MOVIE, title.title, year), way, title.id)
        if way == "without a year":
            return Row(TitleQuery(MediaKind.MOVIE, title.title, None), way, title.id)
        name = self._rename(title, way) or title.title
        if name == title.title:
            way = "as catalogued"
        return Row(TitleQuery(MediaKind.MOVIE, name, year), way, title.id)

    def _rename(self, title: Title, way: str) -> str | None:
        name, words = title.title, title.title.split()
        if way == "other case, no punctuation":
            return name.upper()
        if way == "article at the end" and words[0] in {"The", "A"}:
            return f"{' '.join(words[1:])}, {words[0]}"
        if way == "number instead of numeral" and words[-1] in _ROMAN:
            return f"{' '.join(words[:-1])} {_ROMAN.index(words[-1]) + 2}"
        if way == "umlaut written out":
            return name.replace("ö", "oe").replace("ü", "ue").replace("ä", "ae")
        if way == "translated" and title.akas:
            return self._random.choice(title.akas)
        if way == "typing error" and len(name) > 4:
            return self._misspell(name)
        if way == "word missing" and len(words) > 2:
            del words[self._random.randrange(len(words))]
            return " ".join(words)
        return None

    def _misspell(self, name: str) -> str:
        pick = self._random
        place = pick.randrange(1, len(name) - 1)
        before, after = name[:place], name[place:]
        swapped = before[:-1] + after[0] + before[-1] + after[1:]
        return pick.choice((before + after[1:], before + pick.choice("aeiost") + after, swapped))


def measure(index: Path, rows: Sequence[Row]) -> dict[str, Score]:
    """Look the rows up, each by itself, and count by how they were made; "all" has all of them."""
    results = IndexSource(index).look_up(list({row.query for row in rows}), Progress())
    scores: dict[str, Score] = {}
    for row in rows:
        # As in a file that has the title once: two queries that come to one title are in doubt.
        result = doubt_shared_titles({row.query: results[row.query]})[row.query]
        is_certain = result.confidence is MatchConfidence.CERTAIN
        shown = [candidate.imdb_id for _, candidate in result.scored]
        for name in (row.way, "all"):
            score = scores.setdefault(name, Score())
            score.rows += 1
            score.findable += row.meant is not None
            score.certain += is_certain
            score.right += is_certain and shown[0] == row.meant
            score.found += row.meant in shown
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.matching")
    parser.add_argument("--titles", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=10_000)
    words = parser.parse_args()
    catalogue = Catalogue(words.titles)
    print(f"{len(catalogue.titles):,} titles")
    with tempfile.TemporaryDirectory(prefix="matching-") as folder:
        index = build(Path(folder), catalogue.titles, [])
        for what, ways in (("exports of sites", EXPORTED), ("typed by hand", TYPED)):
            scores = measure(index, list(catalogue.rows(words.rows, ways)))
            print(f"\n{what:28}{'rows':>7}{'certain':>9}{'precision':>11}{'recall':>9}{'found':>9}")
            for way in (*ways, "all"):
                if (score := scores.get(way)) is not None:
                    print(
                        f"{way:28}{score.rows:7,}{score.certain:9,}{score.precision:11.2%}"
                        f"{score.recall:9.1%}{score.found_share:9.1%}"
                    )


if __name__ == "__main__":
    main()
