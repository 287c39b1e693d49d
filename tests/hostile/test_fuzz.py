"""Some inputs of each target of `make fuzz`, and those that once failed."""

from pathlib import Path

import pytest

from tests.fuzz.__main__ import run_input
from tests.fuzz.targets import TARGETS, read_good_journal


@pytest.mark.parametrize("target", TARGETS)
def test_inputs_of_a_fixed_seed(target: str) -> None:
    assert [number for number in range(40) if not run_input(target, f"2026:{number}")] == []


def test_a_failure_is_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("tests.fuzz.targets.open_reader", lambda *_, **__: 1 / 0)
    assert not run_input("readers", "1:7")
    assert "python -m tests.fuzz --target readers --input 1:7" in capsys.readouterr().out


def test_a_good_journal_is_read(tmp_path: Path) -> None:
    assert read_good_journal(tmp_path) == ""
