"""Who is notified of unattended runs: `[sync]` of the TOML file, or variables.

An address may contain a password or a token, so it is a secret. Only Apprise knows the services and the form
of their addresses; they are checked where Apprise is used.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from importer.config.sources import SYNC, Loaded, Section, load_settings
from importer.secret import Secret
from importer.setting import Places, setting

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


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """The addresses, and the runs that are reported to them.

    The variables are `IMPORTER_SYNC_NOTIFY` and `IMPORTER_SYNC_NOTIFY_ON`.
    """

    notify: tuple[Secret, ...] = setting((), is_secret=True, read=_read_addresses)
    notify_on: str = setting("failure", check=_check_occasion)

    @staticmethod
    def find_missing(places: Places, needs: Collection[str] | None) -> Iterator[str]:
        """Yield nothing: notifications are optional."""
        del places, needs
        return iter(())


def load_notify(
    sections: Collection[str], environ: Mapping[str, str] = os.environ, file: Path | None = None
) -> Loaded[NotifySettings]:
    """Load the settings; `sections` are the destinations' sections of the file. Raises SettingsError."""
    return load_settings(Section(SYNC, NotifySettings, sections), {}, environ, file)
