"""The settings of `trakt`, today's API: the hosts, the registered app, and for containers the tokens."""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ClassVar

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from importer.config.sources import Section, Sources, Text, load_section
from importer.http import url_problems
from importer.secret import Secret

APP_KEYS = ("client_id", "client_secret")
"""What identifies the app that a Trakt user has registered."""

_NO_SECRET = Secret("")


@dataclass(frozen=True, slots=True)
class TraktSettings:
    """How to reach Trakt, and as which app. `warnings` are for the user to read.

    `client_id` and `client_secret` are empty where the command does not need them and nobody gave them.
    The token pair is what a container gets from outside; people sign in with `importer login trakt`.
    """

    base_url: str
    auth_url: str
    client_id: str = field(default="", repr=False)
    client_secret: Secret = _NO_SECRET
    access_token: Secret | None = None
    refresh_token: Secret | None = None
    insecure_http: bool = False
    warnings: tuple[str, ...] = ()
    account: str = ""
    """The name of its `[accounts.NAME]`, if it has one."""


def load_trakt(
    flags: Mapping[str, object],
    *,
    environ: Mapping[str, str] = os.environ,
    file: Path | None = None,
    needs: Collection[str] = APP_KEYS,
    account: str = "",
) -> TraktSettings:
    """Gather the settings of `trakt`; `flags` may hold `base_url`, `auth_url` and `insecure_http`.

    `needs` are the keys that must be given: a command that asks for them needs none of them here. With an
    `account` they come from `[accounts.NAME]` and its variables.
    Blank variables and flags that are None or False count as not given. Raises SettingsError.
    """
    fields, warnings = load_section(_Trakt, flags, environ, file, partial(_missing, needs), account)
    return TraktSettings(
        base_url=fields.base_url,
        auth_url=fields.auth_url,
        client_id=fields.client_id,
        client_secret=Secret(fields.client_secret),
        access_token=Secret(fields.access_token) if fields.access_token else None,
        refresh_token=Secret(fields.refresh_token) if fields.refresh_token else None,
        insecure_http=fields.insecure_http,
        warnings=warnings,
        account=account,
    )


class _Trakt(Section):
    model_config = SettingsConfigDict(env_prefix="IMPORTER_TRAKT_")
    section: ClassVar[str] = "trakt"
    flags: ClassVar[tuple[str, ...]] = ("base_url", "auth_url", "insecure_http")
    secrets: ClassVar[tuple[str, ...]] = ("client_secret", "access_token", "refresh_token")

    base_url: Text = "https://api.trakt.tv"
    # Since July 2026 the contracts name a host of its own for OAuth; the API's host still answers as well.
    auth_url: Text = "https://auth.trakt.tv"
    client_id: Text = Field("", repr=False)
    client_secret: Text = Field("", repr=False)
    access_token: Text = Field("", repr=False)
    refresh_token: Text = Field("", repr=False)

    @field_validator("base_url", "auth_url")
    @classmethod
    def _check_url(cls, value: str, info: ValidationInfo) -> str:
        in_clear = "" if info.data.get("insecure_http", True) else "your tokens"
        problems = list(url_problems(value, in_clear=in_clear, section=cls.section))
        if problems:
            raise ValueError("\n".join(problems))
        return value.rstrip("/")

    @field_validator("client_id", "client_secret", "access_token", "refresh_token")
    @classmethod
    def _check_word(cls, value: str) -> str:
        # These travel in headers, where a line break would begin another header.
        if not value.isascii() or not value.isprintable() or " " in value:
            raise ValueError(
                "{place} must be one word without blanks, accents or line breaks; copy it again."
            )
        return value


_HOW = {
    "client_id": " An app's page on Trakt (Settings, API apps) shows both keys; VIP members can make one. "
    "Without an app, `importer run FILE --to trakt-file` writes a file for the importer on Trakt's own site.",
    "client_secret": "",
}


def _missing(needs: Collection[str], sources: Sources) -> Iterator[str]:
    for key, name in (("client_id", "client id"), ("client_secret", "client secret")):
        if key in needs and not sources.place(key):
            yield f"The {name} of your Trakt app is missing: set {sources.choices(key)}.{_HOW[key]}"
    if sources.place("refresh_token") and not sources.place("access_token"):
        yield (
            f"{sources.place('refresh_token')} stands alone: set {sources.choices('access_token')} as well, "
            "or remove it and run `importer login trakt`."
        )
