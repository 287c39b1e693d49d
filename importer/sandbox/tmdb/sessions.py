"""Request tokens and sessions: the data file has only digests of them.

GET  /authentication/token/new      a request token, valid for an hour
POST /authenticate/{request_token}  a person approves it
POST /authentication/session/new    a session, once
"""

import hashlib
import secrets
from collections.abc import Callable

from importer.sandbox.store import Store

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tmdb_request_tokens (
    digest TEXT PRIMARY KEY, good_until REAL NOT NULL, approved INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tmdb_sessions (digest TEXT PRIMARY KEY) WITHOUT ROWID;
"""


class Sessions:
    """The sessions of the one account; `first` is one that is there from the start."""

    def __init__(self, store: Store, first: str, clock: Callable[[], float]) -> None:
        self._db = store.database
        self._clock = clock
        self._db.executescript(_SCHEMA)
        self._db.execute("INSERT OR IGNORE INTO tmdb_sessions VALUES (?)", (_digest(first),))

    def new_request_token(self, seconds: float, *, is_approved: bool) -> tuple[str, float]:
        """A request token, and when it expires."""
        token, good_until = secrets.token_hex(20), self._clock() + seconds
        self._db.execute(
            "INSERT INTO tmdb_request_tokens VALUES (?, ?, ?)", (_digest(token), good_until, is_approved)
        )
        return token, good_until

    def approve(self, request_token: str) -> bool:
        """A person says yes; False for a token that is unknown or has expired."""
        found = self._db.execute(
            "UPDATE tmdb_request_tokens SET approved = 1 WHERE digest = ? AND good_until > ?",
            (_digest(request_token), self._clock()),
        )
        return found.rowcount > 0

    def open(self, request_token: str) -> tuple[str, int]:
        """A session, and 0; or why there is none, as a `status_code`: 33 not valid, 17 not approved."""
        found = self._db.execute(
            "SELECT approved FROM tmdb_request_tokens WHERE digest = ? AND good_until > ?",
            (_digest(request_token), self._clock()),
        ).fetchone()
        if found is None:
            return "", 33
        if not found[0]:
            return "", 17
        self._db.execute("DELETE FROM tmdb_request_tokens WHERE digest = ?", (_digest(request_token),))
        session = secrets.token_hex(20)
        self._db.execute("INSERT INTO tmdb_sessions VALUES (?)", (_digest(session),))
        return session, 0

    def knows(self, session: str) -> bool:
        """Whether there is such a session."""
        found = self._db.execute("SELECT 1 FROM tmdb_sessions WHERE digest = ?", (_digest(session),))
        return found.fetchone() is not None

    def end(self, session: str) -> bool:
        """End it; False if there was none."""
        found = self._db.execute("DELETE FROM tmdb_sessions WHERE digest = ?", (_digest(session),))
        return found.rowcount > 0


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
