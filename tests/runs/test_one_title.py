"""Rows that know a title in another way than the account lists it: nothing of the user's is overwritten."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from importer.runs.conflicts import OnConflict
from importer.sandbox.catalogue import Kind
from tests.road import OPEN, Road, find_title, running_sandbox

pytestmark = pytest.mark.usefixtures("time_enough")

SEINFELD = find_title("tt0098904", Kind.SHOW)
LONG_AGO, LATELY = 1_409_562_611, 1_717_232_400  # 2014-09-01, 2024-06-01
HEADER = "imdb_id,tmdb_id,rating,rated_at,title,year,type"


def outcomes(road: Road) -> Sequence[tuple[str, str]]:
    return [(row["status"], row["reason"]) for row in road.read_results()]


class TestAnIdThatTheApiDoesNotTake:
    """The original API knows a show by TVDB or IMDb id; with only a TMDB id it goes by title and year."""

    @pytest.fixture(params=["single", "bulk"])
    def road(self, request: pytest.FixtureRequest, tmp_path: Path) -> Road:
        road = Road.by(request.param, tmp_path)
        road.write(",1400,4,2013-01-01,Seinfeld,1989,show", header=HEADER)
        return road

    @pytest.mark.parametrize("policy", [OnConflict.KEEP, OnConflict.NEWEST, OnConflict.HIGHEST])
    def test_the_account_is_asked_by_title_and_year(self, road: Road, policy: OnConflict) -> None:
        with running_sandbox(**OPEN) as sandbox:
            sandbox.rate(SEINFELD, 9, LONG_AGO)
            road.run(sandbox.url, on_conflict=policy)
            assert sandbox.stored() == {(Kind.SHOW, SEINFELD.key): (9, LONG_AGO)}
            assert outcomes(road) == [("kept", f"policy_{policy}")]
            assert sandbox.count_sent_rows() == 0

    def test_what_it_replaces_comes_back_with_an_undo(self, road: Road) -> None:
        with running_sandbox(**OPEN) as sandbox:
            sandbox.rate(SEINFELD, 9, LONG_AGO)
            report = road.run(sandbox.url, on_conflict=OnConflict.OVERWRITE)
            assert outcomes(road) == [("rated", "")]
            assert road.read_results()[0]["previous_rating"] == "9"
            road.undo(sandbox.url, report.run.run_id)
            assert sandbox.stored()[Kind.SHOW, SEINFELD.key][0] == 9

    def test_a_mirror_removes_nothing_because_of_it(self, road: Road) -> None:
        with running_sandbox(**OPEN) as sandbox:
            sandbox.rate(SEINFELD, 4, LONG_AGO)
            road.run(sandbox.url, mirror=True)
            assert outcomes(road) == [("unchanged", "already_rated")]


def test_a_lost_answer_to_such_a_row_is_looked_up_and_not_posted_twice(tmp_path: Path) -> None:
    road = Road.by("single", tmp_path)
    road.write(",1400,4,2013-01-01,Seinfeld,1989,show", header=HEADER)
    with running_sandbox("reset-after@1", **OPEN) as sandbox:
        road.run(sandbox.url)
        assert outcomes(road) == [("rated", "verified")]
        assert sandbox.count_posts() == 1


GIVEN_UP, ALIEN = "tt0000001", "tt0078748"
MERGED = OPEN | {"merged_titles": (f"{GIVEN_UP}={ALIEN}",)}


class TestAnIdThatTheAccountDoesNotList:
    """A title and year that are listed under other ids: merged ids, or a namesake."""

    @pytest.fixture
    def road(self, tmp_path: Path) -> Road:
        road = Road.by("v2", tmp_path)
        road.write(f"{GIVEN_UP},,4,2013-01-01,Alien,1979,movie", header=HEADER)
        return road

    @pytest.mark.parametrize("policy", [OnConflict.KEEP, OnConflict.NEWEST, OnConflict.HIGHEST])
    def test_a_doubt_does_not_escape_the_policy(self, road: Road, policy: OnConflict) -> None:
        with running_sandbox(**MERGED) as sandbox:
            sandbox.rate(ALIEN, 9, LONG_AGO)
            road.run(sandbox.url, on_conflict=policy)
            assert sandbox.stored_movies() == {ALIEN: 9}
            assert outcomes(road) == [("kept", f"policy_{policy}")]
            assert "under other ids" in road.read_results()[0]["message"]

    def test_what_was_overwritten_comes_back_with_its_date(self, road: Road) -> None:
        with running_sandbox(**MERGED) as sandbox:
            sandbox.rate(ALIEN, 9, LONG_AGO)
            report = road.run(sandbox.url, on_conflict=OnConflict.OVERWRITE)
            assert outcomes(road) == [("rated", "other_id")]
            assert road.read_results()[0]["previous_rating"] == "9"
            road.undo(sandbox.url, report.run.run_id)
            assert sandbox.stored() == {(Kind.MOVIE, find_title(ALIEN).key): (9, LONG_AGO)}

    def test_an_undo_of_a_namesake_does_not_give_it_the_others_rating(self, road: Road) -> None:
        with running_sandbox(**OPEN) as sandbox:
            sandbox.rate(ALIEN, 9, LONG_AGO)
            report = road.run(sandbox.url, on_conflict=OnConflict.OVERWRITE)
            assert outcomes(road) == [("rated", "")]
            assert road.read_results()[0]["previous_rating"] == ""
            assert sandbox.stored_movies() == {GIVEN_UP: 4, ALIEN: 9}
            road.undo(sandbox.url, report.run.run_id)
            assert sandbox.stored_movies() == {ALIEN: 9}

    def test_without_reading_back_an_undo_leaves_a_doubt_alone(self, road: Road) -> None:
        with running_sandbox(**MERGED) as sandbox:
            sandbox.rate(ALIEN, 9, LONG_AGO)
            report = road.run(sandbox.url, on_conflict=OnConflict.OVERWRITE, verify=False)
            road.undo(sandbox.url, report.run.run_id)
            assert outcomes(road) == [("unsupported", "previous_unknown")]
            assert sandbox.stored_movies() == {ALIEN: 4}

    def test_namesakes_of_one_file_are_both_rated_also_after_a_stop(self, road: Road) -> None:
        road.write(
            f"{ALIEN},,9,2020-05-01,Alien,1979,movie",
            f"{GIVEN_UP},,4,2013-01-01,Alien,1979,movie",
            header=HEADER,
        )
        with running_sandbox(**OPEN) as sandbox:
            road.run(sandbox.url, limit=1)
            road.run(sandbox.url)
            assert sandbox.stored_movies() == {GIVEN_UP: 4, ALIEN: 9}


GODFATHER = find_title("tt0068646")
NEWEST = "tt0068646,,10,2024-01-01,The Godfather,1972,movie"
OLDER = ",238,2,2010-01-01,Le Parrain,1972,movie"


@pytest.mark.parametrize("way", ["single", "bulk", "v2"])
@pytest.mark.parametrize("is_newest_first", [True, False])
def test_the_newest_row_of_a_title_counts_though_only_the_account_knows_that_it_is_one(
    way: str, is_newest_first: bool, tmp_path: Path
) -> None:
    road = Road.by(way, tmp_path)
    road.write(*((NEWEST, OLDER) if is_newest_first else (OLDER, NEWEST)), header=HEADER)
    expected = [("rated", ""), ("duplicate", "duplicate")]
    with running_sandbox(**OPEN) as sandbox:
        report = road.run(sandbox.url, workers=1)
        assert sandbox.stored()[Kind.MOVIE, GODFATHER.key][0] == 10
        assert outcomes(road) == (expected if is_newest_first else expected[::-1])
        assert sandbox.count_sent_rows() == (3 if is_newest_first else 2)
        road.undo(sandbox.url, report.run.run_id)
        assert sandbox.stored() == {}
