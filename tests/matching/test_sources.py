"""Sources are asked in turn, each only for what those before it have not settled."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from importer.destinations.titles import Candidate, Found
from importer.matching.model import MatchResult, TitleQuery
from importer.matching.scoring import score_search
from importer.matching.sources import IndexSource, Results, look_up_in_turn
from importer.model import MediaKind
from importer.progress import Progress
from tests.titles.extract import build

MOVIE, SHOW, EPISODE, UNKNOWN = MediaKind.MOVIE, MediaKind.SHOW, MediaKind.EPISODE, MediaKind.UNKNOWN


class Shelf:
    """A source with these films."""

    def __init__(self, name: str, *films: tuple[str, int]) -> None:
        self.name = name
        self.asked = 0
        self.queries: list[TitleQuery] = []
        self._films = [
            Candidate(MOVIE, title, year, f"tt{number:07}") for number, (title, year) in enumerate(films, 1)
        ]

    def look_up(self, queries: Sequence[TitleQuery], progress: Progress) -> Results:
        self.queries += queries
        progress.done += len(queries)
        return {query: score_search(query, [Found(tuple(self._films))]) for query in queries}


def film(title: str, year: int | None = 2000) -> TitleQuery:
    return TitleQuery(MOVIE, title, year)


def told(result: MatchResult) -> tuple[str, str]:
    return result.confidence, result.source


def test_what_is_certain_is_not_asked_again() -> None:
    first, second = Shelf("first", ("Heat", 2000)), Shelf("second", ("Alien", 2000))
    results = look_up_in_turn([first, second], [film("Heat"), film("Alien")], Progress())
    assert second.queries == [film("Alien")]
    assert told(results[film("Heat")]) == ("certain", "first")
    assert told(results[film("Alien")]) == ("certain", "second")


def test_several_that_fit_are_for_people_even_if_another_source_knows_only_one() -> None:
    first, second = Shelf("first", ("Heat", 2000), ("Heat", 2000)), Shelf("second", ("Heat", 2000))
    results = look_up_in_turn([first, second], [film("Heat")], Progress())
    assert told(results[film("Heat")]) == ("ambiguous", "first")
    assert not second.queries


def test_a_title_of_another_year_or_name_is_asked_for_elsewhere() -> None:
    first, second = Shelf("first", ("Heat", 1999), ("Aliens", 2000)), Shelf("second", ("Heat", 2000))
    results = look_up_in_turn([first, second], [film("Heat"), film("Alien")], Progress())
    assert second.queries == [film("Heat"), film("Alien")]
    assert told(results[film("Heat")]) == ("certain", "second")
    assert told(results[film("Alien")]) == ("ambiguous", "first")  # the second has nothing


def test_what_no_source_has_is_not_found() -> None:
    results = look_up_in_turn([Shelf("one"), Shelf("other")], [film("Zyzzyva")], Progress())
    assert results[film("Zyzzyva")].confidence == "not_found"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("index"))


@pytest.mark.parametrize(
    ("query", "confidence", "imdb_id", "message"),
    [
        (film("Heat", 1995), "certain", "tt0113277", ""),
        (film("Схватка", 1995), "certain", "tt0113277", ""),
        (film("Whiplash", 2014), "certain", "tt2582802", ""),
        (film("Whiplash", 2013), "ambiguous", "tt2654430", "2 titles fit equally well or nearly so"),
        (film("Joker", 2019), "certain", "tt7286456", ""),
        (film("Joker", None), "ambiguous", "tt7286456", "2 titles of this name"),
        (film("Jurasic Park", 1993), "ambiguous", "tt0107290", "the name is not quite the same"),
        (film("Severance", 2022), "ambiguous", "tt11280740", "is a show, not a movie"),
        (film("Zyzzyva", 2000), "not_found", None, "nothing of this name"),
        (TitleQuery(UNKNOWN, "x", None, "imdb:tt0903747"), "certain", "tt0903747", ""),
        (TitleQuery(UNKNOWN, "x", None, "imdb:tt0386676"), "not_found", None, "it is a videoGame"),
        (TitleQuery(UNKNOWN, "x", None, "imdb:tt9999999"), "not_found", None, "removed or merged"),
        (TitleQuery(UNKNOWN, "x", None, "tmdb:603"), "not_found", None, "IMDb ids only"),
        (TitleQuery(EPISODE, "x", None, "imdb:tt0959621"), "certain", "tt0959621", ""),
        (TitleQuery(EPISODE, "x", None, "imdb:tt7777771"), "not_found", None, "which number"),
        (TitleQuery(EPISODE, "x", None, "imdb:tt0113277"), "not_found", None, "nothing with this id"),
        (TitleQuery(EPISODE, "Pilot", None), "not_found", None, "no names of episodes"),
    ],
)
def test_the_index_answers(
    index: Path, query: TitleQuery, confidence: str, imdb_id: str | None, message: str
) -> None:
    progress = Progress()
    result = IndexSource(index).look_up([query], progress)[query]
    assert result.confidence == confidence
    assert next((found.imdb_id for _, found in result.scored), None) == imdb_id
    assert message in result.message
    assert progress.done == 1
