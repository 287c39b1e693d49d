"""`importer prune` as people type it: it asks, it says what it did, and leaves alone what is in use."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from importer.cli.app import app
from importer.errors import StopRunError, UsageError
from importer.journal import Journal
from importer.journal.history import list_runs
from tests.journal.test_prune import RATED, add_run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMPORTER_STATE_DIR", str(tmp_path))
    return tmp_path / "journals"


def run(*words: str, **more: Any) -> Result:
    return CliRunner().invoke(app, ["prune", *words], **more)


def fill(folder: Path, account: str, runs: int) -> None:
    with Journal(folder, account) as journal:
        for _ in range(runs):
            add_run(journal, *[RATED] * 400)


def test_without_runs_there_is_nothing_to_remove(folder: Path) -> None:
    assert run().stdout == "There is nothing to remove.\n"
    fill(folder, "demo", 6)
    assert run().stdout == "There is nothing to remove.\n"  # fifty may stay


def test_it_says_what_went_from_which_account_and_how_much_room_there_is(folder: Path) -> None:
    fill(folder, "one", 8)
    fill(folder, "two", 6)
    fill(folder, "three", 5)
    done = run("--keep", "5", "--yes")
    assert done.exit_code == 0
    one, two = done.stdout.splitlines()
    assert one.startswith("one: removed 3 runs with 1,200 rows, ")
    assert two.startswith("two: removed 1 run with 400 rows, ")
    assert " MB freed" in one
    assert len(list_runs(folder)) == 15


def test_a_dry_run_removes_nothing(folder: Path) -> None:
    fill(folder, "demo", 7)
    assert run("--keep", "5", "--dry-run").stdout.startswith("demo: would remove 2 runs with 800 rows, ")
    assert len(list_runs(folder)) == 7


def test_nothing_is_removed_where_nobody_can_be_asked(folder: Path) -> None:
    fill(folder, "demo", 7)
    done = run("--keep", "5")
    assert isinstance(done.exception, UsageError)
    assert "--yes" in str(done.exception)
    assert len(list_runs(folder)) == 7


@pytest.mark.parametrize(("answer", "left"), [("y\n", 5), ("n\n", 7)])
def test_a_person_is_asked(folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str, left: int) -> None:
    monkeypatch.setattr("importer.cli.prune._can_ask", lambda: True)
    fill(folder, "demo", 7)
    done = run("--keep", "5", input=answer)
    assert "would remove 2 runs" in done.stdout
    assert isinstance(done.exception, StopRunError) == (left == 7)
    assert len(list_runs(folder)) == left


def test_younger_runs_stay(folder: Path) -> None:
    fill(folder, "demo", 7)
    assert run("--keep", "5", "--older-than", "180d", "--yes").stdout == "There is nothing to remove.\n"


@pytest.mark.parametrize("span", ["", "0d", "-3d", "d", "1y", "3", "1.5h", "9999999d", "9" * 5000 + "d"])
def test_an_odd_span_is_refused(folder: Path, span: str) -> None:
    done = run("--older-than", span)
    assert isinstance(done.exception, UsageError)
    assert "--older-than" in str(done.exception)


def test_a_journal_in_use_is_left_and_the_others_are_pruned(folder: Path) -> None:
    fill(folder, "busy", 6)
    fill(folder, "idle", 6)
    with Journal(folder, "busy"):
        done = run("--keep", "5", "--yes")
    assert isinstance(done.exception, StopRunError)
    assert done.stdout.startswith("idle: removed 1 run")
    assert "busy: in use by a run" in done.stderr
    assert len(list_runs(folder)) == 11


def test_the_holder_of_a_journal_is_still_told_after_a_prune_was_refused(folder: Path) -> None:
    fill(folder, "busy", 6)
    with Journal(folder, "busy"):
        run("--keep", "5", "--yes")
        assert json.loads((folder / "busy.holder.json").read_text())["pid"]
