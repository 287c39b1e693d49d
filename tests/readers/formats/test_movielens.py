"""The readers of MovieLens' export and of its data sets."""

import tracemalloc
import zipfile
from pathlib import Path

import pytest

from importer.errors import UnknownFormatError, UnreadableFileError, UsageError
from importer.model import MediaKind, SourceRow, Status
from importer.readers import ReadOptions, open_reader
from importer.readers.cells.texts import split_sorted_title
from importer.readers.formats.movielens import MovieLensDatasetReader
from tests.readers.conformance import ReaderConformance, SamplesConformance
from tests.readers.reading import invalid, jobs, read, reasons

RATINGS = "userId,movieId,rating,timestamp\n"
LINKS = "movieId,imdbId,tmdbId\n1,0114709,862\n2571,0133093,603\n7,,\n8,nonsense,1\n9,12345678,\n"
MOVIES = 'movieId,title,genres\n1,Toy Story (1995),Animation\n2571,"Matrix, The (1999)",Action\n'


class TestMovieLens(ReaderConformance):
    format_name = "movielens"
    samples = ("movielens.csv",)
    header = "movie_id,imdb_id,tmdb_id,rating,average_rating,title"

    def row(self, title: str) -> str:
        return f"1,0114709,862,4.0,3.89,{title}"


class TestMovieLensDataset(SamplesConformance):
    format_name = "movielens-dataset"
    samples = ("movielens-dataset.zip",)


def read_site(folder: Path, *rows: str) -> list[SourceRow]:
    return read(folder, "\n".join((TestMovieLens.header, *rows)).encode())


@pytest.mark.parametrize(
    ("imdb_id", "expected"),
    [
        ("0114709", "tt0114709"),
        ("114709", "tt0114709"),
        ("114709.0", "tt0114709"),
        ("12345678", "tt12345678"),
        ("tt0114709", "tt0114709"),
        ("", None),
        ("-1", None),
    ],
)
def test_an_id_gets_its_letters_and_zeros_back(tmp_path: Path, imdb_id: str, expected: str | None) -> None:
    (job,) = jobs(read_site(tmp_path, f"1,{imdb_id},862,4.0,3.89,T (1995)"))
    assert (job.imdb_id, job.tmdb_id, job.kind) == (expected, 862, MediaKind.MOVIE)


def test_halves_are_doubled_and_the_average_is_not_taken(tmp_path: Path) -> None:
    ratings = [f"{half / 2:.1f}" for half in range(1, 11)]
    rows = read_site(tmp_path, *(f"1,0114709,862,{rating},3.9,T" for rating in ratings))
    assert [job.rating for job in jobs(rows)] == list(range(1, 11))
    assert all(job.note is None and job.rated_at is None for job in jobs(rows))


def test_a_table_of_other_people_with_such_columns_is_not_doubled(tmp_path: Path) -> None:
    (job,) = jobs(read(tmp_path, b"movie_id,imdb_id,rating\n1,tt0114709,4\n"))
    assert job.rating == 4


@pytest.mark.parametrize(
    ("text", "title", "year"),
    [
        ("Toy Story (1995)", "Toy Story", 1995),
        ("Matrix, The (1999)", "The Matrix", 1999),
        ("Avventura, L' (1960)", "L'Avventura", 1960),
        ("City of Lost Children, The (Cité, La) (1995)", "The City of Lost Children (Cité, La)", 1995),
        ("(500) Days of Summer (2009)", "(500) Days of Summer", 2009),
        ("Fawlty Towers (1975-1979)", "Fawlty Towers", 1975),
        ("Black Mirror (2011– )", "Black Mirror", 2011),
        ("Me, Myself & Irene (2000)", "Me, Myself & Irene", 2000),
        ("2046", "2046", None),
        ("(2009)", "(2009)", None),
        ("", None, None),
    ],
)
def test_a_title_and_its_year_are_split_and_its_article_comes_first(
    text: str, title: str | None, year: int | None
) -> None:
    assert split_sorted_title(text) == (title, year)


def read_dataset(folder: Path, *rows: str, user: str | None = None) -> list[SourceRow]:
    (folder / "links.csv").write_text(LINKS)
    (folder / "movies.csv").write_text(MOVIES)
    return read(folder, (RATINGS + "\n".join(rows)).encode(), reading=ReadOptions(user=user))


def test_ids_and_titles_come_from_the_files_beside_it(tmp_path: Path) -> None:
    rows = read_dataset(tmp_path, "1,2571,4.5,964981247", "1,9,0.5,0")
    matrix, other = jobs(rows)
    assert (matrix.imdb_id, matrix.tmdb_id, matrix.title, matrix.year) == (
        "tt0133093",
        603,
        "The Matrix",
        1999,
    )
    assert (matrix.rating, matrix.rated_at) == (9, "2000-07-30T18:20:47Z")
    assert (other.imdb_id, other.tmdb_id, other.title, other.rated_at) == ("tt12345678", None, None, None)


def test_a_title_without_an_id_is_told(tmp_path: Path) -> None:
    rows = read_dataset(tmp_path, "1,7,3.0,964981247", "1,99,3.0,964981247", "1,8,3.0,964981247")
    assert reasons(rows) == ["no_id", "no_id", "bad_id"]
    messages = [row.message for row in invalid(rows)]
    assert all("links.csv" in message for message in messages)
    assert '"nonsense"' in messages[2]


def test_the_rows_of_other_users_are_skipped_and_each_is_a_row(tmp_path: Path) -> None:
    rows = read_dataset(tmp_path, "1,1,4.0,1", "2,1,4.9,x", "1,2571,5.0,1", user="1")
    assert reasons(rows) == ["ok", "other_user", "ok"]
    assert invalid(rows[1:2])[0].status is Status.SKIPPED
    assert "--user" in invalid(rows[1:2])[0].message


def test_a_file_of_several_users_asks_whose_ratings_to_take(tmp_path: Path) -> None:
    rows = [f"{user},1,4.0,1" for user in range(1, 31)]
    with pytest.raises(UsageError, match=r'^user: .*several people: "1", "2", .*and others\.'):
        read_dataset(tmp_path, *rows)
    with pytest.raises(UsageError, match="user 99: no row"):
        read_dataset(tmp_path, *rows, user="99")
    assert reasons(read_dataset(tmp_path, *rows, user="30")) == ["other_user"] * 29 + ["ok"]


def test_blank_and_repeated_lines_are_nobody(tmp_path: Path) -> None:
    rows = read_dataset(tmp_path, "<<<<<<< ours", "1,1,4.0,1", ",,,", RATINGS.strip(), ">>>>>>> theirs")
    assert reasons(rows) == ["conflict_mark", "ok", "empty_row", "repeated_header", "conflict_mark"]


def test_without_links_it_says_what_is_missing_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"no links\.csv beside it.*zip archive"):
        read(tmp_path, (RATINGS + "1,1,4.0,1\n").encode())
    (tmp_path / "links.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UnreadableFileError, match=r"links\.csv: it lacks one of the columns"):
        read(tmp_path, (RATINGS + "1,1,4.0,1\n").encode())


def test_movies_are_welcome_but_not_needed(tmp_path: Path) -> None:
    (tmp_path / "links.csv").write_text(LINKS)
    (job,) = jobs(read(tmp_path, (RATINGS + "1,1,4.0,1\n").encode()))
    assert (job.imdb_id, job.title) == ("tt0114709", None)


def test_the_archive_of_a_data_set_is_read_as_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "ml-small.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ml-small/ratings.csv", RATINGS + "1,2571,4.5,964981247\n")
        archive.writestr("ml-small/movies.csv", MOVIES)
        archive.writestr("ml-small/tags.csv", "userId,movieId,tag,timestamp\n1,1,fun,1\n")
    with pytest.raises(UnreadableFileError, match=r"ml-small/ratings\.csv: there is no links\.csv"):
        open_reader(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("ml-small/links.csv", LINKS)
    (rows,) = open_reader(path).chunks()
    assert [job.title for job in jobs(rows)] == ["The Matrix"]


def test_the_files_beside_it_are_no_ratings_themselves(tmp_path: Path) -> None:
    for text in (LINKS, MOVIES):
        with pytest.raises(UnknownFormatError):
            read(tmp_path, text.encode())


def test_memory_does_not_grow_with_the_ratings(tmp_path: Path) -> None:
    (tmp_path / "links.csv").write_text(LINKS)
    path = tmp_path / "ratings.csv"

    def peak(rows: int) -> int:
        path.write_text(RATINGS + "1,1,4.0,964981247\n2,1,4.0,964981247\n" * (rows // 2))
        reader = open_reader(path, ReadOptions(user="1"))
        assert isinstance(reader, MovieLensDatasetReader)
        reader.table.block_size = 1 << 14
        tracemalloc.start()
        try:
            assert sum(len(chunk) for chunk in reader.chunks()) == rows
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(1_000)  # what is imported and remembered the first time is not the file's
    assert peak(20_000) < 1.5 * peak(5_000)
