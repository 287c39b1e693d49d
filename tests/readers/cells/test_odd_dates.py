"""Dates as spreadsheets, mails and programs write them."""

from pathlib import Path

import pytest

from importer.readers.cells.dates import parse_date
from importer.readers.cells.errors import CellError
from importer.readers.cells.numbers import parse_year
from tests.readers.reading import jobs, read


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("12/31/23", "2023-12-31"),
        ("5/1/24 1:30 PM", "2024-05-01T13:30:00Z"),
        ("5/1/2024 12:05 am", "2024-05-01T00:05:00Z"),
        ("2024/5/1", "2024-05-01"),
        ("2024.05.01 9:49", "2024-05-01T09:49:00Z"),
        ("2024-5-1", "2024-05-01"),
        ("2024年5月1日", "2024-05-01"),
        ("1-May-24", "2024-05-01"),
        ("1 May 2024", "2024-05-01"),
        ("May 1, 2024", "2024-05-01"),
        ("September 1, 2024", "2024-09-01"),
        ("Wed, 01 May 2024 14:06:03 +0200", "2024-05-01T12:06:03Z"),
        ("Wed, 01 May 2024 14:06:03 GMT", "2024-05-01T14:06:03Z"),
        ("Tue May 12 2026 18:38:35 GMT+0000 (Coordinated Universal Time)", "2026-05-12T18:38:35Z"),
        ("45413", "2024-05-01"),
        ("45413.58", "2024-05-01"),
        ("1714572363", "2024-05-01T14:06:03Z"),
        ("1714572363000", "2024-05-01T14:06:03Z"),
        *[(cell, None) for cell in ("N/A", "-", "null", "Unknown")],
    ],
)
def test_a_date_is_read(cell: str, expected: str | None) -> None:
    assert parse_date(cell, lambda: False) == expected


@pytest.mark.parametrize(
    "cell", ["24-05-01", "13/13/24", "1-Foo-24", "99999", "123", "2024年13月1日", "soon"]
)
def test_what_is_no_date_is_not_guessed(cell: str) -> None:
    with pytest.raises(CellError):
        parse_date(cell, lambda: False)


def test_the_order_of_short_dates_is_that_of_the_column(tmp_path: Path) -> None:
    rows = "".join(f"tt000000{n},9,{date}\n" for n, date in enumerate(("5/1/24", "12/31/23", "2/3/24"), 1))
    found = jobs(read(tmp_path, f"imdb_id,rating,rated_at\n{rows}".encode()))
    assert [job.rated_at for job in found] == ["2024-05-01", "2023-12-31", "2024-02-03"]


@pytest.mark.parametrize(
    ("cell", "year"), [("1999–2007", 1999), ("2003-", 2003), ("(1994)", 1994), ("N/A", None), ("-", None)]
)
def test_years_as_tables_dress_them(cell: str, year: int | None) -> None:
    assert parse_year(cell) == year
