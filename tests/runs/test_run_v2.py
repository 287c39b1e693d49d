"""The road to today's Trakt API: a thousand rows, whatever the server does."""

from collections import Counter
from pathlib import Path

import pytest

from importer.client.sign_in import AccountInfo
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


@pytest.mark.parametrize("cap", [0, 1, 50, 150, 400, 999])
@pytest.mark.parametrize("workers", [1, 4])
def test_a_nearly_full_account_is_filled_to_its_last_place(road: Road, cap: int, workers: int) -> None:
    with running_sandbox(**OPEN, rating_cap=cap) as sandbox:
        report = road.run(sandbox.url, workers=workers)
        assert len(sandbox.stored_movies()) == cap
        refused = sandbox.list_statuses("sync/ratings").count(420)
    assert isinstance(report.stopped_by, AccountLimitError)
    assert Counter(road.statuses) == Counter({Status.RATED: cap, Status.NOT_SENT: ROWS - cap}) - Counter()
    assert refused <= 8 * workers  # 100, 50, 25, 13, 7, 4, 2, 1
    if workers == 1:
        assert road.statuses == [Status.RATED] * cap + [Status.NOT_SENT] * (ROWS - cap)


@pytest.mark.parametrize(
    ("cap", "workers", "held", "counted", "stated", "most_refused"),
    [
        (50, 1, 0, 0, None, 2),  # the whole batch, and the first row of what is left
        (150, 1, 100, 100, None, 2),
        (150, 1, 100, 100, 150, 2),
        (250, 4, 0, 0, None, 12),
        (0, 1, 0, 0, 0, 2),
        (150, 1, 100, 0, None, 2),  # the count lags; the list shows 100
        (150, 1, 100, 140, None, 9),  # counted too much: so the row that is tried alone is taken
        (150, 1, 100, 300, None, 9),
    ],
)
def test_a_batch_is_cut_to_the_room_that_is_left(
    road: Road, cap: int, workers: int, held: int, counted: int, stated: int | None, most_refused: int
) -> None:
    road.account_info = AccountInfo("ada", False, counted, None, stated or 10_000, stated is not None)
    with running_sandbox(**OPEN, rating_cap=cap) as sandbox:
        for row in range(held):
            sandbox.rate(f"tt{80_000_000 + row}", 5)
        report = road.run(sandbox.url, workers=workers)
        assert len(sandbox.stored_movies()) == cap
        refused = sandbox.list_statuses("sync/ratings").count(420)
    assert isinstance(report.stopped_by, AccountLimitError)
    assert Counter(road.statuses)[Status.RATED] == cap - held
    assert refused <= most_refused


def test_without_a_limit_in_the_refusal_that_of_the_settings_counts(road: Road) -> None:
    road.account_info = AccountInfo("ada", False, 0, None, 150, is_cap_stated=True)
    with running_sandbox("420@2", **OPEN) as sandbox:
        assert road.run(sandbox.url, workers=1).all_succeeded  # whatever the settings say: it was room enough
        sent = [each.rows for each in sandbox.requests("sync/ratings") if each.method == "POST"]
    assert sent[0] == 100
    assert sent[2:5] == [50, 1, 49]


def test_a_full_account_still_takes_changes_and_what_removals_make_room_for(road: Road) -> None:
    header = "imdb_id,rating,rated_at"
    held = [f"tt{row:07},8,2020-01-01" for row in range(1, 11)]
    new = [f"tt{row:07},8,2020-01-01" for row in range(101, 111)]
    changed = [f"tt{row:07},9,2024-01-01" for row in range(1, 6)]
    removed = [f"tt{row:07},unrate," for row in range(6, 9)]
    with running_sandbox(**OPEN, rating_cap=10) as sandbox:
        road.write(*held, header=header)
        assert road.run(sandbox.url).all_succeeded
        road.write(*new, *changed, *removed, header=header)
        report = road.run(sandbox.url, workers=1)
        assert len(sandbox.stored_movies()) == 10
    assert isinstance(report.stopped_by, AccountLimitError)
    assert road.statuses == ["rated"] * 3 + ["not_sent"] * 7 + ["rated"] * 5 + ["unrated"] * 3


def test_when_there_is_room_again_the_same_command_goes_on(road: Road) -> None:
    road.write(*(f"tt{row:07},8" for row in range(1, 21)))
    others = [f"tt{row:07}" for row in range(101, 111)]
    with running_sandbox(**OPEN, rating_cap=25) as sandbox:
        for imdb_id in others:
            sandbox.rate(imdb_id, 5)
        assert isinstance(road.run(sandbox.url).stopped_by, AccountLimitError)
        assert len(sandbox.stored_movies()) == 25
        for imdb_id in others:
            sandbox.unrate(imdb_id)
        assert road.run(sandbox.url).all_succeeded
        assert len(sandbox.stored_movies()) == 20


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
