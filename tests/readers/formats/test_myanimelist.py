"""The reader of MyAnimeList's anime lists."""

import gzip
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from importer.errors import UnknownFormatError
from importer.model import MediaKind, Status
from importer.readers import open_reader
from tests.readers.golden import SAMPLES
from tests.readers.reading import invalid, jobs, read, reasons
from tests.readers.record_conformance import XmlConformance

OWNER = "<myinfo><user_id>1</user_id><user_name>someone</user_name></myinfo>"


def entry(title: str = "Cowboy Bebop", type_: str = "TV", score: str = "9") -> str:
    return (
        f"<anime><series_animedb_id>1</series_animedb_id><series_title>{escape(title)}</series_title>"
        f"<series_type>{type_}</series_type><my_score>{score}</my_score>"
        "<my_finish_date>2016-00-00</my_finish_date></anime>"
    )


class TestMyAnimeList(XmlConformance):
    format_name = "myanimelist"
    samples = ("myanimelist.xml",)

    def record(self, title: str) -> str:
        return entry(title)

    def document(self, records: str) -> str:
        return f"<myanimelist>{records}</myanimelist>"


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("TV", (MediaKind.SHOW, None)),
        ("Movie", (MediaKind.MOVIE, None)),
        ("OVA", (MediaKind.SHOW, MediaKind.MOVIE)),
        ("ONA", (MediaKind.SHOW, MediaKind.MOVIE)),
        ("Special", (MediaKind.MOVIE, MediaKind.SHOW)),
        ("TV Special", (MediaKind.MOVIE, MediaKind.SHOW)),
        ("Unknown", (MediaKind.UNKNOWN, None)),
        ("", (MediaKind.UNKNOWN, None)),
    ],
)
def test_the_kind_of_an_entry(tmp_path: Path, type_: str, expected: tuple[str, str]) -> None:
    text = f"<myanimelist>{OWNER}{entry(type_=type_)}{entry()}</myanimelist>"
    job, _ = jobs(read(tmp_path, text.encode()))
    assert (job.kind, job.second_kind) == expected
    assert (job.rated_at, job.year) == (None, None), "the day it was finished is not that of the rating"


def test_what_is_no_title_is_unsupported_and_0_is_no_rating(tmp_path: Path) -> None:
    entries = (
        entry(type_="Music") + entry(type_="CM") + entry(type_="Music", score="0") + entry(type_="Opera")
    )
    rows = invalid(read(tmp_path, f"<myanimelist>{OWNER}{entries}</myanimelist>".encode()))
    assert [(row.status, row.reason) for row in rows] == [
        (Status.UNSUPPORTED, "music_video"),
        (Status.UNSUPPORTED, "unknown_type"),
        (Status.SKIPPED, "no_rating"),
        (Status.INVALID, "unknown_type"),
    ]


def test_the_packed_file_as_it_is_downloaded(tmp_path: Path) -> None:
    path = tmp_path / "animelist_1234.xml.gz"
    path.write_bytes(gzip.compress((SAMPLES / "myanimelist.xml").read_bytes()))
    reader = open_reader(path)
    assert reader.format_name == "myanimelist"
    assert sum(map(len, reader.chunks())) == 13


def test_an_entry_without_a_title_is_told(tmp_path: Path) -> None:
    entries = entry() + entry(title=" ")
    assert reasons(read(tmp_path, f"<a>{entries}</a>".encode())) == ["ok", "no_id"]


def test_a_manga_list_is_refused_by_name(tmp_path: Path) -> None:
    text = (
        "<myanimelist><manga><manga_title>Berserk</manga_title><my_score>9</my_score></manga></myanimelist>"
    )
    with pytest.raises(UnknownFormatError, match="manga list of MyAnimeList"):
        read(tmp_path, text.encode())


def test_a_list_without_types_is_read(tmp_path: Path) -> None:
    entry = "<anime><series_title>Cowboy Bebop</series_title><my_score>{}</my_score></anime>"
    content = f"<myanimelist>{entry.format(9)}{entry.format(0)}</myanimelist>"
    rows = read(tmp_path, content.encode())
    assert reasons(rows) == ["ok", "no_rating"]
    assert jobs(rows[:1])[0].kind == "unknown"
