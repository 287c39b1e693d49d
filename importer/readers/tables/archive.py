"""Archives: an export as it was downloaded, unpacked to a private folder, its files one after the other.

Which of the files are read is decided by their content, as always; what an export keeps of deleted
entries never is.

```text
letterboxd.zip          unpack_zip                    one ArchiveReader
    ratings.csv      ->  a private folder   ->   detect  ->  the rows of ratings.csv
    deleted/diary.csv    is not unpacked
```
"""

import gzip
import shutil
import struct
import tempfile
import weakref
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from pathlib import Path, PurePosixPath, PureWindowsPath
from stat import S_IFMT, S_IFREG
from typing import NamedTuple
from unicodedata import normalize

from importer import limits
from importer.errors import UnreadableFileError
from importer.model import InvalidRow, RatingJob, SourceRow
from importer.readers.base import FileReader
from importer.readers.cells.errors import quote
from importer.readers.tables.open_document import CONTENT
from importer.readers.tables.text import CHECK_FILE

ZIP_START = b"PK\x03\x04"
GZIP_START = b"\x1f\x8b"

_BLOCK = 1 << 20
_SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".json", ".jsonl", ".xml"})
_PACKED = frozenset({".zip", ".gz", ".xlsx", ".ods", ".7z", ".rar"})
_NEVER = frozenset({"__macosx", "deleted", "orphaned"})
UNPACK = "Unpack it and import the ratings file in it."


# What Python's own modules let through from bytes that make no sense.
_DAMAGED = (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, struct.error, EOFError, ValueError, IndexError)


def is_workbook(path: Path) -> bool:
    """Whether a zip archive is a workbook: Excel's, or a spreadsheet of OpenDocument."""
    return bool({"xl/workbook.xml", CONTENT} & _parts_of(path))


def is_open_document(path: Path) -> bool:
    """Whether a workbook is not Excel's."""
    return CONTENT in _parts_of(path)


def _parts_of(path: Path) -> set[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return set(archive.namelist())
    except (*_DAMAGED, NotImplementedError, OSError):
        return set()  # unpacking reports what is wrong


class Folder:
    """A private folder that goes when nobody holds it any more."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="export-"))
        self._finalizer = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


def unpack_gzip(path: Path, name: str, folder: Folder, given: int) -> Path:
    """Unpack a single file of what had `given` bytes when it came. Raises `UnreadableFileError`."""
    unpacked = folder.path / (PurePosixPath(path.name).stem or "unpacked")
    written = 0
    with _unpacking(name), gzip.open(path) as packed, unpacked.open("wb") as file:
        while block := packed.read(_BLOCK):
            written += len(block)
            _refuse_bomb(name, given, written)
            file.write(block)
    return unpacked


class Unpacked(NamedTuple):
    """What came out of an archive."""

    names: Sequence[str]
    """Files that may hold ratings, 2 before 10."""
    packed: Sequence[str]
    """Archives and workbooks within it, which are not opened."""
    others: Sequence[str]
    """Files that are never read, for their kind or for the place that they would be unpacked to."""


def unpack_zip(path: Path, name: str, folder: Folder, given: int) -> Unpacked:
    """Unpack the files that may hold ratings, of what had `given` bytes when it came.

    Raises `UnreadableFileError`.
    """
    with _unpacking(name), zipfile.ZipFile(path) as archive:
        files = [entry for entry in archive.infolist() if not entry.is_dir()]
        exported = [entry for entry in files if _is_exported(entry)]
        entries = [entry for entry in exported if _suffix(entry) in _SUFFIXES]
        if len(entries) > limits.MOST_FILES:
            raise UnreadableFileError(name, f"holds {len(entries):,} files", remedy=UNPACK)
        _refuse_bomb(name, given, sum(entry.file_size for entry in entries))
        # Where case does not count, or an accent can be spelled in two ways, one would replace the other.
        places = Counter(
            PurePosixPath(normalize("NFC", entry.filename).casefold().replace("\\", "/")) for entry in entries
        )
        if twice := [str(place) for place, count in places.items() if count > 1]:
            problem = f"holds two files of the name {quote(twice[0])}"
            raise UnreadableFileError(name, problem, remedy=UNPACK)
        for entry in entries:
            archive.extract(entry, folder.path)
    names = {entry.filename for entry in entries}
    packed = {entry.filename for entry in exported if _suffix(entry) in _PACKED}
    others = {entry.filename for entry in files} - names - packed
    return Unpacked(*(sorted(each, key=_natural) for each in (names, packed, others)))


@contextmanager
def _unpacking(name: str) -> Iterator[None]:
    """Say what is wrong with an archive that cannot be unpacked. Raises `UnreadableFileError`."""
    try:
        yield
    except _DAMAGED as error:
        raise UnreadableFileError(name, f"cannot be unpacked ({error})", remedy=CHECK_FILE) from error
    except NotImplementedError as error:
        raise UnreadableFileError(name, f"cannot be unpacked ({error})", remedy=UNPACK) from error
    except RuntimeError as error:  # the module's way to say that a password is asked for
        raise UnreadableFileError(name, "is locked with a password", remedy=UNPACK) from error
    except OSError as error:
        is_full = error.errno in {ENOSPC, EDQUOT}
        remedy = "Make room in the folder for temporary files." if is_full else UNPACK
        problem = f"cannot be unpacked ({error.strerror or error})"
        raise UnreadableFileError(name, problem, remedy=remedy) from error


def refuse_dense_workbook(path: Path, name: str, given: int) -> None:
    """Refuse a workbook that unpacks to more than any does. Raises `UnreadableFileError`."""
    with _unpacking(name), zipfile.ZipFile(path) as archive:
        _refuse_bomb(name, given, sum(part.file_size for part in archive.infolist()))


def _refuse_bomb(name: str, given: int, unpacked: int) -> None:
    """Refuse what grows more than any export does, measured by the file as it was given."""
    if unpacked > min(limits.LARGEST_UNPACKED, max(limits.NEVER_A_BOMB, given * limits.DENSEST)):
        problem = f"unpacks to {unpacked:,} bytes or more, from {given:,}"
        raise UnreadableFileError(name, problem, remedy=CHECK_FILE)


def _is_exported(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry is a file that an export itself put there."""
    place, windows = PurePosixPath(entry.filename), PureWindowsPath(entry.filename)
    mode = entry.external_attr >> 16
    return (
        S_IFMT(mode) in {0, S_IFREG}  # no symbolic link
        and not place.is_absolute()
        and ".." not in {*place.parts, *windows.parts}
        and not windows.drive  # C:x.csv
        and not place.name.startswith(".")
        and not _NEVER & {part.lower() for part in place.parts}
    )


def _suffix(entry: zipfile.ZipInfo) -> str:
    return PurePosixPath(entry.filename).suffix.lower()


def _natural(name: str) -> list[tuple[int, str]]:
    """Order by numbers where there are some: ratings-2 comes before ratings-10."""
    parts: list[tuple[int, str]] = []
    digits = ""
    for character in [*name, ""]:
        if character.isascii() and character.isdigit():
            digits += character
            continue
        if digits:
            parts.append((int(digits[:18]), ""))
            digits = ""
        parts.append((-1, character))
    return parts


class ArchiveReader:
    """The files of an archive that hold ratings, read as one; see `base.Reader`."""

    def __init__(
        self, readers: Sequence[tuple[str, FileReader]], folder: Folder, notes: Sequence[str] = ()
    ) -> None:
        """Read these, by their names in the archive; `notes` name what is not read."""
        self.format_name = readers[0][1].format_name
        every = dict.fromkeys(name for _, reader in readers for name in reader.unread)
        self.unread: Sequence[str] = list(every)
        self.scale_doubt: str | None = None
        self.is_garbled = any(reader.is_garbled for _, reader in readers)
        self.is_results = any(reader.is_results for _, reader in readers)
        self.related_files: Sequence[Path] = ()  # they come in the archive
        self._readers = readers
        self._folder = folder  # deleted with the reader, not before
        names = ", ".join(name for name, _ in readers)
        self.notes: Sequence[str] = (*readers[0][1].notes, f"from the archive: {names}", *notes)

    def chunks(self) -> Iterator[list[SourceRow]]:
        """Yield the rows of all files, numbered through; messages name the file."""
        rows_before = 0
        is_one_of_many = len(self._readers) > 1
        for name, reader in self._readers:
            count = 0
            for chunk in reader.chunks():
                count += len(chunk)
                yield [_renumber(row, rows_before, name, is_one_of_many) for row in chunk]
            rows_before += count


def _renumber(row: SourceRow, rows_before: int, name: str, is_one_of_many: bool) -> SourceRow:
    if isinstance(row, InvalidRow):
        return row._replace(row=row.row + rows_before, message=f"{name}, {row.message}")
    if is_one_of_many and isinstance(row, RatingJob):  # the line alone does not say which file's it is
        note = f"from {name}" if row.note is None else f"from {name}; {row.note}"
        return row._replace(row=row.row + rows_before, note=note)
    return row._replace(row=row.row + rows_before)
