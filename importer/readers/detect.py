"""Which reader a file needs: told by the names of its columns, never by the name of the file.

Files that are known and not for import are refused by name, so that no reader takes their columns
for something else.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from importer.errors import UnknownFormatError
from importer.readers.cells import quote
from importer.readers.formats import READERS
from importer.readers.generic_csv import CsvReader
from importer.readers.table import Header, Table
from importer.readers.table_reader import TableReader
from importer.readers.textfile import read_text_file

_MOST_SHOWN = 30


class _Stranger(NamedTuple):
    """A kind of file that is known and not read."""

    columns: frozenset[str]
    is_without: frozenset[str]
    what: str
    remedy: str


_STRANGERS = (
    # Its ratings, if any, have no date of their own, and most rows have none. `You rated` is the
    # ratings export before November 2017, whose rows are numbered too.
    _Stranger(
        frozenset({"const", "position", "created"}),
        frozenset({"you rated"}),
        "an IMDb list or watchlist",
        "Open your ratings page at IMDb and export that one.",
    ),
    # Its episode rows carry three sets of ids.
    _Stranger(
        frozenset({"trakt_rating", "show_trakt_id", "rating"}),
        frozenset(),
        "Trakt's own CSV export",
        "Its episodes would be taken for shows; name the columns you want with --format csv.",
    ),
    # Its ratings are of 5, its IMDb ids without tt.
    _Stranger(
        frozenset({"movie_id", "imdb_id", "average_rating"}),
        frozenset(),
        "an export of MovieLens",
        "Double the ratings and put tt before the IMDb ids, then use --format csv.",
    ),
)


def open_reader(
    path: Path,
    *,
    format_name: str = "auto",
    mapping: Mapping[str, str] | None = None,
    name: str | None = None,
    leaves_types_open: bool = False,
) -> TableReader:
    """Open a file with the reader it needs, or the one that `format_name` says.

    `mapping` renames columns of the file to fields (`{"Film": "title"}`) before anything else; `name`
    is what messages call the file. With `leaves_types_open`, a type word that is not known makes a job of
    an unknown kind, for destinations that can tell by id; else the row is invalid. Raises
    `UnreadableFileError` or `UnknownFormatError`.
    """
    table = Table(read_text_file(path, name or str(path)))
    if mapping:
        table.header = _rename(table.header, mapping)
    reader = _choose(table, format_name)
    _refuse_double_columns(table, reader)
    return reader(table, leaves_types_open=leaves_types_open)


def _choose(table: Table, format_name: str) -> type[TableReader]:
    readers = {reader.about.name: reader for reader in READERS}
    if format_name not in {"auto", *readers}:
        raise UnknownFormatError(
            f"there is no format {quote(format_name)}; there are auto, {', '.join(readers)}"
        )
    if format_name != CsvReader.about.name:
        _refuse_strangers(table)
    tried = READERS if format_name == "auto" else (readers[format_name],)
    missing = {reader: reader.missing(table.header) for reader in tried}
    for reader in tried:
        if not missing[reader]:
            return reader
    nearest = min(tried, key=lambda reader: (len(missing[reader]), -len(reader.find_columns(table.header))))
    raise _unknown(table, nearest.about.name, missing[nearest], is_forced=format_name != "auto")


def _unknown(table: Table, nearest: str, missing: Sequence[str], *, is_forced: bool) -> UnknownFormatError:
    names = table.header.names
    problem = f"the file is not of the format {nearest}" if is_forced else "this is no format that is known"
    return UnknownFormatError(
        f"{table.text.name}: {problem}.\n"
        f"Columns found: {_list(names)}.\n"
        f"{'Missing' if is_forced else f'Nearest is {nearest}; missing'}: {'; '.join(missing)}.\n"
        "Say what a column is with --map COLUMN=FIELD (such as --map Score=rating), or name the format with "
        "--format; `importer formats` lists what is read.",
        found=names,
        missing=missing,
    )


def _refuse_strangers(table: Table) -> None:
    keys = set(table.header.keys)
    for stranger in _STRANGERS:
        if stranger.columns <= keys and not stranger.is_without & keys:
            raise UnknownFormatError(
                f"{table.text.name}: this is {stranger.what}, which is not read. {stranger.remedy}",
                found=table.header.names,
            )


def _refuse_double_columns(table: Table, reader: type[TableReader]) -> None:
    header = table.header
    for place in reader.find_columns(header).values():
        if header.keys.count(header.keys[place]) > 1:
            raise UnknownFormatError(
                f"{table.text.name}: there are two columns {quote(header.names[place])}. "
                "Take one out, or give it another name.",
                found=header.names,
            )


def _rename(header: Header, mapping: Mapping[str, str]) -> Header:
    """Give columns the names of fields; a column that has such a name already makes way."""
    fields = sorted({*CsvReader.columns, "type"} - {"second_kind", "kind"})
    renamed = {}
    for column, field in mapping.items():
        place = header.find([column.strip()])
        if place is None:
            raise UnknownFormatError(
                f"--map: the file has no column {quote(column)}; it has {_list(header.names)}",
                found=header.names,
            )
        if (key := field.strip().lower()) not in {*fields, "kind"}:
            raise UnknownFormatError(
                f"--map: there is no field {quote(field)}; there are {', '.join(fields)}", found=header.names
            )
        renamed[place] = key
    keys = [None if key in renamed.values() else key for key in header.keys]
    return Header(header.names, tuple(renamed.get(place, key or "") for place, key in enumerate(keys)))


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(quote(name) for name in names[:_MOST_SHOWN])
    return shown if len(names) <= _MOST_SHOWN else f"{shown} and {len(names) - _MOST_SHOWN} more"
