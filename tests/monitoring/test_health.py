"""The health files: what the last run of each job was, and how long things have gone wrong."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from importer.errors import UnreachableError
from importer.monitoring.health import note_next_run, read_health, read_job, write_health
from importer.monitoring.run_end import build_failed_start
from tests.monitoring.builders import BEGAN_AT, build_end

USUAL = {
    "job": "nightly",
    "run_id": "",
    "ended_at": "2026-03-01T03:00:02+00:00",
    "seconds": 1.0,
    "exit_code": 0,
    "consecutive_failures": 0,
    "last_success_at": None,
    "next_run_at": None,
    "counts": {},
}


def test_a_good_run_is_written_whole(tmp_path: Path) -> None:
    assert write_health(tmp_path / "health", build_end()) is None
    note_next_run(tmp_path / "health", "nightly", BEGAN_AT + timedelta(hours=6))
    assert json.loads((tmp_path / "health/nightly.json").read_text()) == {
        "job": "nightly",
        "run_id": "20260301-030000-abcd",
        "ended_at": "2026-03-01T03:00:02+00:00",
        "seconds": 2.0,
        "exit_code": 0,
        "consecutive_failures": 0,
        "last_success_at": "2026-03-01T03:00:02+00:00",
        "next_run_at": "2026-03-01T09:00:00+00:00",
        "counts": {"rated": 25, "unchanged": 9975},
        "told": {},
        "reason": "",
        "unreachable_since": None,
        "switched_off": False,
    }
    assert [health.job for health in read_health(tmp_path / "health")] == ["nightly"]
    assert [path.name for path in (tmp_path / "health").iterdir()] == ["nightly.json"]


def test_failures_are_counted_until_a_run_goes_well(tmp_path: Path) -> None:
    counted = []
    for exit_code in (1, 3, 2, 0, 1):
        write_health(tmp_path, build_end(exit_code))
        counted += [health.consecutive_failures for health in read_health(tmp_path)]
    assert counted == [1, 2, 3, 0, 1]


def test_a_sync_that_tried_nothing_is_no_other_failure(tmp_path: Path) -> None:
    write_health(tmp_path, build_end(1))
    write_health(tmp_path, build_end(1, run_id=""))  # nothing changed, and the rows are as they were
    assert [health.consecutive_failures for health in read_health(tmp_path)] == [1]
    write_health(tmp_path, build_end(3, run_id="", stopped="the settings are wrong"))
    assert [health.consecutive_failures for health in read_health(tmp_path)] == [2]


def test_a_daemon_that_leaves_takes_its_promise_back(tmp_path: Path) -> None:
    write_health(tmp_path, build_end())
    note_next_run(tmp_path, "nightly", BEGAN_AT)
    note_next_run(tmp_path, "nightly", None)
    assert [health.next_run_at for health in read_health(tmp_path)] == [None]


def test_the_last_good_run_is_remembered_through_bad_ones(tmp_path: Path) -> None:
    later = BEGAN_AT + timedelta(days=1)
    write_health(tmp_path, build_end())
    (good,) = read_health(tmp_path)
    assert write_health(tmp_path, build_end(3, began_at=later, ended_at=later, stopped="no answer")) == good
    (bad,) = read_health(tmp_path)
    assert bad.last_success_at == good.ended_at
    assert bad.ended_at == later.isoformat()


def test_since_when_a_server_cannot_be_reached(tmp_path: Path) -> None:
    error = UnreachableError("Trakt cannot be reached")
    for hours in range(3):
        moment = BEGAN_AT + timedelta(hours=hours)
        write_health(tmp_path, build_failed_start("nightly", error, began_at=moment, ended_at=moment))
    health = read_job(tmp_path, "nightly")
    assert health is not None
    assert health.unreachable_since == BEGAN_AT.isoformat()
    write_health(tmp_path, build_end(3, stopped="not signed in"))
    assert [each.unreachable_since for each in read_health(tmp_path)] == [None]


def test_a_file_of_an_older_version_is_understood(tmp_path: Path) -> None:
    assert "unreachable_since" not in USUAL
    (tmp_path / "nightly.json").write_text(json.dumps(USUAL))
    assert [health.unreachable_since for health in read_health(tmp_path)] == [None]


@pytest.mark.parametrize("name", ["../up", "a/b", "..", "Ä ö", "nightly.json", "%2F"])
def test_any_name_of_a_job_becomes_a_file_in_the_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "health"
    write_health(folder, build_end(job=name))
    write_health(folder, build_end(1, job=name))
    assert [health.job for health in read_health(folder)] == [name]
    assert [path.name for path in tmp_path.iterdir()] == ["health"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[1]",
        json.dumps(USUAL | {"counts": {"eaten": 1}}),
        json.dumps(USUAL | {"counts": [1]}),
        json.dumps(USUAL | {"consecutive_failures": "1"}),
        json.dumps(USUAL | {"ended_at": "soon"}),
        json.dumps(USUAL | {"unreachable_since": "yesterday"}),
        "not JSON",
        '{"job": "nightly"}',
    ],
)
def test_a_damaged_file_is_left_out_and_begun_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / "nightly.json").write_text(text)
    assert read_health(tmp_path) == []
    note_next_run(tmp_path, "nightly", BEGAN_AT)
    assert write_health(tmp_path, build_end(1)) is None
    assert [health.consecutive_failures for health in read_health(tmp_path)] == [1]


def test_no_folder_has_no_jobs(tmp_path: Path) -> None:
    assert read_health(tmp_path / "none") == []
