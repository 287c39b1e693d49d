"""The list of all destinations. A new one is a folder beside these and a line here."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from importer.destinations.mdblist.spec import MDBLIST
from importer.destinations.sandbox import SANDBOX, SANDBOX_MDBLIST, SANDBOX_SIMKL, SANDBOX_TMDB, SANDBOX_V2
from importer.destinations.simkl.spec import SIMKL
from importer.destinations.spec import DestinationSpec
from importer.destinations.tmdb.spec import TMDB
from importer.destinations.trakt.spec import TRAKT
from importer.destinations.trakt_v1.spec import TRAKT_V1
from importer.destinations.upload_files.imdb_csv import IMDB_FILE
from importer.destinations.upload_files.letterboxd_csv import LETTERBOXD_FILE
from importer.destinations.upload_files.plain_csv import CSV_FILE
from importer.destinations.upload_files.trakt_csv import TRAKT_FILE
from importer.errors import CommandError
from importer.text import clean, did_you_mean

_SPECS = [
    *(TRAKT, SIMKL, MDBLIST, TMDB, TRAKT_V1),
    *(SANDBOX_V2, SANDBOX, SANDBOX_SIMKL, SANDBOX_MDBLIST, SANDBOX_TMDB),
    *(TRAKT_FILE, LETTERBOXD_FILE, IMDB_FILE, CSV_FILE),
]

DEFAULT = TRAKT.name
"""The destination without `--to`."""


def list_specs() -> tuple[DestinationSpec, ...]:
    """Return all destinations; one with several `--api` is listed once for each."""
    return tuple(_SPECS)


def list_words() -> list[str]:
    """Return the words that `--to` accepts."""
    return list(dict.fromkeys(spec.word for spec in _SPECS))


def list_sources() -> list[str]:
    """Return the words of destinations whose ratings can be the source of a run."""
    return list(dict.fromkeys(spec.word for spec in _SPECS if spec.reads))


def find_source(word: str) -> DestinationSpec:
    """Return the destination whose ratings are read. Raises UsageError."""
    check_word(word, list_sources())
    return next(spec for spec in _SPECS if spec.word == word and spec.reads)


def list_sign_ins() -> list[str]:
    """Return the destinations that `importer login` signs in to."""
    return [spec.name for spec in _SPECS if spec.has_login]


def list_sections() -> list[str]:
    """Return the sections of the settings file that services have."""
    return [spec.name for spec in _SPECS if spec.has_accounts]


def list_descriptions() -> list[Mapping[str, str]]:
    """Return the description of each word of `--to`, by heading."""
    return [choose(word).texts for word in list_words()]


def find(name: str) -> DestinationSpec | None:
    """Find a destination by its name in plans and journals."""
    return next((spec for spec in _SPECS if spec.name == name), None)


def find_title(name: str) -> str:
    """Return how a destination of a journal is called on pages: `MDBList` for mdblist."""
    spec = find(name)
    return clean((spec.title if spec else "") or name, 80)


def choose(word: str, api: str | None = None) -> DestinationSpec:
    """Return the destination of a `--to` and, if given, an `--api`; else the first. Raises UsageError."""
    check_word(word, list_words())
    found = [spec for spec in _SPECS if spec.word == word]
    return next((spec for spec in found if spec.api == api), found[0])


def check_word(word: str, known: Collection[str]) -> str:
    """Return the word if it is one of `known`. Raises UsageError."""
    if word not in known:
        raise CommandError(f"{word!r} is no destination here{did_you_mean(word, known)}")
    return word


def find_searcher(name: str) -> DestinationSpec | None:
    """Find the destination that looks up titles for this one."""
    spec = find(name)
    return find(spec.search_at) if spec is not None and spec.build_search is None else spec


def is_file(name: str) -> bool:
    """Whether this name, from a plan or a journal, is that of a file to upload."""
    spec = find(name)
    return spec is not None and spec.is_file


def is_uploaded(name: str) -> bool:
    """Whether this name is that of a file which is for a site."""
    spec = find(name)
    return spec is not None and spec.file is not None and spec.file.is_uploaded


@contextmanager
def registered(spec: DestinationSpec) -> Iterator[None]:
    """Register one more destination while the block runs, for tests."""
    _SPECS.append(spec)
    try:
        yield
    finally:
        _SPECS.remove(spec)
