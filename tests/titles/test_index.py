"""The title index finds titles by their names, years and ids."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.destinations.titles import Candidate, EpisodeOf
from importer.errors import Remedy, StateFileError
from importer.model import MediaKind
from importer.titles.index import TitleIndex, UnratedType
from importer.titles.spelling import normalise
from tests.titles.extract import KNOWN, Title, build


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TitleIndex]:
    with TitleIndex(build(tmp_path_factory.mktemp("index"))) as opened:
        yield opened


def find(index: TitleIndex, title: str, year: int | None) -> list[tuple[str, int | None]]:
    return [(each.title, each.year) for found in index.search(title, year) for each in found.titles]


@pytest.mark.parametrize(
    ("title", "year", "found"),
    [
        ("Matrix, The", 1999, "The Matrix"),
        ("матрица", 1999, "The Matrix"),
        ("HEAT - LA SFIDA", 1996, "Heat"),
        ("Kaze no tani no Naushika", 1984, "Nausicaä of the Valley of the Wind"),
        ("Nausicaa of the valley of the wind", 1984, "Nausicaä of the Valley of the Wind"),
        ("Nausicaeae of the Valley of the Wind", 1984, "Nausicaä of the Valley of the Wind"),
        ("Die Faelschung", 1981, "Die Fälschung"),
        ("Rocky 2", 1979, "Rocky II"),
        ("Jurasic Park", 1993, "Jurassic Park"),
        ("Park Jurassic", 1993, "Jurassic Park"),
        ("Terminater", 1984, "The Terminator"),
        ("Nausicaä of the Vally", 1984, "Nausicaä of the Valley of the Wind"),
        ("Severance", 2022, "Severance"),
    ],
)
def test_a_title_is_found_by_any_spelling(index: TitleIndex, title: str, year: int, found: str) -> None:
    assert find(index, title, year)[0][0] == found


def test_those_of_the_year_come_first_and_the_most_rated_of_them(index: TitleIndex) -> None:
    assert find(index, "Heat", 1986) == [("Heat", 1986)]
    assert find(index, "Heat", 2010) == [("Heat", 1995), ("Heat", 1986)]  # none of about that year
    assert find(index, "Heat", None) == [("Heat", 1995), ("Heat", 1986)]
    assert [each.votes for each in index.search("Joker", 2019)[0].titles] == [1_500_000, 12]


def test_nothing_like_it_is_nothing(index: TitleIndex) -> None:
    assert find(index, "Zyzzyva", 1999) == []
    assert find(index, "", 1999) == []
    assert find(index, '"*():^', 1999) == []


def test_a_video_game_is_no_title(index: TitleIndex) -> None:
    assert "tt0386676" not in [each.imdb_id for each in index.search("Heat", 1995)[0].titles]
    assert index.find("tt0386676") == UnratedType("videoGame")


def test_an_id_says_what_it_is(index: TitleIndex) -> None:
    heat, special = index.find("tt0113277"), index.find("tt3501112")
    assert isinstance(heat, Candidate)
    assert (heat.kind, heat.title, heat.year) == (MediaKind.MOVIE, "Heat", 1995)
    assert isinstance(special, Candidate)
    assert special.kind is MediaKind.MOVIE
    assert index.find("tt9999999") is None


def test_an_episode_has_its_place(index: TitleIndex) -> None:
    found = index.find("tt2301451")
    assert isinstance(found, Candidate)
    assert found.kind is MediaKind.EPISODE
    assert found.place == EpisodeOf("Breaking Bad", 2008, 5, 14, imdb_id="tt0903747")
    unplaced = index.find("tt7777771")
    assert isinstance(unplaced, Candidate)
    assert unplaced.place is None


def test_an_article_within_a_name_stays(tmp_path: Path) -> None:
    film = Title(1, "movie", "Das A-Team", 2010, votes=9, akas=("The A-Team",))
    with TitleIndex(build(tmp_path, [film], [])) as opened:
        (exact,) = opened.search("The A-Team", 2010)
        assert exact.titles[0].other_titles == ("the a team",)
        _, near = opened.search("Team", 2010)
        assert normalise("Team") not in {normalise(name) for name in near.titles[0].other_titles}


def test_a_name_of_hundreds_of_titles_counts_as_cut_off(tmp_path: Path) -> None:
    many = [Title(1000 + number, "short", "Home", 2010, votes=number) for number in range(300)]
    with TitleIndex(build(tmp_path, many, [])) as opened:
        (found,) = opened.search("Home", 2010)
    assert found.is_cut_off
    assert found.titles[0].votes == 299


def test_a_title_of_another_year_is_shown_beside_similar_ones(index: TitleIndex) -> None:
    assert ("The Matrix", 1999) in find(index, "The Matrix", 2021)


def test_an_index_of_another_version_is_refused(tmp_path: Path) -> None:
    path = build(tmp_path, KNOWN[:1], [])
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StateFileError) as raised, TitleIndex(path):
        pass
    assert raised.value.remedy is Remedy.BUILD_INDEX


def test_a_damaged_index_is_told(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite3"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(StateFileError, match="damaged") as raised, TitleIndex(path):
        pass
    assert raised.value.remedy is Remedy.BUILD_INDEX
