"""The settings of title look-ups: `[titles]` of the TOML file.

sources = ["index", "trakt", "tmdb"]      in this order; one that is not set up is passed over
address = "https://datasets.imdbws.com"   where `importer titles update --download` finds IMDb's files
"""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from importer.config.folders import shared_state_dir
from importer.config.sources import Section, load_settings
from importer.config.tables import TITLES
from importer.http import url_problems
from importer.setting import Declared, setting, without_slash

INDEX = "index"
SOURCES = (INDEX, "trakt", "tmdb")
"""What can be asked for titles, in the usual order: the index needs no network."""


def _read_sources(given: object) -> tuple[str, ...]:
    names = given.replace(",", " ").split() if isinstance(given, str) else given
    if not isinstance(names, list) or not names or not all(each in SOURCES for each in names):
        raise ValueError(f"{{place}} must be a list of some of {', '.join(SOURCES)}.")
    return tuple(dict.fromkeys(names))


def _check_address(text: str, _above: Mapping[str, object]) -> Iterator[str]:
    return url_problems(text, in_clear="", section="{section}")


@dataclass(frozen=True, slots=True)
class TitleSettings(Declared):
    """Where titles are looked up.

    The variables are `IMPORTER_TITLES_SOURCES` and `IMPORTER_TITLES_ADDRESS`.
    """

    sources: tuple[str, ...] = setting(SOURCES, read=_read_sources)
    address: str = setting("https://datasets.imdbws.com", check=_check_address, read=without_slash)


def load_title_settings(
    sections: Collection[str], environ: Mapping[str, str] = os.environ, file: Path | None = None
) -> TitleSettings:
    """Load the settings; `sections` are the other sections of the file. Raises SettingsError."""
    return load_settings(Section(TITLES, TitleSettings, sections), {}, environ, file).settings


def index_file() -> Path:
    """Return the path of the index, which need not exist. Raises SettingsError and StateFileError."""
    return shared_state_dir() / TITLES / "index.sqlite3"


def answers_file() -> Path:
    """Return the path of what people answered about doubtful titles. Raises SettingsError."""
    return shared_state_dir() / TITLES / "answers.sqlite3"
