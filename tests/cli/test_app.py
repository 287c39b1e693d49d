"""How a command ends that nobody let come to an end."""

import io
import sys
from pathlib import Path

import pytest

from importer.cli import app
from importer.journal import history


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

    monkeypatch.setattr(history, "list_runs", interrupt)
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
    assert end_of("runs --limit 0", monkeypatch) == 2
    assert "--limit" in capsys.readouterr().err
