"""The file that a journal is kept in: one SQLite database for each account, its lock, its transactions.

Whoever holds the lock is the only one to write. Not thread-safe, but may be handed from thread to thread.
What stands in the file is the journal's business.
"""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from importer.errors import ImporterError, JournalLockedError, StopRunError

_SCHEMA_VERSION = 6

_NEWER_COLUMNS = {
    2: "ALTER TABLE row ADD COLUMN note TEXT;",
    3: "ALTER TABLE run ADD COLUMN compared INTEGER NOT NULL DEFAULT 0;",
    4: "ALTER TABLE run ADD COLUMN program TEXT; ALTER TABLE run ADD COLUMN repeats INTEGER;"
    "ALTER TABLE run ADD COLUMN repeatable INTEGER NOT NULL DEFAULT 0;",
    5: "",
}
"""What the version after each of the older ones has added to its tables."""


class JournalFile:
    """The database of one account. A context manager that holds the account's lock."""

    def __init__(self, folder: Path, account: str, wait_seconds: float = 0.0) -> None:
        self.path = folder / f"{account}.sqlite3"
        self._lock = FileLock(folder / f"{account}.lock", timeout=wait_seconds, mode=0o600)
        self._holder = folder / f"{account}.holder.json"

    def __enter__(self) -> Self:
        """Take the lock and open the file. Raises JournalLockedError, ImporterError if it is no journal."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire()
            self._sign()
            self._db = self._open()
        except Timeout:
            raise JournalLockedError(self._describe_holder()) from None
        except OSError as error:
            self._lock.release()
            raise ImporterError(
                f"{self.path}: cannot use the journal ({error.strerror or error}). "
                "Make its folder writable, or choose another with IMPORTER_STATE_DIR."
            ) from error
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()
        with suppress(OSError):
            self._holder.unlink()
        self._lock.release()

    def _open(self) -> sqlite3.Connection:
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            version = db.execute("PRAGMA user_version").fetchone()[0]
            _check_version(version)
            if version < _SCHEMA_VERSION:
                _bring_up_to_date(db, version)
        except sqlite3.DatabaseError as error:
            db.close()
            raise ImporterError(
                f"{self.path}: cannot use the journal ({error}). Move the file aside to begin a new one; "
                "what earlier runs did is then not known any more."
            ) from error
        return db

    def _sign(self) -> None:
        self._holder.touch(mode=0o600)
        self._holder.write_text(
            json.dumps({"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")})
        )

    def _describe_holder(self) -> str:
        try:
            holder = json.loads(self._holder.read_text())
            who = f"process {int(holder['pid'])}, since {holder['since']}"
        except (OSError, ValueError, KeyError, TypeError):
            who = "another process"
        return (
            f"another run for this account is under way ({who}); "
            "wait for it to end, then type the same command"
        )

    @contextmanager
    def _transaction(self, *, keep: bool = True) -> Iterator[None]:
        is_part = self._db.in_transaction
        if is_part:  # of a greater whole, which is kept or not
            yield
            return
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT" if keep else "ROLLBACK")
        except sqlite3.Error as error:
            raise StopRunError(
                f"{self.path}: cannot write the journal ({error}). Nothing more is sent; "
                "when it can be written again, type the same command: it continues."
            ) from error
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _one(self, query: str, *values: object) -> Any:
        return self._db.execute(query, values).fetchone()[0]


def _check_version(version: int) -> None:
    if version not in {0, *_NEWER_COLUMNS, _SCHEMA_VERSION}:
        raise sqlite3.DatabaseError("another version of this program wrote it")


def _bring_up_to_date(db: sqlite3.Connection, version: int) -> None:
    schema = resources.files("importer.journal").joinpath("schema.sql").read_text("utf-8")
    before = "".join(added for older, added in _NEWER_COLUMNS.items() if 0 < version <= older)
    after = ""
    if version in {2, 3}:
        after = """
            INSERT INTO mark SELECT run, row, row FROM row WHERE sending AND status IS NULL;
            UPDATE run SET compared = number IN (SELECT run FROM row WHERE previous_known);
        """
    if 0 < version <= 5:  # what nobody can tell of had another name
        after += """
            UPDATE row SET status = 'unconfirmed' WHERE status = 'unsure';
            UPDATE row SET reason = 'not_counted' WHERE reason = 'not_confirmed';
            UPDATE tally SET status = 'unconfirmed' WHERE status = 'unsure';
            UPDATE tally SET reason = 'not_counted' WHERE reason = 'not_confirmed';
        """
    # All of it or nothing: a half of it could not be done again.
    db.executescript(
        f"BEGIN IMMEDIATE; {before} {schema} {after} PRAGMA user_version = {_SCHEMA_VERSION}; COMMIT"
    )
