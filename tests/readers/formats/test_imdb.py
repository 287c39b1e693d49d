"""The reader of IMDb's ratings export."""

from pathlib import Path

import pytest

from importer.errors import UnknownFormatError
from importer.model import InvalidRow, MediaKind, RatingJob, SourceRow, Status
from importer.readers import ReadOptions, open_reader
from tests.readers.conformance import ReaderConformance
from tests.readers.reading import invalid, jobs, read, read_until_error, reasons

HEADER = (
    "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,"
    "Genres,Num Votes,Release Date,Directors"
)
LIST = "Position,Const,Created,Modified,Description,Title,URL,Title Type,IMDb Rating,Year"


class TestImdb(ReaderConformance):
    format_name = "imdb"
    samples = ("imdb-2015.csv", "imdb-2017-interim.csv", "imdb-2018.csv", "imdb-2024.csv")
    header = HEADER

    def row(self, title: str) -> str:
        return f"tt0111161,9,2024-05-01,{title},,,Movie,9.3,142,1994,Drama,1,1994-10-14,"


def test_the_rated_rows_of_a_list_are_taken_when_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    row = ",tt0111161,2023-01-01,,,The Title,,Movie,9.3,1994"
    path.write_text(f"{LIST},Your Rating\n1{row},9\n2{row},\n")
    reader = open_reader(path, ReadOptions(lists=True))
    (rows,) = reader.chunks()
    assert reader.format_name == "imdb-list"
    assert reasons(rows) == ["ok", "no_rating"]
    assert jobs(rows[:1])[0].rated_at is None, "the day of the entry is not that of the rating"
    assert invalid(rows[1:])[0].status is Status.SKIPPED
    with pytest.raises(UnknownFormatError, match="take the rated rows of this list"):
        open_reader(path)
    path.write_text(f"{LIST}\n1{row}\n")
    with pytest.raises(UnknownFormatError, match="no column Your Rating"):
        open_reader(path, ReadOptions(lists=True))


def read_rows(
    folder: Path, *rows: str, header: str = "Const,Your Rating,Date Rated,Title,Title Type,Year"
) -> list[SourceRow]:
    return read(folder, "\n".join((header, *rows)).encode())


def test_a_row_becomes_a_job(tmp_path: Path) -> None:
    rows = read_rows(tmp_path, "tt00110912,8,2024-05-01, Pulp Fiction ,Movie,1994")
    assert rows == [
        RatingJob(
            row=1,
            line=2,
            kind=MediaKind.MOVIE,
            title="Pulp Fiction",
            year=1994,
            season=None,
            episode=None,
            imdb_id="tt00110912",
            tmdb_id=None,
            tvdb_id=None,
            trakt_id=None,
            rating=8,
            rated_at="2024-05-01",
        )
    ]


def test_columns_go_by_name_in_any_order_and_case(tmp_path: Path) -> None:
    header = "cast,YEAR,title type, Title ,your rating,Const"
    (job,) = jobs(read_rows(tmp_path, "x,1994,tvEpisode,A: B,7,tt0000001", header=header))
    assert (job.kind, job.season, job.rating, job.title, job.rated_at) == (
        MediaKind.EPISODE,
        None,
        7,
        "A: B",
        None,
    )


@pytest.mark.parametrize(
    ("header", "row", "note", "rated_at"),
    [
        (
            '"position","const","created","modified","description","Title","Title type","You rated","Year"',
            '"1","tt0111161","Sat Mar  4 00:00:00 2017","","","T","Feature Film","9","1994"',
            "before November 2017",
            "2017-03-04",
        ),
        (
            "Const,Your Rating,Date Added,Title,Title Type,Year",
            "tt0111161,9,Fri Jul 17 14:06:03 UTC 2015,T,movie,1994",
            "of November 2017",
            "2015-07-17T14:06:03Z",
        ),
        (
            "Const,Your Rating,Date Rated,Title,URL,Title Type,Year",
            "tt0111161,9,2019-01-02,T,,movie,1994",
            "2017 to 2024",
            "2019-01-02",
        ),
        (HEADER, "tt0111161,9,2024-05-01,T,O,,Movie,,,1994,,,,", "since June 2024", "2024-05-01"),
    ],
)
def test_all_vintages(tmp_path: Path, header: str, row: str, note: str, rated_at: str) -> None:
    path = tmp_path / "x"
    path.write_text(f"{header}\n{row}\n")
    reader = open_reader(path)
    (rows,) = reader.chunks()
    assert rows[0].rated_at == rated_at
    assert note in reader.notes[0]


@pytest.mark.parametrize("columns", ["", ",Your Rating,Date Rated", ",Original Title"])
def test_a_list_export_is_refused_by_name(tmp_path: Path, columns: str) -> None:
    with pytest.raises(UnknownFormatError, match="IMDb list or watchlist"):
        read(tmp_path, (LIST + columns + "\n").encode())
    with pytest.raises(UnknownFormatError):
        read(tmp_path, (LIST + columns + "\n").encode(), format_name="imdb")


def test_a_bad_cell_is_told_with_line_column_and_value(tmp_path: Path) -> None:
    rows = read_rows(
        tmp_path,
        "tt0111161,11,2024-05-01,T,Movie,1994",
        "0111161,8,2024-05-01,T,Movie,1994",
        "tt0111161,,2024-05-01,T,Movie,1994",
        "tt0111161,0,2024-05-01,T,Movie,1994",
        "tt0111161,8,soon,T,Movie,1994",
        "tt0111161,8,2024-05-01,T,Hörspiel,1994",
        "tt0111161,8,2024-05-01,T,,1994",
        "tt0111161,8,2024-05-01,T,Movie,94",
        ",8,2024-05-01,,Movie,1994",
        ",,,,,",
        "tt0111161,8,2024-0",
        "tt0111161,8,2024-05-01,T, B,Movie,1994",
    )
    assert reasons(rows) == [
        "bad_rating",
        "bad_id",
        "no_rating",
        "bad_rating",
        "ok",
        "unknown_type",
        "unknown_type",
        "ok",
        "no_id",
        "empty_row",
        "too_few_cells",
        "too_many_cells",
    ]
    messages = [row.message if isinstance(row, InvalidRow) else "" for row in rows]
    assert messages[0].startswith('line 2, column "Your Rating": "11" is not a rating from 1 to 10. ')
    assert messages[2].startswith('line 4, column "Your Rating": the cell is empty. ')
    assert '"Hörspiel"' in messages[5]
    assert messages[10].startswith('line 12: the row has 3 of 6 cells, and none in "Title Type". ')
    assert messages[11].startswith("line 13: the row has 7 cells, the header 6. ")


def test_an_invalid_row_keeps_its_cells(tmp_path: Path) -> None:
    (row,) = read_rows(tmp_path, "tt0111161,11,2024-05-01,T,Movie,1994")
    assert isinstance(row, InvalidRow)
    assert (row.kind, row.title, row.year, row.imdb_id) == ("movie", "T", "1994", "tt0111161")
    assert (row.rating, row.rated_at, row.season) == ("11", "2024-05-01", None)


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (("03/04/2017", "25/12/2016", "01/01/1970"), ["2017-04-03", "2016-12-25", None]),
        (("03/04/2017", "12/25/2016", "5/5/2015"), ["2017-03-04", "2016-12-25", "2015-05-05"]),
        (("03/04/2017", "05/06/2016", "5/5/2015"), ["bad_date", "bad_date", "2015-05-05"]),
        (("03/04/2017", "25/12/2016", "12/25/2016"), ["bad_date", "2016-12-25", "2016-12-25"]),
        (("03/04/2017", "31/02/2016", "2015-05-05"), ["2017-04-03", None, "2015-05-05"]),
    ],
)
def test_the_whole_column_decides_what_comes_first(
    tmp_path: Path, dates: tuple[str, ...], expected: list[str | None]
) -> None:
    rows = read_rows(tmp_path, *(f"tt0111161,8,{day},T,Movie,1994" for day in dates))
    found = [row.reason if isinstance(row, InvalidRow) else row.rated_at for row in rows]
    assert found == expected


def test_the_column_decides_even_where_a_later_row_ends_the_reading(tmp_path: Path) -> None:
    rows = b'tt0111161,8,03/04/2017,T,Movie,1994\ntt0111161,8,25/04/2017,T,Movie,1994\nx,"\ny\n'
    content = b"Const,Your Rating,Date Rated,Title,Title Type,Year\n" + rows
    found, error = read_until_error(tmp_path, content)
    assert [row.rated_at for row in found] == ["2017-04-03", "2017-04-25"]
    assert error is not None


def test_a_list_of_before_november_2017_is_told_by_its_rows(tmp_path: Path) -> None:
    header = "position,const,created,modified,description,Title,Title type,You rated,Year"
    created = "Sat Mar  4 12:34:56 2017"
    content = (
        f"{header}\n1,tt0078748,{created},{created},,Alien,Feature Film,9,1979\n2,tt0083658,{created},,,"
    )
    content += "Blade Runner,Feature Film,,1982\n"
    path = tmp_path / "list.csv"
    path.write_text(content)
    with pytest.raises(UnknownFormatError, match="take the rated rows of this list"):
        open_reader(path)
    reader = open_reader(path, ReadOptions(lists=True))
    (found,) = reader.chunks()
    assert (reader.format_name, reasons(found)) == ("imdb-list", ["ok", "no_rating"])
    assert jobs(found[:1])[0].rated_at is None


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        *[(word, "movie") for word in ("Película", "Téléfilm", "Filme", "फ़िल्म", "Court-métrage")],
        *[(word, "show") for word in ("Serie de TV", "Miniserie de TV", "Série télévisée", "Série de TV")],
        *[(word, "episode") for word in ("Episodio de TV", "Épisode TV", "Episódio de TV", "टीवी एपिसोड")],
        *[(word, "video_game") for word in ("Videojuego", "Jeu vidéo", "वीडियो गेम")],
        *[(word, "unknown") for word in ("TV-jakso", "")],
    ],
)
def test_type_words_of_many_languages(tmp_path: Path, word: str, kind: str) -> None:
    content = f"Const,Your Rating,Title Type\ntt0111161,9,{word}\n".encode()
    (row,) = read(tmp_path, content, reading=ReadOptions(leaves_types_open=True))
    assert (row.kind if isinstance(row, RatingJob) else reasons([row])[0]) == kind


def test_a_row_with_a_title_and_no_id_is_left_to_resolve(tmp_path: Path) -> None:
    content = (
        b"Const,Your Rating,Title Type,Title,Year\n,7,movie,Inception,2010\n,,movie,Heat,1995\n,7,movie,,\n"
    )
    rows = read(tmp_path, content)
    assert reasons(rows) == ["ok", "no_id", "no_id"]
    assert jobs(rows[:1])[0].title == "Inception"
