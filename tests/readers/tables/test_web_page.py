"""Web pages as tables: exports that are called .xls, and pages that came in the place of an export."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import OptionError, UnreadableFileError, UsageError
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


@inherited
@given(st.text(alphabet="<>/=\"' tadrble!-&;x", max_size=200))
def test_any_page_gives_rows_or_a_clear_error(tmp_path_factory: pytest.TempPathFactory, junk: str) -> None:
    try:
        read_until_error(tmp_path_factory.mktemp("page"), f"<html>{TABLE}{junk}".encode())
    except UsageError:
        return
