"""Undoing a run: exactly what it changed comes back, and nothing else is touched."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.errors import StopRunError, UsageError
from importer.journal import Journal
from importer.runs.again import ChangesOfRun
from importer.runs.conflicts import OnConflict
from importer.runs.prompts import Unattended
from importer.runs.sources import Opening
from importer.runs.undo import list_to_undo
from importer.sandbox.catalogue import Kind
from importer.sandbox.titles import Title
from tests.road import OPEN, WAYS, Road, find_title, open_api, running_sandbox

pytestmark = pytest.mark.usefixtures("time_enough")

SHAWSHANK, GODFATHER, KNIGHT, TWELVE = "tt0111161", "tt0068646", "tt0468569", "tt0050083"
SOPRANOS = "tt0141842"
LONG_AGO = 1_409_562_611

Stored = dict[tuple[Kind, str], tuple[float, int]]


@pytest.fixture(params=WAYS)
def road(request: pytest.FixtureRequest, tmp_path: Path) -> Road:
    return Road.by(request.param, tmp_path)


def as_it_should_be(road: Road, stored: Stored) -> object:
    """What an undo can bring back: the original API stamps every rating with the moment it arrives."""
    return stored if road.is_v2 else {title: rating for title, (rating, _) in stored.items()}


def test_exactly_what_the_run_changed_comes_back(road: Road) -> None:
    road.write(f"{SHAWSHANK},9,2020-01-01", f"{GODFATHER},8,2020-01-01", f"{KNIGHT},unrate,", f"{TWELVE},5,",
               header="imdb_id,rating,rated_at")  # fmt: skip
    with running_sandbox(**OPEN) as sandbox:
        sandbox.rate(SHAWSHANK, 3, LONG_AGO)
        sandbox.rate(KNIGHT, 6, LONG_AGO + 1)
        sandbox.rate(TWELVE, 5, LONG_AGO + 2)
        sandbox.rate("tt0137523", 1, LONG_AGO + 3)  # not in the file at all
        before = sandbox.stored()
        run = road.run(sandbox.url).run
        assert sandbox.stored_movies() == {SHAWSHANK: 9, GODFATHER: 8, TWELVE: 5, "tt0137523": 1}
        report = road.undo(sandbox.url, run.run_id)
        assert as_it_should_be(road, sandbox.stored()) == as_it_should_be(road, before)
    assert report.stopped_by is None
    assert report.is_undo
    lines = [(line["row"], line["status"], line["rating"]) for line in road.read_results()]
    assert lines == [("1", "rated", "3"), ("2", "unrated", "unrate"), ("3", "rated", "6")]
    did = [line["message"].partition(";")[0] for line in road.read_results()]
    assert did == ["restored", "removed", "restored"]


def test_dates_come_back_on_todays_api(tmp_path: Path) -> None:
    road = Road.by("v2", tmp_path)
    road.write(f"{SHAWSHANK},9,2020-01-01", header="imdb_id,rating,rated_at")
    with running_sandbox(**OPEN) as sandbox:
        sandbox.rate(SHAWSHANK, 3, LONG_AGO)
        run = road.run(sandbox.url).run
        road.undo(sandbox.url, run.run_id)
        assert sandbox.stored() == {(Kind.MOVIE, f"imdb_id:{SHAWSHANK}"): (3, LONG_AGO)}


def test_shows_seasons_and_episodes_come_back(tmp_path: Path) -> None:
    road = Road.by("v2", tmp_path)
    road.write(f"{SOPRANOS},show,,,9", f"{SOPRANOS},season,1,,8", f"{SOPRANOS},episode,1,2,8",
               f"{SOPRANOS},season,2,,8", f"{SOPRANOS},episode,1,3,unrate",
               header="imdb_id,type,season,episode,rating")  # fmt: skip
    with running_sandbox(**OPEN) as sandbox:
        sandbox.rate(find_title(SOPRANOS, Kind.SEASON, 1), 2, LONG_AGO)
        sandbox.rate(find_title(SOPRANOS, Kind.EPISODE, 1, 3), 3, LONG_AGO + 1)
        before = sandbox.stored()
        run = road.run(sandbox.url).run
        assert road.statuses == ["rated"] * 4 + ["unrated"]
        road.undo(sandbox.url, run.run_id)
        assert sandbox.stored() == before
    assert sorted(road.statuses) == ["rated", "rated", "unrated", "unrated", "unrated"]


def test_what_somebody_changed_since_then_is_left_alone(road: Road) -> None:
    road.write(f"{SHAWSHANK},9", f"{GODFATHER},8", f"{KNIGHT},unrate", f"{TWELVE},5")
    with running_sandbox(**OPEN) as sandbox:
        sandbox.rate(GODFATHER, 2, LONG_AGO)
        sandbox.rate(KNIGHT, 6, LONG_AGO)
        run = road.run(sandbox.url).run
        sandbox.rate(SHAWSHANK, 4, LONG_AGO + 5)
        sandbox.unrate(GODFATHER)
        sandbox.rate(KNIGHT, 7, LONG_AGO + 6)
        since = sandbox.stored()
        del since[Kind.MOVIE, f"imdb_id:{TWELVE}"]
        road.undo(sandbox.url, run.run_id)
        assert sandbox.stored() == since
    lines = [(line["status"], line["reason"]) for line in road.read_results()]
    assert lines == [("kept", "changed_since")] * 3 + [("unrated", "")]


def test_what_somebody_has_brought_back_already_is_unchanged(road: Road) -> None:
    road.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
    with running_sandbox(**OPEN) as sandbox:
        sandbox.rate(SHAWSHANK, 3)
        run = road.run(sandbox.url).run
        sandbox.rate(SHAWSHANK, 3, LONG_AGO)
        sandbox.unrate(GODFATHER)
        since = sandbox.stored()
        road.undo(sandbox.url, run.run_id)
        assert sandbox.stored() == since
    assert [line["reason"] for line in road.read_results()] == ["already_rated", "nothing_to_remove"]


def test_force_undoes_it_all_the_same(road: Road) -> None:
    road.write(f"{SHAWSHANK},9", f"{GODFATHER},8", f"{KNIGHT},unrate")
    with running_sandbox(**OPEN) as sandbox:
        sandbox.rate(KNIGHT, 6, LONG_AGO)
        sandbox.rate(GODFATHER, 2, LONG_AGO)
        before = sandbox.stored()
        run = road.run(sandbox.url).run
        sandbox.rate(SHAWSHANK, 4)
        sandbox.rate(GODFATHER, 5)
        sandbox.rate(KNIGHT, 7)
        road.undo(sandbox.url, run.run_id, force=True)
        assert as_it_should_be(road, sandbox.stored()) == as_it_should_be(road, before)
    assert road.statuses == ["unrated", "rated", "rated"]


def test_an_undo_is_undone_like_any_run(road: Road) -> None:
    road.write(f"{SHAWSHANK},9,2020-01-01", f"{GODFATHER},8,2020-01-01", f"{KNIGHT},unrate,",
               header="imdb_id,rating,rated_at")  # fmt: skip
    with running_sandbox(**OPEN) as sandbox:
        sandbox.rate(SHAWSHANK, 3, LONG_AGO)
        sandbox.rate(KNIGHT, 6, LONG_AGO)
        first = road.run(sandbox.url).run
        after_the_run = sandbox.stored()
        second = road.undo(sandbox.url, first.run_id).run
        road.undo(sandbox.url, second.run_id)
        assert as_it_should_be(road, sandbox.stored()) == as_it_should_be(road, after_the_run)


def test_a_run_undone_twice_is_undone_once(road: Road) -> None:
    road.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
    with running_sandbox(**OPEN) as sandbox:
        sandbox.rate(SHAWSHANK, 3, LONG_AGO)
        run = road.run(sandbox.url).run
        road.undo(sandbox.url, run.run_id)
        once, requests = sandbox.stored(), sandbox.count_sent_rows()
        report = road.undo(sandbox.url, run.run_id)
        assert sandbox.stored() == once
        assert sandbox.count_sent_rows() == requests
    assert all(tally.status.is_success for tally in report.tallies)


def test_a_run_after_its_undo_brings_everything_again(road: Road) -> None:
    road.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
    with running_sandbox(**OPEN) as sandbox:
        sandbox.rate(SHAWSHANK, 3)
        run = road.run(sandbox.url).run
        road.undo(sandbox.url, run.run_id)
        again = road.run(sandbox.url).run
        assert again.run_id != run.run_id
        assert sandbox.stored_movies() == {SHAWSHANK: 9, GODFATHER: 8}
    assert road.statuses == ["rated", "rated"]


def test_a_stopped_run_is_undone_as_far_as_it_came(road: Road) -> None:
    road.write(f"{SHAWSHANK},9", f"{GODFATHER},8", f"{KNIGHT},7")
    with running_sandbox(**OPEN) as sandbox:
        sandbox.rate(SHAWSHANK, 3, LONG_AGO)
        before = sandbox.stored()
        stopped = road.run(sandbox.url, limit=2)
        assert isinstance(stopped.stopped_by, StopRunError)
        road.undo(sandbox.url, stopped.run.run_id)
        assert as_it_should_be(road, sandbox.stored()) == as_it_should_be(road, before)
    assert [line["row"] for line in road.read_results()] == ["1", "2"]


def test_an_undo_that_was_stopped_goes_on(road: Road) -> None:
    road.write(f"{SHAWSHANK},9", f"{GODFATHER},8", f"{KNIGHT},7")
    with running_sandbox(**OPEN) as sandbox:
        run = road.run(sandbox.url).run
        first = road.undo(sandbox.url, run.run_id, limit=1)
        second = road.undo(sandbox.url, run.run_id)
        assert second.run.run_id == first.run.run_id
        assert sandbox.stored() == {}
    assert road.statuses == ["unrated"] * 3


def test_rows_that_changed_nothing_are_not_undone(road: Road) -> None:
    road.write(f"{SHAWSHANK},9", f"{SHAWSHANK},8", "tt9999999,5", f"{GODFATHER},11", f"{KNIGHT},unrate")
    options = OPEN | {"any_title": False}
    with running_sandbox(**options) as sandbox:
        sandbox.rate(SHAWSHANK, 8)
        run = road.run(sandbox.url).run
        requests = sandbox.count_sent_rows()
        road.undo(sandbox.url, run.run_id)
        assert sandbox.count_sent_rows() == requests
    assert road.read_results() == []


def test_what_stood_there_must_be_known(road: Road) -> None:
    road.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
    with running_sandbox("read:404@1", "read:404@2", **OPEN) as sandbox:
        sandbox.rate(SHAWSHANK, 3)
        run = road.run(sandbox.url, verify=False, on_conflict=OnConflict.OVERWRITE).run
        after = sandbox.stored()
        report = road.undo(sandbox.url, run.run_id)
        assert sandbox.stored() == after
    lines = [(line["status"], line["reason"]) for line in road.read_results()]
    assert lines == [("unsupported", "previous_unknown")] * 2
    assert not any(tally.status.is_success for tally in report.tallies)


def test_an_undo_for_another_account_is_refused(road: Road, tmp_path: Path) -> None:
    road.write(f"{SHAWSHANK},9")
    with running_sandbox(**OPEN) as sandbox:
        run = road.run(sandbox.url).run
        given_undo = ChangesOfRun(road.find_run(run.run_id))
        target = open_api(road.build_destination(sandbox.url))
        with (
            Journal(tmp_path / "journals", "another") as another,
            pytest.raises(UsageError, match="was for another account"),
            given_undo.open(Opening(target, another, Unattended(), road.results)),
        ):
            pass


def test_a_dry_run_of_an_undo_says_what_would_be_sent(road: Road) -> None:
    road.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
    with running_sandbox(**OPEN) as sandbox:
        sandbox.rate(SHAWSHANK, 3)
        run = road.run(sandbox.url).run
        after = sandbox.stored()
        road.undo(sandbox.url, run.run_id, dry_run=True)
        assert sandbox.stored() == after
    lines = [(line["status"], line["rating"]) for line in road.read_results()]
    assert lines == [("not_sent", "3"), ("not_sent", "unrate")]
    assert [line["message"] for line in road.read_results()] == ["would be restored", "would be removed"]


def test_a_dry_run_of_an_undo_says_what_would_be_left_alone(road: Road) -> None:
    road.write(f"{SHAWSHANK},9", f"{GODFATHER},8", f"{KNIGHT},7")
    with running_sandbox(**OPEN) as sandbox:
        sandbox.rate(SHAWSHANK, 3)
        run = road.run(sandbox.url).run
        sandbox.rate(GODFATHER, 5)
        requests = sandbox.count_sent_rows()
        road.undo(sandbox.url, run.run_id, dry_run=True)
        assert sandbox.count_sent_rows() == requests
    lines = [line["message"].partition(":")[0] for line in road.read_results()]
    assert lines == ["would be restored", "left alone", "would be removed"]
    assert [run.run_id for run in road.list_runs()] == [run.run_id]


@pytest.mark.parametrize("second", [5, 3, "unrate"])
def test_the_older_of_two_runs_is_undone_second(road: Road, second: int | str) -> None:
    """Undone first, its rating would come back with the undo of the newer one, and stay."""
    with running_sandbox(**OPEN) as sandbox:
        sandbox.rate(SHAWSHANK, 3, LONG_AGO)
        before = sandbox.stored()
        road.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
        older = road.run(sandbox.url).run
        road.write(f"{SHAWSHANK},{second}")
        newer = road.run(sandbox.url, on_conflict=OnConflict.OVERWRITE).run
        now = sandbox.stored_movies()
        road.undo(sandbox.url, older.run_id)
        left, removed = road.read_results()
        assert left["message"].startswith(f"left alone: changed by run {newer.run_id}; undo that first")
        assert (left["status"], removed["status"]) == ("kept", "unrated")
        del now[GODFATHER]
        assert sandbox.stored_movies() == now
        assert (road.find_run(older.run_id).undone_in_part, road.find_run(newer.run_id).undone_by) == (
            True, None)  # fmt: skip
        road.undo(sandbox.url, newer.run_id)
        assert sandbox.stored_movies() == {SHAWSHANK: 9}
        road.undo(sandbox.url, older.run_id)
        assert as_it_should_be(road, sandbox.stored()) == as_it_should_be(road, before)
    assert not road.find_run(older.run_id).undone_in_part


def test_several_runs_are_undone_from_the_newest_to_the_oldest(road: Road) -> None:
    with running_sandbox(**OPEN) as sandbox:
        sandbox.rate(SHAWSHANK, 3, LONG_AGO)
        before = sandbox.stored()
        runs = []
        for rating in (9, 5, 3, 7):
            road.write(f"{SHAWSHANK},{rating}")
            runs.append(road.run(sandbox.url, on_conflict=OnConflict.OVERWRITE).run)
        road.undo(sandbox.url, runs.pop().run_id)
        wanted = list_to_undo(road.find_run(runs[0].run_id))
        assert [run.run_id for run in wanted] == [run.run_id for run in reversed(runs)]
        for run in wanted:
            road.undo(sandbox.url, run.run_id)
        assert as_it_should_be(road, sandbox.stored()) == as_it_should_be(road, before)
        assert list_to_undo(road.find_run(runs[0].run_id)) == []


def test_what_an_undo_has_brought_back_is_no_later_change(road: Road) -> None:
    """Neither of the run itself, redone and undone again, nor of one that came after it."""
    with running_sandbox(**OPEN) as sandbox:
        road.write(f"{SHAWSHANK},9")
        older = road.run(sandbox.url).run
        road.write(f"{SHAWSHANK},5")
        newer = road.run(sandbox.url, on_conflict=OnConflict.OVERWRITE).run
        road.undo(sandbox.url, newer.run_id)
        undo = road.undo(sandbox.url, older.run_id).run
        assert sandbox.stored() == {}
        road.undo(sandbox.url, undo.run_id)
        assert sandbox.stored_movies() == {SHAWSHANK: 9}
        assert road.find_run(older.run_id).undone_by is None
        road.undo(sandbox.url, older.run_id)
        assert sandbox.stored() == {}


TITLES: Mapping[str, Title] = {
    f"{SHAWSHANK},,movie,,": find_title(SHAWSHANK),
    ",238,movie,,": find_title(GODFATHER),
    f"{GODFATHER},,movie,,": find_title(GODFATHER),
    f"{KNIGHT},,movie,,": find_title(KNIGHT),
    f"{SOPRANOS},,show,,": find_title(SOPRANOS, Kind.SHOW),
    f"{SOPRANOS},,season,1,": find_title(SOPRANOS, Kind.SEASON, 1),
    f"{SOPRANOS},,episode,1,1": find_title(SOPRANOS, Kind.EPISODE, 1, 1),
    f"{SOPRANOS},,episode,1,2": find_title(SOPRANOS, Kind.EPISODE, 1, 2),
    "tt9999999,,movie,,": find_title("tt9999999"),
}
RATED_TITLES = sorted({title.key: title for title in TITLES.values()}.values(), key=lambda title: title.key)

accounts = st.dictionaries(
    st.integers(0, len(RATED_TITLES) - 2), st.tuples(st.integers(1, 10), st.integers(1_000_000_000, LONG_AGO))
)
rows = st.lists(
    st.tuples(
        st.sampled_from(sorted(TITLES)),
        st.sampled_from(["1", "2", "9", "10", "unrate", "soon"]),
        st.sampled_from(["", "2020-02-02", "2021-03-04T05:06:07Z"]),
    ),
    max_size=8,
)


@pytest.mark.parametrize("way", WAYS)
def test_a_run_and_its_undo_leave_the_account_as_it_was(way: str) -> None:
    @settings(max_examples=30)
    @given(account=accounts, rows=rows, limit=st.sampled_from([None, None, 1, 3]))
    def check(
        account: Mapping[int, tuple[int, int]], rows: Sequence[tuple[str, str, str]], limit: int | None
    ) -> None:
        options = OPEN | {"any_title": False}
        with tempfile.TemporaryDirectory() as folder, running_sandbox(**options) as sandbox:
            road = Road.by(way, Path(folder))
            for number, (rating, rated_at) in account.items():
                sandbox.rate(RATED_TITLES[number], rating, rated_at)
            before = sandbox.stored()
            road.write(*map(",".join, rows), header="imdb_id,tmdb_id,type,season,episode,rating,rated_at")
            run = road.run(sandbox.url, limit=limit).run
            report = road.undo(sandbox.url, run.run_id)
            assert report.stopped_by is None
            assert as_it_should_be(road, sandbox.stored()) == as_it_should_be(road, before)

    check()
