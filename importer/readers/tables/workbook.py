"""The sheets of an Excel workbook (.xlsx), read row by row.

openpyxl is imported when there is a workbook to read.
"""

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from importer.errors import UnreadableFileError
from importer.readers.tables.sheets import SAVE_AS_CSV, Row, Sheet

if TYPE_CHECKING:
    from openpyxl import Workbook

_LARGEST_SHARED = 1 << 28
"""Bytes of the texts that all sheets share, unpacked: all of them are kept in memory."""

_LARGEST = 1 << 32
"""Bytes of all sheets, unpacked."""


def open_workbook(path: Path, name: str) -> list[Sheet]:
    """Name the sheets of a workbook. Raises `UnreadableFileError`."""
    with _opened(path, name) as book:
        titles = [sheet.title for sheet in book.worksheets]
    return [
        Sheet("Excel workbook", title, partial(_read_rows, path, name, place), _write)
        for place, title in enumerate(titles)
    ]


def _read_rows(path: Path, name: str, place: int) -> Iterator[Row]:
    with _opened(path, name) as book:
        sheet = book.worksheets[place]
        sheet.reset_dimensions()  # what programs other than Excel write there is often wrong
        yield from enumerate(sheet.iter_rows(values_only=True), start=1)


@contextmanager
def _opened(path: Path, name: str) -> Iterator["Workbook"]:
    import openpyxl  # noqa: PLC0415  half a second that only a workbook is worth

    # Of styles and extensions, which hold no rating.
    warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")
    try:
        _check_size(path, name)
        with (
            path.open("rb") as file,  # by its path, openpyxl goes by the name of a file, too
            closing(openpyxl.load_workbook(file, read_only=True, data_only=True)) as book,
        ):
            yield book
    except _BROKEN as error:
        problem = f"the workbook cannot be read ({type(error).__name__})"
        raise UnreadableFileError(name, problem, remedy=SAVE_AS_CSV) from error


# What openpyxl and the libraries below it raise at files that are not as they should be.
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, SyntaxError, RuntimeError),
    *(ValueError, TypeError, AttributeError, LookupError, ArithmeticError),
)


def _check_size(path: Path, name: str) -> None:
    with zipfile.ZipFile(path) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    shared = sum(size for part, size in sizes.items() if "sheets/" not in part)
    if shared > _LARGEST_SHARED or sum(sizes.values()) > _LARGEST:
        problem = f"the workbook unpacks to {sum(sizes.values()):,} bytes"
        raise UnreadableFileError(name, problem, remedy=SAVE_AS_CSV)


def _write(value: object) -> str:
    """Write a cell as a CSV file would hold it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
