"""Who is told how unattended runs end: `[sync]` of the TOML file or variables.

An address holds what is needed to send in somebody's name, so it is a secret. What services there are and how
their addresses look is known to Apprise, and checked where that is at hand.
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
    """The addresses, and the runs they are told of.

    The variables are `IMPORTER_SYNC_NOTIFY` and `IMPORTER_SYNC_NOTIFY_ON`.
    """

    notify: tuple[Secret, ...] = setting((), is_secret=True, read=_read_addresses)
    notify_on: str = setting("failure", check=_check_occasion)

    @staticmethod
    def find_missing(places: Places, needs: Collection[str] | None) -> Iterator[str]:
        """Nobody needs to be told."""
        del places, needs
        return iter(())


def load_notify(
    sections: Collection[str], environ: Mapping[str, str] = os.environ, file: Path | None = None
) -> Loaded[NotifySettings]:
    """Gather who is to be told; `sections` are the destinations' in the file. Raises SettingsError."""
    return load_settings(Section(SYNC, NotifySettings, sections), {}, environ, file)
