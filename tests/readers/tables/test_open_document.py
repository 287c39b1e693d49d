"""OpenDocument spreadsheets as a table: what repeats is written once, and may be written a million times."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer import limits
from importer.errors import UnreadableFileError
from importer.model import InvalidRow
from tests.readers.conformance import inherited
from tests.readers.golden import SAMPLES
from tests.readers.reading import jobs, places, read, read_damaged, reasons

SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)


def cell(text: str, repeated: int = 1) -> str:
    start = f'<table:table-cell table:number-columns-repeated="{repeated}">'
    return f"{start}<text:p>{text}</text:p></table:table-cell>"


def row(*cells: str, repeated: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{repeated}">{"".join(cells)}</table:table-row>'


def write_document(*rows: str, prefix: str = "") -> bytes:
    body = f'<table:table table:name="Sheet1">{"".join(rows)}</table:table>'
    text = f"{prefix}<office:document-content {SPACES}>{body}</office:document-content>"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("content.xml", text)
    return file.getvalue()


HEADER = row(cell("imdb_id"), cell("rating"), cell("title"))
ALIEN = (cell("tt0078748"), cell("9"), cell("Alien"))


def test_what_repeats_is_as_many_rows_and_cells(tmp_path: Path) -> None:
    nothing = row('<table:table-cell table:number-columns-repeated="16384"/>', repeated=5)
    rows = read(tmp_path, write_document(HEADER, row(*ALIEN, repeated=2), nothing, row(*ALIEN), nothing))
    assert places(rows) == [(1, 2), (2, 3), (3, 9)]
    assert [job.title for job in jobs(rows)] == ["Alien"] * 3


def test_a_cell_is_its_value_and_not_what_it_looks_like(tmp_path: Path) -> None:
    rating = (
        '<table:table-cell office:value-type="float" office:value="9">'
        "<text:p>9,00</text:p></table:table-cell>"
    )
    title = (
        "<table:table-cell><office:annotation><text:p>a remark</text:p></office:annotation>"
        "<text:p>Two<text:s/>words</text:p><text:p>two lines</text:p></table:table-cell>"
    )
    (job,) = jobs(read(tmp_path, write_document(HEADER, row(ALIEN[0], rating, title))))
    assert (job.rating, job.title) == (9, "Two words\ntwo lines")


@pytest.mark.parametrize(
    "rows",
    [
        [row(*ALIEN, repeated=999_999_999)],
        [row(*ALIEN, cell("x", 16_000), repeated=1_000_000)],
        [row(*ALIEN, cell("x", 999_999_999))],
        [row(*ALIEN, cell("x" * (limits.LONGEST_RECORD * 2)))],
    ],
)
def test_a_few_bytes_do_not_make_a_million_cells(tmp_path: Path, rows: list[str]) -> None:
    with pytest.raises(UnreadableFileError, match=r"(more|longer) than|unpacks to"):
        read(tmp_path, write_document(HEADER, *rows))


def test_a_document_type_of_its_own_is_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    with pytest.raises(UnreadableFileError, match="a document type of its own"):
        read(tmp_path, write_document(HEADER, row(cell("&b;")), prefix=bomb))


BOOK = (SAMPLES / "ratings.ods").read_bytes()


@inherited
@given(st.integers(0, len(BOOK) - 1), st.binary(min_size=1, max_size=20))
def test_any_bytes_over_a_spreadsheet_give_rows_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, place: int, junk: bytes
) -> None:
    content = BOOK[:place] + junk + BOOK[place + len(junk) :]
    read_damaged(tmp_path_factory.mktemp("bytes"), content)


@pytest.mark.parametrize(
    ("attributes", "found"),
    [
        ('table:formula="of:=4+5"', "no_value"),
        ('table:formula="of:=4+5" office:value-type="float" office:value="9"', "ok"),
        ('table:formula="of:=IF(1;&quot;&quot;)" office:value-type="string"', "no_rating"),
    ],
)
def test_the_row_of_a_formula_without_a_value_waits(tmp_path: Path, attributes: str, found: str) -> None:
    rating = f"<table:table-cell {attributes}/>"
    (read_row,) = rows = read(tmp_path, write_document(HEADER, row(ALIEN[0], rating, ALIEN[2])))
    assert reasons(rows) == [found]
    if isinstance(read_row, InvalidRow) and found == "no_value":
        assert read_row.message.startswith('line 2: the formula "=4+5" in "rating" was saved without')


@inherited
@given(st.text(alphabet="<>/=\"' ta1:bler-cowp", max_size=60), st.integers(0, 2_000))
def test_any_content_gives_rows_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, junk: str, place: int
) -> None:
    content = zipfile.ZipFile(io.BytesIO(BOOK)).read("content.xml").decode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("content.xml", content[:place] + junk + content[place:])
    rows = read_damaged(tmp_path_factory.mktemp("content"), file.getvalue())
    assert set(reasons(rows)) <= {
        "ok",
        "no_rating",
        "bad_rating",
        "no_id",
        "bad_id",
        "bad_year",
        "unknown_type",
        "bad_date",
        "two_values",
        "no_value",
        "type_mismatch",
    }
