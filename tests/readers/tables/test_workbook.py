"""Excel workbooks as a table, as programs and people really leave them."""

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer import limits
from importer.errors import OptionError, UnknownFormatError, UnreadableFileError
from importer.model import InvalidRow, Status
from importer.readers import ReadOptions, open_reader
from importer.readers.tables import workbook
from tests.readers.conformance import inherited
from tests.readers.reading import jobs, places, read, read_damaged, read_until_error, reasons

HEADER = ("imdb_id", "title", "rating", "rated_at")
# Excel knows no zones.
MIDNIGHT = datetime(2024, 5, 1)  # noqa: DTZ001
AFTERNOON = datetime(2024, 5, 1, 14, 6, 3)  # noqa: DTZ001
ALIEN = ("tt0078748", "Alien", 9, "2024-05-01")


def write_book(*sheets: Iterable[Sequence[object]]) -> bytes:
    book = openpyxl.Workbook()
    for number, rows in enumerate(sheets):
        sheet = book.active if number == 0 else book.create_sheet()
        assert sheet is not None
        for row in rows:
            sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def edit_part(content: bytes, part: str, pattern: str, text: str) -> bytes:
    """Change a part of a workbook behind the back of openpyxl."""
    source, file = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            body = source.read(name)
            if name == part:
                assert re.search(pattern, body.decode())
                body = re.sub(pattern, lambda _: text, body.decode(), count=1).encode()
            archive.writestr(name, body)
    return file.getvalue()


def test_cells_are_read_as_a_csv_file_would_hold_them(tmp_path: Path) -> None:
    rows = [
        (*ALIEN[:2], 9.0, MIDNIGHT),
        (*ALIEN[:2], "9", AFTERNOON),
        (*ALIEN[:2], 9, date(2024, 5, 1)),
        (*ALIEN[:2], 9, None),
        (*ALIEN[:2], 8.5, "2024-05-01"),
        (*ALIEN[:2], True, "2024-05-01"),
        ("tt0078748", 1984, 9, "2024-05-01"),
    ]
    found = read(tmp_path, write_book([HEADER, *rows]))
    assert reasons(found) == ["ok", "ok", "ok", "ok", "bad_rating", "bad_rating", "ok"]
    dates = [job.rated_at for job in jobs(found[:4])]
    assert dates == ["2024-05-01", "2024-05-01T14:06:03Z", "2024-05-01", None]
    assert jobs(found[6:])[0].title == "1984"


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (0.9, "0%", "90 %"),
        (1, "0%", "100 %"),
        (1.0, "0.00%", "100 %"),
        (0, "0%", "0 %"),
        (0.875, "0.0%", "87.5 %"),
        (0.07, "0%", "7 %"),
        (0.57, "#,##0\\ %;[Red]-0%", "57 %"),
        (0.8999999999999999, "0.000%", "90 %"),
        (0.00001, "0.000%", "0.001 %"),
        (2, '0"%"', "2"),
        (2, r"0\%", "2"),
        (2, "_%0", "2"),
        ("9", "0%", "9"),
        (True, "0%", "True"),
        (9.000000000000001, "General", "9"),
        (8.999999999999999, "General", "9"),
        (0.1 + 0.2, "General", "0.3"),
        (1234567890123456, "General", "1234567890123456"),
    ],
)
def test_numbers_are_read_as_excel_shows_them(
    tmp_path: Path, value: object, number_format: str, shown: str
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["x", value, "y"])
    sheet["B1"].number_format = number_format
    sheet["E1"].number_format = "0%"
    book.save(path := tmp_path / "book.xlsx")
    (opened,) = workbook.open_workbook(path, path.name, path.stat().st_size)
    ((line, row),) = opened.rows()
    assert (line, list(map(opened.write, row))[:3]) == (1, ["x", shown, "y"])


def test_ratings_in_percent_are_not_read_as_fractions(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [HEADER, (*ALIEN[:2], 0.9, MIDNIGHT), (*ALIEN[:2], 1, MIDNIGHT), (*ALIEN[:2], 0.1, MIDNIGHT)]:
        sheet.append(list(row))
    for line in (2, 3, 4):
        sheet.cell(line, 3).number_format = "0%"
    file = io.BytesIO()
    book.save(file)
    found = jobs(read(tmp_path, file.getvalue()))
    assert [(job.rating, job.rated_at) for job in found] == [(n, "2024-05-01") for n in (9, 10, 1)]


def test_rows_keep_the_numbers_that_excel_shows(tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = [(), HEADER, ALIEN, (), (None, None), ALIEN, ("", " "), ALIEN]
    assert places(read(tmp_path, write_book(rows))) == [(1, 3), (2, 6), (3, 8)]


def test_wrong_dimensions_cut_nothing_off(tmp_path: Path) -> None:
    content = write_book([HEADER, ALIEN, ALIEN])
    content = edit_part(content, "xl/worksheets/sheet1.xml", r'<dimension ref="[^"]*"', '<dimension ref="A1"')
    assert reasons(read(tmp_path, content)) == ["ok", "ok"]


def test_the_first_sheet_with_rows_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(write_book([("a title alone",)], [HEADER, ALIEN], [HEADER, ALIEN, ALIEN]))
    reader = open_reader(path)
    assert sum(map(len, reader.chunks())) == 1
    assert 'only the sheet "Sheet1" is read, not "Sheet", "Sheet2"' in reader.notes
    path.write_bytes(write_book([HEADER, ALIEN]))
    assert not any("sheet" in note for note in open_reader(path).notes)


UNSAVED = r'<c r="C2"><f>3\*3</f>(?:<v\s*/>|<v></v>)</c>'


def test_a_formula_is_its_result_and_its_row_waits_without_one(tmp_path: Path) -> None:
    content = write_book([HEADER, ("tt0078748", "Alien", "=3*3", "2024-05-01"), ALIEN])
    row, _ = rows = read(tmp_path, content)
    assert reasons(rows) == ["no_value", "ok"]
    assert isinstance(row, InvalidRow)
    assert row.status is Status.INVALID
    assert row.message == (
        'line 2: the formula "=3*3" in "rating" was saved without its value. '
        "Open the workbook in a spreadsheet program, save it there, and import it again."
    )
    saved = '<c r="C2"><f>3*3</f><v>9</v></c>'
    content = edit_part(content, "xl/worksheets/sheet1.xml", UNSAVED, saved)
    assert [job.rating for job in jobs(read(tmp_path, content))] == [9, 9]


@pytest.mark.parametrize("percents", [False, True])
@pytest.mark.parametrize("place", range(len(HEADER)))
def test_no_cell_that_is_read_may_be_a_formula_without_a_value(
    tmp_path: Path, place: int, percents: bool
) -> None:
    """A date left out without a word would become the day of the import."""
    row = [*ALIEN[:place], "=A1", *ALIEN[place + 1 :]]
    content = write_book([(*HEADER, "mine"), (*row, 1), (*ALIEN, "=A1")])
    if percents:
        content = edit_part(content, "xl/styles.xml", r'<xf numFmtId="0"', '<xf numFmtId="9"')
    assert reasons(read(tmp_path, content)) == ["no_value", "ok"]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ('<c r="C2"><f>3*3</f></c>', "no_value"),
        ('<c r="C2"><f t="shared" si="0"/></c>', "no_value"),
        ('<c r="C2" t="str"><f>3*3</f></c>', "no_value"),
        ('<c r="C2" t="str"><f>IF(1,"")</f><v></v></c>', "no_rating"),
        ('<c r="C2" t="str"><f>IF(1,"9")</f><v>9</v></c>', "ok"),
    ],
)
def test_an_empty_text_is_the_value_of_a_formula(tmp_path: Path, cell: str, reason: str) -> None:
    content = write_book([HEADER, ("tt0078748", "Alien", "=3*3", "2024-05-01")])
    assert reasons(read(tmp_path, edit_part(content, "xl/worksheets/sheet1.xml", UNSAVED, cell))) == [reason]


def test_a_column_whose_name_is_a_formula_without_a_value_is_told(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(write_book([(*HEADER[:3], "=A9"), ALIEN]))
    assert list(open_reader(path).unread) == ["=A9"]


def test_a_row_that_comes_a_second_time_is_read_once(tmp_path: Path) -> None:
    content = write_book([HEADER, ALIEN, ALIEN])
    content = edit_part(content, "xl/worksheets/sheet1.xml", '<row r="3"', '<row r="2"')
    assert places(read(tmp_path, content)) == [(1, 2)]


def test_columns_go_by_name_and_nameless_ones_are_left_out(tmp_path: Path) -> None:
    rows = [("rating", None, "Const"), (9, "note", "tt0078748"), (8, None, "tt0113277", "beyond")]
    found = jobs(read(tmp_path, write_book(rows), mapping={"Const": "imdb_id"}))
    assert [(job.imdb_id, job.rating) for job in found] == [("tt0078748", 9), ("tt0113277", 8)]


def test_two_columns_of_one_name_are_told_where_they_differ(tmp_path: Path) -> None:
    rows = [("imdb_id", "rating", "rating"), ("tt0078748", 9, 9), ("tt0078748", 9, 8)]
    assert reasons(read(tmp_path, write_book(rows))) == ["ok", "two_values"]


def test_an_imdb_export_saved_as_a_workbook_is_one(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    header = ("Const", "Your Rating", "Date Rated", "Title", "Title Type", "Year")
    path.write_bytes(write_book([header, ("tt0078748", 9, MIDNIGHT, "Alien", "Movie", 1979)]))
    reader = open_reader(path)
    assert reader.format_name == "imdb"
    (job,) = jobs(next(reader.chunks()))
    assert (job.rating, job.rated_at, job.year) == (9, "2024-05-01", 1979)


def test_an_empty_workbook_says_so(tmp_path: Path) -> None:
    for sheets in ([], [HEADER]):
        with pytest.raises(UnreadableFileError, match="there is no record in it"):
            read(tmp_path, write_book(sheets))


def test_a_row_number_beyond_excel_is_not_counted_up_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_SHEET_ROWS", 1_000)
    content = write_book([HEADER, ALIEN, ALIEN])
    content = edit_part(content, "xl/worksheets/sheet1.xml", '<row r="3"', '<row r="999999999999"')
    rows, error = read_until_error(tmp_path, content)
    assert reasons(rows) == ["ok"]
    assert error is not None
    assert "more than 1,000 rows" in str(error)


def test_a_workbook_that_grows_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LARGEST_SHARED", 100)
    with pytest.raises(UnreadableFileError, match="more beside its rows than any workbook has"):
        read(tmp_path, write_book([HEADER, ALIEN]))


def test_a_workbook_cut_off_says_so(tmp_path: Path) -> None:
    content = write_book([HEADER, ALIEN])
    for end in range(100, len(content), 97):
        with pytest.raises((UnreadableFileError, UnknownFormatError)):
            read(tmp_path, content[:end])


BOOK = write_book([HEADER, ALIEN, ALIEN])
PARTS = tuple(zipfile.ZipFile(io.BytesIO(BOOK)).namelist())


@inherited
@given(st.sampled_from(PARTS), st.integers(0, 3_000), st.integers(0, 60), st.binary(max_size=20))
def test_any_damage_gives_rows_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, part: str, place: int, length: int, junk: bytes
) -> None:
    source, file = zipfile.ZipFile(io.BytesIO(BOOK)), io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in PARTS:
            body = source.read(name)
            if name == part:
                body = body[:place] + junk + body[place + length :]
            archive.writestr(name, body)
    rows = read_damaged(tmp_path_factory.mktemp("damage"), file.getvalue())
    assert [row.row for row in rows] == list(range(1, len(rows) + 1))


@inherited
@given(st.integers(0, len(BOOK) - 1), st.binary(min_size=1, max_size=20))
def test_any_bytes_over_a_workbook_give_rows_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, place: int, junk: bytes
) -> None:
    content = BOOK[:place] + junk + BOOK[place + len(junk) :]
    read_damaged(tmp_path_factory.mktemp("bytes"), content)


def test_cells_behind_the_last_column_cost_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[object] = []
    write = workbook._write

    def note(value: object) -> str:
        written.append(value)
        return write(value)

    monkeypatch.setattr(workbook, "_write", note)
    row = ["tt0111161", 9, *[None] * 3_000, "far away"]
    found = jobs(read(tmp_path, write_book([["imdb_id", "rating"], row, row])))
    assert [job.rating for job in found] == [9, 9]
    assert len(written) < 100, "sixteen thousand a row would take hours"


def test_the_sheet_that_is_named_is_read_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(write_book([HEADER, ALIEN], [HEADER, ALIEN, ALIEN]))
    assert sum(map(len, open_reader(path, ReadOptions(sheet="Sheet1")).chunks())) == 2
    with pytest.raises(OptionError, match='there are "Sheet", "Sheet1"'):
        open_reader(path, ReadOptions(sheet="Sheet2"))
    path.write_text("imdb_id,rating\ntt0078748,9\n")
    with pytest.raises(OptionError, match="is no workbook"):
        open_reader(path, ReadOptions(sheet="Sheet1"))


def test_a_sheet_without_ratings_is_passed_over_and_all_are_named_if_none_has_any(tmp_path: Path) -> None:
    cover = [("My films",), ("made in 2024", "do not sort")]
    assert reasons(read(tmp_path, write_book(cover, [HEADER, ALIEN]))) == ["ok"]
    with pytest.raises(UnknownFormatError, match="Nor can another of its sheets be read") as raised:
        read(tmp_path, write_book(cover, [("a", "b"), (1, 2)]))
    assert 'This is its sheet "Sheet". Nor can another of its sheets be read: "Sheet1"' in str(raised.value)


def test_the_sheet_whose_columns_are_shown_is_not_another_one(tmp_path: Path) -> None:
    """The first sheet is empty, so that the columns are the second's."""
    with pytest.raises(UnknownFormatError) as raised:
        read(tmp_path, write_book([], [("Film", "Note"), ("Alien", 9)], [("x", "y"), (1, 2)]))
    told = str(raised.value)
    assert 'Columns found: "Film", "Note"' in told
    assert 'This is its sheet "Sheet1". Nor can another of its sheets be read: "Sheet", "Sheet2"' in told


def test_the_name_of_a_table_may_stand_above_its_header(tmp_path: Path) -> None:
    assert places(read(tmp_path, write_book([("My films",), (), HEADER, ALIEN]))) == [(1, 4)]
    one = [("imdb_id",), ("tt0078748",), ("tt0113277",)]
    with pytest.raises(UnknownFormatError, match='Columns found: "imdb_id"'):
        read(tmp_path, write_book(one))
