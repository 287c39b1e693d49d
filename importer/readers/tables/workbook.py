"""The sheets of an Excel workbook (.xlsx), read row by row.

openpyxl is imported when there is a workbook to read. Faster readers (calamine) do not tell the format of a
number: a cell that shows 90 % would come as 0.9, and be another rating.
"""

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from xml.parsers import expat

from importer.errors import UnreadableFileError
from importer.parts import MissingPartError
from importer.readers.tables.sheets import SAVE_AS_CSV, Formula, Row, Sheet
from importer.readers.tables.workbook_parts import check_parts

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet._reader import WorkSheetParser


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
        sheet: Any = book.worksheets[place]
        percents = _find_percents(book)
        last = 0
        with sheet._get_source() as source:
            for line, cells in _build_parser(book, sheet, source).parse():
                row: list[object] = [None] * (cells[-1]["column"] if cells else 0)
                for cell in cells:
                    if 0 < cell["column"] <= len(row):
                        row[cell["column"] - 1] = _take_value(cell, percents)
                # A blank row may have thousands of cells that only have a colour.
                if line > last and row.count(None) < len(row):
                    yield line, row
                last = max(last, line)


def _build_parser(book: Any, sheet: Any, source: IO[bytes]) -> "WorkSheetParser":
    """Make the parser of a sheet, which also tells a formula without a value from an empty cell."""
    from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser  # noqa: PLC0415  as above

    class Parser(WorkSheetParser):
        def parse_cell(self, element: Any) -> dict[str, Any]:
            cell: dict[str, Any] = super().parse_cell(element)
            if cell["value"] is None and (formula := element.find(FORMULA_TAG)) is not None:
                # Excel writes an empty text as such: a value of this type, with nothing in it.
                is_empty_text = element.get("t") == "str" and element.find(VALUE_TAG) is not None
                cell["value"] = None if is_empty_text else Formula(f"={formula.text or ''}")
            return cell

    return Parser(
        source,
        sheet._shared_strings,
        data_only=True,
        epoch=book.epoch,
        date_formats=book._date_formats,
        timedelta_formats=book._timedelta_formats,
    )


@contextmanager
def _opened(path: Path, name: str) -> Iterator["Workbook"]:
    try:
        import openpyxl  # noqa: PLC0415  half a second that only a workbook is worth
    except ImportError as error:
        raise MissingPartError("xlsx", f"{name}: an Excel workbook") from error

    # Of styles and extensions, which hold no rating.
    warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")
    with (
        _translate_damage(name),
        path.open("rb") as file,  # by its path, openpyxl goes by the name of a file, too
        closing(openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)) as book,
    ):
        yield book


_BUILT_IN_PERCENTS = {9: "0%", 10: "0.00%"}
_FIRST_CUSTOM_FORMAT = 164
_drop_literals = partial(re.compile(r'"[^"]*"|\[[^\]]*\]|[\\_*].', re.DOTALL).sub, "")


def _find_percents(book: Any) -> frozenset[int]:
    """Find the styles that show 0.9 as 90 %: only the number of its style stands in a cell."""
    formats = _BUILT_IN_PERCENTS | dict(enumerate(book._number_formats, _FIRST_CUSTOM_FORMAT))
    found = {number for number, text in formats.items() if "%" in _drop_literals(text).partition(";")[0]}
    styles = enumerate(book._cell_styles)
    return frozenset(place for place, style in styles if style.numFmtId in found)


def _take_value(cell: Mapping[str, Any], percents: frozenset[int]) -> object:
    value = cell["value"]
    if not percents or type(value) not in {int, float} or cell["style_id"] not in percents:
        return value
    share = Decimal(value if isinstance(value, int) else _round(value)) * 100
    text = f"{share:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} %"


def _round(value: float) -> str:
    """Round as Excel does, which shows 9 for 9.000000000000001."""
    return f"{value:.15g}"


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
    if isinstance(value, float):
        value = value if value.is_integer() else float(_round(value))
        return str(int(value)) if value.is_integer() else str(value)
    return str(value).strip()
