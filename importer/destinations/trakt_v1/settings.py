"""The settings of `trakt-v1`, a server that speaks Trakt's original API."""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from importer.config.sources import Section, Sources, Text, load_section
from importer.http import host_of, url_problems
from importer.secret import Secret


@dataclass(frozen=True, slots=True)
class TraktV1Settings:
    """How to reach a server that speaks Trakt's original API. `warnings` are for the user to read."""

    base_url: str
    api_key: Secret
    username: str
    password_sha1: Secret
    insecure_http: bool = False
    warnings: tuple[str, ...] = ()


def load_trakt_v1(
    flags: Mapping[str, object],
    *,
    environ: Mapping[str, str] = os.environ,
    file: Path | None = None,
    account: str = "",
) -> TraktV1Settings:
    """Gather the settings of `trakt-v1`; `flags` may hold `base_url` and `insecure_http`.

    With an `account` they come from `[accounts.NAME]` and its variables.
    Blank variables and flags that are None or False count as not given. Raises SettingsError.
    """
    fields, warnings = load_section(_TraktV1, flags, environ, file, _missing, account)
    return TraktV1Settings(
        base_url=fields.base_url,
        api_key=Secret(fields.api_key),
        username=fields.username,
        password_sha1=Secret(fields.password_sha1 or _sha1(fields.password)),
        insecure_http=fields.insecure_http,
        warnings=warnings,
    )


class _TraktV1(Section):
    model_config = SettingsConfigDict(env_prefix="IMPORTER_TRAKT_V1_")
    section: ClassVar[str] = "trakt-v1"
    flags: ClassVar[tuple[str, ...]] = ("base_url", "insecure_http")
    secrets: ClassVar[tuple[str, ...]] = ("api_key", "password", "password_sha1")

    base_url: Text = ""
    api_key: Text = Field("", repr=False)
    username: Text = ""
    password: str = Field("", repr=False)
    password_sha1: Text = Field("", repr=False)

    @field_validator("base_url")
    @classmethod
    def _check_url(cls, value: str, info: ValidationInfo) -> str:
        host = host_of(value)
        is_retired = f".{host}".endswith(".trakt.tv")
        is_accepted = is_retired or info.data.get("insecure_http", True)
        in_clear = "" if is_accepted else "the API key and the password hash"
        problems = list(url_problems(value, in_clear=in_clear, section=cls.section))
        if is_retired:
            problems.append(
                f"{{place}} names {host}, which no longer speaks Trakt's original (v1) API: your password "
                "hash would be sent for nothing. Name a server that is compatible with that API."
            )
        if problems:
            raise ValueError("\n".join(problems))
        return value.rstrip("/")

    @field_validator("password_sha1")
    @classmethod
    def _check_sha1(cls, value: str, info: ValidationInfo) -> str:
        if not re.fullmatch("[0-9a-fA-F]{40}", value):
            raise ValueError("{place} is no SHA-1: that has 40 hexadecimal digits.")
        password = info.data.get("password")
        if password and _sha1(password) != value.lower():
            raise ValueError("{place} is not the SHA-1 of {password}; keep the right one of the two.")
        return value.lower()


def _missing(sources: Sources) -> Iterator[str]:
    if not sources.place("base_url"):
        yield (
            "No server is named. Trakt has retired its original (v1) API, so name a compatible server: "
            f"set {sources.choices('base_url')}. To try things out, start your own with `importer sandbox`."
        )
    if not sources.place("api_key"):
        yield f"The API key is missing: set {sources.choices('api_key')}."
    if not sources.place("username"):
        yield f"The user name is missing: set {sources.choices('username')}."
    if not sources.place("password") and not sources.place("password_sha1"):
        yield (
            f"The password is missing: set {sources.choices('password')}. "
            "Its SHA-1 does as well, under the name password_sha1."
        )


def _sha1(password: str) -> str:
    # The API asks for SHA-1. A variable need not be UTF-8, and the server hashes bytes.
    return hashlib.sha1(password.encode("utf-8", "surrogateescape")).hexdigest()  # noqa: S324
