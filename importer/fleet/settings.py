"""The settings of a fleet: `[fleet]` and `[fleet.defaults]` of the TOML file. All have a default.

```text
[fleet]
depot = "postgresql://fleet@db/fleet"    FleetSettings.depot; empty: the state folder of this machine
lease = "1m"                             FleetSettings.lease_seconds is 60.0
[fleet.defaults]
to = "simkl"                             FleetSettings.defaults["to"]: what an account does not say itself
```

The key that seals sign-ins is no setting of the file: see `sealing.py`.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from importer.client.rate import Rate, parse_rate
from importer.config.sources import Section, load_settings
from importer.config.tables import FLEET
from importer.destinations.registry import list_sections
from importer.errors import OptionError
from importer.http import is_loopback
from importer.secret import Secret
from importer.setting import Places, secret, setting
from importer.sync.config import SyncJob
from importer.sync.keys import read_keys
from importer.text import parse_duration

SHORTEST_LEASE = 5.0
"""Seconds. A lease is extended four times in its length, and counts for three quarters of it."""
MOST_THREADS = 256

OF_ACCOUNTS = frozenset({"source", "from", "account", "from_account", "out", "write_to"})
"""Keys of `[jobs.NAME]` that are one account's, or name a file or a section of one machine."""


def _check_depot(text: str, _above: Mapping[str, Any]) -> Iterator[str]:
    if urlsplit(text).scheme not in {"postgresql", "postgres"}:
        yield "{place} must be an address such as postgresql://fleet@db/fleet; without it, it is a folder."


def _check_scheduler(text: str, _above: Mapping[str, Any]) -> Iterator[str]:
    try:
        address = urlsplit(text)
        host, is_whole = address.hostname or "", bool(address.hostname and address.port)
    except ValueError:
        host, is_whole = "", False
    scheme = text.partition("://")[0]
    if not is_whole or scheme not in {"tls", "tcp"}:
        yield "{place} must be an address such as tls://scheduler:8786."
    elif scheme == "tcp" and not is_loopback(host):
        yield (
            "{place} is tcp:// and not on this machine: whoever reaches such a port can run programs there. "
            "Use tls://."
        )


def _read_number(given: object) -> int:
    text = str(given).strip()
    if isinstance(given, bool) or not text.isdecimal() or not 1 <= int(text) <= MOST_THREADS:
        raise ValueError(f"{{place}} must be a whole number from 1 to {MOST_THREADS}.")
    return int(text)


def _read_rate(given: object) -> Rate:
    try:
        return parse_rate(str(given))
    except OptionError as error:
        raise ValueError(f"{{place}}: {error.without_option}.") from error


def _check_every(text: str, _above: Mapping[str, Any]) -> Iterator[str]:
    try:
        parse_duration(text)
    except ValueError as error:
        yield f"{{place}}: {error}."


def _read_lease(given: object) -> float:
    try:
        seconds = parse_duration(str(given))
    except ValueError as error:
        raise ValueError(f"{{place}}: {error}.") from error
    if seconds < SHORTEST_LEASE:
        raise ValueError(f"{{place}} must be {SHORTEST_LEASE:.0f}s or more.")
    return seconds


def _read_defaults(given: object) -> Mapping[str, object]:
    """Check the keys as those of a sync job are. Raises ValueError with all problems."""
    if not isinstance(given, dict):
        raise ValueError("{place} must be a section: [fleet.defaults] on a line of its own.")  # noqa: TRY004
    of_accounts = [
        f"{key} in {{place}} is each account's own, and no default."
        for key in sorted(OF_ACCOUNTS & given.keys())
    ]
    if "every" in given:
        of_accounts.append("every in {place} is a key of [fleet].")
    _, wrong = read_keys(SyncJob, given)
    problems = [*of_accounts, *(f"{key} in {{place}}{said}" for key, said in wrong)]
    if problems:
        raise ValueError("\n".join(problems))
    return given


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """Where a fleet's state is, who hands its work out, and how much is done at once.

    The variables begin with `IMPORTER_FLEET_`.
    """

    depot: Secret = secret(check=_check_depot)
    """May have a password."""
    scheduler: str = setting("", check=_check_scheduler)
    tls_ca: str = setting("")
    tls_cert: str = setting("")
    tls_key: str = setting("")
    threads: int = setting(32, read=_read_number)
    rate: Rate | None = setting(None, read=_read_rate)
    lease: float = setting(30.0, read=_read_lease)
    every: str = setting("1d", check=_check_every)
    defaults: Mapping[str, object] | None = setting(None, read=_read_defaults)

    @staticmethod
    def find_missing(places: Places, needs: Collection[str] | None) -> Iterator[str]:
        """Yield a problem for TLS files that are missing where they are needed."""
        del needs
        files = ("tls_ca", "tls_cert", "tls_key")
        given = [name for name in files if places.place(name)]
        if given and len(given) < len(files):
            missing = ", ".join(places.choices(name) for name in files if name not in given)
            yield f"{places.place(given[0])} stands alone: set {missing} as well."


def load_fleet(environ: Mapping[str, str] = os.environ, file: Path | None = None) -> FleetSettings:
    """Load the settings. Raises SettingsError."""
    section = Section(FLEET, FleetSettings, list_sections())
    return load_settings(section, {}, environ, file).settings
