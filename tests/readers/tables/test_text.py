"""Files as text: encodings, and files that are no text."""

import codecs
from pathlib import Path

import pytest

from importer.errors import UnreadableFileError
from importer.readers import open_reader
from tests.readers.reading import jobs, places, read

TEXT = "imdb_id,title,rating\ntt0111161,Amélie – 2½ “x”,8\ntt0068646,B,9\n"


@pytest.mark.parametrize(
    ("encoding", "bom", "note"),
    [
        ("utf-8", b"", "UTF-8"),
        ("utf-8", codecs.BOM_UTF8, "UTF-8 with BOM"),
        ("utf-16-le", codecs.BOM_UTF16_LE, "UTF-16"),
        ("utf-16-be", codecs.BOM_UTF16_BE, "UTF-16"),
        ("cp1252", b"", "Windows-1252 or ISO-8859-1"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings(tmp_path: Path, encoding: str, bom: bytes, note: str, end: str) -> None:
    content = bom + TEXT.replace("\n", end).encode(encoding)
    rows = jobs(read(tmp_path, content))
    assert rows[0].title == "Amélie – 2½ “x”"
    assert places(rows) == [(1, 2), (2, 3)]
    assert f"encoding {note}" in open_reader(tmp_path / "input.csv").notes


def test_the_whole_file_decides_the_encoding(tmp_path: Path) -> None:
    rows = "tt0111161,plain,8\n" * 200_000
    content = b"imdb_id,title,rating\n" + rows.encode() + b"tt0111161,Am\xe9lie,8\n"
    assert jobs(read(tmp_path, content))[-1].title == "Amélie"


def test_a_header_in_front_of_cr_only_rows(tmp_path: Path) -> None:
    assert places(read(tmp_path, b"imdb_id,rating\ntt0111161,8\rtt0068646,9\r")) == [(1, 2), (2, 3)]


def test_a_file_cut_off_within_a_character(tmp_path: Path) -> None:
    content = "imdb_id,rating,title\ntt0111161,8,Amélie\ntt0068646,9,Fantô".encode()
    rows = jobs(read(tmp_path, content[:-1]))
    assert [row.title for row in rows] == ["Amélie", "Fant\ufffd"]
    assert any("cut off" in note for note in open_reader(tmp_path / "input.csv").notes)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"PK\x03\x04abc", "cannot be unpacked"),
        (b"\x1f\x8b\x08", "cannot be unpacked"),
        (b"\x89PNG\r\n", "PNG"),
        (b"%PDF-1.7", "PDF"),
        (b"\xd0\xcf\x11\xe0abc", "old Excel"),
        (b"SQLite format 3\0", "SQLite"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"imdb_id,rating\ntt01\x0011,8\n", "NUL"),
        (b"imdb_id,rating\n" + b"tt0111161,8\n" * 200_000 + b"\0", "NUL"),
        (b"title,rating\n\x81\x8d\xff,8\n", "not UTF-8 nor Windows-1252"),
        (b"\xff\xfea\0,", "not UTF-16"),
        (b"x" * 3_000_000, "longer than"),
        (b"a,b\n" + b"1,2\n" * 10 + b"y" * 3_000_000 + b"\n1,2\n", "longer than"),
    ],
)
def test_what_is_no_table_of_text(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(UnreadableFileError, match=problem):
        read(tmp_path, content)


def test_a_line_is_long_only_beyond_a_mebibyte(tmp_path: Path) -> None:
    review = "y" * 900_000
    (job,) = jobs(read(tmp_path, f"imdb_id,rating,review\ntt0111161,8,{review}\n".encode()))
    assert job.rating == 8


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="No such file"):
        open_reader(tmp_path / "nothing.csv")
    with pytest.raises(UnreadableFileError, match="is a folder"):
        open_reader(tmp_path)


def test_a_device_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="not a regular file"):
        open_reader(Path("/dev/zero"))


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "input.csv"
    path.write_text(TEXT)

    def check(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", check)
    with pytest.raises(UnreadableFileError, match="Permission denied"):
        open_reader(path)


def test_a_disk_that_fails_midway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "input.csv"
    path.write_text(TEXT)
    reader = open_reader(path)

    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(UnreadableFileError, match="Input/output error"):
        list(reader.chunks())
