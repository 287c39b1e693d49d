"""Neutralised cells: harmless in a spreadsheet, and the same text again when read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.files import SUSPECTS, neutralise, restore

CELLS = st.text() | st.text(alphabet="'=+-@\t\r\n＝a1")


@given(CELLS)
def test_restore_undoes_neutralise(text: str) -> None:
    assert restore(neutralise(text)) == text


@given(CELLS)
def test_no_neutralised_cell_starts_a_formula(text: str) -> None:
    assert not neutralise(text).startswith(tuple("=+-@\t\r\n＝＋－＠"))


@given(CELLS)
def test_a_text_not_starting_with_a_suspect_is_left_alone(text: str) -> None:
    if text[:1] not in SUSPECTS and not set(text) & set(";\t\r\n"):
        assert neutralise(text) == text


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("'=1+1", "''=1+1"),
        ("@midnight", "'@midnight"),
        ("-30-", "'-30-"),
        ("＝1+1", "'＝1+1"),
        ("'Tis Pity", "'Tis Pity"),
        ("Heat", "Heat"),
        ("", ""),
    ],
)
def test_cells(text: str, cell: str) -> None:
    assert neutralise(text) == cell
    assert restore(cell) == text


@pytest.mark.parametrize("unseen", ["", "\u200b", "\ufeff\u202e", "\xad'"])
@pytest.mark.parametrize("edge", ["", "a;", "a\t", "a\n", "a\r\n", "a;b;"])
@pytest.mark.parametrize("starter", "=+-@＝")
def test_a_formula_is_neutralised_wherever_a_cell_may_begin(edge: str, unseen: str, starter: str) -> None:
    text = f"{edge}{unseen}{starter}1+1"
    assert neutralise(text) == f"{edge}'{unseen}{starter}1+1"
    assert restore(neutralise(text)) == text


@given(st.text("=a;'\t\n\r\u200b-", max_size=12))
def test_neutralise_is_undone_wherever_cells_begin(text: str) -> None:
    assert restore(neutralise(text)) == text
