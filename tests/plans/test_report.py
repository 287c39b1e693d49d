"""What people and programs read of a plan."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from importer.errors import ResultsNotWrittenError
from importer.plans.model import PLAN_COLUMNS, Action
from importer.plans.report import Plan, build_plan, print_json, write_plan
from importer.runs.results_csv import STANDARD_OUTPUT


def line(number: int, action: str, **cells: object) -> Sequence[object]:
    values: dict[str, object] = dict.fromkeys(PLAN_COLUMNS)
    return tuple((values | {"row": number, "line": number + 1, "action": Action(action), **cells}).values())


def plan(*lines: Sequence[object], seconds: float = 0.0) -> Plan:
    found = Plan("ratings.csv", "trakt", "demo", ["comma separated"], requests=13, seconds=seconds)
    assert list(found.counted(lines)) == list(lines)
    return found


def test_counts_examples_and_effort() -> None:
    found = plan(
        *(line(number, "add", title="New", message="add 9") for number in range(1, 1201)),
        *(line(number, "change", title="Heat", message="change 7 -> 9") for number in range(1201, 1208)),
        line(1208, "remove", line=0, title="Gone", message="remove 7"),
        line(1209, "invalid", message="line 1210, column rating: 11"),
        seconds=95,
    )
    assert build_plan(found, Path("plan.csv")).splitlines() == [
        "Plan: ratings.csv to trakt (demo)",
        "  comma separated",
        "",
        "  1,200  add      not rated there yet",
        "      7  change   has another rating there",
        "      1  remove   to be removed, since the file does not rate it",
        "      1  invalid  the row cannot be understood as a rating",
        "",
        "  change:",
        *(f"    line {number}, Heat: change 7 -> 9" for number in range(1202, 1207)),
        "    and 2 more",
        "",
        "  remove:",
        "    not in the file, Gone: remove 7",
        "",
        "  invalid:",
        "    line 1210: column rating: 11",
        "",
        "To send: 1,208 rows in about 13 requests, at least 1 min 35 s.",
        "Written to plan.csv.",
    ]
    assert found.rows_to_send == 1208
    assert not found.is_fine


def test_a_plan_without_anything_to_do() -> None:
    found = plan(line(1, "same"))
    assert build_plan(found, Path("plan.csv")).splitlines()[-1] == "Nothing to send."
    assert found.is_fine


def test_on_standard_output_no_file_is_named() -> None:
    assert build_plan(plan(line(1, "add")), STANDARD_OUTPUT).splitlines()[-1] == (
        "To send: 1 row in about 13 requests."
    )


def test_foreign_texts_do_not_reach_the_terminal() -> None:
    shown = build_plan(
        plan(line(1, "change", title="\x1b[31mRed\n", message="\x1b]0;x\x07")), Path("plan.csv")
    )
    assert "\x1b" not in shown
    assert "line 2, Red:" in shown


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_json(rows: int) -> None:
    lines = [line(number, "add", title='"Heat"', to=9) for number in range(1, rows + 1)]
    stream = io.StringIO()
    print_json(plan(*lines, seconds=1.5), lines, Path("plan.csv"), stream)
    found = json.loads(stream.getvalue())
    assert found["rows"] == [dict(zip(PLAN_COLUMNS, cells, strict=True)) for cells in lines]
    assert found["actions"] == ({"add": rows} if rows else {})
    assert (found["requests"], found["seconds"], found["plan"]) == (13, 1.5, "plan.csv")


def test_the_file_is_whole_and_safe_to_open(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    write_plan(path, [line(1, "add", title="=1+1", message="add 9", account="+demo")])
    with path.open(newline="", encoding="utf-8") as file:
        (cells,) = csv.DictReader(file)
    assert list(cells) == list(PLAN_COLUMNS)
    assert (cells["title"], cells["account"], cells["action"], cells["year"]) == (
        "'=1+1",
        "'+demo",
        "add",
        "",
    )


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ResultsNotWrittenError):
        write_plan(tmp_path / "nowhere" / "plan.csv", [])
