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
