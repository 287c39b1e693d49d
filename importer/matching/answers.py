"""What people answered about doubtful titles, kept for other files in which they stand.

(movie, "Joker", 2019)    tt7286456    asked once, or chosen in a match file
(movie, "joker", 2019)    the same: two spellings of a name are one title
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

import orjson

from importer.destinations.titles import Candidate
from importer.files import make_private_folder
from importer.matching.cache import candidate_of, values_of
from importer.matching.model import TitleQuery
from importer.state_files import translate_trouble
from importer.titles.spelling import normalise


class Answers:
    """The answers, in a file of the state folder. A context manager; its methods raise StateFileError."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        make_private_folder(self._path.parent)
        with self._translate_errors():
            self._db = self._open()
        return self

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None)
        try:
            self._path.chmod(0o600)
            db.execute("CREATE TABLE IF NOT EXISTS answer (title TEXT PRIMARY KEY, chosen BLOB NOT NULL)")
        except BaseException:
            db.close()
            raise
        return db

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def get(self, query: TitleQuery) -> Candidate | None:
        """Return what was answered about a title; None if nothing was."""
        with self._translate_errors(), closing(self._db.cursor()) as cursor:
            row = cursor.execute("SELECT chosen FROM answer WHERE title = ?", (_key_of(query),)).fetchone()
        return None if row is None else candidate_of(orjson.loads(row[0]))

    def put(self, query: TitleQuery, candidate: Candidate) -> None:
        """Keep an answer, in place of an earlier one; the same one leaves the file as it is."""
        if self.get(query) == candidate:
            return
        with self._translate_errors():
            self._db.execute(
                "REPLACE INTO answer VALUES (?, ?)", (_key_of(query), orjson.dumps(values_of(candidate)))
            )

    def forget(self, query: TitleQuery) -> None:
        """Remove the answer about a title, if there is one."""
        with self._translate_errors():
            self._db.execute("DELETE FROM answer WHERE title = ?", (_key_of(query),))

    def forget_all(self) -> int:
        """Remove all answers and return how many there were."""
        with self._translate_errors():
            return self._db.execute("DELETE FROM answer").rowcount

    def count(self) -> int:
        """Return the number of answers."""
        with self._translate_errors():
            number: int = self._db.execute("SELECT count(*) FROM answer").fetchone()[0]
        return number

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        with translate_trouble(self._path, "keep the answers about titles"):
            yield


def _key_of(query: TitleQuery) -> str:
    by_title = query.id is None  # else the title is only for people
    title = normalise(query.title or "") if by_title else ""
    return orjson.dumps((query.kind, title, query.year if by_title else None, query.id)).decode()
