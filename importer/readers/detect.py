"""Chooses the reader of a file by its content, never by its name.

First what kind of file it is (archive, workbook, JSON, XML, text), which makes a table of it; then whose
columns these are:

    Const,Your Rating,Title Type,Title      imdb lacks none of its columns: read as imdb
    Const,Rating,Title Type,Title,Year      would do as csv, but only IMDb has "Const": refused as an
                                            incomplete export, for its `Rating` may be everybody's
    Name,Year,Letterboxd URI                a list of watched films, without ratings: refused by name
    imdb_id,rating,title                    nobody's export: read as csv
    Film,Stars                              nobody's, and csv lacks a rating and an id: refused; --map helps
    Toy Story;1995;John Lasseter;8;film123456    a row without a header, as FilmAffinity's are: named and read
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from importer.errors import (
    EmptyFileError,
    OptionError,
    Remedy,
    UnknownFormatError,
    UnreadableFileError,
    UsageError,
)
from importer.readers.base import FileReader, ReadOptions
from importer.readers.cells.errors import quote
from importer.readers.format_reader import TableReader
from importer.readers.formats.csv import MY_RATING, CsvReader
from importer.readers.mapping import rename_columns
from importer.readers.refused import find_refused
from importer.readers.registry import READERS
from importer.readers.tables.archive import (
    GZIP_START,
    UNPACK,
    ZIP_START,
    ArchiveReader,
    Folder,
    is_workbook,
    unpack_gzip,
    unpack_zip,
)
from importer.readers.tables.opening import list_sheets, open_table
from importer.readers.tables.sheets import Sheet, open_sheet
from importer.readers.tables.table import AnyTable
from importer.readers.tables.text import read_head
from importer.readers.tables.web_page import OPEN_AS_TABLE, WEB_PAGE
from importer.readers.unknown import explain_unknown, list_names

_NAME_PARTS = re.compile(r"[-_ 0-9]+")


class _Choice(NamedTuple):
    """A reader, and the table that it reads."""

    reader: type[TableReader]
    table: AnyTable


def open_reader(path: Path, options: ReadOptions | None = None, *, name: str | None = None) -> FileReader:
    """Open a file with the reader it needs, or the one that `options.format_name` says.

    `name` is what messages call the file. Raises `UnreadableFileError`, `UnknownFormatError`, or
    `UsageError` where the owner has to say more.
    """
    name = name or str(path)
    head = read_head(path, name)
    return _open_file(path, options or ReadOptions(), name, head, path.stat().st_size)


def _open_file(path: Path, options: ReadOptions, name: str, head: bytes, given: int) -> FileReader:
    """Open a file, or what is packed in it; `given` are the bytes of the file that came from outside."""
    if head.startswith(GZIP_START):
        folder = Folder()
        unpacked = unpack_gzip(path, name, folder, given)
        head = read_head(unpacked, name)
        if head.startswith(GZIP_START):
            raise UnreadableFileError(name, "is packed more than once", remedy=UNPACK)
        reader = _open_file(unpacked, options, name, head, given)
        return ArchiveReader([(name.removesuffix(".gz"), reader)], folder)
    is_archive = head.startswith(ZIP_START) and not is_workbook(path)
    if is_archive and options.sheet is None:
        return _open_archive(path, name, options, given)
    sheets = [] if is_archive else list_sheets(path, name, head, given)
    if options.sheet is not None and not sheets:
        raise OptionError("sheet", f"{name} is no workbook. Leave it out.", options.sheet)
    if options.encoding is not None and sheets:
        raise OptionError("encoding", f"{name} is no text; it names its encoding itself. Leave it out.")
    if sheets:
        return _open(_choose_sheet(sheets, path, name, options), options)
    return _open(_choose(open_table(path, name, head, options.encoding), options), options)


def _choose_sheet(sheets: Sequence[Sheet], path: Path, name: str, options: ReadOptions) -> _Choice:
    """Find the first sheet that is of a known format, or the one that is asked for.

    Raises `UnknownFormatError` and `UnreadableFileError` of the first that holds records, `OptionError`.
    """
    names = [sheet.name for sheet in sheets]
    if options.sheet is not None and options.sheet not in names:
        raise OptionError(
            "sheet", f"there is none of this name in {name}; there are {list_names(names)}", options.sheet
        )
    refusals: list[tuple[Sheet, UnknownFormatError | UnreadableFileError]] = []
    for sheet in sheets:
        if options.sheet in {None, sheet.name}:
            others = [other for other in names if other != sheet.name]
            try:
                return _choose(open_sheet(path, name, sheet, others), options)
            except (UnknownFormatError, UnreadableFileError) as error:
                refusals.append((sheet, error))
    raise _explain_refusals(refusals, sheets, name)


def _explain_refusals(
    refusals: Sequence[tuple[Sheet, UnknownFormatError | UnreadableFileError]],
    sheets: Sequence[Sheet],
    name: str,
) -> UsageError:
    """Choose the error of the first sheet that holds records, and name the other sheets."""
    shown, error = next((each for each in refusals if not isinstance(each[1], EmptyFileError)), refusals[0])
    if not isinstance(error, UnknownFormatError):
        return error
    if sheets[0].kind_of_file == WEB_PAGE:
        problem = "looks like a web page, and no table in it is known"
        return UnreadableFileError(name, problem, remedy=OPEN_AS_TABLE)
    if len(refusals) == 1:
        return error
    others = list_names([each.name for each in sheets if each is not shown])
    message = (
        f"{error.message.rstrip('.')}.\nThis is its sheet {quote(shown.name)}. "
        f"Nor can another of its sheets be read: {others}"
    )
    return UnknownFormatError(message, error.remedy, found=error.found, missing=error.missing)


def check_format(name: str) -> None:
    """See that there is such a format. Raises UnknownFormatError."""
    formats = list(dict.fromkeys(reader.about.name for reader in READERS))
    if name not in {"auto", *formats}:
        raise UnknownFormatError(f"there is no format {quote(name)}; there are auto, {', '.join(formats)}")


def _open(choice: _Choice, options: ReadOptions) -> TableReader:
    reader = choice.reader.for_rows(choice.table)
    _refuse_double_columns(choice.table, reader)
    _refuse_idle_options(choice.table, reader, options)
    return reader(choice.table, options)


def _open_archive(path: Path, name: str, options: ReadOptions, given: int) -> FileReader:
    """Open the files of an archive that are of a known export. Raises as `open_reader` does."""
    folder = Folder()
    found: dict[str, list[tuple[str, _Choice]]] = {}
    unpacked = unpack_zip(path, name, folder, given)
    unread = [f"not read: {member} (packed itself)" for member in unpacked.packed]
    broken: list[tuple[str, UnreadableFileError]] = []
    for member in unpacked.names:
        member_path = folder.path / member
        try:
            head = read_head(member_path, member)
            table = open_table(member_path, f"{name}: {member}", head, options.encoding)
            choice = _choose(table, options)
        except UnreadableFileError as error:
            unread.append(f"not read: {member} ({error.problem})")
            broken.append((member, error))
            continue
        except UnknownFormatError:
            continue  # most files of an export hold no ratings
        if choice.reader is not CsvReader or options.format_name == CsvReader.about.name:
            found.setdefault(choice.reader.about.name, []).append((member, choice))
    if len(found) != 1:
        what = f"ratings of several formats: {', '.join(found)}" if found else "no ratings of a known format"
        every = [*unpacked.names, *unpacked.packed, *unpacked.others]
        if not every:
            raise EmptyFileError(name, "there is no file in it", remedy="Export your ratings again.")
        raise UnknownFormatError(
            f"{name}: the archive holds {what}.\nIn it: {list_names(every)}.\n"
            + (Remedy.NAME_FORMAT if found else UNPACK)
        )
    ((_, members),) = found.items()
    best = min(choice.reader.archive_rank for _, choice in members)
    taken = [(member, choice) for member, choice in members if choice.reader.archive_rank == best]
    _refuse_broken(broken, [member for member, _ in taken])
    readers = [(member, _open(choice, options)) for member, choice in taken]
    if left_out := len(unpacked.names) - len(taken) - len(broken):
        unread.insert(0, f"files in the archive that are not needed: {left_out:,}")
    return ArchiveReader(readers, folder, unread)


def _refuse_broken(broken: Sequence[tuple[str, UnreadableFileError]], taken: Sequence[str]) -> None:
    """Refuse an archive of whose ratings some are broken: ratings-shows.json beside ratings-movies.json."""
    starts = {_start_of(member) for member in taken}
    for member, error in broken:
        if _start_of(member) in starts and not isinstance(error, EmptyFileError):
            raise error


def _start_of(member: str) -> tuple[PurePosixPath, str]:
    path = PurePosixPath(member)
    return path.parent, _NAME_PARTS.split(path.stem.lower())[0]


def _choose(table: AnyTable, options: ReadOptions) -> _Choice:
    """Find the reader whose columns a table has. Raises UnknownFormatError.

    The first reader that lacks no column takes it, then the first that knows its first row as one of its own,
    without a header. The nearest in the error is the one that lacks the fewest, if the table has as many of
    its columns as it lacks.
    """
    format_name = options.format_name
    check_format(format_name)
    if options.mapping:
        table.header = rename_columns(table.header, options.mapping)
    if format_name != CsvReader.about.name and (refused := find_refused(table.header, table.path.name)):
        joint = "and is" if ", which " in refused.what else "which is"
        raise UnknownFormatError(
            f"{table.name}: this is {refused.what}, {joint} not read as an export. {refused.remedy}",
            found=table.header.names,
        )
    tried = [reader for reader in READERS if format_name in {"auto", reader.about.name}]
    missing = {reader: reader.missing(table.header) for reader in tried}
    for reader in tried:
        if not missing[reader]:
            if reader is CsvReader and format_name == "auto":
                _refuse_incomplete(table, missing)
            return _Choice(reader, table)
    for reader in tried:  # some exports have no header row
        names = reader.name_columns(table.header.names)
        if names and (named := table.named(names)) is not None:
            return _Choice(reader, named)
    found = {reader: len(set(reader.find_columns(table.header).values())) for reader in tried}
    # A column `Score` alone is not nearly a file of Flixster.
    near = [reader for reader in tried if len(missing[reader]) < found[reader] or reader is CsvReader]
    nearest = min(near or tried, key=lambda reader: (len(missing[reader]), -found[reader]))
    raise explain_unknown(table, nearest.about.name, missing[nearest], is_forced=format_name != "auto")


def _refuse_incomplete(table: AnyTable, missing: Mapping[type[TableReader], Sequence[str]]) -> None:
    """Refuse a table with columns of an export that lacks others of it: its words do not mean ours."""
    if table.header.find(["rating"]) is None and table.header.find(MY_RATING) is not None:
        return  # a column of this name has the user's own rating
    names = dict(zip(table.header.keys, table.header.names, strict=True))
    for reader in missing:
        if found := [names[key] for key in names if key in reader.signature_columns]:
            raise UnknownFormatError(
                f"{table.name}: the columns {list_names(found)} are those of {reader.about.name}, but the "
                f"file lacks {'; '.join(missing[reader])}.\nImport the export as it was downloaded; or, if "
                f"it is a table of yours, {Remedy.MAP_OWN_TABLE}",
                found=table.header.names,
                missing=missing[reader],
            )


def _refuse_double_columns(table: AnyTable, reader: type[TableReader]) -> None:
    header = table.header
    for place in reader.find_columns(header).values():
        if header.keys.count(header.keys[place]) > 1:
            raise UnknownFormatError(
                f"{table.name}: there are two columns {quote(header.names[place])}. "
                "Take one out, or give it another name.",
                found=header.names,
            )


def _refuse_idle_options(table: AnyTable, reader: type[TableReader], options: ReadOptions) -> None:
    """Refuse what its owner has asked for and would not get."""
    for option in sorted({option for each in READERS for option in each.options} - reader.options):
        if getattr(options, option) not in {None, False}:
            formats = dict.fromkeys(each.about.name for each in READERS if option in each.options)
            problem = (
                f"this is for {', '.join(formats)}, and {table.name} is {reader.about.name}. Leave it out."
            )
            raise OptionError(option, problem)
