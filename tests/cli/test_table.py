"""Tables: aligned for eyes, whatever the writing."""

import os
import shutil
import sys

import pytest

from importer.cli.table import build_table, cut, width_of


def test_columns_are_aligned_and_empty_ones_left_out() -> None:
    rows = [["nightly", "", "good"], ["影", "", "2 rows\nnot \x1b[31mfound"]]
    assert list(build_table(["job", "account", "result"], rows)) == [
        "job      result",
        "nightly  good",
        "影       2 rows not found",
    ]


def test_widths_are_those_of_a_terminal() -> None:
    assert [width_of(text) for text in ("Heat", "影武者", "e\u0301", "שלום")] == [4, 6, 1, 4]
    assert cut("影武者", 5) == "影武…"
    assert cut("影武者", 4) == "影…"
    assert cut("Heat", 4) == "Heat"


def test_lines_end_at_the_edge_of_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((10, 24)))
    assert list(build_table(["a"], [["0123456789-"]]))[1] == "0123456789-"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert list(build_table(["a"], [["0123456789-"]]))[1] == "012345678…"


RUN = ["3ff0a1c2", "2026-11-30 13:00", "ended", "/home/ada/exports/films-of-2024.csv", "sandbox", "demo"]
HEADER = ["run", "when", "state", "from", "to", "account", "rows", "undone"]


def on_terminal(monkeypatch: pytest.MonkeyPatch, columns: int, *row: str) -> list[str]:
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((columns, 24)))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    return list(build_table(HEADER, [row], names=["from", "account"]))


def test_what_does_not_fit_goes_below_and_names_are_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    undone = "undone by 77aa0b1c; `importer undo 77aa0b1c` redoes it"
    lines = on_terminal(monkeypatch, 80, *RUN, "1,999 rated, 1 not found", undone)
    assert lines == [
        "run       when              state  from                         to       account",
        "3ff0a1c2  2026-11-30 13:00  ended  /home/ada/exp…s-of-2024.csv  sandbox  demo",
        "  1,999 rated, 1 not found",
        f"  {undone}",
    ]


def test_names_are_shortened_first(monkeypatch: pytest.MonkeyPatch) -> None:
    head, line = on_terminal(monkeypatch, 80, *RUN, "12 rated", "")
    assert head.endswith("to       account  rows")
    assert line == "3ff0a1c2  2026-11-30 13:00  ended  /home/ad…2024.csv  sandbox  demo     12 rated"


def test_a_table_that_fits_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    assert on_terminal(monkeypatch, 120, *RUN, "12 rated", "")[1].split("  ")[3] == RUN[3]


@pytest.mark.parametrize("columns", range(20, 90))
def test_no_line_of_a_table_is_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    lines = on_terminal(monkeypatch, columns, *RUN, "12 rated", "")
    assert all(width_of(line) <= columns for line in lines[:2])
    assert "12 rated" in "".join(lines)
