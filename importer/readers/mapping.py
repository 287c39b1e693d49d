"""What the owner of a table says of its columns: `--map Score=rating`."""

from collections.abc import Mapping

from importer.errors import UnknownFormatError
from importer.readers.cells.errors import quote
from importer.readers.formats.csv import CsvReader
from importer.readers.tables.table import Header
from importer.readers.unknown import list_names


def rename_columns(header: Header, mapping: Mapping[str, str]) -> Header:
    """Give columns the names of fields; a column that has such a name already makes way.

    Raises UnknownFormatError.
    """
    fields = sorted(
        {*CsvReader.columns, "type"}
        - {"second_kind", "stated_second_kind", "kind", "note", "address", "list_name"}
    )
    renamed = {}
    for column, field in mapping.items():
        place = header.find([column.strip()])
        if place is None:
            raise UnknownFormatError(
                f"there is no column {quote(column)} to map; the file has {list_names(header.names)}",
                found=header.names,
            )
        if (key := field.strip().lower()) not in {*fields, "kind"}:
            raise UnknownFormatError(
                f"there is no field {quote(field)} to map a column to; there are {', '.join(fields)}",
                found=header.names,
            )
        renamed[place] = key
    keys = [None if key in renamed.values() else key for key in header.keys]
    return Header(header.names, tuple(renamed.get(place, key or "") for place, key in enumerate(keys)))
