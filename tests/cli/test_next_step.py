"""What a run names as the next command is what helps."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer

from importer.cli import app
from importer.cli.next_step import FOR_MATCH, FOR_RETRY, find_mending, find_next
from importer.errors import AccountLimitError, AuthorizationError, StopRunError
from importer.journal.results import Tally
from importer.model import Status
from importer.report.summary import Summary
from importer.titles.settings import index_file
from tests.command import forget_settings

DONE = Summary("run", "ratings.csv", "trakt (me)", [Tally(Status.RATED, "", 1, ())], 1, 1.0)


@pytest.fixture(autouse=True)
def typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IMPORTER_TYPED", raising=False)
    (tmp_path / "ratings.csv").touch()
    words = "importer run ratings.csv --map Score=rating --out r.csv --yes --base-url=http://x --love 9"
    monkeypatch.setattr(sys, "argv", words.split())


def missed(status: Status, reason: str = "") -> Summary:
    return replace(DONE, tallies=[Tally(status, reason, 1, ())], results=Path("r.csv"))


def next_words(summary: Summary, place: str = "trakt", stop: StopRunError | None = None) -> str:
    found = find_next(summary, stop, place)
    assert found is not None
    return found[0].partition("importer ")[2]


def test_nothing_is_left_to_do() -> None:
    assert find_next(DONE, None, "trakt") is None
    assert find_next(missed(Status.UNSUPPORTED, "video_game"), None, "trakt") is None
    assert find_next(replace(missed(Status.DUPLICATE), dry_run=True), None, "trakt") is None


def test_the_rows_of_an_undo_are_nobodys_to_correct() -> None:
    assert find_next(replace(missed(Status.NOT_FOUND), is_undo=True), None, "trakt") is None
    again = replace(missed(Status.FAILED, "http_500"), is_undo=True)
    assert next_words(again).startswith("run ratings.csv")  # what was typed


def test_rows_without_ids_are_looked_up_in_the_same_reading() -> None:
    found = next_words(missed(Status.UNSUPPORTED, "needs_id"), "sandbox")
    assert found == "match ratings.csv --to sandbox --map Score=rating --base-url=http://x"


def test_without_an_index_a_file_to_upload_needs_one_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    forget_settings(monkeypatch)
    monkeypatch.setenv("IMPORTER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(sys, "argv", ["importer", "run", "ratings.csv", "--to", "trakt-file"])
    found = find_next(missed(Status.UNSUPPORTED, "needs_id"), None, "trakt-file")
    assert found is not None
    assert found[0].endswith("importer titles update --download")
    assert "about 1 GB" in found[1]
    assert "then type the same command again" in found[1]
    index_file().parent.mkdir(mode=0o700)
    index_file().touch()
    assert next_words(missed(Status.UNSUPPORTED, "needs_id"), "trakt-file") == (
        "match ratings.csv --to trakt-file"
    )


def test_a_look_up_reads_the_same_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sys, "argv", ["importer", *["run", "ratings.csv", "--sheet", "Films", "--lists", "--limit", "3"]]
    )
    found = next_words(missed(Status.UNSUPPORTED, "needs_id"))
    assert found == "match ratings.csv --to trakt --sheet Films --lists"


def test_a_plan_is_nothing_to_look_titles_up_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "plan.csv").touch()
    monkeypatch.setattr(sys, "argv", ["importer", "run", "--plan", "plan.csv"])
    assert (
        find_next(replace(missed(Status.UNSUPPORTED, "needs_id"), source="plan.csv"), None, "trakt") is None
    )


def test_what_can_be_mended_is_mended_in_the_results() -> None:
    found = next_words(missed(Status.NOT_FOUND), "sandbox-v2")
    assert found == "retry --all r.csv --base-url=http://x --love 9"


def test_a_retry_keeps_to_what_was_said_of_the_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = "--timezone Europe/Berlin --on-conflict keep --date-time 09:00 --no-verify --workers 2 --guard=5"
    words = f"importer run ratings.csv --to trakt {kept} --resend-unconfirmed --limit 3 --yes"
    monkeypatch.setattr(sys, "argv", words.split())
    found = next_words(missed(Status.NOT_FOUND))
    assert found == f"retry --all r.csv {kept} --resend-unconfirmed"


def test_what_only_the_source_can_mend_is_mended_there(monkeypatch: pytest.MonkeyPatch) -> None:
    off_scale = missed(Status.INVALID, "off_scale")
    assert next_words(off_scale).startswith("run ratings.csv --map")
    monkeypatch.setattr(sys, "argv", ["importer", "retry", "--all", "r.csv"])
    assert find_next(off_scale, None, "trakt") is None


def test_the_rows_to_correct_are_named_and_only_these() -> None:
    """A video game cannot be corrected, and an invalid row is corrected where its message says."""
    tallies = [
        Tally(Status.UNSUPPORTED, "video_game", 1, ()),
        Tally(Status.NOT_FOUND, "not_found", 1, ()),
        Tally(Status.INVALID, "bad_rating", 1, ()),
    ]
    found = find_next(replace(missed(Status.INVALID), tallies=tallies), None, "trakt")
    assert found is not None
    assert found[0].partition("importer ")[2].startswith("run ratings.csv")
    assert found[1] == "correct the invalid and not found rows in ratings.csv, then"


@pytest.mark.parametrize(
    ("name", "flags"), [("retry", FOR_RETRY), ("match", FOR_MATCH)], ids=["retry", "match"]
)
def test_what_is_typed_again_is_an_option_of_the_command(name: str, flags: Mapping[str, bool]) -> None:
    command: Any = typer.main.get_command(app.app)
    _, found, _ = command.resolve_command(typer.Context(command), [name])
    options = {word for each in found.params for word in (*each.opts, *each.secondary_opts)}
    assert set(flags) <= options


def test_of_a_plan_invalid_rows_are_named_too() -> None:
    assert find_mending("ratings.csv", "trakt", without_ids=False, invalid=False) is None
    command, reason = find_mending("ratings.csv", "trakt", without_ids=False, invalid=True) or ("", "")
    assert command.partition("importer ")[2].startswith(
        "run ratings.csv --map Score=rating"
    )  # what was typed
    assert reason == "correct the invalid rows in ratings.csv, then plan again"
    command, reason = find_mending("ratings.csv", "trakt", without_ids=True, invalid=True) or ("", "")
    assert command.partition("importer ")[2].startswith("match ratings.csv")
    assert reason.startswith("correct the invalid rows in ratings.csv, and ")


def test_invalid_rows_are_named_beside_those_without_ids() -> None:
    tallies = [Tally(Status.UNSUPPORTED, "needs_id", 1, ()), Tally(Status.INVALID, "bad_rating", 1, ())]
    found = find_next(replace(missed(Status.INVALID), tallies=tallies), None, "trakt")
    assert found is not None
    assert found[1] == "correct the invalid rows in ratings.csv, and look up the rows without ids"


@pytest.mark.parametrize("status", [Status.FAILED, Status.UNCONFIRMED])
def test_the_same_command_tries_again_what_failed(status: Status) -> None:
    assert next_words(missed(status)).startswith("run ratings.csv --map")


def test_a_run_that_stopped_goes_on_with_the_same_command() -> None:
    stopped = replace(DONE, stopped="interrupted")
    assert next_words(stopped, stop=StopRunError("interrupted")).startswith("run ratings.csv")
    refused = find_next(stopped, AuthorizationError("no"), "trakt")
    assert refused is not None
    assert "credentials" in refused[1]


def test_a_dry_run_is_followed_by_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [*sys.argv, "--dry-run"])
    found = next_words(replace(missed(Status.NOT_SENT), dry_run=True))
    assert found.startswith("run ratings.csv")
    assert "--dry-run" not in found


def test_a_dry_undo_is_followed_by_the_undo() -> None:
    found = find_next(replace(missed(Status.NOT_SENT), dry_run=True, is_undo=True), None, "trakt")
    assert found is not None
    assert found[1] == "to undo them"


def test_what_a_makefile_typed_is_typed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPORTER_TYPED", "make run")
    assert find_next(missed(Status.INVALID), None, "sandbox") == (
        "make run",
        "correct the invalid rows in ratings.csv, then",
    )


def test_a_full_account_needs_room_before_the_same_command_helps() -> None:
    found = find_next(replace(DONE, stopped="full"), AccountLimitError("full"), "trakt")
    assert found is not None
    assert found[1] == "make room in the account first, or have its limit raised, then"
