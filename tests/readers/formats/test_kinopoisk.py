"""The reader of what scripts save of Kinopoisk's pages."""

from datetime import timedelta, timezone
from pathlib import Path

import pytest

from importer.errors import UnknownFormatError
from importer.model import MediaKind, SourceRow, Status
from importer.readers import ReadOptions
from tests.readers.conformance import ReaderConformance
from tests.readers.reading import invalid, jobs, read, reasons

HEADER = "ru_title;en_title;year;rating;data"


class TestKinopoisk(ReaderConformance):
    format_name = "kinopoisk"
    samples = ("kinopoisk-english.csv", "kinopoisk-headerless.csv", "kinopoisk.csv", "kinopoisk.xls")
    header = HEADER

    def row(self, title: str) -> str:
        return f"Матрица;{title};1999;9;04.04.10 18:36"


def read_rows(
    folder: Path, *rows: str, header: str | None = HEADER, reading: ReadOptions | None = None
) -> list[SourceRow]:
    lines = rows if header is None else (header, *rows)
    return read(folder, "\n".join(lines).encode(), reading=reading)


@pytest.mark.parametrize("delimiter", [";", ","])
@pytest.mark.parametrize("header", [HEADER, None])
def test_the_english_title_goes_before_the_russian(
    tmp_path: Path, header: str | None, delimiter: str
) -> None:
    rows = read_rows(
        tmp_path,
        "Матрица;The Matrix;1999;9;04.04.10 18:36".replace(";", delimiter),
        "Иди и смотри;;1985;10;04.04.10 9:49".replace(";", delimiter),
        header=header and header.replace(";", delimiter),
    )
    assert [(job.title, job.year, job.rating, job.rated_at) for job in jobs(rows)] == [
        ("The Matrix", 1999, 9, "2010-04-04T18:36:00Z"),
        ("Иди и смотри", 1985, 10, "2010-04-04T09:49:00Z"),
    ]
    assert [job.line for job in jobs(rows)] == ([1, 2] if header is None else [2, 3])


@pytest.mark.parametrize(
    ("years", "year", "kind"),
    [
        ("1999", 1999, MediaKind.UNKNOWN),
        ("2000 – 2004", 2000, MediaKind.SHOW),
        ("2005 – ...", 2005, MediaKind.SHOW),
        ("2005 - 2006", 2005, MediaKind.SHOW),
        ("2005—…", 2005, MediaKind.SHOW),
        ("", None, MediaKind.UNKNOWN),
    ],
)
def test_a_range_of_years_is_that_of_a_series(
    tmp_path: Path, years: str, year: int | None, kind: MediaKind
) -> None:
    (job,) = jobs(read_rows(tmp_path, f"Т;T;{years};9;04.04.10 18:36"))
    assert (job.year, job.kind) == (year, kind)


def test_seen_and_not_rated_is_skipped_and_the_rest_is_told(tmp_path: Path) -> None:
    rows = read_rows(
        tmp_path,
        "Т;T;1999;-;04.04.10 18:36",
        "Т;T;1999;;04.04.10 18:36",
        "Т;T;1999;11;04.04.10 18:36",
        "Т;T;1999 or so;9;04.04.10 18:36",
        "Т;T;1999;9;40.04.10 18:36",
        ";;1999;9;04.04.10 18:36",
    )
    assert reasons(rows) == ["no_rating", "no_rating", "bad_rating", "ok", "ok", "no_id"]
    told = invalid(rows[:3] + rows[5:])
    assert [row.status for row in told] == [Status.SKIPPED, Status.SKIPPED, *[Status.INVALID] * 2]


def test_times_are_of_the_zone_that_is_said(tmp_path: Path) -> None:
    moscow = ReadOptions(zone=timezone(timedelta(hours=4), "Moscow"))
    (job,) = jobs(read_rows(tmp_path, "Т;T;1999;9;04.04.10 1:36", reading=moscow))
    assert job.rated_at == "2010-04-03T21:36:00Z"


@pytest.mark.parametrize(
    "first", ["a;b;1999;9;today", "a;b;1999;0;04.04.10", "a;b;c;9;04.04.10", "a;1999;9;04.04.10", "a;b;c;d;e"]
)
def test_five_cells_of_something_else_are_not_taken_for_ratings(tmp_path: Path, first: str) -> None:
    with pytest.raises(UnknownFormatError):
        read_rows(tmp_path, first, first, header=None)


def test_the_address_of_a_series_tells_one(tmp_path: Path) -> None:
    link = "https://www.kinopoisk.ru/{}/1/"
    content = "nameEng,nameRus,rating,date,year,link\n" + "".join(
        f"A,,9,,2008,{link.format(word)}\n" for word in ("series", "film")
    )
    assert [job.kind for job in jobs(read(tmp_path, content.encode()))] == ["show", "unknown"]
