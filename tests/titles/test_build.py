"""An index is built whole or not at all, from files of which some may be missing."""

import gzip
import os
import stat
from pathlib import Path

import pytest
from filelock import FileLock

from importer.destinations.titles import Candidate
from importer.errors import StateFileError, UnreadableFileError, UsageError
from importer.model import MediaKind
from importer.progress import Phase, Progress
from importer.titles.build import build_index
from importer.titles.imdb_files import DataFile, find_files
from importer.titles.index import TitleIndex
from tests.titles.extract import BASICS, KNOWN, Title, build, write_files


def test_it_tells_what_it_is_made_of(tmp_path: Path) -> None:
    with TitleIndex(build(tmp_path)) as index:
        made = index.describe()
    assert (made["titles"], made["episodes"]) == (str(len(KNOWN)), "3")
    assert "title.akas.tsv.gz of 20" in made["files"]


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = build(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(each.name for each in path.parent.iterdir()) == [
        *("imdb", "index.sqlite3", "index.sqlite3.lock")
    ]


def test_progress_counts_megabytes_and_then_titles(tmp_path: Path) -> None:
    progress, seen = Progress(), set[Phase]()
    files = find_files([write_files(tmp_path / "imdb")])
    build_index(files, tmp_path / "i", progress, check=lambda: seen.add(progress.phase))
    assert seen == {Phase.BUILDING, Phase.INDEXING, Phase.SORTING}
    assert progress.to_send == progress.done == len(KNOWN)


def test_a_build_that_is_stopped_leaves_the_old_index(tmp_path: Path) -> None:
    path = build(tmp_path)
    before = path.read_bytes()

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_index(find_files([tmp_path / "imdb"]), path, Progress(), check=stop)
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*.part"))


def test_what_a_killed_build_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / "index.sqlite3.abc.part"
    left.mkdir()
    (left / "stage").write_bytes(b"x")
    build(tmp_path)
    assert not left.exists()


def test_two_builds_at_once_are_refused(tmp_path: Path) -> None:
    with FileLock(tmp_path / "index.sqlite3.lock"), pytest.raises(StateFileError, match="another command"):
        build(tmp_path)


def test_without_ratings_no_votes_are_known_and_without_episodes_no_places(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "imdb")
    for kind in (DataFile.AKAS, DataFile.EPISODE, DataFile.RATINGS):
        (folder / kind).unlink()
    build_index(find_files([folder]), tmp_path / "i", Progress())
    with TitleIndex(tmp_path / "i") as index:
        heat, pilot = index.find("tt0113277"), index.find("tt0959621")
        assert isinstance(heat, Candidate)
        assert heat.votes is None
        assert isinstance(pilot, Candidate)
        assert (pilot.kind, pilot.place) == (MediaKind.EPISODE, None)
        assert not index.search("Схватка", 1995)[0].titles


def test_titles_without_votes_have_none_of_them(tmp_path: Path) -> None:
    with TitleIndex(build(tmp_path, [Title(1, "movie", "Unseen", 2001), *KNOWN], [])) as index:
        assert [each.votes for each in index.search("Unseen", 2001)[0].titles] == [0]


def test_columns_may_move_and_new_ones_come(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "imdb")
    path = folder / DataFile.RATINGS
    with gzip.open(path, "wt") as stream:
        stream.write("numVotes\tnew\ttconst\n77\tx\ttt0113277\n")
    build_index(find_files([folder]), tmp_path / "i", Progress())
    with TitleIndex(tmp_path / "i") as index:
        heat = index.find("tt0113277")
        assert isinstance(heat, Candidate)
        assert heat.votes == 77


def test_unpacked_files_are_read_too(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "imdb")
    packed = folder / DataFile.BASICS
    packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    build_index(find_files([folder]), tmp_path / "i", Progress())
    with TitleIndex(tmp_path / "i") as index:
        assert index.find("tt0113277")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("cut", "damaged or incomplete"),
        ("<html>", "damaged or incomplete"),
        ("tconst\tother\n", "no column titleType, primaryTitle"),
        (f"{BASICS}\ntt0000001\tmov".replace(" ", "\t"), "line 2 ends too early"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / DataFile.BASICS
    packed = gzip.compress(content.encode())
    path.write_bytes({"cut": packed[:-4], "<html>": content.encode()}.get(content, packed))
    with pytest.raises(UnreadableFileError, match=told):
        build_index(find_files([path]), tmp_path / "i", Progress())
    assert not (tmp_path / "i").exists()


def test_files_of_other_names_are_refused(tmp_path: Path) -> None:
    (tmp_path / "films.csv").write_text("x")
    with pytest.raises(UsageError, match="another name"):
        find_files([tmp_path / "films.csv"])
    with pytest.raises(UsageError, match=r"there is no title\.basics"):
        find_files([tmp_path])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    path = write_files(tmp_path / "imdb") / DataFile.BASICS
    path.chmod(0)
    with pytest.raises(UnreadableFileError):
        build_index(find_files([path]), tmp_path / "i", Progress())
