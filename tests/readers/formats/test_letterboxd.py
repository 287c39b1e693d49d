"""The readers of Letterboxd's export and of the CSV that Letterboxd imports."""

from pathlib import Path

import pytest

from importer.errors import UnknownFormatError, UsageError
from importer.model import MediaKind, RatingJob, SourceRow
from importer.readers import ReadOptions, open_reader
from tests.readers.conformance import ReaderConformance
from tests.readers.reading import invalid, jobs, read, reasons
from tests.samples.archives import write_archive

RATINGS = "Date,Name,Year,Letterboxd URI,Rating"
DIARY = "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date"
REVIEWS = "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Review,Tags,Watched Date"
SAMPLES = (
    "letterboxd-diary.csv",
    "letterboxd-export.zip",
    "letterboxd-ratings.csv",
    "letterboxd-reviews.csv",
)

WITH_DIARY = ReadOptions(diary_dates=True)


class TestRatings(ReaderConformance):
    format_name = "letterboxd"
    samples = SAMPLES
    header = RATINGS

    def row(self, title: str) -> str:
        return f"2024-05-01,{title},1995,https://boxd.it/2a8i,4.5"


class TestDiary(ReaderConformance):
    format_name = "letterboxd"
    samples = SAMPLES
    header = DIARY

    def row(self, title: str) -> str:
        return f"2024-05-01,{title},1995,https://boxd.it/15H2Fz,4.5,Yes,tag,2024-04-30"


class TestReviews(ReaderConformance):
    format_name = "letterboxd"
    samples = SAMPLES
    header = REVIEWS

    def row(self, title: str) -> str:
        return f"2024-05-01,{title},1995,https://boxd.it/15H2Fz,4.5,,<b>Fine</b>,,2024-04-30"


class TestImport(ReaderConformance):
    format_name = "letterboxd-import"
    samples = ("crosswatch-letterboxd.csv", "letterboxd-import.csv")
    header = "imdbID,Title,Year,Rating10,WatchedDate"

    def row(self, title: str) -> str:
        return f"tt0113277,{title},1995,9,2024-04-30"


def read_files(folder: Path, files: dict[str, str], reading: ReadOptions | None = None) -> list[SourceRow]:
    """Read an archive of these files."""
    path = folder / "export.zip"
    write_archive(path, files)
    reader = open_reader(path, reading)
    assert reader.format_name == "letterboxd"
    return [row for chunk in reader.chunks() for row in chunk]


def dates(rows: list[SourceRow]) -> list[tuple[str | None, str | None]]:
    return [(job.title, job.rated_at) for job in jobs(rows)]


def test_half_stars_double_without_loss(tmp_path: Path) -> None:
    rows = [f"2024-05-01,Film {half},2001,https://boxd.it/{half},{half / 2:g}" for half in range(1, 11)]
    found = jobs(read(tmp_path, "\n".join((RATINGS, *rows)).encode()))
    assert [job.rating for job in found] == list(range(1, 11))
    assert all(job.note is None for job in found)


def test_a_film_may_be_a_limited_series(tmp_path: Path) -> None:
    (job,) = jobs(read(tmp_path, f"{RATINGS}\n2022-03-27,Normal People,2020,https://boxd.it/a,4\n".encode()))
    assert (job.kind, job.second_kind) == (MediaKind.MOVIE, MediaKind.SHOW)


@pytest.mark.parametrize("header", [DIARY, REVIEWS])
def test_the_day_of_viewing_dates_a_diary_row_when_asked_for(tmp_path: Path, header: str) -> None:
    words = "" if header == DIARY else "words,"
    text = (
        f"{header}\n2024-05-03,Heat,1995,u,4,,{words},2024-05-01\n"
        f"2024-05-03,Ran,1985,u,4,,{words},\n2024-05-03,Ikiru,1952,u,,,{words},2024-05-01\n"
    )
    rows = read(tmp_path, text.encode())
    assert reasons(rows) == ["ok", "ok", "no_rating"]
    assert dates(rows[:2]) == [("Heat", "2024-05-03"), ("Ran", "2024-05-03")]
    rows = read(tmp_path, text.encode(), reading=WITH_DIARY)
    assert dates(rows[:2]) == [("Heat", "2024-05-01"), ("Ran", "2024-05-03")]


def test_of_an_export_only_the_ratings_of_today_are_read(tmp_path: Path) -> None:
    files = {
        "deleted/ratings.csv": f"{RATINGS}\n2017-01-01,Cats,2019,https://boxd.it/a,5\n",
        "orphaned/diary.csv": f"{DIARY}\n2017-01-01,Cats,2019,https://boxd.it/a,5,,,2017-01-01\n",
        "diary.csv": f"{DIARY}\n2018-01-01,Heat,1995,https://boxd.it/aaaaaa,3,,,2017-12-31\n",
        "ratings.csv": f"{RATINGS}\n2024-05-01,Heat,1995,https://boxd.it/bbbb,4.5\n",
        "watched.csv": "Date,Name,Year,Letterboxd URI\n2024-05-01,Ran,1985,https://boxd.it/c\n",
    }
    (job,) = jobs(read_files(tmp_path, files))
    assert (job.title, job.rating, job.rated_at) == ("Heat", 9, "2024-05-01")
    del files["ratings.csv"]
    (job,) = jobs(read_files(tmp_path, files))
    assert job.rating == 6, "without ratings.csv the diary has to do"


def test_the_last_viewing_dates_a_rating_when_asked_for(tmp_path: Path) -> None:
    files = {
        "someone/ratings.csv": f"{RATINGS}\n"
        "2024-05-09,Heat,1995,https://boxd.it/a,4\n2024-05-09,Heat,1986,https://boxd.it/b,4\n"
        "2024-05-09,Ran,1985,https://boxd.it/c,4\n2024-05-09,Kosmos,,https://boxd.it/d,4\n",
        "someone/diary.csv": f"{DIARY}\n"
        "2024-01-01,Heat,1995,https://boxd.it/e,3,,,2024-05-01\n"
        "2024-01-01,Heat,1995,https://boxd.it/f,,,,2017-05-01\n"
        "2024-01-01,Kosmos,,https://boxd.it/g,3,,,2012-05-01\n"
        "2024-01-01,Ran,1985,https://boxd.it/h,3,,,some day\n",
    }
    assert dates(read_files(tmp_path, files, WITH_DIARY)) == [
        ("Heat", "2024-05-01"),
        ("Heat", "2024-05-09"),
        ("Ran", "2024-05-09"),
        ("Kosmos", "2012-05-01"),
    ]


def test_the_diary_is_found_beside_the_ratings(tmp_path: Path) -> None:
    ratings = tmp_path / "my ratings.csv"
    ratings.write_text(f"{RATINGS}\n2024-05-09,Heat,1995,https://boxd.it/a,4\n")
    with pytest.raises(UsageError, match=r"no diary\.csv beside"):
        open_reader(ratings, WITH_DIARY)
    (tmp_path / "diary.csv").write_text(f"{DIARY}\n2024-01-01,Heat,1995,https://boxd.it/e,3,,,2024-05-01\n")
    (rows,) = open_reader(ratings, WITH_DIARY).chunks()
    assert dates(rows) == [("Heat", "2024-05-01")]


def test_two_films_of_one_name_and_year_do_not_pass_for_each_other(tmp_path: Path) -> None:
    files = {
        "ratings.csv": f"{RATINGS}\n"
        "2024-05-01,The Count of Monte-Cristo,2024,https://boxd.it/a,3\n"
        "2024-05-02,The Count of Monte-Cristo,2024,https://boxd.it/b,4\n"
        "2024-05-03,Heat,1995,https://boxd.it/c,4\n2024-05-04,Heat,1995,https://boxd.it/c,4\n",
        "diary.csv": f"{DIARY}\n2024-05-02,The Count of Monte-Cristo,2024,https://boxd.it/d,4,,,2024-04-01\n",
    }
    first, second, *heats = read_files(tmp_path, files, WITH_DIARY)
    for row in invalid([first, second]):
        assert (row.reason, row.year, row.rated_at) == ("no_id", "2024", f"2024-05-0{row.row}")
        assert "another film of the file has this name and year, 2024" in row.message
    assert [job.year for job in jobs(heats)] == [1995, 1995], "one film twice"


@pytest.mark.parametrize(
    "text", ["Letterboxd list export v7\nDate,Name,Tags,URL,Description\n", RATINGS[:29]]
)
def test_lists_are_no_ratings(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnknownFormatError, match=r"of Letterboxd.*holds no ratings"):
        read(tmp_path, text.encode())


def read_import(folder: Path, header: str, *rows: str) -> list[SourceRow]:
    found = read(folder, "\n".join((header, *rows)).encode())
    assert open_reader(folder / "input.csv").format_name == "letterboxd-import"
    return found


def test_either_rating_column_counts(tmp_path: Path) -> None:
    rows = read_import(tmp_path, "Title,Rating,Rating10", "A,4.5,", "B,,7", "C,2,5", "D,,", "E,,0", "F,4.7,")
    assert reasons(rows) == ["ok", "ok", "ok", "no_rating", "bad_rating", "off_scale"]
    assert [job.rating for job in jobs(rows[:3])] == [9, 7, 5]


def test_stars_alone(tmp_path: Path) -> None:
    rows = read_import(tmp_path, "WatchedDate,Title,Rating", "2024-05-01,A,0.5", ",B,4.7", ",C,")
    assert reasons(rows) == ["ok", "off_scale", "no_rating"]
    (job,) = jobs(rows[:1])
    assert (job.rating, job.rated_at) == (1, "2024-05-01")
    assert [row.rating for row in invalid(rows[1:])] == ["4.7", None]


def test_ids_and_addresses(tmp_path: Path) -> None:
    rows = read_import(
        tmp_path,
        "url,tmdbID,imdbID,Title,Rating10",
        "https://boxd.it/2a8i,949,tt0113277,Heat,9",
        "https://boxd.it/2a8i,,,,9",
        ",949.0,,,9",
    )
    assert reasons(rows) == ["ok", "no_id", "ok"]
    first, last = jobs([rows[0], rows[2]])
    assert (first.imdb_id, first.tmdb_id, last.tmdb_id) == ("tt0113277", 949, 949)


def test_a_title_keeps_no_entities(tmp_path: Path) -> None:
    (job,) = jobs(read_import(tmp_path, "Title,Rating10", "Lilo &amp; Stitch,9"))
    assert job.title == "Lilo & Stitch"


def test_a_rating_on_nobodys_scale_is_not_taken_for_stars(tmp_path: Path) -> None:
    (row,) = read(tmp_path, b"imdbID,Title,Year,Rating\ntt0113277,Heat,1995,4\n")
    assert isinstance(row, RatingJob)
    assert row.rating == 4
    assert open_reader(tmp_path / "input.csv").format_name == "csv"


def test_ids_that_stand_in_the_file_tell_films_of_one_name_and_year(tmp_path: Path) -> None:
    content = (
        "Date,Name,Year,Letterboxd URI,Rating,imdbID,tmdbID\n"
        "2024-01-03,An Inspector Calls,2015,https://boxd.it/9SSK,3,tt4353270,360784\n"
        "2024-01-04,An Inspector Calls,2015,https://boxd.it/bOqa,4,,376570\n"
    )
    found = jobs(read(tmp_path, content.encode()))
    assert [(job.imdb_id, job.tmdb_id, job.rating) for job in found] == [
        ("tt4353270", 360784, 6),
        (None, 376570, 8),
    ]
