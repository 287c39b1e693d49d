"""From the settings to what can be asked for titles, in their order.

[titles] sources = ["index", "trakt", "tmdb"]
index     there is an index             IndexSource
trakt     the destination's search, if it has the settings it needs, or needs none (sandbox)
tmdb      there is a key                OnlineSource
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from importer.client.rate import Rate
from importer.config.folders import state_dir
from importer.destinations.base import Search
from importer.destinations.registry import DEFAULT, find, find_searcher, list_sections
from importer.destinations.spec import DestinationSpec
from importer.destinations.tmdb.search import REQUESTS_PER_SECOND, TmdbSearch
from importer.destinations.tmdb.spec import TMDB
from importer.errors import NoTitleSourceError
from importer.matching.lookups import LookupOptions
from importer.matching.sources import IndexSource, OnlineSource, TitleSource
from importer.runs.local_sandbox import embedded_sandbox
from importer.runs.settings import load_spec_settings
from importer.titles.settings import INDEX, index_file, load_title_settings

TRAKT = "trakt"

_TMDB_WORKERS = 4


@dataclass(frozen=True, slots=True)
class TitleOptions:
    """Where titles are looked up for a destination, and how fast."""

    spec: DestinationSpec
    flags: Mapping[str, object]
    account: str
    warn: Callable[[str], None]
    workers: int | None = None
    rate: Rate | None = None

    @property
    def searcher(self) -> DestinationSpec:
        """The destination whose search is asked."""
        own = self.spec if self.spec.build_search is not None else find_searcher(self.spec.name)
        found = own or find(DEFAULT)
        assert found is not None
        return found


def open_sources(options: TitleOptions) -> list[TitleSource]:
    """Return what can be asked. Raises NoTitleSourceError if there is nothing, and SettingsError."""
    opening = {INDEX: _open_index, TRAKT: _open_own, TMDB.name: _open_tmdb}
    names = load_title_settings(list_sections()).sources
    sources = [source for name in names if (source := opening[name](options)) is not None]
    if not sources:
        raise NoTitleSourceError
    return sources


def _open_index(_: TitleOptions) -> TitleSource | None:
    path = index_file()
    return IndexSource(path) if path.exists() else None


def _open_own(options: TitleOptions) -> TitleSource | None:
    spec = options.searcher
    # The account's flags are those of the destination; another one's search has its own.
    account = options.account if spec.name == options.spec.name else ""
    flags = options.flags if spec.name == options.spec.name else {}
    if spec.local_server is None:
        settings = load_spec_settings(spec, flags, needs=(), account=account).settings
        if not all(getattr(settings, each) for each in spec.search_needs):
            return None
    rate = options.rate or (None if spec.get_rate is None else Rate(*spec.get_rate))
    limits = LookupOptions(options.workers or spec.workers, rate)
    return OnlineSource(spec.word, _open_search(spec, flags, account, options.warn), limits)


def _open_tmdb(options: TitleOptions) -> TitleSource | None:
    loaded = load_spec_settings(TMDB, {}, needs=())
    if not loaded.settings.bearer:
        return None
    for warning in loaded.warnings:
        options.warn(warning)
    rate = options.rate or Rate(REQUESTS_PER_SECOND, 1)
    search = TmdbSearch(loaded.settings.base_url, loaded.settings.bearer)
    return OnlineSource(TMDB.name, nullcontext(search), LookupOptions(options.workers or _TMDB_WORKERS, rate))


@contextmanager
def _open_search(
    spec: DestinationSpec, flags: Mapping[str, object], account: str, warn: Callable[[str], None]
) -> Iterator[Search]:
    """Open the search of a destination; start a server where that is called for. Raises SettingsError."""
    assert spec.build_search is not None
    if spec.local_server is not None:
        with embedded_sandbox(state_dir() / "sandbox.sqlite3") as url:
            # Its port is another one each time, its titles are the same.
            yield spec.build_search(spec.local_server.build_settings(url), spec.word)
        return
    loaded = load_spec_settings(spec, flags, needs=spec.search_needs or None, account=account)
    for warning in loaded.warnings:
        warn(warning)
    yield spec.build_search(loaded.settings, "")
