"""The rows of an Excel workbook (.xlsx): its first sheet that holds any, read row by row.

openpyxl is imported when there is a workbook to read.
"""

import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from importer.errors import UnreadableFileError
from importer.readers.cells.errors import quote
from importer.readers.tables.records import Record, RecordTable, build_record

if TYPE_CHECKING:
    from openpyxl import Workbook

_LARGEST_SHARED = 1 << 28
"""Bytes of the texts that all sheets share, unpacked: they are held in memory as a whole."""

_LARGEST = 1 << 32
"""Bytes of all sheets, unpacked."""

_MOST_ROWS = 1 << 20
"""What a sheet holds at most. A file that names a higher row would have us count up to it."""

_SAVE_AS_CSV = "Save the sheet as CSV in UTF-8 and import that file."


def open_workbook(path: Path, name: str) -> RecordTable:
    """Open the first sheet that holds rows below one of column names. Raises `UnreadableFileError`."""
    table = RecordTable(path, name, lambda _: _read_records(path, name), "Excel workbook")
    with _opened(path, name) as book:
        read, _ = _find_sheet(book, name)
        others = ", ".join(quote(title) for title in book.sheetnames if title != read)
    if others:
        table.notes = (*table.notes, f"only the sheet {quote(read)} is read, not {others}")
    return table


def _read_records(path: Path, name: str) -> Iterator[Record]:
    with _opened(path, name) as book:
        _, records = _find_sheet(book, name)
        yield from records


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
        raise UnreadableFileError(name, problem, remedy=_SAVE_AS_CSV) from error


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
        raise UnreadableFileError(name, problem, remedy=_SAVE_AS_CSV)


def _find_sheet(book: "Workbook", name: str) -> tuple[str, Iterator[Record]]:
    """Find the first sheet with records, and read them."""
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # what programs other than Excel write there is often wrong
        records = _read_rows(sheet.iter_rows(values_only=True), name)
        for first in records:
            return sheet.title, chain([first], records)
    return "", iter(())


def _read_rows(rows: Iterable[tuple[object, ...]], name: str) -> Iterator[Record]:
    names: list[str] = []
    for line, row in enumerate(rows, start=1):
        if line > _MOST_ROWS:
            problem = f"the workbook has more than {_MOST_ROWS:,} rows"
            raise UnreadableFileError(name, problem, remedy=_SAVE_AS_CSV, line=line)
        # Behind the last column there may be thousands of cells that only have a colour.
        cells = [_write(value) for value in (row[: len(names)] if names else row)]
        if not any(cells):
            continue
        if not names:
            names = cells
        else:
            yield build_record(line, [pair for pair in zip(names, cells, strict=False) if pair[0]])


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
