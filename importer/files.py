"""Files that appear under their names whole, and several of them together, or not at all.

What stood there before survives every failure, Ctrl-C included. What the files hold is the caller's business.

Cells that a spreadsheet would run as a formula, made harmless, and back again.

A cell starting with `=`, `+`, `-`, `@`, their full-width forms, a tab or a line break gets an apostrophe
in front; a cell that already looks like a neutralised one gets one more, so
`restore(neutralise(text)) == text` always. The list is OWASP's (CSV injection); full-width forms count
because a Japanese or Chinese Excel reads them as the plain ones.
"""

import os
import re
import secrets
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

from importer.errors import OptionError


def check_place(path: Path, option: str) -> None:
    """Check that a file can be created or replaced there. Raises OptionError."""
    folder = path.absolute().parent
    if path.is_dir():
        raise OptionError(option, "this is a folder; name a file in it", path)
    if not folder.is_dir():
        raise OptionError(option, f"there is no folder {folder}; make it, or name another", path)
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise OptionError(option, "it may not be written; name another", path)


def is_same_file(one: Path, other: Path) -> bool:
    """Whether two names mean the same file, be it there or not."""
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.absolute() == other.absolute()


def open_text(path: Path, mode: str) -> IO[str]:
    """Open a file for UTF-8 text whose line ends are the writer's own."""
    # A surrogate cannot be written as UTF-8; shown as \udc80 it costs one strange cell instead of the file.
    return path.open(mode, encoding="utf-8", errors="backslashreplace", newline="")


class AtomicFiles:
    """Files written out of sight, then published. A context manager: what was not published is removed."""

    def __init__(self) -> None:
        self._drafts: list[Path] = []
        self._stream: IO[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            with suppress(OSError):  # what is left in its buffer did not fit: the file goes anyway
                self._stream.close()
        for draft in self._drafts:
            draft.unlink(missing_ok=True)

    def begin(self, path: Path) -> IO[str]:
        """Begin a file beside `path`; the one begun before it is complete."""
        self._complete()
        # Created with "x" and not by tempfile: the file shall have the mode the user's umask gives, not 0600.
        draft = _hidden(path, "part")
        self._drafts.append(draft)
        self._stream = open_text(draft, "x")
        return self._stream

    def publish(self, places: Sequence[Path], *, instead_of: Sequence[Path] = ()) -> None:
        """Put the files in their places, in the order they were begun; `instead_of` goes away with it."""
        self._complete()
        old = [path for path in dict.fromkeys([*places, *instead_of]) if path.exists()]
        # One file in the place of one is a single rename, which cannot half happen; more need a way back.
        aside = [(path, _hidden(path, "old")) for path in old] if len(places) + len(instead_of) > 1 else []
        _move([*aside, *zip(self._drafts, places, strict=True)])
        self._drafts.clear()
        for _, backup in aside:
            with suppress(OSError):  # the files are in place: an old one that stays, hidden, is no failure
                backup.unlink()
        _sync_folders({place.parent for place in places})

    def _complete(self) -> None:
        if self._stream is None:
            return
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        self._stream = None


def make_private_folder(folder: Path) -> None:
    """Make a folder for its owner alone, and take it from others where it is there already."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix" and folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def write_privately(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, readable by the owner alone from the first byte on."""
    make_private_folder(path.parent)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as draft:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    _sync_folders({path.parent})


def _hidden(path: Path, ending: str) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.{ending}")


def _move(moves: Sequence[tuple[Path, Path]]) -> None:
    """Do all the moves or, if one fails, take back those before it."""
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            source.replace(target)
            done.append((source, target))
    except BaseException:
        for source, target in reversed(done):
            target.replace(source)
        raise


def _sync_folders(folders: set[Path]) -> None:
    """Make the new names last through a power cut, where the system knows how."""
    for folder in folders:
        with suppress(OSError):  # Windows opens no folder
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


_STARTERS = "=+-@\t\r\n＝＋－＠"


_RISKY = re.compile(rf"'*[{re.escape(_STARTERS)}]")


_NEUTRALISED = re.compile(rf"'+[{re.escape(_STARTERS)}]")


SUSPECTS = frozenset(_STARTERS + "'")
"""`neutralise` leaves a text alone whose first character is none of these: a cheap look saves the call."""


def neutralise(text: str) -> str:
    """Make a cell safe to open in a spreadsheet."""
    return "'" + text if _RISKY.match(text) else text


def restore(text: str) -> str:
    """Undo `neutralise`."""
    return text[1:] if _NEUTRALISED.match(text) else text
