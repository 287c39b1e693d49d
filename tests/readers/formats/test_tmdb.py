"""The reader of TMDB's ratings."""

from pathlib import Path

import pytest

from importer.model import MediaKind
from tests.readers.conformance import ReaderConformance
from tests.readers.reading import invalid, jobs, read, reasons

HEADER = "TMDb ID,IMDb ID,Type,Name,Release Date,Season Number,Episode Number,Rating,Your Rating,Date Rated"


class TestTmdb(ReaderConformance):
    format_name = "tmdb"
    samples = ("tmdb.csv",)
    header = HEADER

    def row(self, title: str) -> str:
        return f"949,tt0113277,movie,{title},1995-12-15T00:00:00Z,,,7.9,9.0,2022-09-20T00:00:00Z"


@pytest.mark.parametrize(
    ("cell", "rating", "note"),
    [
        ("9.0", 9, None),
        ("8", 8, None),
        ("8.5", 9, "8.5 of 10 is rated 9"),
        ("6.5", 7, "6.5 of 10 is rated 7"),
        ("0.5", 1, "0.5 of 10 is rated 1"),
    ],
)
def test_ones_own_rating_counts_and_halves_go_up(
    tmp_path: Path, cell: str, rating: int, note: str | None
) -> None:
    (job,) = jobs(read(tmp_path, f"{HEADER}\n949,,movie,Heat,1995,,,3.3,{cell},\n".encode()))
    assert (job.rating, job.note) == (rating, note)


def test_a_day_is_no_instant(tmp_path: Path) -> None:
    dates = ("2022-09-20T00:00:00Z", "2022-09-20T18:00:00Z", "2022-09-20", "")
    rows = "".join(f"949,,movie,Heat,1995-12-15,,,7,9,{day}\n" for day in dates)
    found = jobs(read(tmp_path, f"{HEADER}\n{rows}".encode()))
    assert [job.rated_at for job in found] == ["2022-09-20", "2022-09-20T18:00:00Z", "2022-09-20", None]
    assert {job.year for job in found} == {1995}


def test_rows_of_a_watchlist_are_skipped(tmp_path: Path) -> None:
    (row,) = invalid(read(tmp_path, f"{HEADER}\n949,,movie,Heat,1995-12-15,,,7.9,,\n".encode()))
    assert (row.status, row.reason) == ("skipped", "no_rating")


def test_the_tmdb_id_of_an_episode_is_never_used(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        f"{HEADER}\n"
        "85987,tt0583459,tv,Friends S1E1,1994-09-22,1,1,8,9,\n"
        "1668,,tv,Friends S1E2,1994-09-29,1,2,8,9,\n"
        "1668,,tv,Friends S1E2,1994-09-29,1,3,8,9,\n"
        "1668,,tv,Amici,1994-09-29,0,1,8,9,\n".encode(),
    )
    assert reasons(rows) == ["ok", "ok", "no_id", "no_id"]
    own, by_show = jobs(rows[:2])
    assert (own.kind, own.imdb_id, own.tmdb_id, own.season) == (MediaKind.EPISODE, "tt0583459", None, None)
    assert (own.title, own.year) == ("Friends S1E1", 1994)
    assert (by_show.season, by_show.episode, by_show.title) == (1, 2, "Friends")
    assert (by_show.tmdb_id, by_show.year) == (None, None), "the year is the episode's"


def test_numbers_that_make_no_sense(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        f"{HEADER}\n1,tt0113277,movie,A,,1,1,8,9,\n1,,tv,A,,1,,8,9,\n1,,tv,A,,,1,8,9,\n1,,tv,A,,1,x,8,9,\n"
        "1,,podcast,A,,,,8,9,\n1,,movie,A,soon,,,8,9,\n".encode(),
    )
    assert reasons(rows) == [*["type_mismatch"] * 3, "bad_number", "unknown_type", "ok"]


def test_an_episode_that_says_so_but_has_no_numbers_goes_by_its_imdb_id_alone(tmp_path: Path) -> None:
    (job,) = jobs(read(tmp_path, f"{HEADER}\n85987,tt0583459,episode,Friends,,,,7.9,9,\n".encode()))
    assert (job.kind, job.imdb_id, job.tmdb_id) == (MediaKind.EPISODE, "tt0583459", None)
