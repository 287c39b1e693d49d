"""Rows out of lines: none lost, none moved, whichever way a block is read."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import UnreadableFileError
from importer.model import InvalidRow, SourceRow
from importer.readers.tables import csv_rows as records
from tests.readers.reading import jobs, places, read, read_until_error, reasons

HEADER = b"imdb_id,title,rating,note\n"


def test_missing_trailing_cells_are_empty(tmp_path: Path) -> None:
    rows = jobs(read(tmp_path, HEADER + b"tt0111161,A,8\ntt0068646,B,9,\n"))
    assert [row.rating for row in rows] == [8, 9]


def test_a_row_that_ends_before_a_needed_cell(tmp_path: Path) -> None:
    rows = read(tmp_path, HEADER + b"tt0111161,A\ntt0068646,B,9,\n")
    assert reasons(rows) == ["too_few_cells", "ok"]


def test_empty_cells_beyond_the_header_are_harmless(tmp_path: Path) -> None:
    rows = read(tmp_path, HEADER + b"tt0111161,A,8,,, ,\ntt0068646,Lock, Stock,9,x\ntt0068646,B,9,,,x\n")
    assert reasons(rows) == ["ok", "too_many_cells", "too_many_cells"]
    assert places(rows) == [(1, 2), (2, 3), (3, 4)]


def test_quotes_that_are_not_doubled_spoil_one_row_at_most(tmp_path: Path) -> None:
    content = HEADER + b'tt0111161,"A "big" one",8,\ntt0068646,"A "b", c",9,x\ntt0050083,C,7,\n'
    rows = read(tmp_path, content)
    assert reasons(rows) == ["ok", "too_many_cells", "ok"]


def test_a_stray_quote_ends_the_reading_at_its_line(tmp_path: Path) -> None:
    content = HEADER + b'tt0111161,A,8,\ntt0068646,"B,9,\ntt0050083,"C",7,\ntt0050083,"C",7,\n'
    rows, error = read_until_error(tmp_path, content)
    assert reasons(rows) == ["ok"]
    assert error is not None
    assert error.line == 3
    assert "swallows" in error.problem


def test_an_endless_quoted_cell_ends_in_bounded_memory(tmp_path: Path) -> None:
    content = HEADER + b'tt0111161,A,8,\ntt0068646,"B,9,\n' + b"tt0050083,C,7,\n" * 400_000
    rows, error = read_until_error(tmp_path, content)
    assert reasons(rows) == ["ok"]
    assert error is not None
    assert error.line == 3


def test_an_endless_row_of_small_cells_ends_in_bounded_memory(tmp_path: Path) -> None:
    content = HEADER + b'tt0111161,A,8,\ntt0068646,"B\n' + b'","C\n' * 600_000
    rows, error = read_until_error(tmp_path, content)
    assert reasons(rows) == ["ok"]
    assert error is not None
    assert error.line == 3


def test_a_quoted_cell_across_blocks_is_one_cell(tmp_path: Path) -> None:
    title = "\n".join(f"line {number}" for number in range(100))
    rows = jobs(read(tmp_path, HEADER + f'tt0111161,"{title}",8,\ntt0068646,B,9,\n'.encode(), block_size=64))
    assert rows[0].title == title
    assert places(rows) == [(1, 2), (2, 102)]


def test_long_titles_and_control_characters_stay(tmp_path: Path) -> None:
    title = "x" * 994 + "\x07\x1e\x85\u2028\x0b" + "y"
    (job,) = jobs(read(tmp_path, HEADER + f"tt0111161,{title},8,\n".encode()))
    assert job.title == title


@pytest.mark.parametrize("column", ["title", "rating", "rated_at", "imdb_id"])
def test_a_cell_longer_than_any_title_is_told_and_not_kept(tmp_path: Path, column: str) -> None:
    cells = {"imdb_id": "tt0111161", "title": "Alien", "rating": "8", "rated_at": ""} | {column: "x" * 1_001}
    content = f"{','.join(cells)}\n{','.join(cells.values())}\n{','.join(cells.values())}\n"
    rows = read(tmp_path, content.encode())
    assert reasons(rows) == ["too_long", "too_long"]
    for row in rows:
        assert isinstance(row, InvalidRow)
        assert "is longer than 1,000 characters. Shorten it" in row.message
        assert len(row.message) < 300
        kept = getattr(row, column)
        assert kept.endswith("x…")
        assert len(kept) == (1_000 if column == "title" else 200)


def test_a_long_title_is_told_before_another_error_that_a_retry_could_correct(tmp_path: Path) -> None:
    rows = read(tmp_path, HEADER + f"tt0111161,{'x' * 1_001},eleven,\n".encode())
    assert reasons(rows) == ["too_long"]


def test_cells_that_pandas_would_infer_stay_texts(tmp_path: Path) -> None:
    titles = ["NA", "null", "nan", "007", "1.0", "True", "-inf", "1e5", "#N/A", "None"]
    content = HEADER + b"".join(f"tt0111161,{title},8,\n".encode() for title in titles)
    assert [row.title for row in jobs(read(tmp_path, content))] == titles


def test_a_header_over_several_lines(tmp_path: Path) -> None:
    assert places(read(tmp_path, b'\n"imdb_id","note\n2",rating\ntt0111161,,8\n')) == [(1, 4)]


def test_a_header_whose_quote_never_closes(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="no row of column names"):
        read(tmp_path, b'"imdb_id,rating\ntt0111161,8\n')


CELLS = st.sampled_from(["A", "", " b ", '"c, d"', '"e""f"', '"g"h', 'i"j', "8", "\ufeff", "\x1e", "\t"])
LINES = st.lists(st.lists(CELLS, min_size=1, max_size=6), min_size=1, max_size=8)


@given(LINES, st.integers(1, 200))
def test_both_ways_of_reading_say_the_same(
    tmp_path_factory: pytest.TempPathFactory, lines: list[list[str]], size: int
) -> None:
    """What pandas takes, `csv` reads in the very same way."""
    folder = tmp_path_factory.mktemp("ways")
    content = HEADER + "".join(f"tt0111161,{','.join(cells)}\n" for cells in lines).encode()
    rows = read(folder, content, block_size=size)
    assert _read_without_pandas(folder, content) == rows


def _read_without_pandas(folder: Path, content: bytes) -> list[SourceRow]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "_read_regular", lambda *_: None)
        return read(folder, content)


def test_a_block_of_regular_rows_goes_through_pandas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def must_not_be_needed(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(records, "_IrregularRows", must_not_be_needed)
    content = HEADER + 'tt0111161,"A, ""B""",8,\ntt0068646, Ü ,9,x'.encode()
    assert [row.title for row in jobs(read(tmp_path, content))] == ['A, "B"', "Ü"]
