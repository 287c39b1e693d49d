"""The reader of Filmtipset's votes."""

from pathlib import Path

from importer.model import MediaKind, SourceRow
from tests.readers.conformance import ReaderConformance
from tests.readers.reading import invalid, jobs, read, reasons

HEADER = "VoteDate;MovieTitle;IMDB;Score"


class TestFilmtipset(ReaderConformance):
    format_name = "filmtipset"
    samples = ("filmtipset.csv",)
    header = HEADER

    def row(self, title: str) -> str:
        return f"2021-07-03;{title};8579674;3"


def read_rows(folder: Path, *rows: str) -> list[SourceRow]:
    return read(folder, "\n".join((HEADER, *rows)).encode())


def test_a_comma_behind_the_date_is_read_as_a_semicolon_is(tmp_path: Path) -> None:
    joined = read_rows(tmp_path, "2021-07-03,1917;8579674;3", "2014-01-02,Hej, Tomten;83922;5")
    split = read_rows(tmp_path, "2021-07-03;1917;8579674;3", "2014-01-02;Hej, Tomten;83922;5")
    assert joined == split
    assert [(job.title, job.imdb_id, job.rating, job.rated_at) for job in jobs(joined)] == [
        ("1917", "tt8579674", 6, "2021-07-03"),
        ("Hej, Tomten", "tt0083922", 10, "2014-01-02"),
    ]


def test_a_film_without_a_number_goes_by_its_title(tmp_path: Path) -> None:
    rows = read_rows(tmp_path, "2014-01-03,Snabba Cash;-1;2", "2014-01-03,Snabba Cash;;2", "2014-01-03,;;2")
    assert reasons(rows) == ["ok", "ok", "no_id"]
    found = [(job.title, job.imdb_id, job.kind) for job in jobs(rows[:2])]
    assert found == [("Snabba Cash", None, MediaKind.UNKNOWN)] * 2


def test_what_does_not_fit_is_told_by_the_column_it_stands_in(tmp_path: Path) -> None:
    rows = read_rows(
        tmp_path,
        "2014-01-02,T;83922;0",
        "2014-13-02,T;83922;5",
        "2014-01-02,Fanny &amp; Alexander;83922;5",
        '"2014-01-02,Fanny &amp; Alexander";83922;5',
    )
    assert reasons(rows) == ["off_scale", "ok", "off_scale", "ok"]
    assert 'column "Score": "0"' in invalid(rows[:1])[0].message
    assert 'column "Score": "83922"' in invalid(rows[2:3])[0].message
    assert jobs(rows[3:])[0].title == "Fanny & Alexander"
