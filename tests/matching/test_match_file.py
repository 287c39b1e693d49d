"""The match file: what is written is read back, whatever a spreadsheet and its owner did to it."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.destinations.titles import Candidate
from importer.errors import StopRunError, UnreadableFileError
from importer.matching.match_file import (
    MATCH_COLUMNS,
    find_choices,
    read_match_file,
    write_match_file,
)
from importer.matching.model import MatchConfidence, MatchLine, TitleQuery
from importer.model import MediaKind

HEAT = TitleQuery(MediaKind.MOVIE, "Heat", 1995)
FIRST = Candidate(
    MediaKind.MOVIE, "Heat", 1995, "tt0113277", 949, None, 352, url="https://www.imdb.com/title/tt0113277/"
)
SECOND = Candidate(MediaKind.SHOW, "Heat", 1995, None, None, 5, 6, url="https://trakt.tv/shows/heat")


def build_line(candidate: Candidate | None = FIRST, *, is_chosen: bool = False, line: int = 0) -> MatchLine:
    confidence = MatchConfidence.NOT_FOUND if candidate is None else MatchConfidence.AMBIGUOUS
    score = None if candidate is None else 0.97
    return MatchLine(is_chosen, confidence, score, HEAT, 3, 12, candidate, "two titles fit", line)


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """Two candidates for one title, and a title of which nothing was found."""
    path = tmp_path / "resolve.csv"
    unknown = build_line(None)._replace(query=TitleQuery(MediaKind.MOVIE, "Nothing Like It", None))
    write_match_file(path, [build_line(), build_line(SECOND), unknown])
    return path


def edit(path: Path, change: Callable[[list[dict[str, str]]], object]) -> None:
    """Change the cells as a person would, in a spreadsheet that keeps the file as it is."""
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    change(rows)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def write_cells(path: Path, row: int, **cells: str) -> None:
    edit(path, lambda rows: rows[row].update(cells))


def choices_in(path: Path) -> list[tuple[str | None, Candidate, int]]:
    found = find_choices(read_match_file(path, path.name), path.name)
    return [(query.title, choice.candidate, choice.line) for query, choice in found.items()]


def error_in(path: Path) -> str:
    with pytest.raises(UnreadableFileError) as caught:
        find_choices(read_match_file(path, path.name), path.name)
    return str(caught.value)


def test_has_a_line_for_each_candidate(sheet: Path) -> None:
    header, *lines = csv.reader(io.StringIO(sheet.read_text("utf-8-sig")))
    assert tuple(header) == MATCH_COLUMNS
    assert [line[:10] for line in lines] == [
        ["", "ambiguous", "0.97", "", "Heat", "1995", "movie", "", "3", "12"],
        ["", "ambiguous", "0.97", "", "Heat", "1995", "movie", "", "3", "12"],
        ["", "not_found", "", "", "Nothing Like It", "", "movie", "", "3", "12"],
    ]
    assert lines[0][10:] == [
        *("Heat", "1995", "movie", "tt0113277", "949", "", "352"),
        *("https://www.imdb.com/title/tt0113277/", "", "two titles fit"),
    ]
    assert lines[2][10:-1] == [""] * 9


def test_is_read_back_as_it_was_written(sheet: Path) -> None:
    unknown = build_line(None, line=4)._replace(query=TitleQuery(MediaKind.MOVIE, "Nothing Like It", None))
    assert read_match_file(sheet, "resolve.csv") == [build_line(line=2), build_line(SECOND, line=3), unknown]


@given(
    title=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).map(str.strip),
    is_chosen=st.booleans(),
)
def test_any_title_survives(tmp_path_factory: pytest.TempPathFactory, title: str, *, is_chosen: bool) -> None:
    path = tmp_path_factory.mktemp("sheet") / "resolve.csv"
    line = build_line(is_chosen=is_chosen)._replace(query=HEAT._replace(title=title or None))
    write_match_file(path, [line])
    (found,) = read_match_file(path, "resolve.csv")
    assert found == line._replace(line=2)


@pytest.mark.parametrize("title", ["=1+1", "+1", "-5", "@home", "'=x", "\tx", "＝1"])
def test_no_cell_is_run_by_a_spreadsheet(tmp_path: Path, title: str) -> None:
    path = tmp_path / "resolve.csv"
    write_match_file(
        path, [build_line(FIRST._replace(title=title))._replace(query=HEAT._replace(title=title))]
    )
    cells = next(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    assert cells["title"] == cells["candidate_title"] == f"'{title}"
    assert read_match_file(path, "resolve.csv")[0].query.title == title.strip()


@pytest.mark.parametrize("word", ["yes", "x", "X", "1", "Y", " Yes "])
def test_a_word_chooses(sheet: Path, word: str) -> None:
    write_cells(sheet, 1, chosen=word)
    assert choices_in(sheet) == [("Heat", SECOND, 3)]


@pytest.mark.parametrize("word", ["", "no", "N", "0", "-"])
def test_another_does_not(sheet: Path, word: str) -> None:
    write_cells(sheet, 1, chosen=word)
    assert choices_in(sheet) == []


def test_ids_in_the_line_of_nothing_found_are_meant(sheet: Path) -> None:
    write_cells(sheet, 2, imdb_id="https://www.imdb.com/title/tt0111161/")
    own = Candidate(None, "", None, imdb_id="tt0111161")
    assert choices_in(sheet) == [("Nothing Like It", own, 4)]


def test_ids_of_ones_own_may_take_the_place_of_others(sheet: Path) -> None:
    write_cells(sheet, 0, chosen="yes", imdb_id="", tmdb_id="77", trakt_id="", candidate_title="Other")
    assert choices_in(sheet) == [
        ("Heat", FIRST._replace(title="Other", imdb_id=None, tmdb_id=77, trakt_id=None), 2)
    ]


@pytest.mark.parametrize(
    ("delimiter", "encoding", "end"),
    [(";", "utf-8-sig", "\r\n"), ("\t", "utf-16", "\r\n"), (",", "cp1252", "\n"), (";", "utf-8", "\r")],
)
def test_survives_a_spreadsheet_that_saves_it_in_its_own_way(
    tmp_path: Path, delimiter: str, encoding: str, end: str
) -> None:
    path = tmp_path / "resolve.csv"
    amelie = TitleQuery(MediaKind.MOVIE, "Amélie, encore; oui", 2001)
    write_match_file(path, [build_line()._replace(query=amelie)])
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))
    rows[1][0], rows[1][2] = "x", "0,97"  # German for 0.97
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    (choice,) = find_choices(read_match_file(path, "resolve.csv"), "resolve.csv").items()
    assert choice[0] == amelie
    assert choice[1].candidate == FIRST
    assert choice[1].score == 0.97


def test_columns_may_be_moved_and_the_idle_ones_deleted(sheet: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(sheet.read_text("utf-8-sig"))))
    kept = [
        name
        for name in reversed(MATCH_COLUMNS)
        if name not in {"url", "poster", "message", "rows", "line", "score"}
    ]
    with sheet.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, kept, extrasaction="ignore")
        writer.writeheader()
        writer.writerows([rows[0], rows[1] | {"chosen": "yes"}])
    assert choices_in(sheet) == [("Heat", SECOND._replace(url=""), 3)]


def test_blank_lines_are_none(sheet: Path) -> None:
    with sheet.open("a", encoding="utf-8") as stream:
        stream.write("\r\n" + "," * (len(MATCH_COLUMNS) - 1) + "\r\n")
    assert len(read_match_file(sheet, "resolve.csv")) == 3


# What cannot be understood is said, with its place


def test_two_choices_for_one_title_are_an_error(sheet: Path) -> None:
    edit(sheet, lambda rows: [row.update(chosen="yes") for row in rows[:2]])
    assert error_in(sheet) == (
        'resolve.csv, line 3: "Heat" (1995) is chosen twice, here and in line 2. '
        "Remove one of the two choices."
    )


def test_a_choice_without_an_id_is_an_error(sheet: Path) -> None:
    write_cells(sheet, 2, chosen="yes")
    assert error_in(sheet).startswith(
        'resolve.csv, line 4: "Nothing Like It" is chosen, but the line has no id. Write an imdb_id'
    )


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("chosen", "maybe"),
        ("decision", "sure"),
        ("score", "high"),
        ("score", "7"),
        ("score", "nan"),
        ("kind", "film"),
        ("kind", ""),
        ("year", "ninety"),
        ("candidate_kind", "film"),
        ("candidate_year", "x"),
        ("imdb_id", "tt1"),
        ("imdb_id", "0113277"),
        ("tmdb_id", "12a"),
        ("tvdb_id", "-1"),
        ("trakt_id", "heat-1995"),
    ],
)
def test_a_cell_that_makes_no_sense_is_named(sheet: Path, column: str, text: str) -> None:
    write_cells(sheet, 1, **{column: text})
    told = error_in(sheet)
    assert told.startswith(f'resolve.csv, line 3: column "{column}": "{text}" ')


def test_another_file_is_none(tmp_path: Path) -> None:
    path = tmp_path / "resolve.csv"
    path.write_text("Title,Year,Rating\nHeat,1995,8\n")
    assert error_in(path).startswith("resolve.csv: this is no match file; it lacks the columns chosen, ")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "resolve.csv" in error_in(tmp_path / "resolve.csv")


def test_an_older_file_survives_what_goes_wrong(sheet: Path) -> None:
    before = sheet.read_bytes()

    def fail() -> list[MatchLine]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_match_file(sheet, (fail() for _ in "x"))  # type: ignore[misc]
    assert sheet.read_bytes() == before
    assert list(sheet.parent.iterdir()) == [sheet]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(StopRunError, match="cannot write the match file"):
        write_match_file(tmp_path / "no" / "folder.csv", [])
