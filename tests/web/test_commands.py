"""Commands as processes of their own: told from killed ones, found by another server, stopped by it."""

import errno
import json
import os
import signal
from pathlib import Path

import pytest

from importer.errors import UsageError
from importer.web import commands
from importer.web.commands import Command

pytestmark = pytest.mark.skipif(os.name != "posix", reason="elsewhere only the own children are known")


def sandbox(folder: Path) -> Command:
    """A command that stays until it is stopped."""
    command = Command(folder, "sandbox")
    command.start("sandbox")
    while not (folder / "said/sandbox.out").read_text("utf-8"):
        assert command.is_running
    return command


def test_what_a_command_says_is_kept(tmp_path: Path, places: Path) -> None:
    command = Command(tmp_path, "look")
    assert (command.was_started, command.is_running, command.read().has_ended) == (False, False, False)
    (tmp_path / "x.csv").write_text("Const,Your Rating,Title Type\ntt0000417,9,Movie\n", "utf-8")
    command.start("inspect", "x.csv", "--json")
    command.wait()
    said = command.read()
    assert said.has_ended
    assert said.output is not None
    assert said.output["would_be_sent"] == 1
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "said").iterdir()} == {0o600}


def test_what_went_wrong_is_said(tmp_path: Path, places: Path) -> None:
    command = Command(tmp_path, "look")
    command.start("inspect", "missing.csv", "--json")
    command.wait()
    assert "missing.csv" in command.read().problem
    command.start("plan", "missing.csv", "--to", "sandbox", "--log-format", "json")
    command.wait()
    said = command.read()
    assert "missing.csv" in said.problem
    assert said.end["exit_code"] == 2


def test_a_command_is_begun_once_at_a_time(tmp_path: Path, places: Path) -> None:
    command = sandbox(tmp_path)
    with pytest.raises(UsageError):
        command.start("sandbox")
    command.stop()
    command.wait()
    assert not command.is_running


def test_another_server_finds_it_and_stops_it(tmp_path: Path, places: Path) -> None:
    command = sandbox(tmp_path)
    child = commands._started.pop(tmp_path / "said/sandbox.log")
    found = Command(tmp_path, "sandbox")
    was_running = found.is_running
    found.stop()
    child.wait()
    assert (was_running, found.is_running, command.is_running) == (True, False, False)


def test_a_killed_command_does_not_run_and_its_number_is_not_killed_again(
    tmp_path: Path, places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = sandbox(tmp_path)
    os.kill(command.facts["pid"], signal.SIGKILL)
    command.wait()
    killed: list[object] = []
    monkeypatch.setattr(os, "kill", lambda *given: killed.append(given))
    command.stop()
    assert killed == []  # another process may have the number now
    said = command.read()
    assert (said.has_ended, said.end) == (True, {})


def test_of_a_long_log_the_first_and_the_last_lines_are_read(tmp_path: Path) -> None:
    (tmp_path / "said").mkdir()
    lines = [json.dumps({"event": "progress", "done": number}) for number in range(50_000)]
    (tmp_path / "said/run.log").write_text("\n".join([json.dumps({"event": "run_started"}), *lines]), "utf-8")
    said = Command(tmp_path, "run").read()
    assert said.last("run_started")
    assert said.last("progress")["done"] == 49_999
    assert len(said.lines) < 4_000


def test_what_cannot_be_written_down_is_not_begun(
    tmp_path: Path, places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Command(tmp_path, "runs")
    command.start("runs")
    command.wait()

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(commands, "write_privately", fail)
    with pytest.raises(OSError, match="space"):
        command.start("runs")
    assert not command.is_running
    assert not command.was_started
    assert command.facts == {}
