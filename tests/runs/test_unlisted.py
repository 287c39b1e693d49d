"""What was taken and is listed late, under other ids, or never: rated, remembered, not sent every night."""

from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import pytest

from importer.runs.conflicts import OnConflict
from importer.runs.rules import RunRules
from importer.sandbox.catalogue import Kind
from tests.road import OPEN, Road, Server, find_title, running_sandbox

pytestmark = pytest.mark.usefixtures("time_enough")

GIVEN_UP, ALIEN = "tt0000001", "tt0078748"
SHAWSHANK = "tt0111161"
MERGED = OPEN | {"merged_titles": (f"{GIVEN_UP}={ALIEN}",)}
NEVER_LISTED = OPEN | {"late_listings": 1000}
HEADER = "imdb_id,title,year,rating,rated_at"
LONG_AGO, LATELY = 1_409_562_611, 1_717_232_400  # 2014-09-01, 2024-06-01


@pytest.fixture
def road(tmp_path: Path) -> Road:
    return Road.by("v2", tmp_path)


def write_alien(
    road: Road, rating: object = 9, rated_at: str = "2020-05-01", title: str = "Alien,1979"
) -> None:
    """A file that knows the film by an id that was given up."""
    road.write(f"{GIVEN_UP},{title},{rating},{rated_at}", header=HEADER)


def recheck(road: Road, sandbox: Server) -> None:
    """Compare the file with the account, as a sync does each night."""
    with road.open_run(sandbox.url, road.source, RunRules.for_import(recheck=True)) as run:
        run.execute()


def outcomes(road: Road) -> Sequence[tuple[str, str]]:
    return [(row["status"], row["reason"]) for row in road.read_results()]


class TestOtherId:
    @pytest.mark.parametrize("rated_at", ["2020-05-01", ""])
    def test_it_is_found_by_title_rating_and_date(self, road: Road, rated_at: str) -> None:
        write_alien(road, rated_at=rated_at)
        with running_sandbox(**MERGED) as sandbox:
            road.run(sandbox.url)
            assert sandbox.stored_movies() == {ALIEN: 9}
            assert outcomes(road) == [("rated", "other_id")]
            assert f"imdb {ALIEN}" in road.read_results()[0]["message"]
            recheck(road, sandbox)
            assert outcomes(road) == [("unchanged", "already_rated")]
            assert sandbox.count_sent_rows() == 1

    def test_it_does_not_escape_newest(self, road: Road) -> None:
        write_alien(road)
        with running_sandbox(**MERGED) as sandbox:
            road.run(sandbox.url)
            sandbox.rate(ALIEN, 5, LATELY)
            write_alien(road, 8, "2020-06-01")
            road.run(sandbox.url)
            assert outcomes(road) == [("kept", "policy_newest")]
            assert sandbox.stored_movies() == {ALIEN: 5}

    def test_an_undo_takes_it_back_unless_it_was_changed(self, road: Road) -> None:
        write_alien(road)
        with running_sandbox(**MERGED) as sandbox:
            run = road.run(sandbox.url).run
            sandbox.rate(ALIEN, 5, LATELY)
            road.undo(sandbox.url, run.run_id)
            assert outcomes(road) == [("kept", "changed_since")]
            sandbox.rate(ALIEN, 9, LATELY)
            road.undo(sandbox.url, run.run_id)
            assert sandbox.stored() == {}

    def test_a_mirror_leaves_it_alone(self, road: Road) -> None:
        write_alien(road)
        with running_sandbox(**MERGED) as sandbox:
            for _ in range(3):
                road.run(sandbox.url, mirror=True)
                assert sandbox.stored_movies() == {ALIEN: 9}
            assert sandbox.count_sent_rows() == 1

    def test_the_rating_of_another_row_is_not_taken_for_it(self, road: Road) -> None:
        """Two films of one name, year, rating and day: the one that is listed is the other's."""
        road.write(f"{ALIEN},Alien,1979,9,2020-05-01", f"{SHAWSHANK},Alien,1979,9,2020-05-01", header=HEADER)
        with running_sandbox(**OPEN | {"merged_titles": (f"{SHAWSHANK}=tt0068646",)}) as sandbox:
            road.run(sandbox.url)
        assert outcomes(road) == [("rated", ""), ("rated", "not_listed")]

    @pytest.mark.parametrize(("title", "year"), [("Alien", 1980), ("Aliens", 1979), ("", "")])
    def test_another_title_is_not_taken_for_it(self, road: Road, title: str, year: object) -> None:
        write_alien(road, title=f"{title},{year}")
        with running_sandbox(**MERGED) as sandbox:
            road.run(sandbox.url)
            assert outcomes(road) == [("rated", "not_listed")]
            for _ in range(2):
                recheck(road, sandbox)
                assert outcomes(road) == [("unchanged", "not_listed")]
            road.run(sandbox.url, mirror=True)
            assert sandbox.stored_movies() == {ALIEN: 9}
            assert sandbox.count_sent_rows() == 1
            write_alien(road, 7, "2021-05-01", title=f"{title},{year}")
            recheck(road, sandbox)
            assert sandbox.stored_movies() == {ALIEN: 7}


class TestLate:
    @pytest.mark.parametrize("options", [{"late_listings": 1}, {"late_listings": 4}])
    @pytest.mark.parametrize("before", [None, 3])
    def test_a_list_that_lags_behind_is_looked_at_longer(
        self, road: Road, options: dict[str, int], before: int | None
    ) -> None:
        road.write(f"{SHAWSHANK},9,2020-05-01", header="imdb_id,rating,rated_at")
        with running_sandbox(**OPEN, **options) as sandbox:
            if before:
                sandbox.rate(SHAWSHANK, before, LONG_AGO)
            road.run(sandbox.url)
            assert sandbox.stored_movies() == {SHAWSHANK: 9}
        assert outcomes(road) == [("rated", "")]

    @pytest.mark.parametrize("before", [None, 3])
    @pytest.mark.parametrize("rating", ["9", "unrate"])
    def test_what_is_never_shown_is_told_so_and_not_sent_again(
        self, road: Road, rating: str, before: int | None
    ) -> None:
        road.write(f"{SHAWSHANK},{rating},2020-05-01", header="imdb_id,rating,rated_at")
        with running_sandbox(**NEVER_LISTED) as sandbox:
            sandbox.rate(SHAWSHANK, before or 1, LONG_AGO)
            if not before and rating != "unrate":
                sandbox.unrate(SHAWSHANK)
            report = road.run(sandbox.url)
            assert "took 1 row that the list does not show so" in "".join(report.notes)
            assert outcomes(road) == [("unrated" if rating == "unrate" else "rated", "not_listed")]
            assert sandbox.stored_movies() == ({} if rating == "unrate" else {SHAWSHANK: 9})
            for _ in range(2):
                recheck(road, sandbox)
                assert outcomes(road) == [("unchanged", "not_listed")]
            assert sandbox.count_sent_rows() == 1

    def test_once_it_is_shown_it_is_a_rating_as_any_other(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9,2020-05-01", header="imdb_id,rating,rated_at")
        with running_sandbox(**OPEN, late_listings=8) as sandbox:
            road.run(sandbox.url)
            assert outcomes(road) == [("rated", "not_listed")]
            for expected in ("not_listed", "not_listed", "not_listed", "already_rated"):
                recheck(road, sandbox)
                assert outcomes(road) == [("unchanged", expected)]
            sandbox.rate(SHAWSHANK, 4, LATELY)
            recheck(road, sandbox)
            assert outcomes(road) == [("kept", "policy_newest")]

    def test_what_nobody_has_seen_is_older_than_what_the_file_says_now(self, road: Road) -> None:
        """The row changed to an older rating: it does not replace the newer one that the list hides."""
        header = "imdb_id,rating,rated_at"
        road.write(f"{SHAWSHANK},9,2020-05-01", header=header)
        with running_sandbox(**NEVER_LISTED) as sandbox:
            road.run(sandbox.url)
            road.write(f"{SHAWSHANK},5,2018-05-01", header=header)
            recheck(road, sandbox)
            assert outcomes(road) == [("kept", "policy_newest")]
            assert sandbox.stored_movies() == {SHAWSHANK: 9}

    def test_an_undo_leaves_alone_what_nobody_has_seen(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9,2020-05-01", header="imdb_id,rating,rated_at")
        with running_sandbox(**NEVER_LISTED) as sandbox:
            run = road.run(sandbox.url).run
            road.undo(sandbox.url, run.run_id)
            assert outcomes(road) == [("kept", "not_listed")]
            assert sandbox.stored_movies() == {SHAWSHANK: 9}
            road.undo(sandbox.url, run.run_id, force=True)
            assert sandbox.stored_movies() == {}

    def test_what_was_undone_can_be_imported_again(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9,2020-05-01", header="imdb_id,rating,rated_at")
        with running_sandbox(**OPEN, late_listings=6) as sandbox:
            run = road.run(sandbox.url).run
            assert outcomes(road) == [("rated", "not_listed")]
            road.undo(sandbox.url, run.run_id, force=True)
            assert sandbox.stored_movies() == {}
            for _ in range(8):
                recheck(road, sandbox)
            assert sandbox.stored()[Kind.MOVIE, find_title(SHAWSHANK).key][0] == 9


def test_not_stored_is_what_the_list_shows_otherwise(road: Road) -> None:
    road.write(f"{SHAWSHANK},9")
    with running_sandbox(**OPEN) as sandbox:
        put = sandbox.store.put_rating
        sandbox.rate(SHAWSHANK, 3, LONG_AGO)
        with patch.object(sandbox.store, "put_rating", lambda user, title, _, at: put(user, title, 4, at)):
            road.run(sandbox.url, on_conflict=OnConflict.OVERWRITE)
    assert outcomes(road) == [("failed", "not_stored")]
