"""Reads a request: its sender, its title, its rating."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

from importer.sandbox.catalogue import Wanted
from importer.sandbox.exchange import Call

LOVE, HATE, UNRATE = 10, 1, 0
"""What `love`, `hate` and `unrate` are stored as. The first two are the sandbox's own choice: how the real
server turns them into numbers is unknown."""

_WORDS = {"love": LOVE, "hate": HATE, "unrate": UNRATE}
_IMDB_ID = re.compile(r"tt\d{7,10}", re.ASCII)
_NUMBER = re.compile(r"\d{1,10}", re.ASCII)


class Credentials:
    """The one valid API key and the one user. The password is kept only as its SHA-1."""

    def __init__(self, api_key: str, username: str, password: str) -> None:
        self.username = username
        self._api_key = api_key.encode()
        # Unsalted, one round, lower-case hex: the protocol's choice (API page rate-movie), not ours.
        sha1 = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest()
        self._password_sha1 = sha1.encode()

    def accept_key(self, api_key: str) -> bool:
        """Whether the last part of the path is the API key."""
        return hmac.compare_digest(api_key.encode(errors="replace"), self._api_key)

    def accept_user(self, username: object, password_sha1: object) -> bool:
        """Whether these two, as sent, are the user and the hash of the password."""
        if not isinstance(username, str) or not isinstance(password_sha1, str):
            return False
        right_hash = hmac.compare_digest(password_sha1.encode(errors="replace"), self._password_sha1)
        return right_hash and username == self.username


def read_user(call: Call, body: Mapping[str, Any]) -> tuple[object, object] | None:
    """User and password hash from the JSON body or else from HTTP Basic; None if neither has them.

    The two ways are interchangeable (API page rate-movie names the body; clients of the time used either).
    """
    if "username" in body or "password" in body:
        return body.get("username"), body.get("password")
    scheme, _, encoded = call.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        username, _, password_sha1 = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return username, password_sha1


def read_wanted(item: Mapping[str, Any]) -> Wanted:
    """The title that an item names. An empty, zero or malformed value counts as not sent."""
    imdb_id = item.get("imdb_id")
    return Wanted(
        imdb_id=imdb_id if isinstance(imdb_id, str) and _IMDB_ID.fullmatch(imdb_id) else None,
        tmdb_id=read_number(item.get("tmdb_id")) or None,
        tvdb_id=read_number(item.get("tvdb_id")) or None,
        title=_read_text(item.get("title")),
        year=read_number(item.get("year")) or None,
    )


def read_number(value: object) -> int | None:
    """A whole number, as a JSON number or as a string of digits: v1 takes and gives both."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return int(value)
    # JSON's true is an int to Python, but no number to anybody else.
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**10:
        return value
    return None


def read_rating(value: object) -> int | None:
    """1 to 10, or 0 to remove; None for anything else.

    `love`, `hate`, `unrate` and the numbers, each as number or string (API pages rate-movie, rate-show,
    rate-episodes).
    """
    if isinstance(value, str) and value in _WORDS:
        return _WORDS[value]
    number = read_number(value)
    return number if number is not None and number <= 10 else None


def _read_text(value: object) -> str | None:
    """A title, if it is one: half a surrogate pair is valid JSON, but no text that SQLite could hold."""
    if not isinstance(value, str) or not value.strip():
        return None
    return value if value.encode(errors="replace").decode() == value else None
