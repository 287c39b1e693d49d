"""Who is told how unattended runs end: `[sync]` of the TOML file or variables.

An address holds what is needed to send in somebody's name, so it is a secret. What services there are and how
their addresses look is known to Apprise, and checked where that is at hand.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from importer.config.sources import SYNC, Section, load_section
from importer.secret import Secret


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """The addresses, and the runs they are told of. `warnings` are for the user to read."""

    addresses: tuple[Secret, ...] = ()
    notify_on: str = "failure"
    warnings: tuple[str, ...] = ()


def load_notify(environ: Mapping[str, str] = os.environ, file: Path | None = None) -> NotifySettings:
    """Gather who is to be told. Raises SettingsError."""
    fields, warnings = load_section(_Sync, {}, environ, file, lambda _: ())
    return NotifySettings(tuple(map(Secret, fields.notify)), fields.notify_on, warnings)


class _Sync(Section):
    """The variables are `IMPORTER_SYNC_NOTIFY` and `IMPORTER_SYNC_NOTIFY_ON`."""

    model_config = SettingsConfigDict(env_prefix="IMPORTER_SYNC_")
    section: ClassVar[str] = SYNC
    flags: ClassVar[tuple[str, ...]] = ()
    secrets: ClassVar[tuple[str, ...]] = ("notify",)

    notify: Annotated[tuple[str, ...], NoDecode] = Field((), repr=False)
    notify_on: Literal["failure", "recovery", "always"] = "failure"

    @field_validator("notify", mode="before")
    @classmethod
    def _read_addresses(cls, value: object) -> object:
        # A variable holds them in one text; no address has a blank in it.
        addresses = value.split() if isinstance(value, str) else value
        if not isinstance(addresses, list) or not all(isinstance(each, str) for each in addresses):
            raise ValueError('{place} must be a list of addresses, such as ["mailto://..."].')
        return addresses
