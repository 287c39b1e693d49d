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
