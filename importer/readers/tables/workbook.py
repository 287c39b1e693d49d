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
from xml.parsers import expat

from importer import limits
from importer.errors import UnreadableFileError
from importer.readers.tables.sheets import SAVE_AS_CSV, Row, Sheet
from importer.readers.tables.workbook_parts import check_parts

if TYPE_CHECKING:
    from openpyxl import Workbook


def open_workbook(path: Path, name: str, given: int) -> list[Sheet]:
    """Name the sheets of a workbook. Raises `UnreadableFileError`.

    `given` are the bytes of the file that it came in: its own, or those of an archive.
    """
    with _translate_damage(name), zipfile.ZipFile(path) as archive:
        check_parts(archive, name, given)
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
        for line, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            # A blank row may have thousands of cells that only have a colour.
            if row.count(None) < len(row) or line > limits.MOST_SHEET_ROWS:
                yield line, row


@contextmanager
def _opened(path: Path, name: str) -> Iterator["Workbook"]:
    import openpyxl  # noqa: PLC0415  half a second that only a workbook is worth

    # Of styles and extensions, which hold no rating.
    warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")
    with (
        _translate_damage(name),
        path.open("rb") as file,  # by its path, openpyxl goes by the name of a file, too
        closing(openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)) as book,
    ):
        yield book


# What openpyxl and the libraries below it raise at files that are not as they should be.
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, SyntaxError, RuntimeError, expat.ExpatError),
    *(ValueError, TypeError, AttributeError, LookupError, ArithmeticError),
)


@contextmanager
def _translate_damage(name: str) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        problem = f"the workbook cannot be read ({type(error).__name__})"
        raise UnreadableFileError(name, problem, remedy=SAVE_AS_CSV) from error


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
