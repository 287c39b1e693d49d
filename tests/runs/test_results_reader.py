"""Our own results file read again: what is tried again is a job, all else stands as it stood."""

import csv
import io
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import UnknownFormatError, UnreadableFileError
from importer.journal import Journal
from importer.model import (
    CORRECTABLE,
    RESULT_COLUMNS,
    TRANSIENT,
    UNRATE,
    ClosedRow,
    InvalidRow,
    MediaKind,
    RatingJob,
    SourceRow,
    Status,
)
from importer.readers import ReadOptions, open_reader
from importer.runs.results_csv import write_results
from importer.runs.results_reader import ResultsReader

SHAWSHANK, GODFATHER = "tt0111161", "tt0068646"


def build_line(status: str, **cells: object) -> list[object]:
    """A line of a results file: a movie rated 8, unless the cells say otherwise."""
    usual = {"row": 1, "line": 2, "status": status, "kind": "movie", "imdb_id": SHAWSHANK, "rating": 8}
    return [(usual | cells).get(column) for column in RESULT_COLUMNS]


def write(folder: Path, *lines: Sequence[object]) -> Path:
    path = folder / "results.csv"
    write_results(path, lines)
    return path


def read(path: Path, again: Collection[Status] = TRANSIENT) -> list[SourceRow]:
    return [row for chunk in ResultsReader(path, path.name, again).chunks() for row in chunk]


def kinds(rows: Sequence[SourceRow]) -> list[str]:
    return [row.status if isinstance(row, ClosedRow) else type(row).__name__ for row in rows]


def test_what_may_pass_by_itself_is_tried_again(tmp_path: Path) -> None:
    rows = read(write(tmp_path, *map(build_line, Status)))
    again = {Status.FAILED, Status.NOT_SENT, Status.UNCONFIRMED}
    assert kinds(rows) == ["RatingJob" if status in again else status for status in Status]


def test_with_all_what_can_be_mended_is_tried_again_too(tmp_path: Path) -> None:
    rows = read(write(tmp_path, *map(build_line, Status)), TRANSIENT | CORRECTABLE)
    again = {
        Status.FAILED,
        Status.NOT_SENT,
        Status.UNCONFIRMED,
        Status.NOT_FOUND,
        Status.REJECTED,
        Status.INVALID,
    }
    assert kinds(rows) == ["RatingJob" if status in again else status for status in Status]


def test_rows_keep_their_order_and_the_lines_of_their_source(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        build_line("rated", row=1, line=10, title="two\nlines"),
        build_line("failed", row=2, line=12),
        build_line("rated", row=3, line="?"),
        build_line("unrated", row=4, line=0),
    )
    assert [(row.row, row.line) for row in read(path)] == [(1, 10), (2, 12), (3, 5), (4, 0)]


def test_what_is_wrong_here_names_the_line_of_this_file(tmp_path: Path) -> None:
    lines = [build_line("rated", title="two\nlines"), build_line("invalid", row=2, line=99, rating=11)]
    _, row = read(write(tmp_path, *lines), TRANSIENT | CORRECTABLE)
    assert isinstance(row, InvalidRow)
    assert row.line == 99
    assert row.message.startswith('results.csv, line 4, column "rating": "11" is not')


def test_a_settled_row_stands_as_it_stood(tmp_path: Path) -> None:
    line = build_line(
        "not_found", reason="not_found", message="it's not known", kind="episode", title="Pilot", year=1999,
        season=1, episode=2, tmdb_id=7, tvdb_id=8, trakt_id=9, rating="unrate", rated_at="2020-01-01",
        previous_rating=3, attempts=4, http_status=404, sent_at="2026-01-02T03:04:05.678Z", duration_ms=99,
    )  # fmt: skip
    (row,) = read(write(tmp_path, line))
    assert row == ClosedRow(
        row=1, line=2, kind="episode", title="Pilot", year="1999", season="1", episode="2",
        imdb_id=SHAWSHANK, tmdb_id="7", tvdb_id="8", trakt_id="9", rating="unrate", rated_at="2020-01-01",
        status=Status.NOT_FOUND, reason="not_found", message="it's not known", previous_rating="3",
        attempts="4", http_status="404", sent_at=1767323045.678, duration_ms="99",
    )  # fmt: skip


def test_a_job_is_read_as_in_any_table(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        build_line("failed", kind="episode", season=1, episode=2, rating="unrate", rated_at="2020-01-01"),
        build_line("failed", rating="love", title="Heat", year=1995),
    )
    first, second = read(path)
    assert isinstance(first, RatingJob)
    assert isinstance(second, RatingJob)
    assert (first.kind, first.season, first.episode) == (MediaKind.EPISODE, 1, 2)
    assert (first.rating, first.rated_at) == (UNRATE, "2020-01-01")
    assert (second.rating, second.title, second.year) == ("love", "Heat", 1995)


def test_a_time_without_a_zone_is_of_the_zone_that_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, build_line("failed", rated_at="2024-06-01 12:00:00"))
    ((row,),) = ResultsReader(path, path.name, TRANSIENT, ZoneInfo("Europe/Berlin")).chunks()
    assert row.rated_at == "2024-06-01T10:00:00Z"


def test_a_cell_that_somebody_has_corrected_counts(tmp_path: Path) -> None:
    path = write(tmp_path, build_line("not_found", imdb_id=GODFATHER), build_line("invalid", rating=10))
    first, second = read(path, TRANSIENT | CORRECTABLE)
    assert isinstance(first, RatingJob)
    assert isinstance(second, RatingJob)
    assert (first.imdb_id, second.rating) == (GODFATHER, 10)


def test_a_row_that_is_still_wrong_is_invalid_again(tmp_path: Path) -> None:
    (row,) = read(write(tmp_path, build_line("invalid", rating=11, title="'=1+1")), TRANSIENT | CORRECTABLE)
    assert isinstance(row, InvalidRow)
    assert (row.reason, row.rating, row.title) == ("bad_rating", "11", "'=1+1")


def read_again(source: Path) -> list[SourceRow]:
    """Read the results of a file of which nothing was sent, with all that can be mended."""
    with Journal(source.parent, "account") as journal:
        with journal.loading():
            run = journal.begin("print", source.name, "sandbox")
            for rows in open_reader(
                source, ReadOptions(scale="5" if source.name == "five.csv" else None)
            ).chunks():
                run.add_rows(rows, [None] * len(rows))
        write_results(source.parent / "results.csv", run.results())
    return read(source.parent / "results.csv", TRANSIENT | CORRECTABLE)


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("stars.csv", "Name,Year,Letterboxd URI,Rating\nHeat,1995,a,0.7\nAlien,1979,b,4\n", "off_scale"),
        ("twins.csv", "Name,Year,Letterboxd URI,Rating\nUs,2019,a,4\nUs,2019,b,3\nJaws,1975,c,3\n", "no_id"),
        ("five.csv", "imdb_id,rating\ntt0111161,6\ntt0068646,4\n", "off_scale"),
        ("zero.csv", "Const,Your Rating,Title Type\ntt0111161,0,movie\ntt0068646,8,movie\n", "bad_rating"),
        ("comma.csv", "imdb_id,rating,title\ntt0111161,9,Good, the Bad\ntt0068646,8,x\n", "too_many_cells"),
    ],
)
def test_an_invalid_row_that_nobody_has_corrected_is_not_read_in_other_words(
    tmp_path: Path, name: str, content: str, found: str
) -> None:
    (tmp_path / name).write_text(content)
    *rows, last = read_again(tmp_path / name)
    assert {(row.status, row.reason) for row in rows if isinstance(row, ClosedRow)} == {("invalid", found)}
    assert kinds([last]) == ["RatingJob"]


def test_a_rating_of_another_scale_is_never_mended_here(tmp_path: Path) -> None:
    """Whoever writes 3 into it, as its message asks, may mean 3 of 5."""
    path = write(tmp_path, build_line("invalid", reason="off_scale", rating=3))
    assert kinds(read(path, TRANSIENT | CORRECTABLE)) == ["invalid"]


def test_what_was_told_of_an_invalid_row_is_corrected(tmp_path: Path) -> None:
    told = 'line 2, column "Your Rating": "11" is not a rating from 1 to 10. Correct the cell.'
    path = write(
        tmp_path, *(build_line("invalid", reason="bad_rating", message=told, rating=n) for n in (11, 8))
    )
    assert kinds(read(path, TRANSIENT | CORRECTABLE)) == ["invalid", "RatingJob"]


@pytest.mark.parametrize("cell", ["kind", "imdb_id"])
def test_an_invalid_row_is_read_only_where_it_tells_the_title(tmp_path: Path, cell: str) -> None:
    path = write(tmp_path, build_line("invalid", title="Heat", year=1995, **{cell: ""}))
    assert kinds(read(path, TRANSIENT | CORRECTABLE)) == ["invalid"]


def test_each_invalid_row_that_is_not_sent_says_where_it_is_corrected(tmp_path: Path) -> None:
    wrong = {"reason": "bad_rating", "message": 'line 6: the rating: "11" is not a rating from 1 to 10'}
    lines = [
        build_line("invalid", line=6, rating=9, **wrong),
        build_line("invalid", line=7, rating=11, **wrong),
        build_line("invalid", line=8, imdb_id=None, **wrong),
    ]
    notes: dict[bool, str] = {}
    for every in (False, True):
        reader = ResultsReader(
            write(tmp_path, *lines), "r.csv", TRANSIENT | CORRECTABLE if every else TRANSIENT
        )
        assert kinds([row for chunk in reader.chunks() for row in chunk])[1:] == ["invalid", "invalid"]
        notes[every] = "; ".join(reader.notes)
    assert "line 6 was corrected, and not sent: only with --all" in notes[False]
    assert "was corrected" not in notes[True]
    assert "1 invalid row not corrected yet: correct the cells in r.csv" in notes[True]
    assert "1 invalid row cannot be corrected here: correct the source file" in notes[True]


def test_a_row_invalid_for_its_date_holds_its_rating_as_the_others_do(tmp_path: Path) -> None:
    """Of a date whose order nobody knows."""
    source = tmp_path / "five.csv"
    source.write_text("imdb_id,rating,rated_at\ntt0111161,4,3/4/2017\ntt0068646,6,3/4/2017\n")
    first, second = read_again(source)
    assert (first.reason, first.rating) == ("bad_date", "8")  # type: ignore[union-attr]
    assert (second.reason, second.rating) == ("off_scale", "6")  # type: ignore[union-attr]


def test_a_wrong_cell_of_a_settled_row_is_nobodys_business(tmp_path: Path) -> None:
    path = write(tmp_path, build_line("unsupported", kind="video game", rating="eleven", year="next"))
    (row,) = read(path)
    assert isinstance(row, ClosedRow)
    assert (row.kind, row.rating, row.year) == ("video game", "eleven", "next")


@pytest.mark.parametrize("status", ["", "again", "please"])
def test_a_status_that_is_none_means_try_it(tmp_path: Path, status: str) -> None:
    assert kinds(read(write(tmp_path, build_line(status)))) == ["RatingJob"]


@pytest.mark.parametrize("title", ["=1+1", "'=1+1", "''=x", "+1", "-1", "@a", "'quoted", "＝x", "\tx"])
def test_neutralised_cells_come_back_unharmed(tmp_path: Path, title: str) -> None:
    path = write(tmp_path, build_line("rated", title=title, message=title), build_line("failed", title=title))
    settled, job = read(path)
    assert isinstance(settled, ClosedRow)
    assert (settled.title, settled.message) == (title, title)
    assert job.title == title.strip()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_that_a_spreadsheet_has_saved_reads_the_same(
    tmp_path: Path, delimiter: str, end: str, encoding: str
) -> None:
    path = write(
        tmp_path,
        build_line("rated", title="Amélie, or; so", sent_at="2026-01-02T03:04:05.678Z", attempts=1),
        build_line("failed", title='"quoted"'),
    )
    expected = read(path)
    saved = io.StringIO()
    with path.open(newline="", encoding="utf-8") as file:
        csv.writer(saved, delimiter=delimiter, lineterminator=end).writerows(csv.reader(file))
    path.write_bytes(saved.getvalue().encode(encoding))
    assert read(path) == expected


def test_columns_may_stand_in_another_order_and_beside_others(tmp_path: Path) -> None:
    path = write(tmp_path, build_line("rated", title="Heat"), build_line("failed"))
    expected = read(path)
    with path.open(newline="", encoding="utf-8") as file:
        lines = [["note", *reversed(line)] for line in csv.reader(file)]
    lines[0] = ["note", *(name.upper() for name in reversed(RESULT_COLUMNS))]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(lines)
    assert read(path) == expected


def test_a_row_that_was_cut_off_is_not_lost(tmp_path: Path) -> None:
    path = write(tmp_path, build_line("rated"), build_line("failed"))
    with path.open("a", encoding="utf-8") as file:
        file.write("3,4,rated,,,movie,Heat\r\n4,5,failed,,,movie,Heat\r\n")
    rows = read(path)
    assert kinds(rows) == ["rated", "RatingJob", "rated", "InvalidRow"]
    assert rows[2].title == "Heat"


def test_a_file_of_many_blocks_stays_in_step(tmp_path: Path) -> None:
    statuses = ["rated", "failed", "duplicate", "not_sent"]
    title = "x" * 300
    lines = [
        build_line(statuses[number % 4], row=number, imdb_id=f"tt{number:07}", title=f"{number}\n{title}")
        for number in range(1, 5001)
    ]
    rows = read(write(tmp_path, *lines))
    assert [row.row for row in rows] == list(range(1, 5001))
    assert [row.imdb_id for row in rows] == [line[RESULT_COLUMNS.index("imdb_id")] for line in lines]
    assert kinds(rows[:4]) == ["RatingJob", "duplicate", "RatingJob", "rated"]


def test_a_file_that_is_no_results_file_says_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("imdb_id,rating\ntt0111161,9\n")
    with pytest.raises(
        UnknownFormatError, match="no results file of the importer; it lacks row, line"
    ) as told:
        ResultsReader(path, path.name, TRANSIENT)
    assert told.value.exit_code == 2


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04\0\0binary", b"\n\n"])
def test_a_file_that_is_no_table_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "results.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError):
        ResultsReader(path, path.name, TRANSIENT)


def test_a_results_file_without_rows_has_none(tmp_path: Path) -> None:
    assert read(write(tmp_path)) == []


def test_every_row_of_a_results_file_is_a_row_of_an_export(tmp_path: Path) -> None:
    """`importer run results.csv` reads them all, whatever their status."""
    path = write(tmp_path, *(build_line(status, title="'=x") for status in Status))
    rows = [row for chunk in open_reader(path).chunks() for row in chunk]
    assert kinds(rows) == ["RatingJob"] * len(Status)


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8).map(str.strip)
numbers = st.integers(1, 99999)
moments = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - of no zone
    lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond % 1000:03}Z"
)
settled_lines = st.fixed_dictionaries(
    {
        "status": st.sampled_from(sorted(set(Status) - TRANSIENT)),
        "reason": texts,
        "message": texts,
        "title": texts,
        "year": texts,
        "imdb_id": texts,
        "rating": texts,
        "attempts": st.one_of(st.none(), numbers),
        "http_status": st.one_of(st.none(), st.integers(100, 599)),
        "sent_at": st.one_of(st.none(), moments),
        "duration_ms": st.one_of(st.none(), numbers),
    }
)


@given(st.lists(settled_lines, max_size=6))
def test_settled_rows_pass_through_the_journal_as_they_are(
    tmp_path_factory: pytest.TempPathFactory, lines: list[dict[str, object]]
) -> None:
    """The new results file says of them what the old one said, to the last character."""
    folder = tmp_path_factory.mktemp("pass")
    full = [build_line(**line, row=row, line=row + 1) for row, line in enumerate(lines, 1)]  # type: ignore[arg-type]
    old = write(folder, *full)
    before = old.read_bytes()
    with Journal(folder, "account") as journal:
        with journal.loading():
            run = journal.begin("print", "results.csv", "sandbox")
            rows = read(old)
            run.add_rows(rows, [None] * len(rows))
        write_results(old, run.results())
    assert old.read_bytes() == before
