"""The files of one account in a folder depot, and the one file that concerns all accounts."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError

from importer.errors import Remedy, StateFileError, UsageError
from importer.files import is_device_name, make_private_folder, write_privately
from importer.fleet.depot import Ending
from importer.state_files import take_lock, translate_trouble

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,127}")
_LOCK = "account.lock"

_Content = TypeVar("_Content", bound=BaseModel)


class Turn(BaseModel):
    """What changes of an account with each of its turns. Moments are seconds since the epoch."""

    model_config = ConfigDict(extra="ignore")

    fence: int = 0
    due_at: float = 0.0
    is_held: bool = False
    """Whether a process took it and has not given it back; if its lock is free, that process died."""
    holder: str = ""
    deaths: int = 0
    losses: int = 0
    saves: int = 0
    ended_at: float | None = None
    ending: Ending | None = None
    run_id: str = ""
    parked: str = ""
    """`signed_out`, `set_aside`, or empty."""
    note: str = ""


class Everybody(BaseModel):
    """What concerns all accounts."""

    model_config = ConfigDict(extra="ignore")

    share: float | None = None
    paused_until: float = 0.0


class AccountFolder:
    """The folder of one account."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self.keys = folder / "keys.json"
        self.secrets = folder / "secrets"
        self.content = folder / "content"
        self.saved = folder / "saved.zip"
        self._turn = folder / "turn.json"

    def read(self) -> Turn:
        """Return the account's turn. Raises StateFileError: a fence must not be lost."""
        return _read(self._turn, Turn)

    def write(self, turn: Turn) -> None:
        """Write the account's turn. Raises StateFileError."""
        write_privately(self._turn, turn.model_dump_json().encode())

    def modified_ns(self) -> int:
        """Return when the turn was written last; 0 if never."""
        try:
            return self._turn.stat().st_mtime_ns
        except OSError:
            return 0

    def take(self) -> FileLock | None:
        """Lock the account; None if another has it. Raises StateFileError."""
        lock = FileLock(self.folder / _LOCK, timeout=0, mode=0o600, thread_local=False)
        return lock if take_lock(lock, "take this lock") else None

    @contextmanager
    def briefly(self) -> Iterator[bool]:
        """Lock the account while the block lasts; false if a process works on it."""
        lock = self.take()
        try:
            yield lock is not None
        finally:
            if lock is not None:
                lock.release()


def read_bytes(path: Path) -> bytes | None:
    """Return the content of a file, or None if it is not there. Raises StateFileError."""
    with translate_trouble(path, "read this file"):
        return path.read_bytes() if path.exists() else None


def check_name(name: str) -> None:
    """Raise UsageError for a name that no folder can have."""
    if not _NAME.fullmatch(name) or is_device_name(name):
        raise UsageError(
            f"{name!r} is no name for an account: up to 128 letters, digits and _ . @ + -, no dot first"
        )


def read_everybody(folder: Path) -> Everybody:
    """Return what concerns all accounts. Raises StateFileError."""
    return _read(folder / "fleet.json", Everybody)


def write_everybody(folder: Path, everybody: Everybody) -> None:
    """Write what concerns all accounts. Raises StateFileError."""
    make_private_folder(folder)
    write_privately(folder / "fleet.json", everybody.model_dump_json().encode())


def _read(path: Path, kind: type[_Content]) -> _Content:
    content = read_bytes(path)
    try:
        return kind() if content is None else kind.model_validate_json(content)
    except ValidationError as error:
        raise StateFileError(path, "cannot read this file (it is damaged)", Remedy.MOVE_ASIDE) from error
