"""What people said about odd tables, kept in the settings file for every file with the same columns.

[maps.films]
columns = ["Film", "Stars", "When"]
map = ["Film=title", "Stars=rating", "When=rated_at"]
scale = "5"
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from importer.config.folders import config_file
from importer.config.keep import add_settings
from importer.config.tables import MAPS, read_tables
from importer.errors import SettingsError


class KeptMap(NamedTuple):
    """How a table with these columns is read."""

    columns: Sequence[str]
    words: Sequence[str]
    """Those of `--map`: Film=title."""
    scale: str | None = None
    name: str = ""
    """Of `[maps.NAME]`."""


def read_maps(file: Path | None = None, environ: Mapping[str, str] = os.environ) -> list[KeptMap]:
    """Read the maps of the settings file. Raises SettingsError."""
    tables, path, problems = read_tables(environ, file)
    if tables is None:
        raise SettingsError(problems)
    found, wrong = [], []
    for name, table in (tables.get(MAPS) or {}).items():
        kept = _read_map(name, table)
        if kept is None:
            wrong.append(f"[{MAPS}.{name}] of {path} needs columns and map, lists of texts; scale is a text.")
        else:
            found.append(kept)
    if wrong:
        raise SettingsError(wrong)
    return found


def _read_map(name: str, table: object) -> KeptMap | None:
    if not isinstance(table, dict) or set(table) - {"columns", "map", "scale"}:
        return None
    columns, words, scale = table.get("columns"), table.get("map"), table.get("scale")
    if not (_are_texts(columns) and _are_texts(words) and isinstance(scale, str | None)):
        return None
    return KeptMap(tuple(columns or ()), tuple(words or ()), scale, name)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)


def keep_map(kept: KeptMap, file: Path | None = None) -> str:
    """Write a map into the settings file; return its section. Raises SettingsError, StateFileError."""
    path = config_file() if file is None else file
    taken = {each.name for each in read_maps(file)}
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", kept.name).strip("-") or "table"
    names = (stem if number == 1 else f"{stem}-{number}" for number in range(1, len(taken) + 2))
    name = next(each for each in names if each not in taken)
    values: dict[str, str | Sequence[str]] = {"columns": kept.columns, "map": kept.words}
    add_settings(path, f"{MAPS}.{name}", values if kept.scale is None else values | {"scale": kept.scale})
    return f"{MAPS}.{name}"
