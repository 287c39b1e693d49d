"""The formats that are read. A new one is a file in `formats/` and a line in `_MODULES`."""

from types import ModuleType

from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.formats import (
    criticker,
    csv,
    douban,
    filmaffinity,
    filmtipset,
    filmweb,
    flixster,
    imdb,
    kinopoisk,
    letterboxd,
    letterboxd_import,
    movielens,
    myanimelist,
    netflix,
    simkl,
    tmdb,
    trakt_csv,
    trakt_json,
    tvtime,
    yamtrack,
)

_MODULES: tuple[ModuleType, ...] = (
    imdb,
    letterboxd,
    letterboxd_import,
    trakt_json,
    trakt_csv,
    tmdb,
    simkl,
    movielens,
    criticker,
    tvtime,
    netflix,
    kinopoisk,
    douban,
    filmtipset,
    myanimelist,
    filmweb,
    filmaffinity,
    flixster,
    yamtrack,
    csv,
)
"""In the order of the docs; `csv` comes last, for a table of somebody's own may have any columns."""


def _readers_of(module: ModuleType) -> list[type[TableReader]]:
    """Return the readers that are defined in a module, in their order."""
    return [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, TableReader) and each.__module__ == module.__name__
    ]


READERS: tuple[type[TableReader], ...] = tuple(
    reader for module in _MODULES for reader in _readers_of(module)
)
"""A file is tried against them in this order."""

FORMATS: tuple[FormatNote, ...] = tuple(dict.fromkeys(reader.about for reader in READERS))
"""What `importer formats` and the table in the docs say."""
