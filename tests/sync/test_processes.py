"""A sync job's process that cannot tell how it ended: whoever started it does."""

import json
import sys
from pathlib import Path

import pytest

from importer.monitoring.log import open_log
from importer.sync.processes import Children
from tests.command import build_command, write

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and scripts of a shell")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMPORTER_CONFIG_FILE", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").touch(mode=0o600)
    monkeypatch.setenv("IMPORTER_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def write_python(folder: Path, script: str) -> str:
    """Write what stands in Python's place."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return str(path)


async def test_a_process_that_is_killed_is_told_of_everywhere(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "executable", write_python(tmp_path, "kill -KILL $$"))
    children = Children(["--quiet"], open_log(as_json=True), print, print, tmp_path / "x.prom")
    assert await children.run("nightly") == 3
    ended = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (ended["event"], ended["level"], ended["job"]) == ("run_ended", "error", "nightly")
    assert "ended by SIGKILL" in ended["stopped"]
    health = json.loads((state / "health/nightly.json").read_text())
    assert (health["exit_code"], health["consecutive_failures"]) == (3, 1)
    assert 'last_run_exit_code{job="nightly"} 3.0' in (tmp_path / "x.prom").read_text()


async def test_a_process_that_cannot_be_started_is_told_of_as_well(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone"))
    assert await Children([], open_log(as_json=False), print, print).run("nightly") == 3
    said = capsys.readouterr().err
    assert said == "importer: nightly: its process could not be started (No such file or directory)\n"
    assert json.loads((state / "health/nightly.json").read_text())["exit_code"] == 3


async def test_a_process_that_ended_by_itself_has_told_already(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "executable", write_python(tmp_path, "exit 1"))
    assert await Children([], open_log(as_json=False), print, print).run("nightly") == 1
    assert capsys.readouterr().err == ""
    assert not (state / "health").exists()


@pytest.mark.parametrize("words", [("shelf",), ("shelf", "--dry-run"), ()])
def test_an_error_names_its_job_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    importer = build_command(tmp_path, monkeypatch, capfd, {}, secrets=())
    job = 'source = "gone.csv"\nto = "sandbox"\n'
    write(tmp_path / "config.toml", f"[jobs.shelf]\n{job}[jobs.other]\n{job}")
    code, _, err = importer("sync", *words)
    assert code == 2
    (line,) = [line for line in err.splitlines() if "shelf" in line]
    assert line.count("shelf") == 1
    assert line.startswith("importer: shelf: " if words else "shelf | importer: ")
