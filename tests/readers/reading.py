"""Ways to read a text in a test."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from importer.errors import UnknownFormatError, UnreadableFileError
from importer.model import InvalidRow, RatingJob, SourceRow
from importer.readers import ReadOptions, open_reader
from importer.readers.format_reader import TableReader
from importer.readers.formats.csv import CsvReader
from importer.readers.registry import READERS
from importer.readers.tables.archive import GZIP_START, ZIP_START, is_workbook
from importer.readers.tables.opening import open_tables
from importer.readers.tables.text import read_head
from tests.readers.golden import open_sample


def read(
    folder: Path,
    content: bytes,
    *,
    format_name: str = "auto",
    mapping: Mapping[str, str] | None = None,
    reading: ReadOptions | None = None,
    block_size: int | None = None,
) -> list[SourceRow]:
    """Read all rows of a file with this content; `reading` holds what else its owner says."""
    rows, _ = read_until_error(
        folder, content, format_name=format_name, mapping=mapping, reading=reading, block_size=block_size
    )
    return rows


def read_until_error(
    folder: Path,
    content: bytes,
    *,
    format_name: str = "auto",
    mapping: Mapping[str, str] | None = None,
    reading: ReadOptions | None = None,
    block_size: int | None = None,
) -> tuple[list[SourceRow], UnreadableFileError | None]:
    """Read the rows that come before the file becomes unreadable, and tell why it does."""
    path = folder / "input.csv"
    path.write_bytes(content)
    reader = open_reader(path, reading or ReadOptions(format_name, mapping or {}))
    if block_size is not None:
        assert isinstance(reader, TableReader)
        reader.table.block_size = block_size
    rows: list[SourceRow] = []
    try:
        for chunk in reader.chunks():
            assert chunk, "a chunk without rows"
            rows += chunk
    except UnreadableFileError as error:
        return rows, error
    return rows, None


def read_damaged(folder: Path, content: bytes, *, reading: ReadOptions | None = None) -> list[SourceRow]:
    """Read the rows that come before an error; none if the file is refused. Any other error is a failure."""
    try:
        rows, _ = read_until_error(folder, content, reading=reading)
    except (UnreadableFileError, UnknownFormatError):
        return []
    return rows


def jobs(rows: Iterable[SourceRow]) -> list[RatingJob]:
    """Take rows that must all be jobs."""
    found = list(rows)
    assert all(isinstance(row, RatingJob) for row in found), reasons(found)
    return [row for row in found if isinstance(row, RatingJob)]


def invalid(rows: Iterable[SourceRow]) -> list[InvalidRow]:
    """Take rows of which none must be a job."""
    found = list(rows)
    assert all(isinstance(row, InvalidRow) for row in found)
    return [row for row in found if isinstance(row, InvalidRow)]


def reasons(rows: Iterable[SourceRow]) -> list[str]:
    """Name what is wrong with each row; a job counts as `ok`."""
    return [row.reason if isinstance(row, InvalidRow) else "ok" for row in rows]


def places(rows: Iterable[SourceRow]) -> list[tuple[int, int]]:
    """Row number and line of each row."""
    return [(row.row, row.line) for row in rows]


def claiming_formats(path: Path) -> set[str]:
    """Name the formats that take a file for theirs; `csv`, which takes what nobody else does, left out.

    Of an archive only what detection says is known: its files are not told one by one.
    """
    head = read_head(path, path.name)
    if head.startswith((GZIP_START, ZIP_START)) and not is_workbook(path):
        return {open_sample(path).format_name}
    headers = [table.header for table in open_tables(path, path.name, head)]
    claims = {reader.about.name for reader in READERS for header in headers if not reader.missing(header)}
    nameless = {
        reader.about.name for reader in READERS if any(map(reader.name_columns, (h.names for h in headers)))
    }
    return (claims or nameless) - {CsvReader.about.name}
