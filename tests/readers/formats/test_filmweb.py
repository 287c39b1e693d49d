"""The reader of Filmweb's ratings."""

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from importer.model import MediaKind
from importer.readers import ReadOptions
from tests.readers.conformance import ReaderConformance
from tests.readers.golden import SAMPLES, golden_path
from tests.readers.reading import jobs, read, reasons
from tests.readers.record_conformance import JsonConformance

FILES = ("filmweb.csv", "filmweb-headerless.csv", "filmweb.json")
LINK = "https://www.filmweb.pl/film/Kiler-1997-529"


class TestFilmweb(ReaderConformance):
    format_name = "filmweb"
    samples = FILES
    header = "timestamp,iso_date,user_comment,user_vote,original_title,pl_title,directors,link,year"

    def row(self, title: str) -> str:
        return f"1601648054,2020-10-02T16:14:14,,9,{title},Kiler,['Juliusz Machulski'],{LINK},1997-11-17"


class TestFilmwebJson(JsonConformance):
    format_name = "filmweb"
    samples = FILES

    def record(self, title: str) -> Mapping[str, object]:
        return {
            "timestamp": 1601648054,
            "user_vote": 9,
            "pl_title": title,
            "link": LINK,
            "genres": ["Komedia"],
        }


def read_row(folder: Path, header: str, row: str, reading: ReadOptions | None = None) -> list[object]:
    (job,) = jobs(read(folder, f"{header}\n{row}\n".encode(), reading=reading))
    return [job.title, job.year, job.kind, job.rated_at]


@pytest.mark.parametrize(
    ("link", "premiere", "kind", "year"),
    [
        (LINK, "1998-01-01", MediaKind.MOVIE, 1997),
        ("https://www.filmweb.pl/serial/Czarnobyl-2019-793838", "", MediaKind.SHOW, 2019),
        ("https://www.filmweb.pl/tvshow/X-2020-1", "", MediaKind.UNKNOWN, 2020),
        ("", "1998-01-01", MediaKind.UNKNOWN, 1998),
        ("", "1998", MediaKind.UNKNOWN, 1998),
        ("https://example.org/1", "", MediaKind.UNKNOWN, None),
    ],
)
def test_the_link_tells_the_kind_and_the_year(
    tmp_path: Path, link: str, premiere: str, kind: MediaKind, year: int | None
) -> None:
    row = read_row(
        tmp_path, "user_vote,timestamp,pl_title,link,year", f"9,1601648054,Kiler,{link},{premiere}"
    )
    assert row == ["Kiler", year, kind, "2020-10-02T14:14:14Z"]


def test_the_columns_of_other_versions(tmp_path: Path) -> None:
    header = "original_title,user_rating,year,timestamp,iso_date,global_rating"
    assert read_row(tmp_path, header, "Amour,8,2012,,2020-10-02T16:14:14,9.9")[3] == "2020-10-02T16:14:14Z"
    warsaw = ReadOptions(zone=ZoneInfo("Europe/Warsaw"))
    row = read_row(tmp_path, header, "Amour,8,2012,,2020-10-02T16:14:14,9.9", warsaw)
    assert row == ["Amour", 2012, MediaKind.UNKNOWN, "2020-10-02T14:14:14Z"]


def test_a_row_that_the_first_one_has_nothing_in_common_with_is_told(tmp_path: Path) -> None:
    first = (SAMPLES / "filmweb-headerless.csv").read_bytes().splitlines(keepends=True)[0]
    assert reasons(read(tmp_path, first + b'"1","2"\n')) == ["ok", "too_few_cells"]


def test_with_and_without_a_header_the_same_comes_out() -> None:
    lines = [golden_path(SAMPLES / name).read_text("utf-8").splitlines()[1:5] for name in FILES[:2]]
    with_header, without = ([line.split('"kind"')[1] for line in file] for file in lines)
    assert with_header == without
