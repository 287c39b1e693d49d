"""The health files: what the last run of each job was, and how long things have gone wrong."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from importer.operations.health import read_health, write_health
from tests.operations.builders import BEGAN_AT, build_end


def test_a_good_run_is_written_whole(tmp_path: Path) -> None:
    next_run_at = BEGAN_AT + timedelta(hours=6)
    health, before = write_health(tmp_path / "health", build_end(), next_run_at)
    assert before is None
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
    }
    assert read_health(tmp_path / "health") == [health]
    assert [path.name for path in (tmp_path / "health").iterdir()] == ["nightly.json"]


def test_failures_are_counted_until_a_run_goes_well(tmp_path: Path) -> None:
    counted = [write_health(tmp_path, build_end(code))[0].consecutive_failures for code in (1, 3, 2, 0, 1)]
    assert counted == [1, 2, 3, 0, 1]


def test_the_last_good_run_is_remembered_through_bad_ones(tmp_path: Path) -> None:
    later = BEGAN_AT + timedelta(days=1)
    good, _ = write_health(tmp_path, build_end())
    bad, before = write_health(tmp_path, build_end(3, began_at=later, ended_at=later, stopped="no answer"))
    assert before == good
    assert bad.last_success_at == good.ended_at
    assert bad.ended_at == later.isoformat()


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
        "not JSON",
        '{"job": "nightly"}',
        (
            '{"job": "nightly", "run_id": "", "ended_at": "soon", "seconds": 1, "exit_code": 0,'
            ' "consecutive_failures": 0, "last_success_at": null, "next_run_at": null, "counts": {}}'
        ),
    ],
)
def test_a_damaged_file_is_left_out_and_begun_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / "nightly.json").write_text(text)
    assert read_health(tmp_path) == []
    _, before = write_health(tmp_path, build_end(1))
    assert before is None
    assert [health.consecutive_failures for health in read_health(tmp_path)] == [1]


def test_no_folder_has_no_jobs(tmp_path: Path) -> None:
    assert read_health(tmp_path / "none") == []
