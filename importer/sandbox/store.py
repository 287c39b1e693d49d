"""The sandbox's memory in SQLite: accounts, ratings, posts to social networks, the request log.

    ratings   (kind, key, username) -> rating 0.5 to 10, rated_at in Unix seconds; all services share them
    requests  time, method, route's label, status, rows

It never holds a password, key, token, body or URL, so the data file can be shown to others. A service may
add tables of its own. All calls are short and synchronous, on the server's one thread.
"""

import json
import os
import sqlite3
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from importer.sandbox.catalogue import Kind, Title

# New tables keep the number; it changes when an older sandbox could not read the file.
_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    username TEXT PRIMARY KEY, rating_mode TEXT NOT NULL, social TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ratings (
    kind TEXT NOT NULL, key TEXT NOT NULL, username TEXT NOT NULL,
    rating INTEGER NOT NULL, rated_at INTEGER NOT NULL, title TEXT NOT NULL,
    PRIMARY KEY (kind, key, username)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ratings_of_user ON ratings (username, rated_at DESC, kind, key, rating);
CREATE TABLE IF NOT EXISTS activities (
    username TEXT NOT NULL, kind TEXT NOT NULL, changed_ms INTEGER NOT NULL,
    PRIMARY KEY (username, kind)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS posts (
    username TEXT NOT NULL, network TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (username, network)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS requests (
    time REAL NOT NULL, arrived REAL NOT NULL, method TEXT NOT NULL,
    path TEXT NOT NULL, status INTEGER NOT NULL, rows INTEGER NOT NULL);
"""
_LOG_LINES_HELD = 256
_LOG_LINES_KEPT = 100_000

NO_ANSWER = 0
"""The status in the request log of a request that never got an answer."""


@dataclass(frozen=True, slots=True)
class Account:
    """One user's settings: `simple` or `advanced` ratings, and the networks that ratings are posted to."""

    username: str
    rating_mode: str = "advanced"
    social: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredRating:
    """One rating of one account. `rated_at` is in Unix seconds."""

    title: Title
    rating: float
    rated_at: int


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One line of the request log. `arrived` is monotonic, for measuring rates; `path` is a route's label."""

    time: float
    arrived: float
    method: str
    path: str
    status: int
    rows: int


class Store:
    """The database: a file, or in memory only when `data` is None.

    A service may keep tables of its own in `database` and write them within `changes()`. Raises ValueError if
    the file is no data file of the sandbox.
    """

    def __init__(self, data: Path | None = None) -> None:
        if data is not None:
            data.parent.mkdir(parents=True, exist_ok=True)
        self._log: list[LoggedRequest] = []
        self._changed: set[tuple[str, Kind]] = set()
        try:
            if data is not None:
                os.close(os.open(data, os.O_CREAT | os.O_RDWR, 0o600))  # private, whatever the umask
            self.database = sqlite3.connect(data or ":memory:", isolation_level=None)
            with ExitStack() as on_error:
                on_error.callback(self.database.close)
                self._prepare()
                on_error.pop_all()
        except (sqlite3.DatabaseError, OSError) as error:
            raise ValueError(f"{data} cannot be used as the sandbox's data file: {error}") from error

    def _prepare(self) -> None:
        found = self.database.execute("PRAGMA user_version").fetchone()[0]
        if found not in {0, _SCHEMA_VERSION}:
            raise sqlite3.DatabaseError(f"its schema is {found}, this sandbox knows {_SCHEMA_VERSION}")
        # WAL with NORMAL keeps every commit through a killed process, and a commit costs some 20 us.
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("PRAGMA synchronous = NORMAL")
        self.database.executescript(_SCHEMA)
        self.database.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        newest = "(SELECT max(rowid) FROM requests)"
        self.database.execute(f"DELETE FROM requests WHERE rowid <= {newest} - {_LOG_LINES_KEPT}")

    def close(self) -> None:
        """Write the rest of the log and close the file."""
        self._write_log()
        self.database.close()

    @contextmanager
    def changes(self) -> Iterator[None]:
        """One commit for all changes of the block; none of them if the block raises."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._write_activities()
        except BaseException:
            self._changed.clear()
            self.database.execute("ROLLBACK")
            raise
        self.database.execute("COMMIT")

    def save_account(self, account: Account) -> None:
        """Create the account or change its settings; its ratings stay."""
        self.database.execute(
            "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?)",
            (account.username, account.rating_mode, ",".join(account.social)),
        )

    def account(self, username: str) -> Account | None:
        """The settings of this user; None if the user is unknown."""
        found = self.database.execute(
            "SELECT rating_mode, social FROM accounts WHERE username = ?", (username,)
        ).fetchone()
        return found and Account(username, found[0], tuple(filter(None, found[1].split(","))))

    def put_rating(self, username: str, title: Title, rating: float, rated_at: int | None = None) -> None:
        """Rate, or replace the rating; without `rated_at` the date is now."""
        at = int(time.time()) if rated_at is None else rated_at
        put = self.database.execute(
            "INSERT INTO ratings VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET rating = excluded.rating, rated_at = excluded.rated_at,"
            " title = excluded.title WHERE (rating, rated_at) != (excluded.rating, excluded.rated_at)",
            (title.kind, title.key, username, rating, at, json.dumps(_to_json(title))),
        )
        self._note_change(username, title.kind, put.rowcount)

    def remove_rating(self, username: str, title: Title) -> bool:
        """Remove the rating; False if there was none."""
        gone = self.database.execute(
            "DELETE FROM ratings WHERE kind = ? AND key = ? AND username = ?",
            (title.kind, title.key, username),
        )
        self._note_change(username, title.kind, gone.rowcount)
        return gone.rowcount > 0

    def _note_change(self, username: str, kind: Kind, rows: int) -> None:
        if rows > 0:
            self._changed.add((username, kind))
        if not self.database.in_transaction:
            self._write_activities()

    def _write_activities(self) -> None:
        """Every commit that changes ratings gets its own moment, also the second in a millisecond."""
        for username in {username for username, _ in self._changed}:
            newest = max(self.activities(username).values(), default=0)
            moment = max(newest + 1, int(time.time() * 1000))
            kinds = [kind for name, kind in self._changed if name == username]
            self.database.executemany(
                "INSERT OR REPLACE INTO activities VALUES (?, ?, ?)",
                [(username, kind, moment) for kind in kinds],
            )
        self._changed.clear()

    def activities(self, username: str) -> dict[str, int]:
        """When this user's ratings of each kind last changed, in Unix milliseconds."""
        return dict(
            self.database.execute("SELECT kind, changed_ms FROM activities WHERE username = ?", (username,))
        )

    def ratings(self, username: str, kind: Kind) -> list[StoredRating]:
        """All ratings of this user for one kind, oldest first."""
        rows = self.database.execute(
            "SELECT title, rating, rated_at FROM ratings WHERE kind = ? AND username = ?"
            " ORDER BY rated_at, key",
            (kind, username),
        )
        return [_read_rating(row) for row in rows]

    def rating(self, username: str, title: Title) -> StoredRating | None:
        """This user's rating of this title; None if there is none."""
        row = self.database.execute(
            "SELECT title, rating, rated_at FROM ratings WHERE kind = ? AND key = ? AND username = ?",
            (title.kind, title.key, username),
        ).fetchone()
        return _read_rating(row) if row else None

    def newest_ratings(
        self,
        username: str,
        kinds: Collection[Kind],
        chosen: Collection[float],
        limit: int = -1,
        skip: int = 0,
    ) -> list[StoredRating]:
        """A page of this user's ratings of these kinds and values, newest first; limit -1 means all."""
        rows = self.database.execute(
            f"SELECT title, rating, rated_at FROM ratings WHERE {_those(kinds, chosen)}"
            " ORDER BY rated_at DESC, kind, key LIMIT ? OFFSET ?",
            (username, *kinds, *chosen, limit, skip),
        )
        return [_read_rating(row) for row in rows]

    def count_all_ratings(self, username: str) -> int:
        """How many ratings this user has."""
        found = self.database.execute("SELECT count(*) FROM ratings WHERE username = ?", (username,))
        return int(found.fetchone()[0])

    def count_ratings(self, username: str, kinds: Collection[Kind], chosen: Collection[float]) -> int:
        """How many ratings of these kinds and values this user has."""
        found = self.database.execute(
            f"SELECT count(*) FROM ratings WHERE {_those(kinds, chosen)}", (username, *kinds, *chosen)
        )
        return int(found.fetchone()[0])

    def votes(self, title: Title) -> list[int]:
        """The ratings of this title by all accounts."""
        rows = self.database.execute(
            "SELECT rating FROM ratings WHERE kind = ? AND key = ?", (title.kind, title.key)
        )
        return [rating for (rating,) in rows]

    def count_post(self, username: str, network: str) -> None:
        """Count a post to a social network."""
        self.database.execute(
            "INSERT INTO posts VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
            (username, network),
        )

    def posts(self, username: str) -> dict[str, int]:
        """The number of posts to each network; a network without posts is absent."""
        return dict(self.database.execute("SELECT network, count FROM posts WHERE username = ?", (username,)))

    def log_request(self, line: LoggedRequest) -> None:
        """Add a line to the request log. Lines are written in groups: a killed server may lose the last."""
        self._log.append(line)
        if len(self._log) >= _LOG_LINES_HELD:
            self._write_log()

    def requests(self, path_prefix: str = "") -> list[LoggedRequest]:
        """The request log in the order of arrival; with a prefix such as `rate/` only those paths."""
        self._write_log()
        rows = self.database.execute(
            "SELECT time, arrived, method, path, status, rows FROM requests ORDER BY arrived"
        )
        lines = [LoggedRequest(*row) for row in rows]
        return [line for line in lines if line.path.startswith(path_prefix)]

    def _write_log(self) -> None:
        lines, self._log = self._log, []
        if lines:
            with self.changes():
                self.database.executemany(
                    "INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?)",
                    [(it.time, it.arrived, it.method, it.path, it.status, it.rows) for it in lines],
                )


def _those(kinds: Collection[Kind], chosen: Collection[float]) -> str:
    """The SQL condition for a user, kinds and rating values, which are its parameters."""

    def marks(values: Collection[object]) -> str:
        return ", ".join("?" * len(values))

    return f"username = ? AND kind IN ({marks(kinds)}) AND rating IN ({marks(chosen)})"


def _read_rating(row: tuple[str, int, int]) -> StoredRating:
    title, rating, rated_at = row
    return StoredRating(_from_json(json.loads(title)), rating, rated_at)


def _to_json(title: Title) -> dict[str, Any]:
    fields = {name: getattr(title, name) for name in Title.__dataclass_fields__}
    return {**fields, "show": title.show and _to_json(title.show)}


def _from_json(fields: dict[str, Any]) -> Title:
    show = fields["show"]
    return Title(**{**fields, "kind": Kind(fields["kind"]), "show": show and _from_json(show)})
