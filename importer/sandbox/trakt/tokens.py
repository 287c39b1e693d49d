"""Access and refresh tokens: issue, owner, rotation, expiry, revocation.

The store's database holds their hashes, so the data file shows no token.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from importer.sandbox.store import Store

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tokens (
    access_sha256 TEXT PRIMARY KEY, refresh_sha256 TEXT NOT NULL UNIQUE, username TEXT NOT NULL,
    expires_at INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True, repr=False)
class TokenPair:
    """The tokens that a client gets. It has no repr, because both are secret."""

    access_token: str
    refresh_token: str
    created_at: int
    expires_in: int


class Tokens:
    """All tokens of the sandbox. Each is valid for `life_seconds` of this clock."""

    def __init__(self, store: Store, life_seconds: int, clock: Callable[[], float]) -> None:
        self._store = store
        self._life_seconds = life_seconds
        self._clock = clock
        store.database.executescript(_SCHEMA)

    def issue(self, username: str) -> TokenPair:
        """A new pair for this user; earlier pairs stay valid."""
        pair = TokenPair(secrets.token_hex(32), secrets.token_hex(32), int(self._clock()), self._life_seconds)
        self._store.database.execute(
            "INSERT INTO tokens VALUES (?, ?, ?, ?)",
            (
                digest(pair.access_token),
                digest(pair.refresh_token),
                username,
                pair.created_at + pair.expires_in,
            ),
        )
        return pair

    def refresh(self, refresh_token: str) -> TokenPair | None:
        """Exchange the pair of this refresh token for a new one; None if it is unknown, used or revoked.

        A refresh token does not expire and can be used once (#48 of trakt-api). That the old access token
        ends with it is the sandbox's own choice.
        """
        with self._store.changes():
            owner = self._store.database.execute(
                "DELETE FROM tokens WHERE refresh_sha256 = ? RETURNING username", (digest(refresh_token),)
            ).fetchall()
            return self.issue(owner[0][0]) if owner else None

    def user_of(self, access_token: str) -> str | None:
        """The owner of this access token; None if it is unknown, expired or revoked."""
        found = self._store.database.execute(
            "SELECT username, expires_at FROM tokens WHERE access_sha256 = ?", (digest(access_token),)
        ).fetchone()
        return str(found[0]) if found and self._clock() < found[1] else None

    def expire(self, access_token: str) -> None:
        """Expire this access token now; its refresh token stays valid."""
        self._store.database.execute(
            "UPDATE tokens SET expires_at = 0 WHERE access_sha256 = ?", (digest(access_token),)
        )

    def revoke(self, token: str) -> None:
        """End a pair by either of its tokens."""
        self._store.database.execute(
            "DELETE FROM tokens WHERE ? IN (access_sha256, refresh_sha256)", (digest(token),)
        )


def digest(secret: str) -> str:
    """The hash that the database holds. The secrets are random and long, so it needs no salt."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
