"""The settings of `trakt-v1`, a server that speaks Trakt's original API."""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from importer.errors import Remedy
from importer.http import host_of, url_problems
from importer.secret import Secret
from importer.setting import Places, secret, setting, without_slash


def _check_url(text: str, above: Mapping[str, Any]) -> Iterator[str]:
    host = host_of(text)
    is_retired = f".{host}".endswith(".trakt.tv")
    is_accepted = is_retired or above.get("insecure_http", True)
    in_clear = "" if is_accepted else "the API key and the password hash"
    yield from url_problems(text, in_clear=in_clear, section="{section}")
    if is_retired:
        yield (
            f"{{place}} names {host}, which no longer speaks Trakt's original (v1) API: your password "
            "hash would be sent for nothing. Name a server that is compatible with that API."
        )


def _check_sha1(text: str, above: Mapping[str, Any]) -> Iterator[str]:
    if not re.fullmatch("[0-9a-fA-F]{40}", text):
        yield "{place} is no SHA-1: that has 40 hexadecimal digits."
    elif (password := above.get("password")) and _sha1(password.reveal()) != text.lower():
        yield "{place} is not the SHA-1 of {password}; keep the right one of the two."


@dataclass(frozen=True, slots=True)
class TraktV1Settings:
    """How to reach a server that speaks Trakt's original API."""

    insecure_http: bool = setting(False, is_flag=True)
    base_url: str = setting("", is_flag=True, check=_check_url, read=without_slash)
    api_key: Secret = secret()
    username: str = setting("")
    password: Secret = secret(is_verbatim=True)
    password_sha1: Secret = secret(check=_check_sha1, read=str.lower)

    @property
    def sha1(self) -> str:
        """The SHA-1 that is sent in place of the password."""
        return self.password_sha1.reveal() or _sha1(self.password.reveal())

    @staticmethod
    def find_missing(places: Places, needs: Collection[str] | None) -> Iterator[str]:
        """Yield a problem for each of server, key, name and password that is missing."""
        del needs  # every command needs all of them
        if not places.place("base_url"):
            yield (
                "No server is named. Trakt has retired its original (v1) API, so name a compatible server: "
                f"set {places.choices('base_url')}. "
                f"{Remedy.START_SANDBOX}"
            )
        if not places.place("api_key"):
            yield f"The API key is missing: set {places.choices('api_key')}."
        if not places.place("username"):
            yield f"The user name is missing: set {places.choices('username')}."
        if not places.place("password") and not places.place("password_sha1"):
            yield (
                f"The password is missing: set {places.choices('password')}. "
                "Its SHA-1 does as well, under the name password_sha1."
            )


def _sha1(password: str) -> str:
    # The API asks for SHA-1. A variable need not be UTF-8, and the server hashes bytes.
    return hashlib.sha1(password.encode("utf-8", "surrogateescape")).hexdigest()  # noqa: S324
