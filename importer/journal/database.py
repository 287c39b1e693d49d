"""The file of a journal: one SQLite database for each account, with its lock and transactions.

Only the owner of the lock writes. Not thread-safe, but it may be passed from thread to thread.
The other modules read and write the tables.

```text
with Journal(folder, "trakt-ada-1f2e3d4c") as journal:    takes the lock, or raises JournalLockedError
    with journal.loading():                               one transaction: all rows of a run, or none
```
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Self

from filelock import FileLock

from importer.errors import JournalLockedError, Remedy, StateFileError
from importer.interrupts import pause
from importer.journal import checksums, upgrades
from importer.journal.checksums import Checksums
from importer.state_files import check_ours, explain_trouble, take_lock, translate_trouble

_LOCK_POLL_SECONDS = 0.1

_INSERTED_AT_ONCE = 60
"""Some builds of SQLite take no more than 999 values in one statement."""


class Database:
    """The database of one account. A context manager that locks the account."""

    connection: sqlite3.Connection
    checksums: Checksums

    def __init__(self, folder: Path, account: str, wait_seconds: float = 0.0) -> None:
        self.path = folder / f"{account}.sqlite3"
        self._lock = FileLock(folder / f"{account}.lock", timeout=0, mode=0o600)
        self._wait_seconds = wait_seconds
        self._holder = folder / f"{account}.holder.json"

    def __enter__(self) -> Self:
        """Take the lock and open the file. Raises JournalLockedError, StateFileError, StopRunError."""
        try:
            with translate_trouble(self.path, "use the journal"):
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._check_ours()
                self._acquire()
                self._sign()
                self.connection = self._open()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        try:
            # After an error the writing thread may be at work still; the next run closes these blocks.
            if error is None and self.checksums.are_open:
                with suppress(StateFileError), self.transaction():
                    self.checksums.write(open_blocks=0)
        finally:
            self.connection.close()
            with suppress(OSError):
                self._holder.unlink()
            with suppress(OSError):  # the drive is gone; the lock ends with this process
                self._lock.release()
        if isinstance(error, sqlite3.Error):
            raise explain_trouble(error, self.path, "use the journal") from error

    def _check_ours(self) -> None:
        log = self.path.with_name(f"{self.path.name}-wal")
        for path in (self.path.parent, self.path, log, Path(self._lock.lock_file), self._holder):
            check_ours(path, "use the journal")

    def _acquire(self) -> None:
        deadline = time.monotonic() + self._wait_seconds
        while not take_lock(self._lock, "use the journal"):
            if time.monotonic() >= deadline:
                raise JournalLockedError(self._describe_holder())
            pause(_LOCK_POLL_SECONDS)

    def _open(self) -> sqlite3.Connection:
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        try:
            distrust(db)
            version = db.execute("PRAGMA user_version").fetchone()[0]
            _check_version(self.path, version)
            checksums.check_schema(db)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            if version < upgrades.VERSION:
                upgrades.bring_up_to_date(db, version)
            checksums.check_tables(db)
            self.checksums = Checksums(db)
        except BaseException:
            db.close()
            raise
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
            f"another run for this account is in progress ({who}); "
            "wait for it to end, then type the same command"
        )

    @contextmanager
    def transaction(self, *, keep: bool = True) -> Iterator[None]:
        """Commit all of the block or nothing; without `keep` nothing. Raises StateFileError."""
        is_part = self.connection.in_transaction
        if is_part:  # part of a larger transaction, which commits or not
            yield
            return
        assert not self.checksums.are_due, "the journal was written outside of a transaction"
        is_committed = False
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            yield
            if keep:
                self.checksums.write()
            self.connection.execute("COMMIT" if keep else "ROLLBACK")
            is_committed = keep
        except sqlite3.Error as error:
            trouble = explain_trouble(error, self.path, "write the journal")
            trouble.message += (
                ". Nothing more is sent; when it can be written again, type the same command: it continues"
            )
            raise trouble from error
        finally:
            self.checksums.end(is_committed=is_committed)
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")

    def check_runs(self, *numbers: int) -> None:
        """Check the rows of runs that earlier commands wrote. Raises StateFileError if they are damaged."""
        with translate_trouble(self.path, "use the journal"):
            checksums.check_file(self.connection)
            for number in numbers:
                checksums.check_run(self.connection, number)

    def count(self, rows: str, *values: object) -> int:
        """Count `rows`, the SQL after FROM."""
        return int(self.connection.execute(f"SELECT count(*) FROM {rows}", values).fetchone()[0])

    def knows_other_ids(self) -> bool:
        """Whether `known` has other keys than IMDb ids: one title may then have two keys."""
        other = "title_key < 'tt' OR title_key >= 'tu' OR instr(title_key, '/')"
        return bool(self.count(f"(SELECT 1 FROM known WHERE {other} LIMIT 1)"))


def _check_version(path: Path, version: int) -> None:
    if version and version not in upgrades.VERSIONS:
        problem = "cannot use the journal (another version of this program wrote it)"
        raise StateFileError(path, problem, Remedy.MOVE_ASIDE)


def distrust(db: sqlite3.Connection) -> None:
    """Let nothing in the file run code, and let SQLite look closely at what it reads."""
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA cell_size_check = ON")


def insert_rows(db: sqlite3.Connection, insert: str, places: str, rows: Iterable[Sequence[object]]) -> None:
    """Insert rows, many with one statement: each takes two thirds of the time of one by itself."""
    remaining = iter(rows)
    many = f"{insert} VALUES {', '.join([f'({places})'] * _INSERTED_AT_ONCE)}"
    while len(some := [*islice(remaining, _INSERTED_AT_ONCE)]) == _INSERTED_AT_ONCE:
        db.execute(many, [*chain.from_iterable(some)])
    # Not with one statement: the connection would remember one for each number of rows, 5 MiB in all.
    db.executemany(f"{insert} VALUES ({places})", some)
