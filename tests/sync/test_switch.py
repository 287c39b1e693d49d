"""Sync jobs that are switched off: what runs them, and what tells so."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from importer.monitoring.health import note_next_run, read_job
from importer.monitoring.metrics import write_metrics
from importer.monitoring.switches import is_off, list_off, switch_off, switch_on
from importer.sync.daemon import Daemon
from tests.command import Importer, build_command, write

JOB = 'source = "shelf.csv"\nto = "sandbox"\napi = "v2"\n'
SHELF = "imdb_id,type,rating\ntt0111161,movie,8\n"


@pytest.fixture
def importer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Importer:
    found = build_command(tmp_path, monkeypatch, capsys, {}, secrets=())
    write(tmp_path / "config.toml", f"[jobs.shelf]\n{JOB}\n[jobs.other]\n{JOB}")
    write(tmp_path / "shelf.csv", SHELF)
    return found


@pytest.fixture
def health(tmp_path: Path, importer: Importer) -> Path:
    """The health folder, after a good run of the job `shelf`."""
    assert importer("sync", "shelf")[0] == 0
    [folder] = {path.parent for path in tmp_path.rglob("shelf.json") if path.parent.name == "health"}
    return folder


def status_of(importer: Importer, name: str) -> dict[str, object]:
    _, out, _ = importer("status", "--json")
    [found] = [job for job in json.loads(out)["jobs"] if job["job"] == name]
    return dict(found)


def samples(folder: Path, health: Path) -> set[str]:
    write_metrics(folder / "jobs.prom", health)
    lines = (folder / "jobs.prom").read_text().splitlines()
    return {line for line in lines if not line.startswith("#")}


def test_a_sync_of_all_jobs_leaves_it_out_and_says_so(importer: Importer, health: Path) -> None:
    before = read_job(health, "shelf")
    assert importer("sync", "shelf", "--off")[0] == 0
    code, out, err = importer("sync")
    assert code == 0
    assert "shelf is switched off and was not run" in out + err
    after = read_job(health, "shelf")
    assert before is not None
    assert after is not None
    assert (after.run_id, after.ended_at, after.last_success_at) == (
        before.run_id,
        before.ended_at,
        before.last_success_at,
    )
    assert read_job(health, "other") is not None


def test_who_names_it_runs_it_unless_a_scheduler_does(importer: Importer, tmp_path: Path) -> None:
    importer("sync", "shelf", "--off")
    code, out, err = importer("sync", "shelf", "--scheduled")
    assert code == 0
    assert "was not run" in out + err
    assert not list(tmp_path.rglob("shelf.json"))
    code, out, err = importer("sync", "shelf")
    assert code == 0
    assert "shelf is switched off; it runs since it is named" in out + err
    assert list(tmp_path.rglob("health/shelf.json"))


def test_a_job_that_is_on_again_says_nothing_and_runs(importer: Importer, health: Path) -> None:
    importer("sync", "shelf", "--off")
    importer("sync", "shelf", "--on")
    _, out, err = importer("sync", "shelf", "--scheduled")
    assert "switched off" not in out + err
    assert list_off(health) == []


def test_status_list_and_health_tell_it(importer: Importer, health: Path) -> None:
    note_next_run(health, "shelf", datetime.fromisoformat("2030-01-02T03:04:00+00:00"))
    _, out, _ = importer("sync", "shelf", "--off")
    assert "switched off" in out
    assert "switched off" in importer("sync", "--list")[1]
    assert "switched off" in importer("status")[1]
    job = status_of(importer, "shelf")
    assert (job["is_switched_off"], job["next_run_at"]) == (True, None)
    assert status_of(importer, "other")["is_switched_off"] is False
    told = json.loads((health / "shelf.json").read_text())
    assert (told["switched_off"], told["next_run_at"]) == (True, None)
    importer("sync", "shelf")
    assert json.loads((health / "shelf.json").read_text())["switched_off"] is True
    importer("sync", "shelf", "--on")
    assert json.loads((health / "shelf.json").read_text())["switched_off"] is False


def test_in_metrics_it_is_neither_overdue_nor_a_success(
    importer: Importer, health: Path, tmp_path: Path
) -> None:
    assert 'rating_importer_last_run_exit_code{job="shelf"} 0.0' in samples(tmp_path, health)
    importer("sync", "shelf", "other", "--off")
    assert samples(tmp_path, health) == {
        'rating_importer_switched_off{job="shelf"} 1.0',
        'rating_importer_switched_off{job="other"} 1.0',
    }
    importer("sync", "shelf", "--on", "--metrics", str(tmp_path / "now.prom"))
    told = (tmp_path / "now.prom").read_text()
    assert 'rating_importer_switched_off{job="shelf"} 0.0' in told
    assert 'rating_importer_last_run_exit_code{job="shelf"} 0.0' in told


def test_a_switch_needs_a_name_that_there_is(importer: Importer, tmp_path: Path) -> None:
    assert importer("sync", "--off")[0] == 2
    assert importer("sync", "shelv", "--off")[0] == 2
    assert not list(tmp_path.rglob("*.off"))


def test_the_files_of_a_scheduler_heed_it(importer: Importer) -> None:
    assert "sync shelf --scheduled" in importer("schedule", "shelf", "--cron")[1]


NAMES = ["nightly@simkl", "nightly@trakt.ada", "nightly@mdblist", "shelf"]


def off(folder: Path) -> list[str]:
    return [name for name in NAMES if is_off(folder, name)]


def test_a_section_is_switched_with_all_of_its_destinations(tmp_path: Path) -> None:
    switch_off(tmp_path, "nightly")
    assert off(tmp_path) == NAMES[:3]
    assert is_off(tmp_path, "nightly@new")  # which somebody adds later
    switch_on(tmp_path, "nightly", NAMES)
    assert off(tmp_path) == []


def test_one_destination_is_switched_alone(tmp_path: Path) -> None:
    switch_off(tmp_path, "nightly@simkl")
    assert off(tmp_path) == ["nightly@simkl"]
    switch_off(tmp_path, "nightly")
    switch_on(tmp_path, "nightly@mdblist", NAMES)
    assert off(tmp_path) == ["nightly@simkl", "nightly@trakt.ada"]
    switch_on(tmp_path, "nightly", NAMES)
    assert off(tmp_path) == []


def test_a_daemon_asks_at_each_run(importer: Importer, health: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    importer("sync", "shelf", "--off")
    begun: list[bool] = []

    async def one_round(daemon: Daemon) -> None:
        end = await daemon._begin("shelf")
        begun.append(not end.is_off)
        daemon._ended("shelf", end, datetime.fromisoformat("2030-01-02T03:04:00+00:00"))

    monkeypatch.setattr(Daemon, "run", one_round)
    importer("sync", "--every", "6h")
    assert begun == [False]
    told = read_job(health, "shelf")
    assert told is not None
    assert told.next_run_at is None
