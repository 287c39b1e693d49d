"""Web pages as tables: exports that are called .xls, and pages that came in the place of an export."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer import limits
from importer.errors import OptionError, UnreadableFileError, UsageError
from importer.model import RatingJob
from importer.readers import ReadOptions, open_reader
from tests.readers.conformance import inherited
from tests.readers.reading import jobs, places, read, read_until_error

TABLE = (
    "<table><tr><th>imdb_id<th>rating<th>title</tr>"
    "<tr><td>tt0078748</td><td> 9 </td><td><b>Al</b>ien &amp;<br>co</td></tr></table>"
)


@pytest.mark.parametrize(
    "page",
    [
        f"<html><body>{TABLE}</body></html>",
        f"<!DOCTYPE HTML>\n<title>tr</title><script>'<td>'</script>{TABLE}",
        TABLE,
        f"\ufeff<!-- saved -->\n{TABLE}",
        f"<html><table><tr><td>a page in<td>a table:</tr><tr><td>{TABLE}</td></tr></table>",
        TABLE.replace("</tr>", "").replace("</td>", "").replace("</table>", ""),
    ],
)
def test_the_table_of_a_page_is_read(tmp_path: Path, page: str) -> None:
    rows = read(tmp_path, page.encode())
    assert [(job.imdb_id, job.rating, job.title) for job in jobs(rows)] == [("tt0078748", 9, "Alien & co")]
    assert places(rows) == [(1, 2)]


def test_of_several_tables_the_one_of_ratings_is_read_or_the_one_that_is_named(tmp_path: Path) -> None:
    path = tmp_path / "page.xls"
    menu = "<table><tr><td>Menu</td><td>Help</td></tr><tr><td>a</td><td>b</td></tr></table>"
    path.write_text(f"<html>{menu}{TABLE}{TABLE.replace('9', '8')}</html>")
    assert 'only the sheet "table 2" is read, not "table 1", "table 3"' in open_reader(path).notes
    chosen = open_reader(path, ReadOptions(sheet="table 3"))
    assert [job.rating for chunk in chosen.chunks() for job in jobs(chunk)] == [8]
    with pytest.raises(OptionError, match='there are "table 1", "table 2", "table 3"'):
        open_reader(path, ReadOptions(sheet="table 4"))


@pytest.mark.parametrize(
    "page",
    [
        "<html><body><form>Sign in</form></body></html>",
        "<html><table><tr><td>Sign in</td></tr><tr><td>now</td></tr></table>",
    ],
)
def test_a_page_in_the_place_of_an_export_says_what_it_is(tmp_path: Path, page: str) -> None:
    with pytest.raises(UnreadableFileError, match=r"looks like a web page.*Sign in at the site"):
        read(tmp_path, page.encode())


@pytest.mark.parametrize("charset", ["windows-1251", "utf-8", "koi8-r"])
def test_a_page_says_its_encoding(tmp_path: Path, charset: str) -> None:
    page = f'<html><meta charset="{charset}">{TABLE.replace("Al", "Чужой ")}</html>'
    assert jobs(read(tmp_path, page.encode(charset)))[0].title == "Чужой ien & co"


def test_xml_is_no_page(tmp_path: Path) -> None:
    content = b"<table><row><imdb_id>tt0078748</imdb_id><rating>9</rating></row></table>"
    assert [job.rating for job in jobs(read(tmp_path, content))] == [9]


def ratings(tmp_path: Path, *rows: str) -> list[tuple[str | None, int | str | None]]:
    header = "<tr><th>imdb_id<th>Genre<th>Rating<th>Critics</tr>"
    page = f"<table>{header}{''.join(rows)}</table>"
    found = read(tmp_path, page.encode())
    return [(row.imdb_id, row.rating if isinstance(row, RatingJob) else None) for row in found]


@pytest.mark.parametrize("span", ["rowspan=2", "ROWSPAN='2'", 'rowspan=" +2 rows"', "rowspan=2 rowspan=1"])
def test_a_cell_over_several_rows_stands_in_each(tmp_path: Path, span: str) -> None:
    assert ratings(
        tmp_path,
        f"<tr><td>tt0113277</td><td {span}>Crime</td><td>9</td><td>3</td></tr>",
        "<tr><td>tt0133093</td><td>10</td><td>4</td></tr>",
        "<tr><td>tt7286456</td><td colspan=2>7</td><td>2</td></tr>",
        "<tr><td>tt0078748</td><td>Horror</td><td>8</td><td>1</td></tr>",
    ) == [("tt0113277", 9), ("tt0133093", 10), ("tt7286456", None), ("tt0078748", 8)]


def test_a_cell_over_several_columns_stands_in_the_first(tmp_path: Path) -> None:
    assert ratings(
        tmp_path,
        "<tr><td>tt0113277</td><td colspan=2>7</td><td>2</td></tr>",
        "<tr><td colspan=2>tt0133093</td><td>10</td><td>4</td></tr>",
        "<tr><td>tt7286456</td><td colspan=0 rowspan=x>Crime</td><td>9</td><td>4</td></tr>",
    ) == [("tt0113277", None), ("tt0133093", 10), ("tt7286456", 9)]


def test_a_rating_over_several_rows_is_that_of_each(tmp_path: Path) -> None:
    assert ratings(
        tmp_path,
        "<tr><td>tt0113277<td>Crime<td rowspan=2>9<td>3",
        "<tr><td>tt0133093<td>Drama<td>4",
        "<tr><td>tt7286456<td>Drama<td>8<td>4",
    ) == [("tt0113277", 9), ("tt0133093", 9), ("tt7286456", 8)]


def test_a_cell_over_rows_and_columns_moves_the_cells_below_it(tmp_path: Path) -> None:
    assert ratings(
        tmp_path,
        "<tr><td rowspan=2 colspan=2>tt0113277<td>9<td>3",
        "<tr><td>8<td>4",
        "<tr><td>tt7286456<td>Drama<td>7<td>4",
    ) == [("tt0113277", 9), ("tt0113277", 8), ("tt7286456", 7)]


@pytest.mark.parametrize("rows", ["0", "99", "70000"])
def test_a_cell_over_the_rows_to_the_last_ends_with_their_group(tmp_path: Path, rows: str) -> None:
    assert ratings(
        tmp_path,
        f"<tbody><tr><td>tt0113277<td rowspan={rows}>Crime<td>9<td>3",
        "<tr></tr><tr><td>tt0133093<td>10<td>4</tbody>",
        "<tr><td>tt7286456<td>Drama<td>8<td>4",
    ) == [("tt0113277", 9), ("tt0133093", 10), ("tt7286456", 8)]


def test_a_row_without_cells_counts_for_a_cell_that_reaches_over_it(tmp_path: Path) -> None:
    assert ratings(
        tmp_path,
        "<tr><td>tt0113277<td rowspan=2>Crime<td>9<td>3",
        "<tr></tr><tr><td>tt7286456<td>Drama<td>8<td>4",
    ) == [("tt0113277", 9), ("tt7286456", 8)]


def test_a_table_within_a_cell_has_cells_of_its_own(tmp_path: Path) -> None:
    inner = "<table><tr><td rowspan=5>a<td>b<tr><td>c</table>"
    assert ratings(
        tmp_path,
        f"<tr><td>tt0113277<td rowspan=2>{inner}<td>9<td>3",
        "<tr><td>tt0133093<td>10<td>4",
    ) == [("tt0113277", 9), ("tt0133093", 10)]


def test_cells_that_reach_too_far_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableFileError, match="a row of more than 1,024 cells"):
        ratings(tmp_path, "<tr>" + "<td colspan=999999999999>a" * 1_000)
    monkeypatch.setattr(limits, "MOST_REPEATED_CELLS", 5_000)
    with pytest.raises(UnreadableFileError, match="more than 5,000 cells repeat others"):
        ratings(tmp_path, "<tr><td rowspan=0 colspan=1000>a" + "<tr>" * 10)


@inherited
@given(st.text(alphabet="<>/=\"' tadrble!-&;x", max_size=200))
def test_any_page_gives_rows_or_a_clear_error(tmp_path_factory: pytest.TempPathFactory, junk: str) -> None:
    try:
        read_until_error(tmp_path_factory.mktemp("page"), f"<html>{TABLE}{junk}".encode())
    except UsageError:
        return
