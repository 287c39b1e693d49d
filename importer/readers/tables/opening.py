"""Opens any file as a table or as sheets; its first bytes show which kind of file it is."""

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from importer.errors import EmptyFileError
from importer.readers.tables.archive import ZIP_START, is_open_document, refuse_dense_workbook
from importer.readers.tables.json import read_json_records
from importer.readers.tables.open_document import open_document
from importer.readers.tables.records import RecordTable, no_record
from importer.readers.tables.sheets import Sheet, open_sheet
from importer.readers.tables.table import AnyTable, Table
from importer.readers.tables.text import read_text_file
from importer.readers.tables.web_page import is_web_page, open_page
from importer.readers.tables.workbook import open_workbook
from importer.readers.tables.xml import read_xml_records

_CONFLICT = b"<<<<<<<"
# [Rec] is a film: a list holds objects, or at least some value.
_starts_json = re.compile(r'\{|\[\s*(?:[\[{\]"0-9tfnNI-]|$)').match


def list_sheets(path: Path, name: str, head: bytes, given: int) -> list[Sheet]:
    """Name the sheets of a workbook, or the tables of a web page; else none. Raises `UnreadableFileError`.

    `given` are the bytes of the file that came from outside: this one, or the archive it was in.
    """
    if head.startswith(ZIP_START):
        refuse_dense_workbook(path, name, given)
        sheets = open_document(path, name) if is_open_document(path) else open_workbook(path, name, given)
        if not sheets:
            raise no_record(name)
        return sheets
    return open_page(path, name) if is_web_page(_decode(head)) else []


def open_table(path: Path, name: str, head: bytes, encoding: str | None = None) -> AnyTable:
    """Open a file of text as a table, whatever kind of text it is. Raises `UnreadableFileError`.

    XML names its encoding itself; of other texts `encoding` may be what their owner says.
    """
    start = _decode(head).lstrip("\ufeff \t\r\n")
    if start.startswith("<") and not head.startswith(_CONFLICT):
        return RecordTable(path, name, partial(read_xml_records, path, name), "XML")
    is_json = _starts_json(start) is not None
    text = read_text_file(path, name, has_lines=not is_json, encoding=encoding)
    if is_json:
        beside: dict[str, str] = {}
        table = RecordTable(path, name, partial(read_json_records, text, beside), "JSON", beside)
        table.notes = (*table.notes, *text.notes)
        table.is_garbled = text.is_garbled
        return table
    return Table(text)


def open_tables(
    path: Path, name: str, head: bytes, *, encoding: str | None = None, sheet: str | None = None
) -> Iterator[AnyTable]:
    """Open each table of a file: of a workbook each sheet that holds records, or the one that `sheet` names.

    Raises `UnreadableFileError`.
    """
    sheets = list_sheets(path, name, head, path.stat().st_size)
    if not sheets:
        yield open_table(path, name, head, encoding)
    for each in sheets:
        if sheet in {None, each.name}:
            with suppress(EmptyFileError):
                yield open_sheet(path, name, each, ())


def _decode(head: bytes) -> str:
    return head.decode("utf-16" if head[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8", "ignore")
