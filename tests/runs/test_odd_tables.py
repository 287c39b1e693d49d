"""Tables that no format knows: somebody says once what their columns are, and is not asked again."""

import io
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.cli.prompts import TerminalPrompts
from importer.config.maps import KeptMap, keep_map, read_maps
from importer.errors import SettingsError, StopRunError, UnknownFormatError
from importer.model import RatingJob
from importer.readers import ReadOptions
from importer.readers.base import FileReader
from importer.readers.sample import sample_columns
from importer.runs.prompts import Unattended
from importer.runs.sources import open_file
from tests.readers.tables.test_workbook import write_book

ODD = "Film,Stars,When,Link\nAlien,4.5,2024-05-01,tt0078748\nHeat,3,2024-05-02,tt0113277\n"
ANSWERS = "2\n5\n4\n\n1\n\n\n3\ny\n"
"""The rating, its scale, the id (of IMDb, as it looks), the title, no year, no type, the day; to be kept."""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "settings.toml"
    file.write_text('# mine\n[trakt]\nclient_id = "x"\n')
    monkeypatch.setenv("IMPORTER_CONFIG_FILE", str(file))
    return file


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def write(folder: Path, text: str = ODD, name: str = "films.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def jobs(reader: FileReader) -> list[tuple[str | None, str | None, int | str, str | None]]:
    rows = [row for chunk in reader.chunks() for row in chunk if isinstance(row, RatingJob)]
    return [(job.title, job.imdb_id, job.rating, job.rated_at) for job in rows]


RIGHT = [("Alien", "tt0078748", 9, "2024-05-01"), ("Heat", "tt0113277", 6, "2024-05-02")]


def test_what_was_said_once_holds_for_every_file_with_these_columns(
    tmp_path: Path, settings: Path, answer: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    answer(ANSWERS)
    reader, reading = open_file(write(tmp_path), "films.csv", ReadOptions(), TerminalPrompts())
    assert jobs(reader) == RIGHT
    assert (reading.format_name, reading.scale) == ("csv", "5")
    assert "Alien | Heat" in capsys.readouterr().err
    kept = tomllib.loads(settings.read_text())
    assert kept["trakt"] == {"client_id": "x"}
    assert kept["maps"]["films"] == {
        "columns": ["Film", "Stars", "When", "Link"],
        "map": ["Stars=rating", "Link=imdb_id", "Film=title", "When=rated_at"],
        "scale": "5",
    }
    again, _ = open_file(write(tmp_path, name="more.csv"), "more.csv", ReadOptions(), Unattended())
    assert jobs(again) == RIGHT
    assert any("[maps.films]" in note for note in again.notes)


def test_what_comes_of_the_answers_is_shown_before_they_are_kept(
    tmp_path: Path, settings: Path, answer: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, "Film,Stars,When\nAlien,4.5,2024-05-01\nHeat,9,2024-05-02\nBig,8,2024-05-03\n")
    answer("2\n5\n\n1\n\n\n3\n\n")  # the last is Enter: what is wrong is not kept unless somebody says so
    reader, _ = open_file(path, "films.csv", ReadOptions(), TerminalPrompts())
    told = capsys.readouterr().err
    shown = told.index("Read like this, 1 row can be read and 2 cannot.")
    assert shown < told.index("line 3") < told.index("Read files with these columns like this from now on")
    assert "maps" not in settings.read_text()
    answer("2\n10\n\n1\n\n\n3\n\n")
    reader, _ = open_file(path, "films.csv", ReadOptions(), TerminalPrompts())
    assert "3 rows can be read and 0 cannot" in capsys.readouterr().err
    assert any(f"[maps.films] of {settings}; without that section" in note for note in reader.notes)


def test_what_is_not_to_be_kept_is_asked_again(
    tmp_path: Path, settings: Path, answer: Callable[[str], None]
) -> None:
    answer(ANSWERS.replace("y\n", "n\n"))
    reader, _ = open_file(write(tmp_path), "films.csv", ReadOptions(), TerminalPrompts())
    assert jobs(reader) == RIGHT
    assert "maps" not in settings.read_text()
    with pytest.raises(UnknownFormatError):
        open_file(write(tmp_path), "films.csv", ReadOptions(), Unattended())


def test_no_rating_no_answer_and_nobody_there_leave_the_file_unread(
    tmp_path: Path, settings: Path, answer: Callable[[str], None]
) -> None:
    path = write(tmp_path)
    answer("\n")
    with pytest.raises(UnknownFormatError):
        open_file(path, "films.csv", ReadOptions(), TerminalPrompts())
    answer("2\n")
    with pytest.raises(StopRunError):
        open_file(path, "films.csv", ReadOptions(), TerminalPrompts())
    for prompts in (Unattended(), TerminalPrompts(assume_yes=True)):
        with pytest.raises(UnknownFormatError):
            open_file(path, "films.csv", ReadOptions(), prompts)
    assert settings.read_text() == '# mine\n[trakt]\nclient_id = "x"\n'


def test_wrong_answers_are_asked_again(tmp_path: Path, settings: Path, answer: Callable[[str], None]) -> None:
    answer("9\nStars\nfive\n5\nStars\n4\nimdb\nimdb_id\n1\n\n\n3\nn\n")
    reader, _ = open_file(write(tmp_path), "films.csv", ReadOptions(), TerminalPrompts())
    assert jobs(reader) == RIGHT
    assert settings.exists()


def test_an_answer_that_is_not_taken_says_why_and_none_leads_on(
    tmp_path: Path, settings: Path, answer: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, "Film,Stars,When\nAlien,4.5,2024-05-01\nHeat,3,2024-05-02\n")
    # The title is no id, whatever is said; then it is the title. A day is neither a year nor a type.
    answer("2\n5\n1\n2\ny\nimdb_id\n\n1\n3\n\n3\n\n3\nn\n")
    reader, _ = open_file(path, "films.csv", ReadOptions(), TerminalPrompts())
    assert [job[0] for job in jobs(reader)] == ["Alien", "Heat"]
    assert [job[3] for job in jobs(reader)] == ["2024-05-01", "2024-05-02"]
    told = capsys.readouterr().err
    for word in ("2 is none of them", "y is none of them", "Alien or Heat is no id of IMDb"):
        assert word in told
    assert "2024-05-01 or 2024-05-02 is no year" in told
    assert "2024-05-01 or 2024-05-02 is no kind of title, such as movie, show or episode" in told


HALVES = "Film,Wertung,IMDb\nAlien,{},tt0078748\nHeat,{},tt0113277\nBig,{},tt0094737\nUp,{},tt1049413\n"


@pytest.mark.parametrize(
    "cells", [("4½", "5", "3½", "1"), ("5", "4", "3", "4"), ("4.5", "5", "5.5", "3"), ("8", "7", "11", "12")]
)
def test_enter_never_means_a_scale_that_halves_stars(
    tmp_path: Path, settings: Path, answer: Callable[[str], None], cells: tuple[str, ...]
) -> None:
    path = write(tmp_path, HALVES.format(*cells))
    answer("2\n\n")
    with pytest.raises(StopRunError):
        open_file(path, "films.csv", ReadOptions(), TerminalPrompts())
    answer("2\n\n0-20\n3\n\n1\n\n\n\nn\n")
    _, reading = open_file(path, "films.csv", ReadOptions(), TerminalPrompts())
    assert reading.scale == "0-20", "what was typed"
    assert "maps" not in settings.read_text()


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    ("cells", "scale"),
    [(("8", "4.5", "6", "1"), "10"), (("85", "40", "100", "7"), "100"), (("15", "9"), None)],
)
def test_enter_means_the_scale_that_the_ratings_show_beyond_doubt(
    tmp_path: Path, cells: tuple[str, ...], scale: str | None
) -> None:
    rows = "".join(f"Film {number},{cell}\n" for number, cell in enumerate(cells))
    films, stars = sample_columns(
        write(tmp_path, f"Film,Stars\n{rows}"), "films.csv", ReadOptions(), ("Film", "Stars")
    )
    assert (films.likely_scale, stars.likely_scale) == ("", scale or "")


def test_a_column_that_is_no_rating_is_not_taken_for_one(
    tmp_path: Path, settings: Path, answer: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    answer("4\n3\n1\n2\n0-3\n5\n4\n\n1\n\n\n3\ny\n")
    path = write(tmp_path, ODD.replace("Heat,3,", "Heat,4,"))
    reader, _ = open_file(path, "films.csv", ReadOptions(), TerminalPrompts())
    assert [rating for _, _, rating, _ in jobs(reader)] == [9, 8]
    told = capsys.readouterr().err
    for cells in ("tt0078748 or tt0113277", "2024-05-01 or 2024-05-02", "Alien or Heat", "4.5 or 4"):
        assert f"{cells} is no rating" in told, cells
    assert "maps" in settings.read_text()


@pytest.mark.usefixtures("settings")
def test_votes_are_words_that_repeat(tmp_path: Path, answer: Callable[[str], None]) -> None:
    path = write(tmp_path, "Film,Liked,IMDb\nAlien,yes,tt0078748\nHeat,no,tt0113277\nBig,yes,tt0094737\n")
    answer("2\n10\nyes=9,no=3\n3\n\n1\n\n\n\nn\n")
    reader, _ = open_file(path, "films.csv", ReadOptions(), TerminalPrompts())
    assert [rating for _, _, rating, _ in jobs(reader)] == [9, 3, 9]


@pytest.mark.usefixtures("settings")
def test_at_the_end_of_input_nothing_is_said_of_sending(
    tmp_path: Path, answer: Callable[[str], None]
) -> None:
    """`inspect` asks the same questions, and never sends."""
    answer("2\n")
    told = "not answered, so nothing was done; the same command asks again"
    with pytest.raises(StopRunError, match=told):
        open_file(write(tmp_path), "films.csv", ReadOptions(), TerminalPrompts())
    stars = write(tmp_path, "imdb_id,rating\ntt0078748,4.5\n")
    with pytest.raises(StopRunError, match=told):
        open_file(stars, "films.csv", ReadOptions(), TerminalPrompts())


@pytest.mark.parametrize(
    "content",
    [
        "Book Id,Title,Author,ISBN,My Rating\n1,Dune,H,2,5\n",
        "Const,Your Rating,Date Rated,Title\ntt0078748,9,2024-05-01,Alien\n",
    ],
)
@pytest.mark.usefixtures("settings")
def test_books_are_not_asked_about(tmp_path: Path, content: str, answer: Callable[[str], None]) -> None:
    answer("")
    with pytest.raises((UnknownFormatError, StopRunError)):
        open_file(write(tmp_path, content), "films.csv", ReadOptions(), TerminalPrompts())


@pytest.mark.usefixtures("settings")
def test_maps_have_names_of_their_own_and_wrong_ones_are_told(settings: Path) -> None:
    first, second = (
        KeptMap(("a", "b"), ("a=rating",), None, "my films!"),
        KeptMap(("ä",), ("ä=rating",), "5", "my films!"),
    )
    assert [keep_map(first), keep_map(second)] == ["maps.my-films", "maps.my-films-2"]
    assert read_maps() == [first._replace(name="my-films"), second._replace(name="my-films-2")]
    settings.write_text('[maps.bad]\ncolumns = "a"\nmap = ["a=rating"]\n')
    with pytest.raises(SettingsError, match=r"\[maps.bad\] of .* needs columns and map"):
        read_maps()


def test_the_first_cells_of_each_column_are_shown(tmp_path: Path) -> None:
    path = write(tmp_path, "Film,Stars,\n,4\nAlien,\nHeat,5\nJaws,3\nBig,1\n")
    shown = sample_columns(path, "films.csv", ReadOptions(), ("Film", "Stars", ""))
    assert [(each.name, list(each.cells)) for each in shown] == [
        ("Film", ["Alien", "Heat", "Jaws"]),
        ("Stars", ["4", "5", "3"]),
    ]
    assert sample_columns(path, "films.csv", ReadOptions(), ("Other",)) == []


ODD_ROWS = [tuple(line.split(",")) for line in ODD.splitlines()]


def test_an_empty_sheet_before_the_table_does_not_keep_the_question_from_being_asked(
    tmp_path: Path, settings: Path, answer: Callable[[str], None]
) -> None:
    path = tmp_path / "films.xlsx"
    path.write_bytes(write_book([], ODD_ROWS))
    answer(ANSWERS)
    reader, _ = open_file(path, "films.xlsx", ReadOptions(), TerminalPrompts())
    assert jobs(reader) == RIGHT
    assert "maps" in settings.read_text()


def test_the_cells_that_are_shown_are_of_the_sheet_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "films.xlsx"
    path.write_bytes(write_book([("Film", "Stars"), ("Jaws", "1")], [("Film", "Stars"), ("Heat", "3")]))
    shown = sample_columns(path, "films.xlsx", ReadOptions(sheet="Sheet1"), ("Film", "Stars"))
    assert [(each.name, list(each.cells)) for each in shown] == [("Film", ["Heat"]), ("Stars", ["3"])]
