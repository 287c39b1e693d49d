"""Archives: an export as it was downloaded, unpacked to a private folder, its files one after the other.

Which of the files are read is decided by their content, as always; what an export keeps of deleted
entries never is.
"""

import gzip
import shutil
import tempfile
import weakref
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from importer.errors import UnreadableFileError
from importer.model import InvalidRow, SourceRow
from importer.readers.base import Reader
from importer.readers.textfile import CHECK_FILE

ZIP_START = b"PK\x03\x04"
GZIP_START = b"\x1f\x8b"

_LARGEST = 1 << 33
"""Bytes, unpacked. Larger than any export, and a bound for what an archive can do to a disk."""

_MOST_FILES = 20_000
_BLOCK = 1 << 20
_SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".json", ".jsonl", ".xml"})
_NEVER = frozenset({"__macosx", "deleted", "orphaned"})
_UNPACK = "Unpack it and import the ratings file in it."


def is_workbook(path: Path) -> bool:
    """Whether a zip archive is an Excel workbook."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


class Folder:
    """A private folder that goes when nobody holds it any more."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="export-"))
        self._finalizer = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


def unpack_gzip(path: Path, name: str, folder: Folder) -> Path:
    """Unpack a single file. Raises `UnreadableFileError`."""
    unpacked = folder.path / (PurePosixPath(path.name).stem or "unpacked")
    try:
        with gzip.open(path) as packed, unpacked.open("wb") as file:
            written = 0
            while block := packed.read(_BLOCK):
                written += len(block)
                if written > _LARGEST:
                    raise UnreadableFileError(
                        name, f"unpacks to more than {_LARGEST:,} bytes", remedy=_UNPACK
                    )
                file.write(block)
    except (EOFError, gzip.BadGzipFile, OSError) as error:
        raise UnreadableFileError(name, f"cannot be unpacked ({error})", remedy=CHECK_FILE) from error
    return unpacked


def unpack_zip(path: Path, name: str, folder: Folder) -> Sequence[str]:
    """Unpack the files that may hold ratings, and name them, 2 before 10. Raises `UnreadableFileError`."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if _may_hold_ratings(entry)]
            size = sum(entry.file_size for entry in entries)
            if len(entries) > _MOST_FILES or size > _LARGEST:
                problem = f"holds {len(entries):,} files of {size:,} bytes"
                raise UnreadableFileError(name, problem, remedy=_UNPACK)
            for entry in entries:
                archive.extract(entry, folder.path)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise UnreadableFileError(name, f"cannot be unpacked ({error})", remedy=CHECK_FILE) from error
    except RuntimeError as error:  # the module's way to say that a password is asked for
        raise UnreadableFileError(name, "is locked with a password", remedy=_UNPACK) from error
    except OSError as error:
        problem = f"cannot be unpacked ({error.strerror or error})"
        raise UnreadableFileError(
            name, problem, remedy="Make room in the folder for temporary files."
        ) from error
    return sorted((entry.filename for entry in entries), key=_natural)


def _may_hold_ratings(entry: zipfile.ZipInfo) -> bool:
    place = PurePosixPath(entry.filename)
    return (
        not entry.is_dir()
        and place.suffix.lower() in _SUFFIXES
        and not place.is_absolute()
        and ".." not in place.parts
        and not place.name.startswith(".")
        and not _NEVER & {part.lower() for part in place.parts}
    )


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

    def __init__(self, readers: Sequence[tuple[str, Reader]], left_out: int, folder: Folder) -> None:
        self.format_name = readers[0][1].format_name
        self._readers = readers
        self._folder = folder  # held for as long as there may be something to read
        names = ", ".join(name for name, _ in readers)
        first = readers[0][1]
        self.notes: Sequence[str] = (
            *first.notes,
            f"from the archive: {names}",
            *((f"{left_out:,} more files in the archive hold no ratings",) if left_out else ()),
        )

    def chunks(self) -> Iterator[list[SourceRow]]:
        """Yield the rows of all files, numbered through; messages name the file."""
        rows_before = 0
        for name, reader in self._readers:
            count = 0
            for chunk in reader.chunks():
                count += len(chunk)
                yield [_renumber(row, rows_before, name) for row in chunk]
            rows_before += count


def _renumber(row: SourceRow, rows_before: int, name: str) -> SourceRow:
    if isinstance(row, InvalidRow):
        return row._replace(row=row.row + rows_before, message=f"{name}, {row.message}")
    return row._replace(row=row.row + rows_before)
