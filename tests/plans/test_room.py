"""Which rows will not fit into a nearly full account is said before anything is sent."""

import json
from pathlib import Path

import pytest

from importer.client.sign_in import AccountInfo
from importer.errors import AccountLimitError
from importer.plans.make import made_plan
from importer.plans.report import Plan, build_plan
from importer.runs.room import Room
from importer.runs.rules import RunRules
from tests.plans.planned_road import PlannedRoad
from tests.road import OPEN, Server, running_sandbox

pytestmark = pytest.mark.usefixtures("time_enough")

CAP = 8


@pytest.fixture
def road(tmp_path: Path) -> PlannedRoad:
    """A file that changes two of six ratings and has five new titles."""
    road = PlannedRoad(tmp_path, is_v2=True)
    road.account_info = AccountInfo("ada", False, 6, None, CAP, is_cap_stated=True)
    new = [f"tt{row:07},8" for row in range(11, 16)]
    road.write("tt0000001,9", new[0], "tt0000002,9", *new[1:])
    return road


def fill(sandbox: Server, count: int = 6) -> None:
    for row in range(1, count + 1):
        sandbox.rate(f"tt{row:07}", 5, 1_600_000_000)


def make_plan(road: PlannedRoad, sandbox: Server) -> tuple[Plan, str]:
    with (
        road.open_run(sandbox.url, road.source, RunRules.for_plan(), results=road.plan_file) as run,
        made_plan(run) as (plan, _),
    ):
        return plan, build_plan(plan, road.plan_file)


def test_a_plan_says_which_rows_will_not_fit(road: PlannedRoad) -> None:
    with running_sandbox(**OPEN, rating_cap=CAP) as sandbox:
        fill(sandbox)
        plan, text = make_plan(road, sandbox)
        lines = road.read_plan()
        report = road.send_plan(sandbox.url, workers=1)
    assert isinstance(plan.room, Room)
    assert (plan.room.rating_count, plan.room.count_afterwards, plan.room.cap, plan.room.left_out) == (
        6,
        11,
        CAP,
        3,
    )
    assert not plan.is_fine
    assert [line["reason"] for line in lines] == [""] * 4 + ["no_room"] * 3
    assert lines[-1]["message"] == "add 8; the account has no room for it"
    assert "The account has 6 ratings of 8; then 11.\n3 new titles will not fit: the last ones" in text
    # The plan is sent in full all the same: there may be room by then. What was foretold comes true.
    assert isinstance(report.stopped_by, AccountLimitError)
    assert road.statuses == ["rated"] * 4 + ["not_sent"] * 3


def test_where_the_limit_is_only_usual_a_plan_says_may(road: PlannedRoad) -> None:
    road.account_info = AccountInfo("ada", False, 6, None, CAP)
    with running_sandbox(**OPEN) as sandbox:
        fill(sandbox)
        plan, text = make_plan(road, sandbox)
    assert plan.is_fine
    assert road.read_plan()[-1]["message"] == "add 8; the account may have no room for it"
    assert "3 new titles may not fit" in text


def test_a_row_that_does_not_fit_may_be_taken_out_of_the_plan(road: PlannedRoad) -> None:
    with running_sandbox(**OPEN, rating_cap=CAP) as sandbox:
        fill(sandbox)
        make_plan(road, sandbox)
        road.edit_plan(
            lambda lines: [
                line | ({"action": "skipped"} if line["reason"] == "no_room" else {}) for line in lines
            ]
        )
        assert road.send_plan(sandbox.url).stopped_by is None
    assert road.statuses == ["rated"] * 4 + ["skipped"] * 3
    last = road.read_results()[-1]
    assert (last["reason"], last["message"]) == ("taken_out", "not sent, as the plan says")


def test_a_plan_as_json_has_the_room(road: PlannedRoad, capsys: pytest.CaptureFixture[str]) -> None:
    with running_sandbox(**OPEN, rating_cap=CAP) as sandbox:
        fill(sandbox)
        assert road.plan(sandbox.url, as_json=True) == 1
    assert json.loads(capsys.readouterr().out)["room"] == {
        "rating_count": 6,
        "rating_count_afterwards": 11,
        "limit": CAP,
        "limit_stated": True,
        "left_out": 3,
        "first_line_left_out": 6,
        "compared": True,
    }


def test_a_plan_of_which_nothing_fits_is_not_told_to_be_sent(road: PlannedRoad) -> None:
    road.account_info = AccountInfo("ada", False, CAP, None, CAP, is_cap_stated=True)
    road.write("tt0000011,8", "tt0000012,8")
    with running_sandbox(**OPEN, rating_cap=CAP) as sandbox:
        fill(sandbox, CAP)
        plan, _ = make_plan(road, sandbox)
    assert plan.is_hopeless


def test_a_dry_run_says_how_many_may_not_fit(road: PlannedRoad) -> None:
    """It does not read the account, so that all of its rows may be new there."""
    with running_sandbox(**OPEN, rating_cap=CAP) as sandbox:
        report = road.run(sandbox.url, dry_run=True)
        assert sandbox.requests("sync/") == []
    assert isinstance(report.room, Room)
    assert (report.room.left_out, report.room.is_compared) == (5, False)
    assert report.room.first_left_out is not None
    assert report.room.first_left_out.line == 4
    assert "Up to 5 new titles may not fit: the last ones in the file, from line 4 at the earliest." in (
        " ".join(report.notes)
    )


def test_a_dry_run_for_which_there_is_room_says_nothing_of_it(road: PlannedRoad) -> None:
    road.account_info = AccountInfo("ada", False, 6, None, 100, is_cap_stated=True)
    with running_sandbox(**OPEN) as sandbox:
        report = road.run(sandbox.url, dry_run=True)
    assert report.room is not None
    assert not report.room.left_out
    assert not any("account" in note for note in report.notes)


def test_a_report_has_the_room_as_the_run_found_it(road: PlannedRoad) -> None:
    with running_sandbox(**OPEN, rating_cap=CAP) as sandbox:
        fill(sandbox)
        report = road.run(sandbox.url)
    assert report.room is not None
    assert (report.room.rating_count, report.room.left_out) == (6, 3)
