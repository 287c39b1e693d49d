"""Lists of ratings that are not as their headers say: nothing is overwritten or removed that they hide."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from importer.errors import StopRunError
from importer.runs.conflicts import OnConflict
from importer.sandbox.catalogue import Kind
from tests.plans.planned_road import PlannedRoad
from tests.road import OPEN, Road, Server, running_sandbox

pytestmark = pytest.mark.usefixtures("time_enough")

RATINGS = 629
LONG_AGO, LATELY = 1_409_562_611, 1_717_232_400  # 2014-09-01, 2024-06-01
IDS = [f"tt{number:07}" for number in range(1, RATINGS + 1)]
MORE = [f"tt{number:07}" for number in range(1001, 1021)]

READ_TO_THE_END: Sequence[dict[str, Any]] = (
    {},
    {"counted_ratings": 500},
    {"counted_ratings": 100},
    {"page_headers": False},
    {"short_page": 2},
    {"short_page": 2, "counted_ratings": 250},
    {"short_page": 3, "counted_ratings": 500},
    {"short_page": 2, "page_headers": False},
    {"page_limit": 100},
    {"page_limit": 100, "counted_ratings": 100},
    {"page_limit": 100, "page_headers": False},
    {"sync_listing": False},
    {"sync_listing": False, "counted_ratings": 500},
)
NOT_BELIEVED: Sequence[tuple[str, dict[str, Any]]] = (
    ("read:same-page@2-", {}),
    ("read:overlap@2-", {}),
    ("read:empty-list@1-", {}),
    ("read:same-page@2-", {"page_headers": False}),
    ("read:overlap@2-", {"page_limit": 100, "page_headers": False}),
    ("read:null-ratings@1-", {}),
    ("read:503@1000", {"counted_extra": 1}),  # never; the count lags after a removal
)


def name_situation(value: object) -> str:
    pairs = value.items() if isinstance(value, dict) else ((value, ""),)
    return " ".join(f"{name}={each}".rstrip("=") for name, each in pairs) or "as it should be"


@pytest.fixture
def road(tmp_path: Path) -> Road:
    return Road.by("v2", tmp_path)


def fill(sandbox: Server, ids: Sequence[str] = IDS) -> None:
    """Rate every title as its owner, in June 2024."""
    for number, imdb_id in enumerate(ids):
        sandbox.rate(imdb_id, 8, LATELY + number)


def write_older(road: Road, ids: Sequence[str] = IDS) -> None:
    """A file that rates the same titles otherwise, and earlier."""
    road.write(*(f"{imdb_id},3,2014-09-01" for imdb_id in ids), header="imdb_id,rating,rated_at")


@pytest.mark.parametrize("options", READ_TO_THE_END, ids=name_situation)
class TestReadToTheEnd:
    def test_nothing_newer_is_overwritten(self, road: Road, options: dict[str, Any]) -> None:
        write_older(road, [*IDS, *MORE])
        with running_sandbox(**OPEN, **options) as sandbox:
            fill(sandbox)
            before = sandbox.stored()
            report = road.run(sandbox.url)
            assert before.items() <= sandbox.stored().items()
            assert sandbox.count_sent_rows() == len(MORE)
        assert report.stopped_by is None
        assert road.statuses == ["kept"] * RATINGS + ["rated"] * len(MORE)

    def test_a_plan_shows_conflicts(self, tmp_path: Path, options: dict[str, Any]) -> None:
        road = PlannedRoad(tmp_path, is_v2=True)
        write_older(road, [*IDS, *MORE])
        with running_sandbox(**OPEN, **options) as sandbox:
            fill(sandbox)
            road.plan(sandbox.url)
        assert road.actions == ["conflict"] * RATINGS + ["add"] * len(MORE)

    def test_an_undo_removes_nothing_that_was_there_before(self, road: Road, options: dict[str, Any]) -> None:
        write_older(road, [*IDS[::3], *MORE])
        with running_sandbox(**OPEN, **options) as sandbox:
            fill(sandbox)
            before = sandbox.stored()
            run = road.run(sandbox.url, on_conflict=OnConflict.OVERWRITE).run
            assert sandbox.stored() != before
            road.undo(sandbox.url, run.run_id)
            assert sandbox.stored() == before

    def test_what_is_held_is_unrated(self, road: Road, options: dict[str, Any]) -> None:
        road.write(*(f"{imdb_id},unrate" for imdb_id in [*IDS, *MORE]))
        with running_sandbox(**OPEN, **options) as sandbox:
            fill(sandbox)
            road.run(sandbox.url)
            assert sandbox.stored() == {}
        results = [(row["status"], row["reason"]) for row in road.read_results()]
        assert results == [("unrated", "")] * RATINGS + [("unchanged", "nothing_to_remove")] * len(MORE)


@pytest.mark.parametrize(("fault", "options"), NOT_BELIEVED, ids=name_situation)
class TestNotBelieved:
    def test_nothing_is_sent_where_something_newer_may_be_hidden(
        self, road: Road, fault: str, options: dict[str, Any]
    ) -> None:
        write_older(road)
        with running_sandbox(fault, **OPEN, **options) as sandbox:
            fill(sandbox)
            report = road.run(sandbox.url)
            assert sandbox.count_sent_rows() == 0
        assert "the list of movies" in str(report.stopped_by)
        assert "try the same command again after ten" in str(report.stopped_by)
        assert set(road.statuses) == {"not_sent"}

    def test_a_plan_is_refused(self, tmp_path: Path, fault: str, options: dict[str, Any]) -> None:
        road = PlannedRoad(tmp_path, is_v2=True)
        write_older(road)
        with running_sandbox(fault, **OPEN, **options) as sandbox:
            fill(sandbox)
            with pytest.raises(StopRunError, match="the list of movies"):
                road.plan(sandbox.url)

    def test_a_mirror_removes_nothing(self, road: Road, fault: str, options: dict[str, Any]) -> None:
        write_older(road, MORE)
        with running_sandbox(fault, **OPEN, **options) as sandbox:
            fill(sandbox)
            report = road.run(sandbox.url, mirror=True, on_conflict=OnConflict.OVERWRITE)
            assert len(sandbox.stored()) == RATINGS
        assert "the list of movies" in str(report.stopped_by)

    def test_a_row_that_unrates_is_not_told_that_nothing_is_held(
        self, road: Road, fault: str, options: dict[str, Any]
    ) -> None:
        road.write(*(f"{imdb_id},unrate" for imdb_id in IDS))
        with running_sandbox(fault, **OPEN, **options) as sandbox:
            fill(sandbox)
            road.run(sandbox.url)
            assert len(sandbox.stored()) == RATINGS
        assert set(road.statuses) == {"not_sent"}

    def test_what_is_overwritten_all_the_same_is_not_removed_by_an_undo(
        self, road: Road, fault: str, options: dict[str, Any]
    ) -> None:
        write_older(road)
        with running_sandbox(fault, **OPEN, **options) as sandbox:
            fill(sandbox)
            run = road.run(sandbox.url, on_conflict=OnConflict.OVERWRITE).run
            assert set(road.statuses) == {"rated"}
            road.undo(sandbox.url, run.run_id, force=True)
            assert len(sandbox.stored()) == RATINGS
        assert {row["reason"] for row in road.read_results()} == {"previous_unknown"}


@pytest.mark.parametrize(
    "fault", ["read:same-page@2", "read:overlap@2", "read:empty-list@1-3", "read:null-ratings@1"]
)
def test_a_list_that_contradicts_itself_once_is_read_again(road: Road, fault: str) -> None:
    write_older(road)
    with running_sandbox(fault, **OPEN) as sandbox:
        fill(sandbox)
        report = road.run(sandbox.url)
        assert sandbox.count_sent_rows() == 0
        assert sandbox.stored()[Kind.MOVIE, f"imdb_id:{IDS[0]}"] == (8, LATELY)
    assert report.stopped_by is None
    assert set(road.statuses) == {"kept"}


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_rows_that_are_counted_and_named_as_missing_are_looked_up(road: Road, rows: int) -> None:
    road.write(*(f"{each},9" for each in IDS[:rows]))
    with running_sandbox("rate:notfound-and-counted", **OPEN) as sandbox:
        road.run(sandbox.url)
        assert len(sandbox.stored()) == rows
    assert road.statuses == ["rated"] * rows
