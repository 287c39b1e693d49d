"""Dates as spreadsheets, mails and programs write them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from importer.readers.cells.dates import is_day_first, parse_date
from importer.readers.cells.errors import CellError, UnclearDateError
from importer.readers.cells.numbers import parse_year
from tests.readers.reading import jobs, read

NEXT_YEAR = f"{(datetime.now(UTC).year + 1) % 100:02}"


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
        ("Sept. 1, 2024", "2024-09-01"),
        ("1 Nov. 2024", "2024-11-01"),
        ("24.05.00", "2000-05-24"),
        ("00.05.24", "2000-05-24"),
        ("4.5.24 9:49", "2024-05-04T09:49:00Z"),
        ("05.05.05", "2005-05-05"),
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


@pytest.mark.parametrize(
    "cell",
    [
        *("5 Marraskuu 2024", "Marraskuu 5, 2024", "1 Mayo 2024", "1-Decembre-24", "1 Juno 2024"),
        *(form.format(year) for form in ("12/31/{}", "31.12.{}", "1-May-{}") for year in ("99", NEXT_YEAR)),
    ],
)
def test_another_language_and_a_year_to_come_cost_only_the_date(tmp_path: Path, cell: str) -> None:
    with pytest.raises(CellError):
        parse_date(cell, lambda: True)
    (job,) = jobs(read(tmp_path, f'imdb_id,rating,rated_at\ntt0000001,9,"{cell}"\n'.encode()))
    assert job.rated_at is None
    assert cell in (job.note or "")


@pytest.mark.parametrize(("order", "day"), [(True, "2001-05-24"), (False, "2024-05-01")])
def test_dots_and_a_short_year_are_read_as_the_column_shows(order: bool, day: str) -> None:
    assert parse_date("24.05.01", lambda: order) == day
    with pytest.raises(CellError) as raised:
        parse_date("24.05.01", lambda: None)
    assert not isinstance(raised.value, UnclearDateError), "it costs only the date"


def test_where_the_day_is_first_no_other_reading_is_taken() -> None:
    assert parse_date("00.05.24", lambda: None) == "2000-05-24"
    with pytest.raises(CellError):
        parse_date("00.05.24", lambda: True)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["24.05.01", "24.05.00"], True),
        (["24.05.01", "4.5.24"], True),
        (["24.05.01", "00.05.24"], False),
        (["24.05.01", "23.12.24"], None),
        (["24.05.00", "00.05.24"], None),
        (["24.05.01", "13/05/2024"], None),
        (["01/02/2024", "4.5.24"], None),
    ],
)
def test_a_column_with_dots_shows_where_the_year_is(column: list[str], expected: bool | None) -> None:
    assert is_day_first(column) is expected


def test_the_order_of_short_dates_is_that_of_the_column(tmp_path: Path) -> None:
    rows = "".join(f"tt000000{n},9,{date}\n" for n, date in enumerate(("5/1/24", "12/31/23", "2/3/24"), 1))
    found = jobs(read(tmp_path, f"imdb_id,rating,rated_at\n{rows}".encode()))
    assert [job.rated_at for job in found] == ["2024-05-01", "2023-12-31", "2024-02-03"]


@pytest.mark.parametrize(
    ("cell", "year"), [("1999–2007", 1999), ("2003-", 2003), ("(1994)", 1994), ("N/A", None), ("-", None)]
)
def test_years_as_tables_dress_them(cell: str, year: int | None) -> None:
    assert parse_year(cell) == year
