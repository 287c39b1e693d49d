"""Files made to fill the memory or the day of whoever reads them: a clear error or rows, in bounds.

Each is read in a process of its own under RLIMIT_AS. Sizes are scaled to what shows the bound: a line of a
gigabyte is refused after its second mebibyte, as is this one of 300.
"""

import csv
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from importer.model import RESULT_COLUMNS, TRANSIENT, Status
from importer.runs.results_csv import write_results
from importer.runs.results_reader import ResultsReader
from tests.hostile.bombs import GOOD, HEADER, MIB, run_alone

pytestmark = pytest.mark.timeout(60)


@dataclass(frozen=True)
class Read:
    rows: int
    error: str
    seconds: float


def read(path: Path, pieces: Iterable[bytes], *, mebibytes: int) -> Read:
    """Write a file piece by piece, and read it with so much memory to spare."""
    with path.open("wb") as file:
        file.writelines(pieces)
    found = run_alone("tests.hostile.read_bounded", str(path), str(mebibytes), timeout=50)
    path.unlink()
    return Read(**found)


def repeat(piece: bytes, mebibytes: int) -> Iterable[bytes]:
    """So many mebibytes of one piece, over and over."""
    block = piece * (MIB // len(piece))
    return (block for _ in range(mebibytes))


@pytest.mark.parametrize("start", [b"", HEADER + GOOD], ids=["of its own", "after good rows"])
def test_a_line_that_never_ends(tmp_path: Path, start: bytes) -> None:
    found = read(tmp_path / "a.csv", [start, *repeat(b"x", 300)], mebibytes=150)
    assert "a line is longer than 1,048,576 bytes" in found.error
    assert found.seconds < 5


def test_a_quoted_cell_that_never_ends(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", [HEADER, GOOD * 3, b'tt1,5,"', *repeat(b"a,b\n", 100)], mebibytes=150)
    assert found.rows == 3
    assert "line 5" in found.error
    assert "is not closed" in found.error


def test_a_header_of_half_a_million_columns(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", [b"a," * 500_000 + b"\n" + GOOD], mebibytes=150)
    assert "500,001 cells" in found.error


def test_rows_of_a_million_cells_each_are_invalid(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", [HEADER, *([b"," * 1_000_000 + b"x\n"] * 30), GOOD], mebibytes=300)
    assert (found.rows, found.error) == (31, "")


@pytest.mark.parametrize(
    ("piece", "is_rows"),
    [
        pytest.param(b'tt0111161,"9"x,t,1994,movie\n', True, id="quotes within cells"),
        pytest.param(b'"a"b\n', True, id="nothing but broken quotes"),
        pytest.param(b'""""""""""""""""\n', True, id="nothing but quotes"),
        pytest.param(b",;\t|,;\t|\n", True, id="nothing but delimiters"),
        pytest.param(b"\n", False, id="nothing but line ends"),
        pytest.param(b"\r", False, id="nothing but carriage returns"),
    ],
)
def test_half_a_mebibyte_of_it_is_read_in_seconds(tmp_path: Path, piece: bytes, is_rows: bool) -> None:
    count = MIB // 2 // len(piece)
    found = read(tmp_path / "a.csv", [b"imdb_id,rating\n", piece * count, b"\ntt0111161,9\n"], mebibytes=300)
    # It took a minute where each bad quote copied what was left of its block.
    assert found.seconds < 20
    assert (found.rows, found.error) == ((count if is_rows else 0) + 1, "")


@pytest.mark.parametrize(
    "build_row",
    [
        pytest.param(lambda n: b"tt0111161,9,t,1994" + b" " * n + b",movie\n", id="a year and many blanks"),
        pytest.param(lambda n: b"tt0111161,9," + b"x" * n + b",1994,movie\n", id="a title"),
    ],
)
def test_cells_of_a_mebibyte_are_not_kept(tmp_path: Path, build_row: Callable[[int], bytes]) -> None:
    pieces = (build_row(1_000_000 + row) for row in range(230))
    found = read(tmp_path / "a.csv", [HEADER, *pieces], mebibytes=190)
    assert (found.rows, found.error) == (230, "")


def test_a_nul_a_long_way_into_the_file_is_found_before_any_row_is_used(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", [HEADER, *repeat(GOOD, 50), b"\0", GOOD], mebibytes=150)
    assert found.rows == 0
    assert "NUL bytes" in found.error


# Our own results file, which may come from anybody as well


@pytest.mark.parametrize(
    "cell", ["", "=1+1", "'=1+1", "9" * 40, "-1", "1e400", "\ud7ff", "9999-12-31T23:59:59-23:59"]
)
@pytest.mark.parametrize("status", ["rated", "failed", "=rated", "RATED"])
def test_any_cell_of_a_results_file_gives_a_row(tmp_path: Path, cell: str, status: str) -> None:
    line = [status if column == "status" else cell for column in RESULT_COLUMNS]
    path = tmp_path / "results.csv"
    path.write_text(",".join(RESULT_COLUMNS) + "\n" + ",".join(line) + "\n", encoding="utf-8")
    rows = [row for chunk in ResultsReader(path, "results.csv", TRANSIENT).chunks() for row in chunk]
    assert len(rows) == 1


def test_what_a_stranger_wrote_into_a_results_file_starts_no_formula_in_the_next(tmp_path: Path) -> None:
    given, written = tmp_path / "given.csv", tmp_path / "written.csv"
    line = ["failed" if column == "status" else "'=1+1" for column in RESULT_COLUMNS]
    settled = ["rated" if column == "status" else "'=1+1" for column in RESULT_COLUMNS]
    given.write_text("\n".join(map(",".join, (RESULT_COLUMNS, line, settled, ""))), encoding="utf-8")
    rows = [row for chunk in ResultsReader(given, "given.csv", TRANSIENT).chunks() for row in chunk]
    write_results(written, [[getattr(row, column, None) for column in RESULT_COLUMNS] for row in rows])
    with written.open(newline="", encoding="utf-8") as file:
        assert not [cell for cells in csv.reader(file) for cell in cells if cell.startswith("=")]


@pytest.mark.parametrize("title", ["a;=1+1", "a\t=1+1", "a\n=1+1", "\u200b=1+1", "x;\u202e'=1"])
def test_no_cell_of_the_results_starts_a_formula_where_another_program_parts_cells(
    tmp_path: Path, title: str
) -> None:
    path = tmp_path / "written.csv"
    rows = [["1" if column != "title" else text for column in RESULT_COLUMNS] for text in ("Heat", title)]
    write_results(path, [*rows[:1] * 250, rows[1], *rows[:1] * 250])
    text = path.read_text(encoding="utf-8")
    assert not re.search('(?:^|[;\t\n,"])[\u200b\u202e]*[=+@-]', text, re.MULTILINE)
    read = [row for chunk in ResultsReader(path, "w", frozenset(Status)).chunks() for row in chunk]
    assert [row.title for row in read if row.title != "Heat"] == [title]
