"""XML as a table: what its records are, and what files that are up to no good can do."""

from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from importer import limits
from importer.errors import UnreadableFileError
from importer.readers import open_reader
from tests.readers.formats.test_csv import SAMPLES_OF_CSV
from tests.readers.reading import jobs, places, read, read_until_error, reasons
from tests.readers.record_conformance import XmlConformance

DECLARED = '<?xml version="1.0"?>\n'
ALIEN = "<film><imdb_id>tt0078748</imdb_id><title>Alien</title><rating>9</rating></film>"


class TestCsvAsXml(XmlConformance):
    format_name = "csv"
    samples = SAMPLES_OF_CSV

    def record(self, title: str) -> str:
        return f"<film><imdb_id>tt0111161</imdb_id><title>{escape(title)}</title><rating>9</rating></film>"

    def document(self, records: str) -> str:
        return f"<ratings><films>2</films>{records}<page/></ratings>"


def test_attributes_are_values_too(tmp_path: Path) -> None:
    text = (
        '<all by="me"><film rating="9"><title of="1979">Alien</title><id imdb="tt0078748"/></film>'
        '<film rating="8" title="Heat" id.imdb="tt0113277"/></all>'
    )
    found = jobs(read(tmp_path, text.encode(), mapping={"id.imdb": "imdb_id", "title.of": "year"}))
    assert [(job.title, job.year, job.imdb_id, job.rating) for job in found] == [
        ("Alien", 1979, "tt0078748", 9),
        ("Heat", None, "tt0113277", 8),
    ]


def test_an_element_whose_values_are_all_empty_is_a_row(tmp_path: Path) -> None:
    empty = "<film><imdb_id/><title></title><rating/></film>"
    rows = read(tmp_path, f"<all>{ALIEN}\n{empty}\n<page/>{ALIEN}</all>".encode())
    assert reasons(rows) == ["ok", "empty_row", "ok"]
    assert places(rows) == [(1, 1), (2, 2), (3, 3)]


def test_texts_are_as_they_are_meant(tmp_path: Path) -> None:
    title = '<title><![CDATA["Oshi no Ko" & <more>]]> &lt;&#233;&gt; <!-- no title --> II</title>'
    (job,) = jobs(read(tmp_path, f"<a>{ALIEN.replace('<title>Alien</title>', title)}</a>".encode()))
    assert job.title == '"Oshi no Ko" & <more> <é>  II'


def test_the_element_of_a_record_is_a_column(tmp_path: Path) -> None:
    text = f"<a>{ALIEN}{ALIEN.replace('film>', 'show>')}</a>"
    rows = jobs(read(tmp_path, text.encode(), mapping={"@list": "type"}))
    assert [job.kind for job in rows] == ["movie", "show"]


def test_two_values_for_one_name_are_told_where_they_matter(tmp_path: Path) -> None:
    twice = ALIEN.replace("</film>", "<rating>3</rating></film>")
    genres = ALIEN.replace("</film>", "<genre>Horror</genre><genre>Science Fiction</genre></film>")
    rows = read(tmp_path, f"<a>{ALIEN}{twice}{genres}</a>".encode())
    assert reasons(rows) == ["ok", "two_values", "ok"]


def test_bare_returns_count_as_lines(tmp_path: Path) -> None:
    assert places(read(tmp_path, f"<a>\r{ALIEN}\r{ALIEN}\r</a>".encode())) == [(1, 2), (2, 3)]


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1251", "utf-16-le", "utf-16"])
def test_the_encoding_is_what_the_file_says_or_shows(tmp_path: Path, encoding: str) -> None:
    declared = "utf-16" if encoding.startswith("utf-16") else encoding
    title = "Ёжик в тумане" if encoding == "windows-1251" else "Amélie"
    text = f'<?xml version="1.0" encoding="{declared}"?>\n<a>{ALIEN.replace("Alien", title)}</a>'
    assert jobs(read(tmp_path, text.encode(encoding)))[0].title == title


@pytest.mark.parametrize("encoding", ["gbk", "no-such-thing", "utf-7", "rot13"])
def test_an_encoding_that_is_not_known_is_said(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(UnreadableFileError, match="encoding"):
        read(tmp_path, f'<?xml version="1.0" encoding="{encoding}"?><a>{ALIEN}</a>'.encode())


@pytest.mark.parametrize(
    "definitions",
    [
        '[<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">' + '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]',
        '[<!ENTITY a SYSTEM "file:///etc/hostname">]',
        '[<!ENTITY % a SYSTEM "http://127.0.0.1:9/x"> %a;]',
        "[<!ENTITY % a \"<!ENTITY b 'x'>\"> %a;]",
        '[<!ATTLIST film rating CDATA "9">]',
        "[]",
        'SYSTEM "http://127.0.0.1:9/a.dtd"',
        'SYSTEM "a.dtd"',
        'PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://127.0.0.1:9/a.dtd"',
        'SYSTEM "a.dtd" [<!ENTITY a "ha">]',
    ],
)
@pytest.mark.parametrize("title", ["&a;", "Alien"])
def test_a_document_type_with_definitions_is_refused(tmp_path: Path, definitions: str, title: str) -> None:
    film = ALIEN.replace("Alien", title)
    with pytest.raises(UnreadableFileError, match="line 2: the file defines a document type of its own"):
        read(tmp_path, f"{DECLARED}<!DOCTYPE a {definitions}>\n<a>{film}</a>".encode())


@pytest.mark.parametrize("doctype", ["", '<!DOCTYPE a SYSTEM "a.dtd">', "<!DOCTYPE a>"])
@pytest.mark.parametrize("rating", ["<rating>1&q;0</rating>", '<rating value="1&q;0"/>'])
def test_what_stands_for_something_else_is_never_left_out_of_a_rating(
    tmp_path: Path, doctype: str, rating: str
) -> None:
    # With a document type elsewhere expat reads 10, for q might be defined there.
    film = ALIEN.replace("<rating>9</rating>", rating)
    with pytest.raises(UnreadableFileError, match=r"document type|undefined entity"):
        read(tmp_path, f"{DECLARED}{doctype}<a>{film}</a>".encode(), mapping={"rating.value": "rating"})


def test_a_document_type_that_is_only_named_does_no_harm(tmp_path: Path) -> None:
    assert reasons(read(tmp_path, f"{DECLARED}<!DOCTYPE a><a>{ALIEN}</a>".encode())) == ["ok"]


def test_elements_without_bottom_are_an_error(tmp_path: Path) -> None:
    rows, error = read_until_error(tmp_path, f"<a>{ALIEN}\n<film>{'<b>' * 100_000}".encode())
    assert reasons(rows) == ["ok"]
    assert error is not None
    assert error.line == 2
    assert "too deep" in str(error)


@pytest.mark.parametrize(
    "start", ["<film><title>", '<film title="', "<film><title x='", "<!-- ", "", "<film>" + "<x/>" * 9]
)
def test_an_element_without_end_is_not_held_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    monkeypatch.setattr(limits, "LONGEST_RECORD", 10_000)
    content = f"<a>{ALIEN}\n{start}{'x' * 500_000}".encode()
    rows, error = read_until_error(tmp_path, content, block_size=1_000)
    assert reasons(rows) == ["ok"]
    assert error is not None
    assert "longer than 10,000 bytes" in str(error)


@pytest.mark.parametrize("text", ["<a/>", "<a></a>", "<a><b>1</b><c/></a>", "<a>text</a>", '<a b="c"/>'])
def test_no_record_is_said(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableFileError, match="there is no record in it"):
        read(tmp_path, text.encode())


def test_windows_1252_that_calls_itself_utf8_is_an_error(tmp_path: Path) -> None:
    text = f'<?xml version="1.0" encoding="utf-8"?>\n<a>{ALIEN}\n{ALIEN.replace("Alien", "Amélie")}</a>'
    rows, error = read_until_error(tmp_path, text.encode("cp1252"))
    assert reasons(rows) == ["ok"]
    assert error is not None
    assert error.line == 3


@pytest.mark.parametrize("text", [f"<a>{ALIEN}</a>", '[{"imdb_id": "tt0078748", "rating": 9}]'])
def test_a_file_that_went_away_says_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "gone.xml"
    path.write_text(text)
    reader = open_reader(path)
    path.unlink()
    with pytest.raises(UnreadableFileError, match="cannot be read further"):
        list(reader.chunks())
