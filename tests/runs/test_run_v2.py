"""The road to today's Trakt API: a thousand rows, whatever the server does."""

from pathlib import Path

import pytest

from importer.errors import AccountLimitError
from importer.model import Status
from tests.road import Road, SandboxTokens, running_sandbox

ROWS = 1000
OPEN = {"any_title": True, "post_rate": None, "auto_approve": True, "device_interval": 0}


@pytest.fixture
def road(tmp_path: Path) -> Road:
    road = Road(tmp_path, is_v2=True)
    road.write(*(f"tt{90_000_000 + row},{row % 10 + 1}" for row in range(ROWS)))
    return road


@pytest.mark.parametrize(
    "fault",
    [
        "502/5",
        "html429@3:retry-after=4",
        "reset@2",
        "reset-after@2",
        "hang=90s@4",
        "413@1",
        "500@2-4",
        "truncate@5",
    ],
)
def test_after_a_fault_all_rows_are_stored(road: Road, fault: str) -> None:
    with running_sandbox(fault, **OPEN) as sandbox:
        report = road.run(sandbox.url)
        assert len(sandbox.stored_movies()) == ROWS
    assert report.stopped_by is None
    assert set(road.statuses) == {Status.RATED}


def test_clean_rows_need_a_request_for_each_hundred(road: Road) -> None:
    with running_sandbox(**OPEN) as sandbox:
        road.run(sandbox.url)
        assert sandbox.list_statuses("sync/ratings") == [201] * 10


def test_a_token_that_ends_in_the_middle_is_renewed_once(road: Road) -> None:
    before = SandboxTokens.renewals
    with running_sandbox("expire@5", **OPEN) as sandbox:
        report = road.run(sandbox.url)
        assert len(sandbox.stored_movies()) == ROWS
    assert report.stopped_by is None
    assert SandboxTokens.renewals - before == 1


def test_a_full_account_stops_the_run_at_once(road: Road) -> None:
    with running_sandbox(**OPEN, rating_cap=400) as sandbox:
        report = road.run(sandbox.url, workers=1)
        assert sandbox.list_statuses("sync/ratings") == [201] * 4 + [420]
    assert isinstance(report.stopped_by, AccountLimitError)
    assert road.statuses == [Status.RATED] * 400 + [Status.NOT_SENT] * 600


def test_one_bad_row_never_fails_its_neighbours(road: Road, tmp_path: Path) -> None:
    road.write(*(f"tt{90_000_000 + row},8" for row in range(99)), "tt9999999,8")
    with running_sandbox(**(OPEN | {"any_title": False})) as sandbox:
        road.write("tt0111161,8", "tt9999999,7", "tt0068646,8", "tt9999998,8")
        road.run(sandbox.url)
        assert sandbox.stored_movies() == {"tt0111161": 8, "tt0068646": 8}
    assert road.statuses == ["rated", "not_found", "rated", "not_found"]


def test_not_found_without_ids_is_found_out(road: Road) -> None:
    road.write("tt0111161,8", "tt9999999,8", "tt0068646,8", "tt0468569,9")
    with running_sandbox(**(OPEN | {"any_title": False, "not_found_ids": False})) as sandbox:
        road.run(sandbox.url)
        assert len(sandbox.stored_movies()) == 3
    assert road.statuses == ["rated", "not_found", "rated", "rated"]


def test_what_a_crash_left_unanswered_is_read_back(road: Road, tmp_path: Path) -> None:
    road.write("tt0111161,8,2020-05-01", "tt0068646,7,2020-05-02", header="imdb_id,rating,rated_at")
    (tmp_path / "other").mkdir()
    other = Road(tmp_path / "other", is_v2=True)
    other.write("tt0111161,8,2020-05-01", header="imdb_id,rating,rated_at")
    with running_sandbox(**OPEN) as sandbox:
        other.run(sandbox.url)  # what the crashed run had sent, unknown to its journal
        road.crash_after_marking_rows()
        report = road.run(sandbox.url)
        assert sandbox.list_statuses("sync/ratings") == [201, 201]
        assert sandbox.stored_movies() == {"tt0111161": 8, "tt0068646": 7}
    assert report.run.continued
    assert [row["reason"] for row in road.read_results()] == ["verified", ""]
    assert road.statuses == ["rated", "rated"]
