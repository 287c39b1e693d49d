"""Archives: what is read of them, what is not and is said, and what a bad one can do."""

import gzip
import io
import struct
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from stat import S_IFLNK, S_IFREG
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer import limits
from importer.errors import EmptyFileError, UnknownFormatError, UnreadableFileError
from importer.model import InvalidRow, SourceRow
from importer.readers import ReadOptions, open_reader
from tests.readers.conformance import inherited
from tests.readers.reading import reasons

IMDB = "Const,Your Rating,Date Rated,Title,Title Type,Year\n"
ALIEN = f"{IMDB}tt0078748,9,2024-05-01,Alien,Movie,1979\n"
BAD = f"{IMDB}tt0113277,11,2024-05-01,Heat,Movie,1995\n"


def write_zip(path: Path, members: Mapping[Any, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, text in members.items():
            target.writestr(name, text)
    return path


def read_all(path: Path) -> tuple[list[SourceRow], str]:
    """The rows, and all notes."""
    reader = open_reader(path, name=path.name)
    return [row for chunk in reader.chunks() for row in chunk], "\n".join(reader.notes)


def test_a_zip_of_an_imdb_export(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", {"ratings.csv": ALIEN, "readme.pdf": "%PDF", "notes.txt": "hello"})
    rows, notes = read_all(path)
    assert reasons(rows) == ["ok"]
    assert open_reader(path).format_name == "imdb"
    assert "from the archive: ratings.csv" in notes


def test_the_files_of_one_format_are_one_file_numbered_through(tmp_path: Path) -> None:
    members = {f"part-{number}.csv": BAD if number == 10 else ALIEN for number in (10, 9, 1)}
    rows, _ = read_all(write_zip(tmp_path / "x.zip", members))
    assert [(row.row, row.line) for row in rows] == [(1, 2), (2, 2), (3, 2)]
    assert reasons(rows) == ["ok", "ok", "bad_rating"]
    assert isinstance(rows[2], InvalidRow)
    assert rows[2].message.startswith("part-10.csv, line 2, ")


def test_what_an_export_keeps_of_deleted_entries_is_not_read(tmp_path: Path) -> None:
    members = dict.fromkeys(
        ("deleted/a.csv", "a/Orphaned/b.csv", "__MACOSX/c.csv", "._d.csv", "e.csv"), ALIEN
    )
    rows, notes = read_all(write_zip(tmp_path / "x.zip", members))
    assert len(rows) == 1
    assert "from the archive: e.csv" in notes


@pytest.mark.parametrize("name", ["../out.csv", "a/../../out.csv", "/out.csv", "//out.csv"])
def test_no_file_leaves_its_folder(tmp_path: Path, name: str) -> None:
    before = {path for path in tmp_path.parent.rglob("*") if path.name == "out.csv"}
    rows, notes = read_all(write_zip(tmp_path / "x.zip", {name: BAD, "in.csv": ALIEN}))
    assert reasons(rows) == ["ok"]
    assert "from the archive: in.csv" in notes
    assert {path for path in tmp_path.parent.rglob("*") if path.name == "out.csv"} == before
    assert not Path("/out.csv").exists()


def test_a_symbolic_link_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text(BAD)
    link, regular = zipfile.ZipInfo("link.csv"), zipfile.ZipInfo("plain.csv")
    link.external_attr, regular.external_attr = (S_IFLNK | 0o777) << 16, (S_IFREG | 0o644) << 16
    path = write_zip(tmp_path / "x.zip", {link: str(tmp_path / "secret.csv"), regular: ALIEN})
    rows, notes = read_all(path)
    assert reasons(rows) == ["ok"]
    assert "from the archive: plain.csv" in notes


def test_what_is_packed_within_is_not_read_but_said(tmp_path: Path) -> None:
    inner = write_zip(tmp_path / "inner.zip", {"ratings.csv": BAD}).read_bytes()
    path = write_zip(tmp_path / "x.zip", {"more/inner.zip": inner, "ratings.csv": ALIEN, "book.xlsx": "PK"})
    rows, notes = read_all(path)
    assert reasons(rows) == ["ok"]
    assert "not read: book.xlsx (packed itself)" in notes
    assert "not read: more/inner.zip (packed itself)" in notes
    with pytest.raises(UnknownFormatError, match=r"no ratings of a known format.\nIn it: \"inner.zip\""):
        open_reader(write_zip(tmp_path / "y.zip", {"inner.zip": inner}))


def test_a_file_within_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", {"ratings.csv": ALIEN, "shows.json": "[{", "empty.csv": ""})
    rows, notes = read_all(path)
    assert reasons(rows) == ["ok"]
    assert "not read: shows.json (this is no JSON, or the file was cut off here" in notes
    assert "not read: empty.csv (is empty)" in notes
    assert "not needed" not in notes


@pytest.mark.parametrize("broken", ['[{"rated_at": "2024-05-01T00:00:00.000Z", "rat', "\0"])
def test_of_the_ratings_in_an_archive_none_is_left_out_because_its_file_is_damaged(
    tmp_path: Path, broken: str
) -> None:
    movies = '[{"rating": 9, "movie": {"title": "Heat", "ids": {"imdb": "tt0113277"}}}]'
    members = {"ratings-movies.json": movies, "ratings-shows.json": broken, "watched-shows.json": broken}
    with pytest.raises(UnreadableFileError, match=r"ratings-shows\.json"):
        read_all(write_zip(tmp_path / "x.zip", members))
    rows, notes = read_all(write_zip(tmp_path / "x.zip", members | {"ratings-shows.json": "[]"}))
    assert reasons(rows) == ["ok"]
    assert "not read: ratings-shows.json (there is no record in it)" in notes
    assert "not read: watched-shows.json" in notes


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(path, "w") as target:
            target.writestr("a/ratings.csv", ALIEN)
            target.writestr("a//ratings.csv", ALIEN)
    with pytest.raises(UnreadableFileError, match=r'two files of the name "a/ratings.csv"'):
        open_reader(path)


def test_a_name_that_is_a_file_and_a_folder_is_said(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", {"a.csv": ALIEN, "a.csv/b.csv": ALIEN})
    with pytest.raises(UnreadableFileError, match="cannot be unpacked"):
        open_reader(path)


def test_ratings_of_two_formats_are_not_mixed(tmp_path: Path) -> None:
    letterboxd = "Date,Name,Year,Letterboxd URI,Rating\n2024-05-01,Alien,1979,https://boxd.it/1,4.5\n"
    path = write_zip(tmp_path / "x.zip", {"imdb.csv": ALIEN, "letterboxd.csv": letterboxd})
    with pytest.raises(UnknownFormatError, match="several formats"):
        open_reader(path)
    reader = open_reader(path, ReadOptions(format_name="imdb"))
    assert reader.format_name == "imdb"


def test_a_table_of_somebodys_own_is_taken_from_an_archive_when_asked_for(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", {"mine.csv": "imdb_id,rating\ntt0078748,9\n"})
    with pytest.raises(UnknownFormatError, match="no ratings of a known format"):
        open_reader(path)
    assert open_reader(path, ReadOptions(format_name="csv")).format_name == "csv"


def test_a_locked_archive_is_said(tmp_path: Path) -> None:
    content = bytearray(write_zip(tmp_path / "x.zip", {"ratings.csv": ALIEN}).read_bytes())
    for start, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.index(start) + offset
        struct.pack_into("<H", content, place, struct.unpack_from("<H", content, place)[0] | 1)
    path = tmp_path / "locked.zip"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match="locked with a password"):
        open_reader(path)


@pytest.mark.parametrize(
    "member",
    [
        "../../ratings.csv",
        "/tmp/ratings.csv",
        "C:ratings.csv",
        "deleted/ratings.csv",
        ".ratings.csv",
        "a.png",
    ],
)
def test_an_archive_of_files_that_are_never_read_names_them(tmp_path: Path, member: str) -> None:
    path = write_zip(tmp_path / "x.zip", {"pictures/": "", member: ALIEN})
    with pytest.raises(UnknownFormatError) as caught:
        open_reader(path)
    assert f'In it: "{member}".\n' in str(caught.value)


def test_an_archive_of_folders_alone_is_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyFileError, match="there is no file in it"):
        open_reader(write_zip(tmp_path / "x.zip", {"pictures/": ""}))


def test_an_archive_of_a_kind_that_is_not_known_is_said(tmp_path: Path) -> None:
    content = bytearray(write_zip(tmp_path / "x.zip", {"ratings.csv": ALIEN}).read_bytes())
    struct.pack_into("<H", content, content.index(b"PK\x01\x02") + 6, 99)  # the version it takes to read it
    path = tmp_path / "new.zip"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match="cannot be unpacked"):
        open_reader(path)


def test_an_archive_that_would_fill_the_disk_is_refused_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "NEVER_A_BOMB", 100_000)
    path = write_zip(tmp_path / "x.zip", {"ratings.csv": ALIEN + "\n" * 1_000_000})
    with pytest.raises(UnreadableFileError, match="unpacks to 1,000,"):
        open_reader(path)
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(ALIEN.encode() + b"\n" * 3_000_000))
    with pytest.raises(UnreadableFileError, match="unpacks to 1,048,576 bytes or more"):
        open_reader(path)


def test_a_large_export_that_shrinks_well_is_no_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "NEVER_A_BOMB", 1_000)
    lines = "".join(f"tt{number:07},9,2024-05-01,Alien {number},Movie,1979\n" for number in range(5_000))
    rows, _ = read_all(write_zip(tmp_path / "x.zip", {"ratings.csv": IMDB + lines}))
    assert len(rows) == 5_000


def test_more_files_than_an_export_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_FILES", 3)
    path = write_zip(tmp_path / "x.zip", {f"{number}.csv": ALIEN for number in range(4)})
    with pytest.raises(UnreadableFileError, match="holds 4 files"):
        open_reader(path)


def test_a_packed_file(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv.gz"
    path.write_bytes(gzip.compress(BAD.encode()))
    rows, notes = read_all(path)
    assert reasons(rows) == ["bad_rating"]
    assert isinstance(rows[0], InvalidRow)
    assert rows[0].message.startswith("ratings.csv, line 2, ")
    assert "from the archive: ratings.csv" in notes


def test_a_packed_archive_and_one_packed_twice(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    packed = write_zip(tmp_path / "x.zip", {"ratings.csv": ALIEN}).read_bytes()
    path.write_bytes(gzip.compress(packed))
    assert reasons(read_all(path)[0]) == ["ok"]
    path.write_bytes(gzip.compress(gzip.compress(ALIEN.encode())))
    with pytest.raises(UnreadableFileError, match="packed more than once"):
        open_reader(path)


def test_the_folder_goes_with_its_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = write_zip(tmp_path / "x.zip", {"ratings.csv": ALIEN})
    reader = open_reader(path)
    (folder,) = tmp_path.glob("export-*")
    assert folder.stat().st_mode & 0o077 == 0
    assert sum(map(len, reader.chunks())) == 1
    del reader
    assert not folder.exists()


def _pack(text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("ratings.csv", text)
        target.writestr("shows.csv", text)
    return file.getvalue()


PACKED = (_pack(ALIEN * 20), gzip.compress(ALIEN.encode() * 20, mtime=0))


@pytest.mark.parametrize("content", PACKED, ids=["zip", "gz"])
def test_an_archive_cut_off_anywhere_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    for end in range(4, len(content)):
        path.write_bytes(content[:end])
        with pytest.raises((UnreadableFileError, UnknownFormatError)):
            open_reader(path)


@inherited
@given(st.sampled_from(PACKED), st.integers(0, 400), st.binary(min_size=1, max_size=9))
def test_any_damage_gives_rows_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, packed: bytes, place: int, junk: bytes
) -> None:
    path = tmp_path_factory.mktemp("damage") / "x"
    path.write_bytes(packed[:place] + junk + packed[place + len(junk) :])
    try:
        rows, _ = read_all(path)
    except (UnreadableFileError, UnknownFormatError):
        return
    assert [row.row for row in rows] == list(range(1, len(rows) + 1))
