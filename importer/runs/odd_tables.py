"""Tables that no format knows: read as somebody said of one with the same columns, or as somebody says now.

films.csv: Film,Stars,When     asked once: Stars is the rating, of five; Film is the title
more.csv: Film,Stars,When      read the same way, unasked, by every command
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path, PurePath

from importer.config.folders import config_file
from importer.config.maps import KeptMap, keep_map, read_maps
from importer.errors import Remedy, UnknownFormatError
from importer.model import InvalidRow, Status
from importer.readers import ReadOptions, open_reader
from importer.readers.base import parse_mapping
from importer.readers.formats.csv import CsvReader
from importer.readers.sample import sample_columns
from importer.runs.prompts import Prompts, Trial

_MOST_ROWS = 10_000
_MOST_PROBLEMS = 3


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
        try_out = partial(_try_out, path, name, reading)
        answers = prompts.describe_table(name, columns, try_out) if columns else None
        if answers is None:
            return None
        kept = KeptMap(error.found, answers.words, answers.scale, PurePath(name).stem)
        section = keep_map(kept) if answers.is_kept else ""
    else:
        section = f"maps.{kept.name}"
    told = f"columns as they were described: {', '.join(kept.words)}"
    if section:
        told += f" ([{section}] of {config_file()}; without that section you are asked again)"
    return _read_as(reading, kept.words, kept.scale), [told]


def _read_as(reading: ReadOptions, words: Sequence[str], scale: str | None) -> ReadOptions:
    return replace(
        reading,
        format_name=CsvReader.about.name,
        mapping=parse_mapping(words),
        scale=reading.scale or scale,
    )


def _try_out(path: Path, name: str, reading: ReadOptions, words: Sequence[str], scale: str | None) -> Trial:
    good, problems = 0, []
    reader = open_reader(path, _read_as(reading, words, scale), name=name)
    rows = (row for chunk in reader.chunks() for row in chunk)
    for row in islice(rows, _MOST_ROWS):
        if isinstance(row, InvalidRow) and row.status is Status.INVALID:
            problems.append(row.message)
        else:
            good += 1
    return Trial(good, len(problems), problems[:_MOST_PROBLEMS])
