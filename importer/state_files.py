"""Why a file that the importer keeps for itself cannot be used, and what would help.

```text
OSError(EROFS), x.lock       x.lock: cannot use the journal (its drive is read-only). Name another folder ...
SQLITE_CANTOPEN, x.sqlite3   x.sqlite3-wal: cannot use the journal (it belongs to root, not ada). Make ...
SQLITE_BUSY, x.sqlite3       x.sqlite3: cannot use the journal (another program has locked it). Close it ...
SQLITE_CORRUPT, x.sqlite3    x.sqlite3: cannot use the journal (it is damaged: ...). Move the file aside ...
```

SQLite says little: "unable to open database file" may mean a permission, a full drive or one without locks.
So the file and its drive are looked at, after the fact.
"""

import errno
import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import BaseFileLock, Timeout

from importer.errors import Remedy, StateFileError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_DENIED = {errno.EACCES, errno.EPERM}
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}

_DRIVE_FULL = "its drive is full", Remedy.MAKE_ROOM
_DRIVE_READ_ONLY = "its drive is read-only", Remedy.NAME_FOLDER
_DRIVE_WITHOUT_LOCKS = "its drive has no file locks, as some network drives", Remedy.NAME_LOCAL_FOLDER


class DamageError(sqlite3.DatabaseError):
    """Damage that SQLite itself does not notice."""


@contextmanager
def translate_trouble(path: Path, act: str) -> Iterator[None]:
    """Raise StateFileError, "PATH: cannot ACT (why)", for an error of the system or of SQLite."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise explain_trouble(error, path, act) from error
    except UnicodeDecodeError as error:  # SQLite quotes what it cannot read, and Python cannot read that
        raise explain_trouble(DamageError("a text in it is no UTF-8"), path, act) from error


def check_ours(path: Path, act: str) -> None:
    """Check that a file or folder, if it exists, is the user's own and that not everybody may write it.

    What root owns is used, too; root itself uses everybody's. Raises StateFileError.
    """
    own = own_id()
    if own is None or not os.path.lexists(path):
        return
    with translate_trouble(path, act):
        found = [path.lstat(), *([path.stat()] if _exists(path) else [])]
    if strangers := {each.st_uid for each in found} - {own, 0} if own else set():
        why = f"it belongs to {_name_user(strangers.pop())}, not {_name_user(own)}"
        raise StateFileError(path, f"cannot {act} ({why})", Remedy.NAME_FOLDER, _name_user(own))
    mode = found[-1].st_mode
    # In a sticky folder, as a mounted tmpfs is, others can add to what is ours and not replace it.
    is_sticky = stat.S_ISDIR(mode) and mode & stat.S_ISVTX
    if mode & stat.S_IWOTH and not is_sticky and not stat.S_ISLNK(mode):
        raise StateFileError(path, f"cannot {act} (everybody may write it)", Remedy.CLOSE)


def take_lock(lock: BaseFileLock, act: str) -> bool:
    """Take a lock as its timeout allows; False if another process has it. Raises StateFileError."""
    with translate_trouble(Path(lock.lock_file), act):
        try:
            lock.acquire()
        except Timeout:
            return False
    return True


def explain_trouble(error: OSError | sqlite3.Error, path: Path, act: str) -> StateFileError:
    """Find out which file is in the way and why."""
    if isinstance(error, sqlite3.Error):
        why, remedy = _explain_sqlite(error, path)
        found = path
    else:
        found = Path(error.filename) if isinstance(error.filename, str) else path
        why, remedy = _explain_system(error, found)
    if remedy is Remedy.ALLOW and (blamed := _find_denied(found)) is not None:
        found, (why, remedy) = blamed, _explain_denial(blamed)
    return StateFileError(found, f"cannot {act} ({why})", remedy, _name_user(own_id()))


def _explain_system(error: OSError, path: Path) -> tuple[str, Remedy]:
    words = (error.strerror or str(error)).lower()
    if error.errno in _FULL:
        return _DRIVE_FULL
    if error.errno == errno.EROFS:
        return _DRIVE_READ_ONLY
    if error.errno in _NO_LOCKS:
        return _DRIVE_WITHOUT_LOCKS
    if error.errno in _DENIED:
        return words, Remedy.ALLOW if _find_denied(path) else Remedy.NAME_FOLDER
    if error.errno in {errno.EIO, errno.ESTALE, errno.ETIMEDOUT}:
        return f"its drive reports: {words}", Remedy.NAME_LOCAL_FOLDER
    return words, Remedy.NAME_FOLDER


def _explain_sqlite(error: sqlite3.Error, path: Path) -> tuple[str, Remedy]:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF  # above are the details
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}:
        # ENOLCK reads as "locked" there.
        if not _has_locks(path.parent):
            return _DRIVE_WITHOUT_LOCKS
        return "another program has locked it", Remedy.END_OTHER
    unusable = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR}
    if code == sqlite3.SQLITE_FULL or (code in unusable and _is_full(path.parent)):
        return _DRIVE_FULL
    if code in unusable:
        if _is_read_only(path.parent):
            return _DRIVE_READ_ONLY
        if code == sqlite3.SQLITE_IOERR:
            return f"its drive reports: {error}", Remedy.NAME_LOCAL_FOLDER
        return str(error), Remedy.ALLOW if _find_denied(path) else Remedy.NAME_FOLDER
    if code == sqlite3.SQLITE_NOTADB:
        return f"it is damaged: {error}", Remedy.MOVE_ASIDE
    return f"it is damaged: {error}", Remedy.SALVAGE


def _find_denied(path: Path) -> Path | None:
    """The first of the file, its companions and its folders that may not be read or written."""
    companions = [path.with_name(f"{path.name}{ending}") for ending in ("-wal", "-shm", "-journal")]
    folder = next((each for each in path.parents if _exists(each)), None)
    for each in (path, *companions, *([folder] if folder else [])):
        needed = os.R_OK | os.W_OK | (os.X_OK if each == folder else 0)
        if _exists(each) and not os.access(each, needed):
            return each
    return None


def _exists(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises where a folder may not be searched


def _explain_denial(path: Path) -> tuple[str, Remedy]:
    found = path.stat()
    own = own_id()
    if own is None or found.st_uid == own:
        return f"its mode, {found.st_mode & 0o777:o}, does not allow it", Remedy.ALLOW
    return f"it belongs to {_name_user(found.st_uid)}, not {_name_user(own)}", Remedy.OWN_FOLDER


def own_id() -> int | None:
    """The number of the user who runs the importer; None on Windows."""
    return os.geteuid() if hasattr(os, "geteuid") else None


def _name_user(number: int | None) -> str:
    if number is None:
        return ""
    import pwd  # noqa: PLC0415 - Windows has none, and no ids either

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # a container's user need not have a name
        return str(number)


def _is_full(folder: Path) -> bool:
    try:
        found = os.statvfs(folder)
    except (AttributeError, OSError):
        return False
    return found.f_blocks > 0 and found.f_bavail == 0


def _is_read_only(folder: Path) -> bool:
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except (AttributeError, OSError):
        return False


def _has_locks(folder: Path) -> bool:
    """Whether the folder's drive knows the locks that SQLite takes."""
    try:
        import fcntl  # noqa: PLC0415 - Windows has none

        with tempfile.TemporaryFile(dir=folder) as probe:
            fcntl.lockf(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        return True
    except OSError as error:
        return error.errno not in _NO_LOCKS
    return True
