"""The formats that are read. A new one is a file in `formats/` and a line in `_MODULES`."""

from types import ModuleType

from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.formats import (
    anilist,
    anime_planet,
    criticker,
    csv,
    douban,
    filmaffinity,
    filmow,
    filmtipset,
    filmweb,
    flixster,
    imdb,
    kinopoisk,
    kinorium,
    kodi,
    letterboxd,
    letterboxd_import,
    listal,
    movielens,
    myanimelist,
    netflix,
    ryot,
    shikimori,
    simkl,
    tmdb,
    trakt_csv,
    trakt_json,
    traktrater,
    tvtime,
    watcharr,
    yamtrack,
)

_MODULES: tuple[ModuleType, ...] = (
    imdb,
    letterboxd,
    letterboxd_import,
    trakt_json,
    trakt_csv,
    traktrater,
    tmdb,
    simkl,
    movielens,
    criticker,
    tvtime,
    netflix,
    kinopoisk,
    kinorium,
    douban,
    filmtipset,
    myanimelist,
    filmweb,
    filmaffinity,
    filmow,
    flixster,
    yamtrack,
    ryot,
    watcharr,
    kodi,
    listal,
    anilist,
    shikimori,
    anime_planet,
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
