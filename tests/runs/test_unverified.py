"""What was sent and never searched for: a list that lags behind does not say that it "was so already"."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from importer.client.sign_in import AccountInfo
from importer.journal import unlisted_rows
from importer.runs.conflicts import OnConflict
from importer.runs.rules import RunRules
from importer.runs.verify import Verification
from importer.sandbox.catalogue import Kind
from tests.road import OPEN, Road, Server, find_title, running_sandbox

pytestmark = pytest.mark.usefixtures("time_enough")

ALIEN, SHAWSHANK = "tt0078748", "tt0111161"
LATE = OPEN | {"late_listings": 1000}
HEADER = "imdb_id,rating,rated_at"
LONG_AGO = 1_409_562_611  # 2014-09-01


@pytest.fixture
def road(tmp_path: Path) -> Road:
    road = Road.by("v2", tmp_path)
    write(road, 9)
    return road


def write(road: Road, rating: object, rated_at: str = "2020-05-01") -> None:
    road.write(f"{ALIEN},{rating},{rated_at}", header=HEADER)


def outcomes(road: Road) -> Sequence[tuple[str, str]]:
    return [(row["status"], row["reason"]) for row in road.read_results()]


def rating_of_alien(sandbox: Server) -> tuple[float, int] | None:
    return sandbox.stored().get((Kind.MOVIE, find_title(ALIEN).key))


class TestUndo:
    @pytest.mark.parametrize("before", [None, 3])
    def test_it_is_sent(self, road: Road, before: int | None) -> None:
        with running_sandbox(**LATE) as sandbox:
            if before:
                sandbox.rate(ALIEN, before, LONG_AGO)
            run = road.run(sandbox.url, verify=False).run
            assert sandbox.stored_movies() == {ALIEN: 9}
            road.undo(sandbox.url, run.run_id, verify=False)
            assert rating_of_alien(sandbox) == (before and (before, LONG_AGO))
            assert outcomes(road) == [("rated" if before else "unrated", "")]

    def test_a_preview_says_so(self, road: Road) -> None:
        with running_sandbox(**LATE) as sandbox:
            run = road.run(sandbox.url, verify=False).run
            road.undo(sandbox.url, run.run_id, dry_run=True)
            assert outcomes(road) == [("not_sent", "would_remove")]

    def test_the_account_is_counted_with_it(self, road: Road) -> None:
        with running_sandbox(**LATE) as sandbox:
            run = road.run(sandbox.url, verify=False).run
            road.account_info = AccountInfo("demo", False, 0, None, 10_000)
            report = road.undo(sandbox.url, run.run_id, verify=False)
            assert report.room is not None
            assert (report.room.rating_count, report.room.count_afterwards) == (1, 0)

    def test_it_is_sent_after_a_run_that_was_killed_while_reading_back(
        self, road: Road, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupt(_: object) -> int:
            raise RuntimeError

        with running_sandbox(**LATE) as sandbox:
            with monkeypatch.context() as patched:
                patched.setattr(Verification, "close", interrupt)
                with pytest.raises(RuntimeError):
                    road.run(sandbox.url)
            assert sandbox.stored_movies() == {ALIEN: 9}
            road.undo(sandbox.url, road.list_runs()[0].run_id, verify=False)
            assert sandbox.stored() == {}

    def test_what_a_mirror_removed_comes_back(self, road: Road) -> None:
        with running_sandbox(**LATE) as sandbox:
            sandbox.rate(ALIEN, 9, LONG_AGO)
            sandbox.rate(SHAWSHANK, 7, LONG_AGO)
            run = road.run(sandbox.url, mirror=True, verify=False).run
            assert sandbox.stored_movies() == {ALIEN: 9}
            road.undo(sandbox.url, run.run_id, verify=False)
            assert sandbox.stored_movies() == {ALIEN: 9, SHAWSHANK: 7}

    def test_what_a_later_run_changed_is_left_alone(self, road: Road) -> None:
        """The list shows what the first run left, not yet what the second one sent."""
        with running_sandbox(**OPEN | {"late_listings": 2}) as sandbox:
            first = road.run(sandbox.url).run
            write(road, 5, "2021-05-01")
            second = road.run(sandbox.url, verify=False).run
            road.undo(sandbox.url, first.run_id, verify=False)
            assert outcomes(road) == [("kept", "changed_since")]
            assert second.run_id in road.read_results()[0]["message"]
            assert sandbox.stored_movies() == {ALIEN: 5}


class TestNextRun:
    def test_a_removal_is_sent(self, road: Road) -> None:
        with running_sandbox(**LATE) as sandbox:
            road.run(sandbox.url, verify=False)
            write(road, "unrate")
            road.run(sandbox.url, verify=False)
            assert outcomes(road) == [("unrated", "")]
            assert sandbox.stored() == {}

    @pytest.mark.parametrize(
        ("policy", "reason"), [(OnConflict.KEEP, "policy_keep"), (OnConflict.NEWEST, "policy_newest")]
    )
    def test_a_conflict_is_one_with_what_was_sent(self, road: Road, policy: OnConflict, reason: str) -> None:
        with running_sandbox(**LATE) as sandbox:
            road.run(sandbox.url, verify=False)
            write(road, 3, "2018-05-01")
            road.run(sandbox.url, on_conflict=policy, verify=False)
            assert outcomes(road) == [("kept", reason)]
            assert sandbox.stored_movies() == {ALIEN: 9}

    def test_what_it_overwrites_is_what_was_sent(self, road: Road) -> None:
        with running_sandbox(**LATE) as sandbox:
            road.run(sandbox.url, verify=False)
            write(road, 3, "2021-05-01")
            second = road.run(sandbox.url, verify=False).run
            assert [row["previous_rating"] for row in road.read_results()] == ["9"]
            road.undo(sandbox.url, second.run_id, verify=False)
            assert sandbox.stored_movies() == {ALIEN: 9}

    def test_several_runs_in_a_row_are_all_believed(self, road: Road) -> None:
        """The list shows the state from before the first of them."""
        with running_sandbox(**LATE) as sandbox:
            for rating, date in ((9, "2020-05-01"), (5, "2021-05-01"), ("unrate", "")):
                write(road, rating, date)
                road.run(sandbox.url, verify=False)
            assert sandbox.stored() == {}

    @pytest.mark.parametrize("options", [OPEN, LATE])
    def test_what_a_verified_run_sent_later_counts(self, road: Road, options: dict[str, object]) -> None:
        """The list shows no rating: from before the first run, or since the second one removed it."""
        with running_sandbox(**options) as sandbox:
            road.run(sandbox.url, verify=False)
            write(road, "unrate")
            road.run(sandbox.url)
            write(road, 3, "2018-05-01")
            road.run(sandbox.url, on_conflict=OnConflict.KEEP)
            assert sandbox.stored_movies() == {ALIEN: 3}

    def test_a_list_that_has_caught_up_is_believed(self, road: Road) -> None:
        """The second run saw its rating in the list, then somebody removed it."""
        with running_sandbox(**OPEN) as sandbox:
            road.run(sandbox.url, verify=False)
            write(road, 5, "2021-05-01")
            road.run(sandbox.url)
            sandbox.unrate(ALIEN)
            write(road, 3, "2018-05-01")
            road.run(sandbox.url, on_conflict=OnConflict.KEEP)
            assert sandbox.stored_movies() == {ALIEN: 3}

    def test_an_equal_rating_is_sent_again_even_if_the_account_is_kept(self, road: Road) -> None:
        with running_sandbox(**LATE) as sandbox:
            road.run(sandbox.url, verify=False)
            sandbox.unrate(ALIEN)
            rules = RunRules.for_import(OnConflict.KEEP, recheck=True)
            with road.open_run(sandbox.url, road.source, rules) as run:
                run.execute()
            assert sandbox.stored_movies() == {ALIEN: 9}

    def test_the_list_is_believed_a_day_later(self, road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
        with running_sandbox(**OPEN) as sandbox:
            road.run(sandbox.url, verify=False)
            sandbox.unrate(ALIEN)
            monkeypatch.setattr(unlisted_rows, "LATEST", timedelta(days=-1))
            write(road, 3, "2018-05-01")
            road.run(sandbox.url, on_conflict=OnConflict.KEEP)
            assert sandbox.stored_movies() == {ALIEN: 3}

    def test_after_reading_back_the_list_is_believed(self, road: Road) -> None:
        """Somebody removed the rating after that."""
        with running_sandbox(**OPEN) as sandbox:
            road.run(sandbox.url)
            sandbox.unrate(ALIEN)
            write(road, 3, "2018-05-01")
            road.run(sandbox.url, on_conflict=OnConflict.KEEP)
            assert sandbox.stored_movies() == {ALIEN: 3}
