"""Tables that no format knows: read as somebody said of one with the same columns, or as somebody says now.

films.csv: Film,Stars,When     asked once: Stars is the rating, of five; Film is the title
more.csv: Film,Stars,When      read the same way, unasked, by every command
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from importer.config.maps import KeptMap, keep_map, read_maps
from importer.errors import Remedy, UnknownFormatError
from importer.readers import ReadOptions
from importer.readers.base import parse_mapping
from importer.readers.formats.csv import CsvReader
from importer.readers.sample import sample_columns
from importer.runs.prompts import Prompts


def find_reading(
    path: Path, name: str, reading: ReadOptions, error: UnknownFormatError, prompts: Prompts
) -> tuple[ReadOptions, Sequence[str]] | None:
    """Return how a table is read that no format knows, and the notes about that; None if nobody says.

    Raises SettingsError, and StateFileError if an answer cannot be kept.
    """
    is_open = reading.format_name == "auto" and not reading.mapping
    if not is_open or error.remedy is not Remedy.MAP_COLUMNS or not error.found:
        return None
    kept = next((each for each in read_maps() if tuple(each.columns) == error.found), None)
    if kept is None:
        columns = sample_columns(path, name, reading, error.found)
        answers = prompts.describe_table(name, columns) if columns else None
        if answers is None:
            return None
        kept = KeptMap(error.found, answers.words, answers.scale, PurePath(name).stem)
        section = keep_map(kept) if answers.is_kept else ""
    else:
        section = f"maps.{kept.name}"
    told = f"columns as they were described: {', '.join(kept.words)}"
    return (
        replace(
            reading,
            format_name=CsvReader.about.name,
            mapping=parse_mapping(kept.words),
            scale=reading.scale or kept.scale,
        ),
        [f"{told} ([{section}] of the settings)" if section else told],
    )
