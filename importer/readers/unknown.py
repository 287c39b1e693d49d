"""Explains why a table is of no format that is known."""

import re
from collections.abc import Sequence

from importer.errors import Remedy, UnknownFormatError
from importer.model import IMDB_ID
from importer.readers.cells.errors import quote
from importer.readers.tables.table import AnyTable, Table

_MOST_SHOWN = 30
_is_data = re.compile(IMDB_ID).fullmatch
_ends_in_year = re.compile(r".+\((?:18|19|20)[0-9]{2}\)").fullmatch


def explain_unknown(
    table: AnyTable, nearest: str, missing: Sequence[str], *, is_forced: bool
) -> UnknownFormatError:
    """Say what a table has, and what it lacks to be of the nearest format."""
    names = table.header.names
    if not is_forced and _is_text_of_criticker(names):
        return UnknownFormatError(
            f"{table.name}: this is a list of scores as text, as Criticker saves one. It holds no ids.\n"
            "Import Criticker's ratings as CSV or as XML.",
            found=names,
        )
    if not is_forced and isinstance(table, Table) and any(map(_is_data, names)):
        return UnknownFormatError(
            f"{table.name}: the first row is data, not the names of columns: {list_names(names)}.\n"
            "Put a row of names above it, such as title,rating,imdb_id.",
            found=names,
        )
    problem = f"the file is not of the format {nearest}" if is_forced else "no known format has these columns"
    return UnknownFormatError(
        f"{table.name}: {problem}.\n"
        f"Columns found: {list_names(names)}.\n"
        f"{'Missing' if is_forced else f'Nearest is {nearest}; missing'}: {'; '.join(missing)}",
        Remedy.MAP_COLUMNS,
        found=names,
        missing=missing,
    )


def _is_text_of_criticker(names: Sequence[str]) -> bool:
    """Whether the first row is a score and a title with its year: `85<tab>Toy Story (1995)`."""
    return len(names) == 2 and names[0].isdecimal() and _ends_in_year(names[1]) is not None


def list_names(names: Sequence[str]) -> str:
    """Name columns or files, the first of many."""
    shown = ", ".join(quote(name) for name in names[:_MOST_SHOWN])
    return shown if len(names) <= _MOST_SHOWN else f"{shown} and {len(names) - _MOST_SHOWN} more"
