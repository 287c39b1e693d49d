"""The reader of tables that people write themselves, and of the importer's results file."""

from pathlib import Path

import pytest

from importer.errors import OptionError, ScaleNeededError, UnknownFormatError
from importer.files import neutralise
from importer.model import RESULT_COLUMNS, UNRATE, InvalidRow, MediaKind, RatingJob, Status
from importer.readers import ReadOptions, open_reader
from importer.readers.base import check_zero
from tests.readers.conformance import ReaderConformance
from tests.readers.reading import jobs, read, reasons

SAMPLES_OF_CSV = (
    *("allocine.csv", "movary.csv", "ratings.csv", "ratings-semicolon.csv", "ratings.tsv"),
    *("ratings.json", "ratings.jsonl", "ratings.ods", "ratings.xlsx"),
)


class TestCsv(ReaderConformance):
    format_name = "csv"
    samples = SAMPLES_OF_CSV
    header = "imdb_id,title,rating,rated_at"

    def row(self, title: str) -> str:
        return f"tt0111161,{title},9,2024-05-01"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ", "])
def test_any_delimiter(tmp_path: Path, delimiter: str) -> None:
    rows = [("IMDB_ID", " Title ", "Rating"), ("tt0111161", '"A, B; C"', "7"), ("tt0068646", "D", "8.0")]
    content = "\r\n".join(delimiter.join(row) for row in rows).encode()
    found = jobs(read(tmp_path, content))
    assert [(job.imdb_id, job.title, job.rating) for job in found] == [
        ("tt0111161", "A, B; C", 7),
        ("tt0068646", "D", 8),
    ]


@pytest.mark.parametrize(
    ("type_", "season", "episode", "expected"),
    [
        ("", "", "", MediaKind.SHOW),
        ("", "2", "", MediaKind.SEASON),
        ("", "0", "3", MediaKind.EPISODE),
        ("show", "", "", MediaKind.SHOW),
        ("Season", "2", "", MediaKind.SEASON),
        ("episode", "", "", MediaKind.EPISODE),
        ("tvMiniSeries", "", "", MediaKind.SHOW),
        ("movie", "1", "", "type_mismatch"),
        ("show", "1", "2", "type_mismatch"),
        ("season", "1", "2", "type_mismatch"),
        ("episode", "1", "", "no_number"),
        ("", "", "3", "no_number"),
        ("episode", "one", "2", "bad_number"),
        ("sculpture", "", "", "unknown_type"),
        ("video game", "", "", "video_game"),
    ],
)
def test_the_kind_of_a_row(tmp_path: Path, type_: str, season: str, episode: str, expected: str) -> None:
    (row,) = read(
        tmp_path, f"tvdb_id,rating,type,season,episode\n81189,9,{type_},{season},{episode}\n".encode()
    )
    assert (row.reason if isinstance(row, InvalidRow) else row.kind) == expected


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        ("title,year,rating", "Alien,1979,9", "ok"),
        ("title,year,rating", "Alien,,9", "ok"),
        ("title,year,rating", "Alien,79,9", "ok"),
        ("title,year,rating", ",1979,9", "no_id"),
        ("imdb_id,tmdb_id,rating", ",603.0,9", "ok"),
        ("imdb_id,tmdb_id,rating", ",0,9", "no_id"),
        ("imdb_id,tmdb_id,rating", ",,9", "no_id"),
        ("imdb_id,tmdb_id,rating", "111161,603,9", "bad_id"),
        ("title,year,rating,season,episode", "Lost,2004,9,1,2", "ok"),
        ("title,year,rating,type", "Pilot,2004,9,episode", "no_id"),
        ("trakt,rating", "12,love", "ok"),
        ("imdb,rating", "tt0111161,unrate", "ok"),
        ("tmdb,rating", "12x,8", "bad_id"),
    ],
)
def test_what_tells_a_title(tmp_path: Path, header: str, row: str, expected: str) -> None:
    assert reasons(read(tmp_path, f"{header}\n{row}\n".encode())) == [expected]


def test_map_gives_columns_their_meaning(tmp_path: Path) -> None:
    content = b"Film;Jahr;Note;rating\nAlien;1979;9;7.3\n"
    mapping = {"film": "title", "Jahr": "year", "Note": "rating"}
    (job,) = jobs(read(tmp_path, content, mapping=mapping))
    assert (job.title, job.year, job.rating) == ("Alien", 1979, 9)


def test_the_rules_applied_stand_in_the_notes(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("tmdb_id,rating,season\n1,2,3\n")
    notes = " ".join(open_reader(path).notes)
    assert "every row is a movie, or has a season" in notes
    assert "ids, title and year are the show's" in notes


def test_a_results_file_is_read_back_as_it_went_in(tmp_path: Path) -> None:
    title = "=2+2, 'quoted' \"text\"\nand more"
    cells = dict.fromkeys(RESULT_COLUMNS, "") | {
        "row": "9",
        "line": "12",
        "status": "failed",
        "reason": "gave_up",
        "kind": "episode",
        "title": title,
        "year": "2004",
        "season": "1",
        "episode": "2",
        "imdb_id": "tt0411008",
        "rating": "hate",
        "rated_at": "2024-05-01T10:00:00Z",
        "previous_rating": "3",
    }
    quoted = ('"' + neutralise(cells[name]).replace('"', '""') + '"' for name in RESULT_COLUMNS)
    content = ",".join(RESULT_COLUMNS) + "\r\n" + ",".join(quoted) + "\r\n"
    rows = read(tmp_path, content.encode())
    expected = RatingJob(
        row=1,
        line=2,
        kind=MediaKind.EPISODE,
        title=title,
        year=2004,
        season=1,
        episode=2,
        imdb_id="tt0411008",
        tmdb_id=None,
        tvdb_id=None,
        trakt_id=None,
        rating="hate",
        rated_at="2024-05-01T10:00:00Z",
    )
    assert rows == [expected]


def test_an_apostrophe_stays_in_a_table_that_is_no_results_file(tmp_path: Path) -> None:
    (job,) = read(tmp_path, b"imdb_id,title,rating\ntt0111161,'=x,8\n")
    assert job.title == "'=x"


def test_a_list_of_icheckmovies_is_refused_and_read_as_its_owner_says(tmp_path: Path) -> None:
    text = (
        "rank;title;year;officialtoplistcount;akatitle;imdburl;checked;favorite;disliked;watchlist;owned\n"
        "1;Alien;1979;9;;http://www.imdb.com/title/tt0078748/;yes;yes;no;no;no\n"
        "2;Heat;1995;9;;http://www.imdb.com/title/tt0113277/;yes;no;no;no;no\n"
    )
    path = tmp_path / "checked.csv"
    for content in (text, text.replace(";", ",")):
        path.write_text(content)
        with pytest.raises(UnknownFormatError, match="iCheckMovies, which marks them and rates none"):
            open_reader(path)
        mapping = {"imdburl": "imdb_id", "favorite": "rating"}
        (rows,) = open_reader(path, ReadOptions("csv", mapping, scale="yes=9")).chunks()
        assert reasons(rows) == ["ok", "off_scale"]
        assert jobs(rows[:1])[0][2:10] == ("movie", "Alien", 1979, None, None, "tt0078748", None, None)


def test_a_row_without_a_type_says_what_it_was_taken_for_where_others_have_one(tmp_path: Path) -> None:
    first, second = jobs(read(tmp_path, b"tmdb_id,type,rating\n100,,9\n100,tv,8\n"))
    assert first.note == "the row has no type: taken for a movie"
    assert (second.kind, second.note) == ("show", None)
    (job,) = jobs(read(tmp_path, b"tmdb_id,rating\n100,9\n"))
    assert job.note is None, "the notes of the file say it of all rows"


def test_a_results_file_with_an_id_written_into_a_row_of_an_unknown_kind_is_read(tmp_path: Path) -> None:
    (job,) = jobs(read(tmp_path, b"imdb_id,kind,rating\ntt0113277,unknown,9\n"))
    assert (job.kind, job.imdb_id) == ("unknown", "tt0113277")


@pytest.mark.parametrize("cell", ["0001-01-01", "0001-01-01T00:00:00Z", "0001-01-01 00:00:00"])
def test_the_first_day_of_the_first_year_is_no_date(tmp_path: Path, cell: str) -> None:
    (job,) = jobs(read(tmp_path, f"imdb_id,rating,rated_at\ntt0113277,9,{cell}\n".encode()))
    assert job.rated_at is None


def test_the_marks_that_make_texts_of_a_spreadsheets_cells_are_no_part_of_them(tmp_path: Path) -> None:
    lines = [
        "imdb_id,title,year,rating,rated_at",
        "'tt0133093,The Matrix,1999,9,'2024-05-01",
        '"=""tt1375666""",Inception,\'2010,8,2024-05-02',
        "\" tt0816692 \",'Twas the Night,2014,'7,2024-05-03",
        "TT0110912,Pulp Fiction,1994,9,2024-05-04",
    ]
    rows = jobs(read(tmp_path, "\n".join(lines).encode()))
    assert [row.imdb_id for row in rows] == ["tt0133093", "tt1375666", "tt0816692", "tt0110912"]
    assert [row.rating for row in rows] == [9, 8, 7, 9]
    assert [row.rated_at for row in rows] == [f"2024-05-0{day}" for day in (1, 2, 3, 4)]
    assert [rows[1].year, rows[2].title] == [2010, "'Twas the Night"]


def test_thousands_are_not_cut_off_an_id(tmp_path: Path) -> None:
    content = "title;year;tmdb_id;trakt_id;rating\nSome film;2006;12.000;;7\nThe Matrix;1999;;481.000;6\n"
    assert reasons(read(tmp_path, content.encode())) == ["bad_id", "bad_id"]


def test_zero_is_not_rated_and_removes_nothing(tmp_path: Path) -> None:
    content = "imdb_id,title,year,rating\ntt0133093,The Matrix,1999,9\ntt1375666,Inception,2010,0\n"
    rows = read(tmp_path, (content + "tt0816692,Interstellar,2014,0.0\ntt0110912,x,1994,unrate\n").encode())
    assert reasons(rows) == ["ok", "no_rating", "no_rating", "ok"]
    assert [row.status for row in rows if isinstance(row, InvalidRow)] == [Status.SKIPPED] * 2
    assert [row.rating for row in rows if not isinstance(row, InvalidRow)] == [9, 0]


def test_what_tells_a_show_where_no_type_does(tmp_path: Path) -> None:
    content = (
        "title,imdb_id,tvdb_id,url,rating\n"
        "A,tt0000001,81189,,9\nB,tt0000002,,https://www.criticker.com/tv/B/,8\nC,tt0000003,,,7\n"
        "D,,,https://www.themoviedb.org/movie/603-the-matrix,6\nE,,,https://www.imdb.com/title/tt0068646/,5\n"
    )
    found = jobs(read(tmp_path, content.encode()))
    assert [job.kind for job in found] == ["show", "show", "movie", "movie", "movie"]
    assert [job.second_kind for job in found] == ["movie", "movie", None, None, None]
    assert found[0].note == "the row has no type: taken for a show, because it has a TVDB id"
    assert (found[3].tmdb_id, found[4].imdb_id) == (603, "tt0068646")


@pytest.mark.parametrize("name", ["RatedAt", "Date Rated", "Date", "created_at"])
def test_what_people_call_the_date_and_the_rating(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        f"IMDb ID,TMDB ID,Title,Year,My Rating,{name},Seen\ntt0133093,603,X,1999,9,2024-05-01,x\n"
    )
    reader = open_reader(path)
    ((job,),) = reader.chunks()
    assert isinstance(job, RatingJob)
    assert (job.imdb_id, job.tmdb_id, job.rating, job.rated_at) == ("tt0133093", 603, 9, "2024-05-01")
    assert reader.unread == ["Seen"]
    is_told = any("dated by the column" in note for note in reader.notes)
    assert is_told is (name in {"Date", "created_at"})


def test_rows_that_were_never_rated_are_skipped(tmp_path: Path) -> None:
    content = "imdb_id,type,watched_at,rating,rated_at\ntt0068646,movie,,6,2024-10-26\n"
    content += (
        "tt0111161,movie,2024,,\ntt0111162,movie,2024,,2024-05-01\ntt0111163,movie,2024,N/A,2024-05-01\n"
    )
    rows = read(tmp_path, content.encode())
    assert [getattr(row, "status", "ok") for row in rows] == ["ok", "skipped", "skipped", "skipped"]


def test_a_table_of_titles_alone_is_read(tmp_path: Path) -> None:
    (job,) = jobs(read(tmp_path, b"Title,Rating,Review\nMatrix,4.5,x\n", reading=ReadOptions(scale="5")))
    assert (job.title, job.year, job.rating) == ("Matrix", None, 9)


def test_a_bad_year_costs_the_year_and_not_the_row(tmp_path: Path) -> None:
    (job,) = jobs(read(tmp_path, b"title,year,rating,imdb_id\nAlien,next,9,tt0078748\n"))
    assert (job.year, job.imdb_id, job.note) == (None, "tt0078748", 'the year, "next", is none and left out')


@pytest.mark.parametrize("date", ["last summer", "2021-02-30", "0000-00-00"])
def test_a_bad_date_costs_the_date_and_not_the_row(tmp_path: Path, date: str) -> None:
    (job,) = jobs(read(tmp_path, f"imdb_id,rating,rated_at\ntt0078748,9,{date}\n".encode()))
    assert (job.rated_at, job.rating, job.note) == (None, 9, f'the date, "{date}", is none and left out')


def test_the_element_of_a_record_tells_its_kind(tmp_path: Path) -> None:
    rows = "<movie><title>A</title><userrating>9</userrating></movie>"
    rows += "<tvshow><title>B</title><userrating>8</userrating></tvshow>"
    found = jobs(read(tmp_path, f"<videodb>{rows}</videodb>".encode()))
    assert [(job.title, job.kind, job.rating) for job in found] == [("A", "movie", 9), ("B", "show", 8)]


@pytest.mark.parametrize("scale", [None, "5", "0-5"])
@pytest.mark.parametrize("zero", ["0", "0.0", " 0 "])
def test_zero_removes_only_if_its_owner_says_so(tmp_path: Path, zero: str, scale: str | None) -> None:
    content = f"imdb_id,rating\ntt0111161,{zero}\ntt0078748,4\n".encode()
    said = jobs(read(tmp_path, content, reading=ReadOptions(zero="unrate", scale=scale)))
    assert [job.rating for job in said] == [UNRATE, 4 if scale is None else 8]
    assert said[0].note is None
    assert reasons(read(tmp_path, content, reading=ReadOptions(zero="skip", scale=scale))) == [
        "no_rating",
        "ok",
    ]


def test_what_zero_means_is_for_tables_of_ones_own(tmp_path: Path) -> None:
    content = b"Const,Your Rating,Title Type\ntt0111161,9,Movie\n"
    with pytest.raises(OptionError, match="this is for csv"):
        read(tmp_path, content, reading=ReadOptions(zero="unrate"))
    with pytest.raises(OptionError, match="write skip or unrate"):
        check_zero("remove")


@pytest.mark.parametrize("name", ["Name", "film", "Movie"])
def test_a_name_beside_year_and_rating_is_the_title(tmp_path: Path, name: str) -> None:
    """A table as people write it; their stars are asked about, not guessed."""
    file = tmp_path / "mine.csv"
    file.write_text(f"{name},Year,Rating,Date\nAlien,1979,8,2024-01-03\n", "utf-8")
    reader = open_reader(file)
    (job,) = jobs([row for chunk in reader.chunks() for row in chunk])
    assert (job.title, job.year, job.rating, job.rated_at) == ("Alien", 1979, 8, "2024-01-03")
    assert f'titles are in the column "{name}"' in reader.notes
    file.write_text(f"{name},Year,Rating,Date\nAlien,1979,4.5,2024-01-03\n", "utf-8")
    with pytest.raises(ScaleNeededError):
        open_reader(file)


@pytest.mark.parametrize(
    "header", ["Name,Rating", "Name,Year,Rating,List", "Name,Year,Rating,Letterboxd", "Name,Year,Notes"]
)
def test_a_name_beside_other_columns_may_be_anything(tmp_path: Path, header: str) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(f"{header}\nAlien,8,8,8\n", "utf-8")
    with pytest.raises(UnknownFormatError):
        open_reader(file)


@pytest.mark.parametrize(
    ("mapping", "problem"),
    [
        ({"Stars": "rating"}, 'there is no column "Stars" to map; the file has "Film", "Score"'),
        ({"Score": "stars"}, 'there is no field "stars" to map a column to; there are '),
    ],
)
def test_a_map_that_fits_nothing_is_told_without_a_word_of_options(
    tmp_path: Path, mapping: dict[str, str], problem: str
) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("Film,Score\nAlien,8\n", "utf-8")
    with pytest.raises(UnknownFormatError) as told:
        open_reader(file, ReadOptions(mapping=mapping))
    assert str(told.value).startswith(problem)
