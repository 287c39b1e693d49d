"""A dump is split: each user gets the rows that are theirs, as they are written, and nothing is lost."""

import csv
import errno
import gzip
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.errors import GarbledTextError, OptionError, UnreadableFileError
from importer.fleet import buckets, splitting
from importer.fleet.split_folder import ABOUT, NOBODY, SplitFolder
from importer.fleet.splitting import split_dump
from importer.model import RatingJob
from importer.readers.base import ReadOptions
from importer.readers.detect import open_reader
from importer.readers.tables import csv_rows

SAMPLES = Path(__file__).parent.parent.parent / "samples"


def _split(folder: Path, content: bytes, user: str = "user", **options: object) -> SplitFolder:
    dump = folder / "dump.csv"
    dump.write_bytes(content)
    split_dump(dump, user, folder / "split", **options)  # type: ignore[arg-type]
    return SplitFolder(folder / "split")


def _contents(split: SplitFolder) -> dict[str, str]:
    return {found.user: split.content_of(found).decode() for found in split.slices()}


def test_each_user_gets_the_header_and_the_rows_in_their_order(tmp_path: Path) -> None:
    split = _split(tmp_path, b"user,title\nada,Alien\nbob,Heat\nada,Up\n")

    assert _contents(split) == {"ada": "user,title\nada,Alien\nada,Up\n", "bob": "user,title\nbob,Heat\n"}
    assert [(each.user, each.rows) for each in split.slices()] in (
        [("ada", 2), ("bob", 1)],
        [("bob", 1), ("ada", 2)],
    )


_users = st.sampled_from(["ada", "bob", "c,d", 'e"f', "g\nh", "影"])
_cells = st.text(st.sampled_from("ab ,;\"'\n\tä影"), max_size=6)


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(st.tuples(_users, _cells), max_size=30),
    delimiter=st.sampled_from(",;\t|"),
    line_end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    piece=st.sampled_from([1, 50, 1 << 20]),
    block_size=st.sampled_from([40, 1 << 19]),
    has_pandas=st.booleans(),
)
def test_no_row_is_lost_or_moved(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    delimiter: str,
    line_end: str,
    encoding: str,
    *,
    piece: int,
    block_size: int,
    has_pandas: bool,
) -> None:
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, lineterminator=line_end)
    writer.writerows([("user", "title", "more"), *((*row, "x") for row in rows)])
    expected: dict[str, list[list[str]]] = defaultdict(list)
    for user, title in rows:
        expected[user].append([user, title, "x"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(buckets, "PIECE", piece)
        patch.setattr(buckets, "_HELD_BACK", piece)
        patch.setattr(buckets, "_READ_AT_ONCE", piece)
        patch.setattr("importer.readers.tables.table.BLOCK_SIZE", max(40, block_size))
        if not has_pandas:
            patch.setattr(csv_rows, "pd", None)
        split = _split(tmp_path_factory.mktemp("split"), written.getvalue().encode(encoding))
        found = _contents(split)

    parsed = {
        user: list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))[1:]
        for user, text in found.items()
    }
    assert parsed == expected


def test_rows_of_nobody_are_kept_apart(tmp_path: Path) -> None:
    dump = b'title,user\nAlien,ada\nHeat,\nUp\ntitle,user\n"Brazil,x",bob,more,cells\nJaws,ada\n'
    split = _split(tmp_path, dump)

    assert _contents(split) == {"ada": "title,user\nAlien,ada\nJaws,ada\n"}
    kept = (split.path / NOBODY).read_text().splitlines()
    assert kept[0] == "title,user"
    assert sorted(kept[1:]) == sorted(["Heat,", "Up", "title,user", '"Brazil,x",bob,more,cells'])


def test_blanks_around_a_user_do_not_make_another(tmp_path: Path) -> None:
    assert _contents(_split(tmp_path, b"user,title\nada,Alien\n ada ,Up\n")) == {
        "ada": "user,title\nada,Alien\n ada ,Up\n"
    }


def test_users_who_are_not_wanted_are_counted_and_left_out(tmp_path: Path) -> None:
    dump = tmp_path / "dump.csv"
    dump.write_text("user,title\nada,Alien\nbob,Heat\nbob,Up\n,Jaws\n")
    report = split_dump(dump, "User", tmp_path / "split", wanted={"ada"}.__contains__)

    assert (report.rows, report.users, report.left_out, report.nobody) == (1, 1, 2, 1)
    assert set(_contents(SplitFolder(tmp_path / "split"))) == {"ada"}


def test_lines_above_the_header_stay_there(tmp_path: Path) -> None:
    split = _split(tmp_path, b"sep=;\nuser;title\nada;Alien\n")
    assert _contents(split) == {"ada": "sep=;\nuser;title\nada;Alien\n"}


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    split = _split(tmp_path, b"user,title\n\nada,Alien\n\n\nada,Up\n\n")
    assert _contents(split) == {"ada": "user,title\nada,Alien\nada,Up\n"}


def test_a_packed_dump_is_unpacked(tmp_path: Path) -> None:
    assert _contents(_split(tmp_path, gzip.compress(b"user,title\nada,Up"))) == {
        "ada": "user,title\nada,Up\n"
    }


def test_a_named_encoding_becomes_utf_8(tmp_path: Path) -> None:
    split = _split(tmp_path, "user,title\nИра,Сталкер\n".encode("cp1251"), encoding="cp1251")
    assert _contents(split) == {"Ира": "user,title\nИра,Сталкер\n"}


def test_letters_of_an_unknown_encoding_are_refused(tmp_path: Path) -> None:
    # In the slices they would be UTF-8, and nobody would see any more that they are garbled.
    with pytest.raises(GarbledTextError):
        _split(tmp_path, b"user,title\nada,\xe1\xf5\xa4 \xb1 \xb2\xb3\n" * 3)
    assert not (tmp_path / "split").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'[{"user": "ada", "title": "Up"}]', "no text with a separator"),
        (b"PK\x03\x04 and more", "no text with a separator"),
        (b'user,title\nada,"Up\nbob,Heat\nada,Alien\n', "a quote in the row that starts here"),
    ],
)
def test_what_cannot_be_split_is_said_and_leaves_nothing(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(UnreadableFileError, match=said):
        _split(tmp_path, content)
    assert list(tmp_path.iterdir()) == [tmp_path / "dump.csv"]


def test_an_unknown_column_is_told_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match='its columns are "user", "title"'):
        _split(tmp_path, b"user,title\nada,Up\n", "person")


def test_a_folder_with_something_in_it_is_left_as_it_is(tmp_path: Path) -> None:
    mine = tmp_path / "split" / "mine"
    mine.parent.mkdir()
    mine.write_text("precious")
    with pytest.raises(OptionError, match="it exists already"):
        _split(tmp_path, b"user,title\nada,Up\n")
    assert mine.read_text() == "precious"
    mine.unlink()
    assert _contents(_split(tmp_path, b"user,title\nada,Up\n"))  # an empty one is as good as none


@pytest.mark.parametrize("trouble", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("when", ["append", "group_bucket", "_sync"])
def test_a_split_that_does_not_end_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: BaseException, when: str
) -> None:
    def fail(*_: object) -> Iterator[tuple[str, Iterator[bytes], int]]:
        raise trouble

    monkeypatch.setattr(buckets.Deal if when == "append" else splitting, when, fail)
    with pytest.raises(type(trouble)):
        _split(tmp_path, b"user,title\nada,Up\n")
    assert list(tmp_path.iterdir()) == [tmp_path / "dump.csv"]


def test_half_a_folder_is_no_split(tmp_path: Path) -> None:
    split = _split(tmp_path, b"user,title\nada,Alien\nada,Up\n")
    [bucket] = (split.path / "buckets").iterdir()
    bucket.write_bytes(bucket.read_bytes()[:-3])
    [found] = split.slices()
    with pytest.raises(UnreadableFileError, match="is shorter than it was"):
        split.content_of(found)

    (split.path / ABOUT).unlink()
    with pytest.raises(UnreadableFileError, match="is not the folder of a split that ended"):
        SplitFolder(split.path)


def test_a_slice_is_read_as_the_dump_is(tmp_path: Path) -> None:
    with zipfile.ZipFile(SAMPLES / "movielens-dataset.zip") as archive:
        archive.extractall(tmp_path)
    [dump] = tmp_path.rglob("ratings.csv")
    report = split_dump(dump, "userId", tmp_path / "split")
    split = SplitFolder(tmp_path / "split")

    assert "links.csv" in report.beside
    assert report.users > 1
    for found in split.slices():
        own = tmp_path / f"{found.user}.zip"
        own.write_bytes(split.content_of(found))
        assert _jobs(own) == _jobs(dump, user=found.user)
        assert split.content_of(found) == own.read_bytes()


def _jobs(path: Path, user: str | None = None) -> list[RatingJob]:
    reader = open_reader(path, ReadOptions(user=user))
    rows = [row for chunk in reader.chunks() for row in chunk]
    return [row._replace(row=0, line=0) for row in rows if isinstance(row, RatingJob)]
