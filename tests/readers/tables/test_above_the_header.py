"""What spreadsheets put above the row of names."""

from pathlib import Path

import pytest

from tests.readers.reading import jobs, places, read


@pytest.mark.parametrize(
    ("above", "lines"),
    [("sep=;\n", 1), ("SEP=;\r\n", 1), (";;;\n", 1), ("My films\n", 1), ("My films;;;\n\n", 2), ("\n \n", 2)],
)
def test_the_header_is_found_below(tmp_path: Path, above: str, lines: int) -> None:
    content = f"{above}imdb_id;title;year;rating\ntt0133093;The Matrix;1999;9\n"
    rows = read(tmp_path, content.encode())
    assert places(rows) == [(1, lines + 2)]
    assert jobs(rows)[0].title == "The Matrix"
