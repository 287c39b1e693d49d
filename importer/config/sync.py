"""What all sync jobs share, `[sync]` of the TOML file or variables: who is notified, how many run at once.

An address may contain a password or a token, so it is a secret. Only Apprise knows the services and the form
of their addresses; they are checked where Apprise is used.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from importer.config.sources import Loaded, Section, load_settings
from importer.config.tables import SYNC
from importer.secret import Secret
from importer.setting import Declared, setting

MOST_AT_ONCE = 256

_OCCASIONS = ("failure", "recovery", "always")


def _read_addresses(given: object) -> tuple[Secret, ...]:
    # A variable holds them in one text; no address has a blank in it.
    addresses = given.split() if isinstance(given, str) else given
    if not isinstance(addresses, list) or not all(isinstance(each, str) for each in addresses):
        raise ValueError('{place} must be a list of addresses, such as ["mailto://..."].')
    return tuple(map(Secret, addresses))


def _check_occasion(text: str, _above: Mapping[str, object]) -> Iterator[str]:
    if text not in _OCCASIONS:
        yield "{place} must be failure, recovery or always."


def _read_at_once(given: object) -> int:
    number = int(given) if isinstance(given, str) and given.isdecimal() else given
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= MOST_AT_ONCE:
        raise ValueError(f"{{place}} must be a whole number from 1 to {MOST_AT_ONCE}.")
    return number


@dataclass(frozen=True, slots=True)
class SyncSettings(Declared):
    """The addresses, the runs that are reported to them, and how many jobs run at once.

    The variables are `IMPORTER_SYNC_NOTIFY`, `IMPORTER_SYNC_NOTIFY_ON` and `IMPORTER_SYNC_AT_ONCE`.
    """

    notify: tuple[Secret, ...] = setting((), is_secret=True, read=_read_addresses)
    notify_on: str = setting("failure", check=_check_occasion)
    at_once: int = setting(16, read=_read_at_once)


def load_sync(
    sections: Collection[str], environ: Mapping[str, str] = os.environ, file: Path | None = None
) -> Loaded[SyncSettings]:
    """Load the settings; `sections` are the destinations' sections of the file. Raises SettingsError."""
    return load_settings(Section(SYNC, SyncSettings, sections), {}, environ, file)
