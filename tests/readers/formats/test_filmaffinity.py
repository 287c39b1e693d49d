"""The reader of FilmAffinity's ratings."""

from pathlib import Path

import pytest

from importer.errors import UnknownFormatError
from importer.model import MediaKind
from importer.readers import open_reader
from tests.readers.conformance import SamplesConformance
from tests.readers.reading import jobs, places, read, reasons

GODFATHER = "El padrino;1972;Francis Ford Coppola;10;film809297"


class TestFilmAffinity(SamplesConformance):
    format_name = "filmaffinity"
    samples = ("filmaffinity.csv",)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-8", "utf-8-sig", "utf-16"])
def test_the_first_line_is_a_row(tmp_path: Path, end: str, encoding: str) -> None:
    text = end.join([GODFATHER, "Amélie;2001;Jean-Pierre Jeunet;8;film226427", ""])
    rows = read(tmp_path, text.encode(encoding))
    assert places(rows) == [(1, 1), (2, 2)]
    assert [(job.title, job.year, job.rating, job.rated_at) for job in jobs(rows)] == [
        ("El padrino", 1972, 10, None),
        ("Amélie", 2001, 8, None),
    ]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Los Soprano (Serie de TV)", ("Los Soprano", MediaKind.SHOW)),
        ("Chernobyl (Miniserie de TV)", ("Chernobyl", MediaKind.SHOW)),
        ("La cabina (TV)", ("La cabina (TV)", MediaKind.UNKNOWN)),
        ("[Rec]", ("[Rec]", MediaKind.UNKNOWN)),
    ],
)
def test_a_series_shows_behind_its_title(tmp_path: Path, title: str, expected: tuple[str, MediaKind]) -> None:
    (job,) = jobs(read(tmp_path, GODFATHER.replace("El padrino", title).encode()))
    assert (job.title, job.kind) == expected


def test_any_cut_keeps_the_rows_before(tmp_path: Path) -> None:
    text = f"{GODFATHER}\n{GODFATHER}\n"
    for end in range(len(GODFATHER) + 2, len(text) - 1):
        rows = read(tmp_path, text[:end].encode())
        assert len(rows) == 2
        assert reasons(rows)[0] == "ok"


@pytest.mark.parametrize(
    "row", [GODFATHER.replace("film8", "movie8"), GODFATHER.replace("1972", "72"), GODFATHER + ";"]
)
def test_a_row_that_only_looks_like_it_is_not_taken(tmp_path: Path, row: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(row)
    with pytest.raises(UnknownFormatError):
        open_reader(path)
