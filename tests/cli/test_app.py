"""How a command ends that nobody let come to an end."""

import inspect
import io
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from importer.cli import app, past
from tests.command import SLOW, list_loaded


class Terminal(io.StringIO):
    """Standard input as a person types it, until they press Ctrl-D."""

    def isatty(self) -> bool:
        return True


def end_of(words: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["importer", *words.split()])
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IMPORTER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("IMPORTER_TRAKT_CLIENT_ID", raising=False)


def test_ctrl_c_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(past, "list_runs", interrupt)
    assert end_of("runs", monkeypatch) == 3
    assert capsys.readouterr().err == "importer: interrupted\n"


def test_a_question_that_is_not_answered_is_no_failure_of_rows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())
    assert end_of("login trakt", monkeypatch) == 3
    assert capsys.readouterr().err.endswith("importer: interrupted\n")


def test_a_wrong_option_stays_a_matter_of_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, said in (
        ("runs --limit 0", "--limit: it must be at least 1"),
        ("runs --limit few", "--limit: it must be a whole number"),
        ("run x.csv --on-conflict foo", "--on-conflict: 'foo' is not one of 'overwrite', "),
    ):
        assert end_of(words, monkeypatch) == 2
        assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "help_of"),
    [
        ("report --html", "importer report --help"),
        ("report --nonsense", "importer report --help"),
        ("runs --limit few", "importer runs --help"),
        ("--nonsense", "importer --help"),
    ],
)
def test_wrong_words_lead_to_the_help_of_their_command(
    words: str, help_of: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert end_of(words, monkeypatch) == 2
    assert f"see `{help_of}`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "table"), [(name, table) for table in (app.COMMANDS, app.FLEET) for name in table]
)
def test_the_table_of_commands_says_what_the_commands_say(
    name: str, table: Mapping[str, tuple[str, str]]
) -> None:
    _, line = table[name]
    text = inspect.getdoc(app.load_command(name, table)) or ""
    assert text.splitlines()[0] == line
    assert len(line) <= 62, "longer lines are cut in a terminal of 80 columns"


def test_help_lists_every_command_and_imports_none() -> None:
    printed, loaded = list_loaded("--help")
    for name, (module, line) in app.COMMANDS.items():
        assert f"  {name} " in printed
        assert line in printed
        assert f"importer.cli.{module}" not in loaded
    assert "importer.readers" not in loaded
    assert not {*SLOW, "asyncio", "keyring", "orjson", "pydantic", "segno"} & loaded


def test_help_of_a_command_loads_nothing_for_requests_or_tables() -> None:
    printed, loaded = list_loaded("run", "--help")
    assert "--to" in printed
    assert not SLOW & loaded


def test_a_mistyped_command_is_met_with_the_one_that_was_meant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert end_of("rnu x.csv", monkeypatch) == 2
    assert "did you mean 'run'?" in capsys.readouterr().err
