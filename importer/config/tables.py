"""The TOML file of settings: its tables, and the sections that it may have."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from importer.config.folders import config_file
from importer.text import did_you_mean

SYNC = "sync"
"""The section of the TOML file that all sync jobs share."""

TITLES = "titles"
"""The section of the TOML file about looking titles up."""

WEB = "web"
"""The section of the TOML file about the page that `importer web` serves."""

FLEET = "fleet"
"""The section of the TOML file about many accounts."""

MAPS = "maps"
"""The table of the TOML file whose sections say how odd tables are read: `[maps.films]`."""

GROUPS = ("accounts", "jobs", MAPS)
"""The tables of the TOML file whose sections have names of the user's own: `[accounts.ada]`."""


def read_tables(
    environ: Mapping[str, str], file: Path | None = None
) -> tuple[dict[str, Any] | None, Path, list[str]]:
    """Return the tables of the TOML file, its path and its problems. A missing file is an empty one.

    A daemon hands a copy to its children, in `IMPORTER_CONFIG_SNAPSHOT`: the file itself may be half edited.
    """
    path = file or config_file(environ)
    snapshot = None if file else environ.get("IMPORTER_CONFIG_SNAPSHOT")
    variable = None if file else environ.get("IMPORTER_CONFIG_FILE")
    try:
        return _parse(Path(snapshot or path).read_text(encoding="utf-8-sig")), path, []
    except FileNotFoundError:
        if not file and not variable:
            return {}, path, []
        problem = f"The settings file {path} does not exist, although it was asked for by name."
        if variable:
            problem = (
                f"IMPORTER_CONFIG_FILE names {path}, which does not exist. Correct the variable, or make the "
                "file, which may be empty; signing in makes it, too."
            )
    except OSError as error:
        problem = f"The settings file {path} cannot be read ({error.strerror})."
    except UnicodeDecodeError:
        problem = f"The settings file {path} is not UTF-8 text."
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits and lists too deep, too
        problem = f"The settings file {path} is not valid TOML: {error}."
    return None, path, [problem]


@lru_cache(maxsize=4)
def _parse(text: str) -> dict[str, Any]:
    """Parse it once: a process may run hundreds of sync jobs, and each reads its account's settings."""
    return tomllib.loads(text)


def find_table(tables: dict[str, Any], section: str) -> dict[str, Any]:
    """Return the table of a section such as `accounts.ada`, an empty one if the file has none."""
    found: Any = tables
    for name in section.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def unknown_sections(file: Path, tables: dict[str, Any], sections: Iterable[str]) -> Iterator[str]:
    """Yield a problem for each top-level name of the file that is not known."""
    known = (*sections, SYNC, TITLES, WEB, FLEET, *GROUPS)
    for name, table in tables.items():
        if name not in known:
            section = f"[{name}]" if isinstance(table, dict) else name
            yield f"{section} in {file} is unknown{did_you_mean(name, known)}"
        elif not isinstance(table, dict):
            yield f"{name} in {file} must be a section: [{name}] on a line of its own."
