"""Which reader a file gets, and what is said when it gets none."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from importer.cli.advice import explain
from importer.errors import UnknownFormatError, UnreadableFileError, UsageError
from importer.readers import FORMATS, ReadOptions, open_reader
from tests.readers.reading import jobs, read


def refused(folder: Path, content: str, **options: object) -> UnknownFormatError:
    with pytest.raises(UnknownFormatError) as caught:
        read(folder, content.encode(), **options)  # type: ignore[arg-type]
    return caught.value


def test_an_unknown_header_is_shown_with_what_is_missing(tmp_path: Path) -> None:
    error = refused(tmp_path, "Film,Score\nAlien,9\n")
    assert error.found == ("Film", "Score")
    assert any("rating" in missing for missing in error.missing)
    for part in ('"Film", "Score"', "Nearest is csv", "--map", "--format", "input.csv"):
        assert part in explain(error)


def test_the_nearest_format_is_the_one_that_lacks_least(tmp_path: Path) -> None:
    error = refused(tmp_path, "Const,Your Rating,Date Rated,Title,Year\n")
    assert error.missing == ('"Title Type"',)
    assert "Nearest is imdb" in str(error)


def test_a_format_that_is_asked_for_must_fit(tmp_path: Path) -> None:
    error = refused(tmp_path, "imdb_id,rating\ntt0111161,8\n", format_name="imdb")
    assert "not of the format imdb" in str(error)
    assert error.missing == ('"Const"', '"Your Rating"', '"Title Type"')


def test_there_is_no_such_format(tmp_path: Path) -> None:
    assert "auto, imdb, imdb-list, " in str(refused(tmp_path, "a,b\n", format_name="xml"))


def test_names_of_columns_decide_not_the_name_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "letterboxd.xml"
    path.write_text("imdb_id,rating\ntt0111161,8\n")
    assert open_reader(path).format_name == "csv"


def test_map_names_what_is_possible(tmp_path: Path) -> None:
    content = "Film,Score,Year\nAlien,9,1979\n"
    error = refused(tmp_path, content, mapping={"Movie": "title"})
    assert 'no column "Movie"' in str(error)
    assert '"Film", "Score", "Year"' in str(error)
    error = refused(tmp_path, content, mapping={"Film": "name"})
    assert 'no field "name"' in str(error)
    assert "imdb_id" in str(error)
    assert "second_kind" not in str(error)


def test_a_mapped_column_takes_the_place_of_one_of_that_name(tmp_path: Path) -> None:
    content = b"imdb_id,rating,mine\ntt0111161,7.3,8\n"
    (job,) = jobs(read(tmp_path, content, mapping={"mine": "rating"}))
    assert job.rating == 8


def test_a_column_that_stands_twice_is_not_guessed(tmp_path: Path) -> None:
    assert 'two columns "Rating"' in str(refused(tmp_path, "imdb_id,Rating,rating\ntt0111161,8,9\n"))
    read(tmp_path, b"imdb_id,rating,x,x,,\ntt0111161,8,1,2,3,4\n")


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("Date,Name,Year,Letterboxd URI", "a list of films of Letterboxd"),
        ("Title,Date", "Netflix's viewing history"),
        ("Book Id,Title,Author,ISBN,ISBN13,My Rating,Average Rating,Year Published", "a list of books"),
        ("RYM Album,First Name,Last Name,Title,Release_Date,Rating", "a list of music"),
        ("Catalog#,Artist,Title,Label,Format,Rating,Released,release_id", "a list of music"),
        ("movieId,imdbId,tmdbId", "links.csv of a MovieLens data set"),
        ("movieId,title,genres", "movies.csv of a MovieLens data set"),
        ("rank,id,listed_at,notes,type,movie.title", "a list or a watchlist of Trakt"),
        ("score,progress,series_id,series_type", "AniList's data on request"),
        ("85\tToy Story (1995)\n70\tHeat (1995)", "a list of scores as text, as Criticker saves one"),
    ],
)
def test_files_that_are_known_to_hold_no_ratings_are_refused_by_name(
    tmp_path: Path, header: str, what: str
) -> None:
    assert what in str(refused(tmp_path, header + "\n"))


def test_a_refusal_is_one_sentence(tmp_path: Path) -> None:
    told = str(refused(tmp_path, "rank,id,listed_at,notes,type,movie.title\n"))
    assert "which holds no ratings, and is not read as an export" in told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"lists": True}, "lists: this is for imdb-list, and ratings of mine is csv. Leave it out."),
        ({"diary_dates": True}, "diary_dates: this is for letterboxd, and"),
        ({"user": "1"}, "user: this is for movielens-dataset, and"),
        ({"profile": ""}, "profile: this is for netflix, and"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(
    tmp_path: Path, options: dict[str, Any], told: str
) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("imdb_id,rating\ntt0111161,8\n")
    with pytest.raises(UsageError, match=told):
        open_reader(path, ReadOptions(**options), name="ratings of mine")


def test_messages_call_the_file_by_the_name_given(tmp_path: Path) -> None:
    path = tmp_path / "tmp123"
    path.write_text("a,b\n")
    with pytest.raises(UnknownFormatError, match=r"^standard input: "):
        open_reader(path, name="standard input")


def test_a_table_with_very_many_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="2,000 cells"):
        read(tmp_path, b"a" + b"," * 1999 + b"\n1\n")


def test_every_format_is_described() -> None:
    names = [about.name for about in FORMATS]
    assert len(set(names)) == len(names)
    assert names[-1] == "csv"  # whatever is somebody's export is tried before
    assert all(all(about) for about in FORMATS)


def test_listing_formats_needs_no_pandas() -> None:
    code = "import sys, importer.readers as r; r.FORMATS, r.open_reader; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_first_row_that_is_data_is_said_to_be_data(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormatError, match=r"(?s)the first row is data.*title,rating,imdb_id"):
        read(tmp_path, b"A,5,tt0111161\nB,4,tt0068646\n")
