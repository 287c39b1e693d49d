"""`importer fleet`: accounts are added, looked at and mended; no secret is ever shown."""

import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from importer.errors import UsageError
from importer.fleet.bringing import Brought, FleetOptions
from importer.fleet.depot import Claim, Ending
from importer.fleet.folder_depot import FolderDepot
from importer.fleet.saved import pack
from importer.fleet.undoing import leave_alone
from importer.fleet.worker import Worker, open_worker
from importer.model import RESULT_COLUMNS
from tests.command import Importer, build_command

SECRETS = ("A70KEN", "B70KEN")


@pytest.fixture
def importer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Importer:
    app = {"TRAKT_CLIENT_ID": "c", "TRAKT_CLIENT_SECRET": "s"}
    return build_command(tmp_path, monkeypatch, capsys, app, secrets=SECRETS)


@pytest.fixture
def fleet(importer: Importer, tmp_path: Path) -> Importer:
    (tmp_path / "ada.csv").write_text("imdb_id,type,title,rating\ntt0111161,movie,Heat,9\ntt1,movie,Up,11\n")
    (tmp_path / "accounts.csv").write_text(
        "name,source,access_token\nada,ada.csv,A70KEN\nbob,ada.csv,B70KEN\n"
    )
    code, out, err = importer("fleet", "add", str(tmp_path / "accounts.csv"))
    assert (code, err) == (0, "")
    assert out.startswith("2 accounts added.\n")
    assert "still has their sign-ins in clear" in out
    return importer


@pytest.fixture
def depot(fleet: Importer, tmp_path: Path) -> Iterator[FolderDepot]:
    with FolderDepot(tmp_path / "state" / "fleet") as depot:
        yield depot


@pytest.fixture
def imported(
    fleet: Importer, depot: FolderDepot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Importer:
    """The fleet after a turn of ada, whose ratings went into a file: that needs no server."""
    claim = depot.claim("ada", 30)
    assert isinstance(claim, Claim)
    own = tmp_path / "own"
    with monkeypatch.context() as patch:
        patch.setenv("IMPORTER_STATE_DIR", str(own))
        fleet("run", str(tmp_path / "ada.csv"), "--to", "csv-file", "--write-to", str(tmp_path / "up.csv"))
    depot.finish(claim.lease, pack(own), Ending(1, 3600, "", "r", {"rated": 1, "invalid": 1}))
    return fleet


def test_a_fleet_without_accounts_says_what_to_type(importer: Importer) -> None:
    assert importer("fleet", "status")[:2] == (
        0,
        "The fleet has no account. Next: importer fleet add accounts.csv\n",
    )


def test_the_status_counts_accounts_by_state(imported: Importer, depot: FolderDepot) -> None:
    bob = depot.claim("bob", 30)
    assert isinstance(bob, Claim)
    depot.set_aside(bob.lease, "its worker died 3 times")
    code, out, _ = imported("fleet", "status")

    assert code == 0
    lines = {line.split("  ")[0]: line for line in out.splitlines()}
    assert lines["waiting"].split()[1] == "1"
    assert lines["set aside"].split()[2] == "1"
    assert "rows of the last imports: 1 rated, 1 invalid" in out
    assert lines["bob"].split("  ")[-1] == "its worker died 3 times"

    told = json.loads(imported("fleet", "status", "--json")[1])
    assert told["accounts"] == {"due": 0, "running": 0, "waiting": 1, "signed_out": 0, "set_aside": 1}
    assert [each["account"] for each in told["waiting_for_people"]] == ["bob"]
    assert [each["account"] for each in told["failed"]] == ["ada"]
    assert lines["ada"].split("  ")[-1] == "1 rated, 1 invalid"
    assert "\nRow by row: " in out
    assert out.endswith("fleet results ada\n")

    assert imported("fleet", "resume", "bob")[:2] == (0, "bob is due.\n")
    told = json.loads(imported("fleet", "status", "--json")[1])
    assert told["accounts"]["due"] == 1


def test_a_lost_key_is_told_by_the_status_and_ends_every_command(fleet: Importer, tmp_path: Path) -> None:
    key = tmp_path / "state" / "fleet" / "fleet.key"
    key.unlink()
    told = f"{key} is missing, the key that opens the sign-ins of the fleet. Put the right one back, or add"
    assert told in fleet("fleet", "status")[1]
    assert told in json.loads(fleet("fleet", "status", "--json")[1])["problem"]
    for command in (["run"], ["run", "--processes", "1"], ["serve"], ["undo", "ada", "last"]):
        code, out, err = fleet("fleet", *command)
        assert (code, out) == (2, "")
        assert told in err
        assert not key.exists()


def test_an_account_is_shown_with_its_runs(imported: Importer, tmp_path: Path) -> None:
    code, out, _ = imported("fleet", "show", "ada")
    assert code == 0
    assert out.startswith("ada: waiting, not due yet\n")
    assert f"  source = {tmp_path / 'ada.csv'}\n" in out
    assert "exit code 1: 1 rated, 1 invalid" in out
    assert "ada.csv  1 rated, 1 invalid" in out

    told = json.loads(imported("fleet", "show", "ada", "--json")[1])
    assert (told["account"], told["last"]["exit_code"]) == ("ada", 1)
    assert imported("fleet", "show", "bob")[0] == 0


def test_results_are_those_of_the_saved_journal(imported: Importer, tmp_path: Path) -> None:
    out = tmp_path / "mine.csv"
    found = imported("fleet", "results", "ada", "--out", str(out))
    assert found[0] == 0, found[2]
    lines = out.read_text().splitlines()
    assert lines[0] == ",".join(RESULT_COLUMNS)
    assert [line.split(",")[2] for line in lines[1:]] == ["rated", "invalid"]
    assert imported("fleet", "results", "ada")[1].splitlines() == lines


def test_the_journal_is_a_file_that_sqlite_opens(imported: Importer, tmp_path: Path) -> None:
    out = tmp_path / "ada.sqlite3"
    assert imported("fleet", "journal", "ada", "--out", str(out))[0] == 0
    with closing(sqlite3.connect(out)) as database:
        assert database.execute("SELECT count(*) FROM run").fetchone() == (1,)

    code, _, err = imported("fleet", "journal", "ada", "--out", str(out))
    assert code == 2
    assert "it exists already, and is left as it is" in err


@pytest.mark.parametrize("command", ["results", "journal --out x.sqlite3"])
def test_an_account_that_never_ran_has_no_results(fleet: Importer, command: str) -> None:
    name, *options = command.split()
    code, _, err = fleet("fleet", name, "ada", *options)
    assert code == 2
    assert err.startswith("importer: ada: ")


@pytest.mark.parametrize("command", ["show", "results", "journal --out x.sqlite3", "resume", "remove"])
def test_an_unknown_account_is_told(fleet: Importer, command: str) -> None:
    name, *options = command.split()
    code, _, err = fleet("fleet", name, "cyd", *options)
    assert code == 2
    assert "cyd: the fleet has no account of this name" in err


def test_an_account_is_forgotten_only_on_purpose(imported: Importer) -> None:
    code, _, err = imported("fleet", "remove", "ada")
    assert code == 2
    assert "type the same command with --yes" in err
    assert imported("fleet", "remove", "ada", "--yes")[:2] == (0, "ada is forgotten.\n")
    assert imported("fleet", "show", "ada")[0] == 2


@pytest.fixture
def sent(importer: Importer, tmp_path: Path) -> Importer:
    """A fleet whose ada has had a turn: 15 ratings are at a sandbox of hers."""
    lines = [f"tt{number:07},{number % 10 + 1},movie" for number in range(1, 16)]
    (tmp_path / "ada.csv").write_text("\n".join(["imdb_id,rating,type", *lines]) + "\n")
    (tmp_path / "accounts.csv").write_text("name,source,to,any_title\nada,ada.csv,sandbox,true\n")
    assert importer("fleet", "add", "accounts.csv")[0] == 0
    with open_worker(FleetOptions()) as (worker, _):
        assert worker.bring("ada").exit_code == 0
    return importer


def _show(importer: Importer) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(importer("fleet", "show", "ada", "--json")[1])
    return found


def test_an_undo_of_many_rows_is_told_in_figures(sent: Importer) -> None:
    run_id = _show(sent)["last"]["run"]
    code, _, err = sent("fleet", "undo", "ada", "last")
    assert code == 2
    assert f"before run {run_id} of ada.csv (15 rated)" in err
    assert _show(sent)["state"] == "waiting", "nobody said yes"

    code, out, err = sent("fleet", "undo", "ada", "last", "--yes")
    assert (code, err) == (0, "")
    assert out.startswith(f"ada: run {run_id} is undone: 15 removed\nIt is imported again after ")
    assert _show(sent)["note"] == f"its run {run_id} was undone"
    out = sent("fleet", "show", "ada")[1]
    assert out.startswith(f"ada: set aside, for its run {run_id} was undone. `")


def test_what_cannot_be_undone_is_told_and_leaves_the_account_as_it_was(sent: Importer) -> None:
    code, _, err = sent("fleet", "undo", "ada", "9999", "--yes")
    assert code == 2
    assert "importer: ada: there is no run '9999'. `" in err
    assert "fleet show ada` lists its runs" in err
    assert _show(sent)["state"] == "waiting"


def test_an_account_that_was_set_aside_can_be_undone_further(sent: Importer) -> None:
    sent("fleet", "undo", "ada", "last", "--yes")
    undo_id = _show(sent)["last"]["run"]
    code, _, err = sent("fleet", "undo", "ada", "last", "--yes")
    assert code == 2
    assert f"is undone already, by {undo_id}. To redo what it did: `" in err
    assert "importer fleet undo ada" in err

    code, out, _ = sent("fleet", "undo", "ada", undo_id, "--yes")
    assert code == 0
    assert out.startswith(f"ada: run {undo_id} is undone: 15 restored\n")
    assert _show(sent)["state"] == "set_aside"


def test_an_undo_that_is_interrupted_is_not_brought_back_by_the_next_turn(
    sent: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = _show(sent)["last"]["run"]

    def interrupt(*_: object, **__: object) -> Brought:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Worker, "bring", interrupt)
        assert sent("fleet", "undo", "ada", "last", "--yes")[0] == 3
    assert _show(sent)["note"] == f"the undo of its run {run_id} has not ended; the same command goes on"
    assert sent("fleet", "undo", "ada", "last", "--yes")[1].startswith(f"ada: run {run_id} is undone: 15 rem")


@pytest.mark.parametrize(("is_aside", "state"), [(False, "due"), (True, "set_aside")])
def test_an_undo_that_changes_nothing_leaves_the_account_as_it_was(
    sent: Importer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_aside: bool, state: str
) -> None:
    if is_aside:
        with FolderDepot(tmp_path / "state" / "fleet") as depot:
            leave_alone(depot, "ada", "its worker died", 30)

    def refuse(*_: object, **__: object) -> None:
        raise UsageError("not now")

    monkeypatch.setattr("importer.fleet.undoing.open_run", refuse)
    code, out, _ = sent("fleet", "undo", "ada", "last", "--yes")
    told = "It is set aside: its worker died\n" if is_aside else ""
    assert (code, out) == (2, f"ada: its settings or its file must change: not now\n{told}")
    assert _show(sent)["state"] == state
    assert _show(sent)["note"] == ("its worker died" if is_aside else None)


def test_after_an_unexpected_error_in_an_undo_the_account_stays_set_aside(
    sent: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("a mistake in the program")

    monkeypatch.setattr("importer.fleet.undoing.open_run", fail)
    code, out, _ = sent("fleet", "undo", "ada", "last", "--yes")
    assert code == 1
    assert out.startswith("ada: rows did not succeed: an unexpected error (ValueError)\n")
    assert "a mistake in the program" not in out
    assert out.endswith(" has not ended; the same command goes on\n")
    assert _show(sent)["state"] == "set_aside"


def test_what_an_undo_leaves_alone_is_told(sent: Importer, tmp_path: Path) -> None:
    first = _show(sent)["last"]["run"]
    lines = (tmp_path / "ada.csv").read_text().splitlines()
    changed = [line if number > 3 else line.replace(",2,", ",9,") for number, line in enumerate(lines)]
    (tmp_path / "ada.csv").write_text("\n".join(changed) + "\n")
    sent("fleet", "resume", "ada")
    with open_worker(FleetOptions()) as (worker, _):
        assert worker.bring("ada").exit_code == 0
    assert _show(sent)["last"]["counts"] == {"rated": 1, "unchanged": 14}

    code, out, _ = sent("fleet", "undo", "ada", first, "--yes")
    assert code == 0
    head, why, _ = out.splitlines()
    assert head.startswith(f"ada: run {first} is undone in part: ")
    assert {"1 left alone", "14 removed"} == set(head.rpartition(": ")[2].split(", "))
    assert "says why of each row. With --force also those" in why
    assert _show(sent)["note"] == f"its run {first} was undone in part"
    assert sent("fleet", "undo", "ada", first, "--yes", "--force")[1].startswith(
        f"ada: run {first} is undone: 1 removed\n"
    )


@pytest.mark.parametrize("answer", ["n\n", "y\n"])
def test_an_undo_asks_at_a_terminal(sent: Importer, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    terminal = io.StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    code, out, err = sent("fleet", "undo", "ada", "last")
    assert "(15 rated). Do it?" in err
    assert (code, "15 removed" in out) == ((0, True) if answer == "y\n" else (3, False))
