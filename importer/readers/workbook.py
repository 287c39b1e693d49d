"""The rows of an Excel workbook (.xlsx): its first sheet that holds any, read row by row.

openpyxl is imported when there is a workbook to read.
"""

import warnings
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date, datetime, time
from pathlib import Path

from importer.errors import UnreadableFileError
from importer.readers.record_table import Record

_LARGEST = 1 << 29
"""Bytes of the texts that all sheets share, unpacked: they are held in memory as a whole."""

_SAVE_AS_CSV = "Save the sheet as CSV in UTF-8 and import that file."


def read_workbook_records(path: Path, name: str) -> Iterator[Record]:
    """Yield the rows below the first one, which names the columns. Raises `UnreadableFileError`."""
    import openpyxl  # noqa: PLC0415  half a second that only a workbook is worth
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        _check_size(path, name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that hold no rating
            with closing(openpyxl.load_workbook(path, read_only=True, data_only=True)) as book:
                for sheet in book.worksheets:
                    sheet.reset_dimensions()  # what programs other than Excel write there is often wrong
                    records = _read_rows(sheet.iter_rows(values_only=True))
                    first = next(records, None)
                    if first is not None:
                        yield first
                        yield from records
                        return
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, EOFError, SyntaxError) as error:
        problem = f"the workbook cannot be read ({type(error).__name__})"
        raise UnreadableFileError(name, problem, remedy=_SAVE_AS_CSV) from error


def _check_size(path: Path, name: str) -> None:
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist() if "sheets/" not in entry.filename)
    if size > _LARGEST:
        raise UnreadableFileError(name, f"the workbook unpacks to {size:,} bytes", remedy=_SAVE_AS_CSV)


def _read_rows(rows: Iterable[tuple[object, ...]]) -> Iterator[Record]:
    names: list[str] = []
    for line, row in enumerate(rows, start=1):
        cells = [_write(value) for value in row]
        if not any(cells):
            continue
        if not names:
            names = cells
        else:
            yield Record(line, {name: cell for name, cell in zip(names, cells, strict=False) if name})


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
