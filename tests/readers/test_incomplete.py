"""Exports of which somebody took out, renamed or moved columns: never read as if they were something else."""

import csv
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from importer.errors import UnknownFormatError, UsageError
from importer.readers import ReadOptions, open_reader
from tests.readers.golden import READINGS, SAMPLES, all_samples, open_sample
from tests.readers.reading import jobs, read

HEADERLESS = {"filmaffinity.csv", "filmweb-headerless.csv", "kinopoisk-headerless.csv"}
OTHERWISE = {"kinorium.csv"}  # UTF-16, with tabs
PLAIN = {
    ("filmow.csv", "csv"),
    ("crosswatch-letterboxd.csv", "csv"),
    ("tvtime-extractor.csv", "csv"),
    ("floppy.csv", "yamtrack"),
}
"""Without one of its columns such an export has the words of the other format, which mean the same there."""
TEXTS = [
    path
    for path in all_samples()
    if path.suffix == ".csv"
    and path.name not in HEADERLESS | OTHERWISE
    and open_sample(path).format_name != "csv"
]


def tear(path: Path) -> Iterator[tuple[str, bytes]]:
    """Take the name of each column in turn from a sample."""
    header, _, rows = path.read_bytes().partition(b"\n")
    (delimiter,) = {";"} & {*header.decode()} or {","}
    names = next(csv.reader([header.decode().strip()], delimiter=delimiter, skipinitialspace=True))
    for column, name in enumerate(names):
        others = (*names[:column], "nothing", *names[column + 1 :])
        yield name, delimiter.join(others).encode() + b"\n" + rows


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_an_export_without_one_of_its_columns_is_read_as_what_it_is_or_refused(
    path: Path, tmp_path: Path
) -> None:
    torn = tmp_path / path.name
    for column, content in tear(path):
        torn.write_bytes(content)
        found = None
        with suppress(UsageError):
            found = open_reader(torn, READINGS.get(path.name)).format_name
        # Without the average, a table of MovieLens is anybody's; its ids are refused row by row.
        is_its_own = found in {None, open_sample(path).format_name} or column == "average_rating"
        assert is_its_own or (path.name, found) in PLAIN, column


@pytest.mark.parametrize(
    ("header", "format_name"),
    [
        ("rated_at,title,year,trakt_rating,trakt_id,imdb_id,tmdb_id,rating", "trakt-csv"),
        ("type,title,year,trakt_id,imdb_id,show_title,show_trakt_id,season,episode,rating", "trakt-csv"),
        ("imdb_id,tmdb_id,rating,average_rating,title", "movielens"),
        ("SIMKL_ID,Title,Year,Rating,TVDB,TMDB,IMDB", "simkl"),
        ("tvdb_id,imdb_id,title,is_watched,is_watchlisted,rating", "tvtime-liberator"),
        ("Const,rating,Date Rated,Title,URL,Title Type,IMDb Rating,Year", "imdb"),
        ("Date,Title,Year,Letterboxd URI,Rating", "letterboxd"),
        ("id,title,year,pubdate,url,rating,star_time", "douban"),
        ("VoteDate;Title;IMDB;Rating", "filmtipset"),
        ("TMDb ID,imdb_id,Type,Name,Rating", "tmdb"),
    ],
)
def test_the_words_of_an_export_are_not_taken_for_ours(tmp_path: Path, header: str, format_name: str) -> None:
    with pytest.raises(UnknownFormatError, match=f"those of {format_name}, but the file"):
        read(tmp_path, header.encode() + b"\n")


def test_who_says_that_it_is_a_table_of_his_own_is_believed(tmp_path: Path) -> None:
    content = b"Const,rating,Title Type\ntt0944947,9,tvSeries\n"
    mapping = {"Const": "imdb_id", "Title Type": "type"}
    (job,) = jobs(read(tmp_path, content, reading=ReadOptions("csv", mapping)))
    assert (job.kind, job.imdb_id, job.rating) == ("show", "tt0944947", 9)


@pytest.mark.parametrize("column", ["LastEpWatched", "SIMKL_ID", "Watchlist"])
def test_ratings_of_simkl_are_never_taken_for_stars(tmp_path: Path, column: str) -> None:
    path = tmp_path / "input.csv"
    path.write_text(f"{column},Title,Type,Year,WatchedDate,Rating,TVDB,TMDB,IMDB\n")
    with suppress(UnknownFormatError):
        assert open_reader(path).format_name != "letterboxd-import"


@pytest.mark.parametrize("missing", ["Position", "Created", "Modified", "Description"])
def test_a_list_of_imdb_without_one_of_its_columns_is_still_a_list(tmp_path: Path, missing: str) -> None:
    header = (SAMPLES / "imdb-list.csv").read_text().partition("\n")[0].replace(missing, "x")
    with pytest.raises(UnknownFormatError, match="IMDb list or watchlist"):
        read(tmp_path, header.encode() + b"\n")


@pytest.mark.parametrize("other", ["user_rating", "UserRating", "my rating", "Your Rating"])
def test_of_two_ratings_the_owner_says_which_is_his(tmp_path: Path, other: str) -> None:
    content = f"imdb_id,rating,{other}\ntt0111161,9,4\n".encode()
    with pytest.raises(UnknownFormatError, match="two columns of ratings"):
        read(tmp_path, content)
    for column, expected in ((other, 4), ("rating", 9)):
        (job,) = jobs(read(tmp_path, content, mapping={column: "rating"}))
        assert job.rating == expected


def test_an_entry_of_simkl_with_a_rating_of_everybody_is_not_trakts(tmp_path: Path) -> None:
    content = b'[{"user_rating": 4, "rating": 9, "movie": {"title": "Heat", "ids": {"imdb": "tt0113277"}}}]'
    (job,) = jobs(read(tmp_path, content))
    assert job.rating == 4
