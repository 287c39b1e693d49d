"""Tokens and codes of Simkl's auth V2, kept as hashes in the store's database.

A refresh token works for 180 days from its last use and stays the same; each renewal ends the access token
before it.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from importer.sandbox.store import Store

_SCHEMA = """
CREATE TABLE IF NOT EXISTS simkl_tokens (
    refresh_sha256 TEXT PRIMARY KEY, access_sha256 TEXT NOT NULL UNIQUE, username TEXT NOT NULL,
    scope TEXT NOT NULL, expires_at REAL NOT NULL, ends_at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS simkl_codes (
    device_sha256 TEXT PRIMARY KEY, user_sha256 TEXT NOT NULL UNIQUE, scope TEXT NOT NULL,
    state TEXT NOT NULL, expires_at REAL NOT NULL, polled_at REAL NOT NULL) WITHOUT ROWID;
"""
_REFRESH_LIFE_SECONDS = 180 * 86_400
# A poll may be early by the network's jitter.
_FORGIVEN_SECONDS = 0.1


class Owner(NamedTuple):
    """Whose token it is, and what it is good for."""

    username: str
    scope: str


class Tokens:
    """All tokens and codes of Simkl's users."""

    def __init__(self, store: Store, life_seconds: int, clock: Callable[[], float]) -> None:
        self._database = store.database
        self._life_seconds = life_seconds
        self._clock = clock
        self._database.executescript(_SCHEMA)

    def issue(self, username: str, scope: str) -> Mapping[str, Any]:
        """New tokens, in the form of the API."""
        refresh_token = secrets.token_hex(32)
        access_token = self._new_access_token()
        now = self._clock()
        self._database.execute(
            "INSERT INTO simkl_tokens VALUES (?, ?, ?, ?, ?, ?)",
            (
                *(_digest(refresh_token), _digest(access_token), username, scope),
                *(now + self._life_seconds, now + _REFRESH_LIFE_SECONDS),
            ),
        )
        return {**self._describe(access_token, scope), "refresh_token": refresh_token}

    def refresh(self, refresh_token: str) -> Mapping[str, Any] | None:
        """A new access token, without a refresh token; None if that one is unknown, revoked or too old."""
        access_token, now = self._new_access_token(), self._clock()
        changed = self._database.execute(
            "UPDATE simkl_tokens SET access_sha256 = ?, expires_at = ?, ends_at = ?"
            " WHERE refresh_sha256 = ? AND ends_at > ? RETURNING scope",
            (
                *(_digest(access_token), now + self._life_seconds, now + _REFRESH_LIFE_SECONDS),
                *(_digest(refresh_token), now),
            ),
        ).fetchall()
        return self._describe(access_token, changed[0][0]) if changed else None

    def find(self, access_token: str) -> Owner | None:
        """The owner of this access token; None if it is unknown, expired or revoked."""
        row = self._database.execute(
            "SELECT username, scope, expires_at FROM simkl_tokens WHERE access_sha256 = ?",
            (_digest(access_token),),
        ).fetchone()
        return Owner(row[0], row[1]) if row and self._clock() < row[2] else None

    def expire(self, access_token: str) -> None:
        """Expire this access token now; its refresh token stays valid."""
        self._database.execute(
            "UPDATE simkl_tokens SET expires_at = 0 WHERE access_sha256 = ?", (_digest(access_token),)
        )

    def revoke(self, token: str) -> None:
        """End a sign-in by either of its tokens."""
        self._database.execute(
            "DELETE FROM simkl_tokens WHERE ? IN (access_sha256, refresh_sha256)", (_digest(token),)
        )

    def new_code(self, scope: str, life_seconds: int, *, is_approved: bool) -> tuple[str, str]:
        """A device code and a user code, `ABCD-EFGH`."""
        device_code, letters = secrets.token_hex(32), "BCDFGHJKLMNPQRSTVWXZ"
        word = "".join(secrets.choice(letters) for _ in range(8))
        user_code = f"{word[:4]}-{word[4:]}"
        self._database.execute(
            "INSERT INTO simkl_codes VALUES (?, ?, ?, ?, ?, 0)",
            (
                *(_digest(device_code), _digest(user_code), scope),
                *("approved" if is_approved else "pending", self._clock() + life_seconds),
            ),
        )
        return device_code, user_code

    def poll(self, device_code: str, interval_seconds: int) -> tuple[str, str]:
        """The error of a poll, or an empty one and the scope. A code works once."""
        row = self._database.execute(
            "SELECT state, expires_at, polled_at, scope FROM simkl_codes WHERE device_sha256 = ?",
            (_digest(device_code),),
        ).fetchone()
        if row is None or row[0] == "used":
            return "invalid_grant", ""
        now = self._clock()
        if now >= row[1]:
            return "expired_token", ""
        if now - row[2] < interval_seconds - _FORGIVEN_SECONDS:
            return "slow_down", ""
        is_approved = row[0] == "approved"
        self._database.execute(
            "UPDATE simkl_codes SET state = ?, polled_at = ? WHERE device_sha256 = ?",
            ("used" if is_approved else row[0], now, _digest(device_code)),
        )
        return ("", row[3]) if is_approved else ("authorization_pending", "")

    def approve(self, user_code: str) -> bool:
        """A person's yes; False if nobody waits with this code."""
        changed = self._database.execute(
            "UPDATE simkl_codes SET state = 'approved'"
            " WHERE user_sha256 = ? AND state = 'pending' AND expires_at > ?",
            (_digest(user_code), self._clock()),
        )
        return changed.rowcount > 0

    def _new_access_token(self) -> str:
        return f"simkl_at_{secrets.token_hex(24)}"

    def _describe(self, access_token: str, scope: str) -> Mapping[str, Any]:
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": self._life_seconds,
            "scope": scope,
        }


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
