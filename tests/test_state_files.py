"""What the system and SQLite report becomes a sentence with the file and the remedy."""

import errno
import fcntl
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from importer import state_files
from importer.errors import ImporterError, Remedy, StateFileError, StopRunError
from importer.journal import Journal
from importer.journal.history import list_runs
from importer.state_files import explain_trouble, translate_trouble
from importer.sync.state import account_queue

DRIVE = {
    errno.ENOSPC: ("its drive is full", Remedy.MAKE_ROOM),
    errno.EDQUOT: ("its drive is full", Remedy.MAKE_ROOM),
    errno.EROFS: ("its drive is read-only", Remedy.NAME_FOLDER),
    errno.ENOLCK: ("its drive has no file locks", Remedy.NAME_LOCAL_FOLDER),
    errno.ENOTSUP: ("its drive has no file locks", Remedy.NAME_LOCAL_FOLDER),
    errno.EIO: ("its drive reports: input/output error", Remedy.NAME_LOCAL_FOLDER),
    errno.ESTALE: ("its drive reports: stale file handle", Remedy.NAME_LOCAL_FOLDER),
    errno.ENOTDIR: ("not a directory", Remedy.NAME_FOLDER),
}


@pytest.mark.parametrize("number", DRIVE)
def test_what_the_drive_reports_is_told_with_its_remedy(number: int, tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    with pytest.raises(StateFileError) as told, translate_trouble(path, "take this lock"):
        raise OSError(number, os.strerror(number))
    words, remedy = DRIVE[number]
    assert told.value.message.startswith(f"{path}: cannot take this lock ({words}")
    assert (told.value.remedy, told.value.exit_code) == (remedy, 3)


def test_the_file_that_the_system_names_is_the_one_that_is_told(tmp_path: Path) -> None:
    other = tmp_path / "y"
    with pytest.raises(StateFileError) as told, translate_trouble(tmp_path / "x", "write"):
        raise OSError(errno.ENOSPC, "full", str(other))
    assert told.value.path == other


def refuse_locks(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    monkeypatch.setattr(fcntl, "lockf", refuse)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP, errno.EIO])
def test_a_drive_without_locks_ends_the_wait_for_a_lock(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_locks(monkeypatch, number)
    with pytest.raises(StateFileError, match=r"account\.lock: cannot use the journal \(its drive") as told:
        Journal(tmp_path, "account", wait_seconds=3600).__enter__()
    assert told.value.remedy is Remedy.NAME_LOCAL_FOLDER
    queue = account_queue(tmp_path / "sync" / "line.lock", lambda: None)
    with pytest.raises(StateFileError, match=r"line\.lock: cannot take this lock \(its drive"), queue:
        pass


def test_sqlite_calls_a_drive_without_locks_a_locked_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = find_error(tmp_path)
    assert explain_trouble(locked, tmp_path / "x.sqlite3", "use it").remedy is Remedy.END_OTHER
    refuse_locks(monkeypatch, errno.ENOLCK)
    assert explain_trouble(locked, tmp_path / "x.sqlite3", "use it").remedy is Remedy.NAME_LOCAL_FOLDER


def find_error(folder: Path) -> sqlite3.Error:
    path = folder / "busy.sqlite3"
    with closing(sqlite3.connect(path)) as one, closing(sqlite3.connect(path, timeout=0)) as other:
        one.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError) as told:
            other.execute("BEGIN IMMEDIATE")
    return told.value


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a journal that another program has locked."""
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **more: connect(*a, **{**more, "timeout": 0}))
    with Journal(tmp_path, "account"):
        pass
    return tmp_path


def test_a_journal_that_another_program_has_locked_is_not_to_be_moved_away(locked: Path) -> None:
    with closing(sqlite3.connect(locked / "account.sqlite3")) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StopRunError, match="another program has locked it") as told:
            Journal(locked, "account").__enter__()
        assert "Move" not in str(told.value)
        with pytest.raises(StopRunError, match=r"cannot read the journal \(another program") as told:
            list_runs(locked)
        assert "Move" not in str(told.value)
    with Journal(locked, "account"):
        pass


def test_a_journal_that_is_locked_in_the_middle_of_a_run_is_told_so(locked: Path) -> None:
    with closing(sqlite3.connect(locked / "account.sqlite3")) as other, Journal(locked, "account") as journal:
        other.execute("BEGIN IMMEDIATE")
        told = pytest.raises(StopRunError, match=r"another program has locked it.*the same command")
        with told, journal.loading():
            journal.begin("print", "a.csv", "demo")


def test_an_error_that_nobody_caught_leaves_the_journal_as_a_sentence(tmp_path: Path) -> None:
    told = pytest.raises(StateFileError, match=r"account\.sqlite3: cannot use the journal \(it is damaged")
    with told, Journal(tmp_path, "account") as journal:
        journal.connection.execute("SELECT * FROM nothing")


def test_only_a_damaged_journal_is_to_be_moved_away(tmp_path: Path) -> None:
    (tmp_path / "account.sqlite3").write_bytes(b"holiday pictures" * 999)
    with pytest.raises(ImporterError) as told:
        Journal(tmp_path, "account").__enter__()
    assert told.value.remedy is Remedy.MOVE_ASIDE


def test_an_error_without_a_number_of_the_system_is_told_as_well(tmp_path: Path) -> None:
    told = explain_trouble(OSError("strange"), tmp_path / "x", "use it")
    assert "(strange)" in str(told)


def test_a_user_without_a_name_is_told_by_number() -> None:
    assert state_files._name_user(987_654) == "987654"
