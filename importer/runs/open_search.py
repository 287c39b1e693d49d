"""From a destination's spec and the settings to its search for titles, and how fast it may be asked."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from importer.client.rate import Rate
from importer.config.folders import state_dir
from importer.destinations.base import Search
from importer.destinations.spec import DestinationSpec
from importer.runs.local_sandbox import embedded_sandbox
from importer.runs.settings import load_spec_settings


@contextmanager
def open_search(
    spec: DestinationSpec,
    flags: Mapping[str, object],
    account: str,
    warn: Callable[[str], None],
) -> Iterator[Search]:
    """Open the search of a destination that has one; start a server where that is called for.

    Raises SettingsError.
    """
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


def recommend_reading(spec: DestinationSpec) -> Rate | None:
    """How fast the destination is best read, unless somebody says otherwise."""
    return None if spec.get_rate is None else Rate(*spec.get_rate)
