"""Files that are whole or absent, private files, and cells that are safe in a spreadsheet.

```text
with AtomicFiles() as files:             a failure, Ctrl-C included, leaves the old files in place
    files.open(results).write(...)       written to .results.csv.1f3a.part
    files.commit([results])              renamed to results.csv, and safe from a power cut

neutralise("=1+1")   '=1+1               a cell that a spreadsheet would run as a formula
neutralise("'=1+1")  ''=1+1              so that restore(neutralise(text)) == text, always
neutralise("a;=1")   a;'=1               where semicolons part cells, another one begins here
```
"""

import errno
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

from importer.errors import OptionError
from importer.state_files import own_id, translate_trouble

_MOST_LINKS = 40


def check_place(path: Path, option: str) -> None:
    """Check that a file can be created or replaced at this path. Raises OptionError."""
    folder = path.absolute().parent
    try:
        follow_links(path)
    except OSError as error:
        raise OptionError(option, f"{error.strerror}; name another", path) from error
    if path.is_dir():
        raise OptionError(option, "this is a folder; name a file in it", path)
    if not folder.is_dir():
        raise OptionError(option, f"there is no folder {folder}; make it, or name another", path)
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise OptionError(option, "it may not be written; name another", path)


def follow_links(path: Path) -> Path:
    """Return the place behind the links of a path, which need not exist.

    A link that somebody else put into a folder that everybody may write is not followed: it may lead to a
    file of the user's. That is the kernel's rule (`protected_symlinks`), which not every system has.
    Raises OSError.
    """
    place, parts, links = Path(path.anchor or Path.cwd()), list(path.parts[bool(path.anchor) :]), 0
    while parts:
        part = parts.pop(0)
        step = place.parent if part == ".." else place / part
        if not step.is_symlink():
            place = step
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, "too many links", str(path))
        if _may_be_planted(step):
            raise OSError(errno.EACCES, f"{step} is a link that somebody else made, where all may write")
        target = step.readlink()
        place, parts = place / target.anchor, [*target.parts[bool(target.anchor) :], *parts]
    return place


def _may_be_planted(link: Path) -> bool:
    made, folder = link.lstat(), link.parent.stat()
    is_shared = bool(folder.st_mode & stat.S_IWOTH)
    return is_shared and own_id() is not None and made.st_uid not in {own_id(), folder.st_uid}


def is_same_file(one: Path, other: Path) -> bool:
    """Whether two names mean the same file, which need not exist."""
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.absolute() == other.absolute()


def open_text(path: Path, mode: str) -> IO[str]:
    """Open a file for UTF-8 text without translating line ends."""
    # A surrogate cannot be written as UTF-8; shown as \udc80 it costs one strange cell instead of the file.
    return path.open(mode, encoding="utf-8", errors="backslashreplace", newline="")


class AtomicFiles:
    """Files that appear together or not at all; a file that is not committed is removed."""

    def __init__(self) -> None:
        self._drafts: list[Path] = []
        self._stream: IO[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            with suppress(OSError):  # its buffer did not fit on the disk; the file is removed anyway
                self._stream.close()
        for draft in self._drafts:
            draft.unlink(missing_ok=True)

    def open(self, path: Path) -> IO[str]:
        """Open a hidden file beside `path` for writing; the one opened before it is closed."""
        self._complete()
        # Not by tempfile, which gives mode 0600: the file gets the mode of the user's umask.
        draft = _hidden(path, "part")
        self._drafts.append(draft)
        self._stream = open_text(draft, "x")
        return self._stream

    def commit(self, places: Sequence[Path], *, instead_of: Sequence[Path] = ()) -> None:
        """Rename the files to `places`, in the order they were opened, and remove `instead_of`."""
        self._complete()
        old = [path for path in dict.fromkeys([*places, *instead_of]) if path.exists()]
        # A single rename is atomic. Of several a later one may fail: the old files are kept until then.
        aside = [(path, _hidden(path, "old")) for path in old] if len(places) + len(instead_of) > 1 else []
        _move([*aside, *zip(self._drafts, places, strict=True)])
        self._drafts.clear()
        for _, backup in aside:
            with suppress(OSError):  # the new files are in place; a hidden old one that stays does no harm
                backup.unlink()
        _sync_folders({place.parent for place in places})

    def _complete(self) -> None:
        if self._stream is None:
            return
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        self._stream = None


_is_device = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(\.|$)", re.IGNORECASE).match


def is_device_name(name: str) -> bool:
    """Whether Windows takes a file's name for a device, with any ending: `aux.json` is one."""
    return _is_device(name) is not None


def make_private_folder(folder: Path) -> None:
    """Make a folder that only its owner can read; an existing one is made private, too.

    Raises StateFileError.
    """
    with translate_trouble(folder, "use this folder"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "posix" and folder.stat().st_mode & 0o077:
            folder.chmod(0o700)


def write_privately(path: Path, content: bytes) -> None:
    """Write a file atomically. Only its owner can read it, from the first byte on.

    Raises StateFileError.
    """
    make_private_folder(path.parent)
    replace_privately(path, content)


def replace_privately(path: Path, content: bytes) -> None:
    """Write as `write_privately` does into a folder that may be everybody's. Raises StateFileError."""
    with translate_trouble(path, "write this file"):
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
    """Do all the moves; if one fails, undo those before it."""
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
    """Make the new names survive a power cut, where the system can."""
    for folder in folders:
        with suppress(OSError):  # Windows opens no folder
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


# OWASP's list (CSV injection), and the full-width forms that a Japanese or Chinese Excel reads alike.
_STARTERS = "=+\\-@＝＋－＠"
# What shows nothing, and so hides a formula: joiners, marks of direction, soft hyphen, byte order mark.
_UNSEEN = "\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
# Where another cell begins for a program that splits at semicolons, tabs or line ends, quotes or not.
_EDGE = r"(?<=[;\t\r\n])"

_RISKY = re.compile(rf"^(?=[{_UNSEEN}']*[{_STARTERS}\t\r\n])|{_EDGE}(?=[{_UNSEEN}']*[{_STARTERS}])")
_NEUTRALISED = re.compile(rf"^'(?=[{_UNSEEN}']*[{_STARTERS}\t\r\n])|{_EDGE}'(?=[{_UNSEEN}']*[{_STARTERS}])")
_match_suspect = re.compile(rf"[{_UNSEEN}{_STARTERS}\t\r\n']").match

SUSPECTS = frozenset(filter(_match_suspect, map(chr, range(0x10000))))
"""Another cell needs `neutralise` only if a semicolon, a tab or a line end is in it."""


def neutralise(text: str) -> str:
    """Make a cell safe to open in a spreadsheet, however that splits it into cells."""
    return _RISKY.sub("'", text)


def restore(text: str) -> str:
    """Undo `neutralise`."""
    return _NEUTRALISED.sub("", text)
