"""The cache of look-ups on disk: hits are kept for long, misses for a shorter time."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Self

import orjson
from filelock import FileLock

from importer.destinations.titles import Candidate, EpisodeOf, Found
from importer.model import MediaKind
from importer.state_files import translate_trouble

DAY_SECONDS = 86_400.0
HITS_KEPT_SECONDS = 90 * DAY_SECONDS
MISSES_KEPT_SECONDS = 7 * DAY_SECONDS
"""A title that is not found today may be added tomorrow."""

_FORM = 2
"""The version of the cache's format; entries of another version are asked for again."""


class LookupCache:
    """The answers of earlier look-ups, in a private file. A context manager."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock

    def __enter__(self) -> Self:
        lock = FileLock(self._path.with_name(f"{self._path.name}.lock"), mode=0o600)
        # Runs side by side may open it at once, and SQLite lets nobody wait who makes a file or its WAL.
        with self._translate_errors():
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))  # a lock would make its folder
        with self._translate_errors(), lock:
            try:
                self._db = self._open()
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:  # damaged; everything in it can be asked for again
                for ending in ("", "-wal", "-shm"):
                    self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
                self._db = self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def get(self, question: str) -> Found | None:
        """Return the titles that were found; None if not cached or too old. Raises StateFileError."""
        with self._translate_errors():
            row = self._db.execute(
                "SELECT found FROM lookup WHERE question = ? AND good_until > ?", (question, self._clock())
            ).fetchone()
        return None if row is None else _load(row[0])

    def put(self, question: str, found: Found) -> None:
        """Store the titles that were found. Raises StateFileError."""
        kept_seconds = HITS_KEPT_SECONDS if found.titles else MISSES_KEPT_SECONDS
        with self._translate_errors():
            self._db.execute(
                "REPLACE INTO lookup VALUES (?, ?, ?)",
                (
                    question,
                    self._clock() + kept_seconds,
                    orjson.dumps((found.is_cut_off, list(map(values_of, found.titles)))),
                ),
            )

    def _open(self) -> sqlite3.Connection:
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        db = sqlite3.connect(self._path, isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            with closing(db.execute("PRAGMA user_version")) as version:
                form = version.fetchone()[0]
            if form != _FORM:
                db.execute("DROP TABLE IF EXISTS lookup")
            db.execute(
                "CREATE TABLE IF NOT EXISTS lookup "
                "(question TEXT PRIMARY KEY, good_until REAL NOT NULL, found BLOB NOT NULL) WITHOUT ROWID"
            )
            db.execute(f"PRAGMA user_version = {_FORM}")
            db.execute("DELETE FROM lookup WHERE good_until <= ?", (self._clock(),))
        except BaseException:
            db.close()
            raise
        return db

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        with translate_trouble(self._path, "keep the answers to look-ups"):
            yield


def _load(kept: Any) -> Found | None:
    try:
        is_cut_off, titles = orjson.loads(kept)
        return Found(tuple(map(candidate_of, titles)), bool(is_cut_off))
    except (ValueError, TypeError):  # damaged, which SQLite does not see: it can be asked for again
        return None


def values_of(candidate: Candidate) -> list[Any]:
    """Return a candidate as values for JSON."""
    return [tuple(value) if isinstance(value, tuple) else value for value in candidate]


def candidate_of(values: Sequence[Any]) -> Candidate:
    """Return a candidate that was kept as JSON, which has none of these types."""
    kept = Candidate(*values)
    return kept._replace(
        kind=kept.kind and MediaKind(kept.kind),
        other_titles=tuple(kept.other_titles),
        place=kept.place and EpisodeOf(*kept.place),
    )
