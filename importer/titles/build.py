"""Builds the title index from IMDb's files: whole, or not at all.

    1. basics     11 million lines: 2.7 million titles, and the ids of the episodes
    2. ratings    their votes
    3. akas       50 million lines, of which the names of those titles are kept
    4. episode    the show, season and number of every episode
    5. titles and names are merged in the order of the ids, and go into their tables
    6. hashes and words are sorted, and go into theirs

Everything waits in a file beside the index, `stage`, so that memory does not grow with the files. SQLite
sorts on the disk. The names of episodes are left out: they are four fifths of all names, and an export that
has an episode by name has its show and number or its own id.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from hashlib import blake2b
from importlib.resources import files
from itertools import islice
from pathlib import Path

from filelock import FileLock

from importer.errors import Remedy, StateFileError
from importer.files import make_private_folder
from importer.progress import Phase, Progress
from importer.readers.cells.kinds import IMDB_TYPES
from importer.state_files import take_lock, translate_trouble
from importer.titles.imdb_files import MISSING, DataFile, Files, IdSet, Lines, parse_id, parse_number
from importer.titles.spelling import spellings
from importer.titles.words import SHORTEST, halves

FORM = 2
"""The version of the index's tables."""

_CACHE_KIB = 64_000
_STEP = 10_000
"""Rows in one call of `executemany`."""

_LONGEST_WORD = 40
_EPISODE = b"tvEpisode"

_STAGE = """
CREATE TABLE stage.basic (id INTEGER PRIMARY KEY, type INTEGER, year INTEGER, title TEXT, original TEXT);
CREATE TABLE stage.vote (id INTEGER PRIMARY KEY, votes INTEGER);
CREATE TABLE stage.aka (id INTEGER, form TEXT);
CREATE TABLE stage.name (hash INTEGER, year INTEGER, title INTEGER);
"""


def hash_name(form: str) -> int:
    """Return the number by which the normal form of a name is found."""
    digest = blake2b(form.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def kind_word(word: str) -> str:
    """Return a type of title as the table of kinds spells it: `tvminiseries`."""
    return word.lower()


def build_index(
    found: Files,
    path: Path,
    progress: Progress,
    *,
    facts: dict[str, str] | None = None,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Build the index of these files at `path`, which is replaced only by a whole one.

    `facts` are kept in it; `check` is called now and then, and ends the work by raising. Raises
    UnreadableFileError and StateFileError.
    """
    make_private_folder(path.parent)
    lock = FileLock(path.with_name(f"{path.name}.lock"), timeout=0)
    if not take_lock(lock, "build the title index"):
        raise StateFileError(path, "another command builds it at this moment", Remedy.END_OTHER)
    with lock, translate_trouble(path, "build the title index"):
        for rest in path.parent.glob(f"{path.name}.*.part"):  # of a command that was killed
            shutil.rmtree(rest, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=f"{path.name}.", suffix=".part", dir=path.parent) as folder:
            draft = Path(folder) / "index"
            with closing(_open(draft, Path(folder) / "stage")) as db:
                _Build(db, progress, check).build(found, facts or {})
            with draft.open("rb+") as stream:
                os.fsync(stream.fileno())
            draft.replace(path)


def _open(draft: Path, stage: Path) -> sqlite3.Connection:
    os.close(os.open(draft, os.O_CREAT | os.O_RDWR, 0o600))
    db = sqlite3.connect(draft, isolation_level=None)
    db.execute("ATTACH ? AS stage", (str(stage),))
    for schema in ("main", "stage"):
        db.execute(f"PRAGMA {schema}.journal_mode = OFF")  # a draft needs no way back
        db.execute(f"PRAGMA {schema}.synchronous = OFF")
        db.execute(f"PRAGMA {schema}.cache_size = -{_CACHE_KIB}")
    db.executescript(files("importer.titles").joinpath("schema.sql").read_text("utf-8"))
    db.executescript(_STAGE)
    return db


class _Build:
    """One index being built."""

    def __init__(self, db: sqlite3.Connection, progress: Progress, check: Callable[[], None]) -> None:
        self._db = db
        self._progress = progress
        self._check = check
        self._types: dict[bytes, int] = {}
        self._named = IdSet()
        """The titles whose names are wanted."""
        self._bytes = 0

    def build(self, found: Files, facts: dict[str, str]) -> None:
        self._progress.phase = Phase.BUILDING
        self._progress.to_send = max(_megabytes(sum(path.stat().st_size for path in found.values())), 1)
        self._db.execute("BEGIN")
        self._insert("INSERT OR REPLACE INTO stage.basic VALUES (?, ?, ?, ?, ?)", self._basics(found))
        if DataFile.RATINGS in found:
            self._insert("INSERT OR REPLACE INTO stage.vote VALUES (?, ?)", self._votes(found))
        if DataFile.AKAS in found:
            self._insert("INSERT INTO stage.aka VALUES (?, ?)", self._akas(found))
        if DataFile.EPISODE in found:
            self._insert("INSERT OR REPLACE INTO episode VALUES (?, ?, ?, ?)", self._episodes(found))
        self._db.execute("COMMIT")
        self._merge(has_votes=DataFile.RATINGS in found)
        self._sort()
        self._describe(found, facts)

    def _insert(self, statement: str, rows: Iterator[tuple[object, ...]]) -> None:
        while block := list(islice(rows, _STEP)):
            self._db.executemany(statement, block)
            self._check()

    def _lines(self, found: Files, kind: DataFile) -> Lines:
        return Lines(kind, found[kind], self._report)

    def _report(self, read: int) -> None:
        self._bytes += read
        self._progress.done = min(_megabytes(self._bytes), self._progress.to_send or 0)

    def _basics(self, found: Files) -> Iterator[tuple[object, ...]]:
        lines = self._lines(found, DataFile.BASICS)
        has_episodes = DataFile.EPISODE in found
        lonely: list[tuple[int]] = []
        for cells in lines:
            number = parse_id(cells[lines.places[0]])
            word = cells[lines.places[1]]
            if number is None:
                continue
            if word == _EPISODE:
                if not has_episodes:  # its show and number are not known then, but that it is an episode
                    lonely.append((number,))
                    if len(lonely) == _STEP:
                        self._db.executemany("INSERT OR IGNORE INTO episode (id) VALUES (?)", lonely)
                        lonely.clear()
                continue
            if kind_word(word.decode()) in IMDB_TYPES:
                self._named.add(number)
            title, original = cells[lines.places[2]], cells[lines.places[3]]
            yield (
                number,
                self._types.setdefault(word, len(self._types)),
                parse_number(cells[lines.places[4]]),
                title.decode("utf-8", "replace"),
                None if original in {title, MISSING} else original.decode("utf-8", "replace"),
            )
        self._db.executemany("INSERT OR IGNORE INTO episode (id) VALUES (?)", lonely)

    def _votes(self, found: Files) -> Iterator[tuple[object, ...]]:
        lines = self._lines(found, DataFile.RATINGS)
        for cells in lines:
            number = parse_id(cells[lines.places[0]])
            if number is not None and number in self._named:
                yield number, parse_number(cells[lines.places[1]])

    def _akas(self, found: Files) -> Iterator[tuple[object, ...]]:
        lines = self._lines(found, DataFile.AKAS)
        last: tuple[int, bytes] | None = None
        for cells in lines:
            number = parse_id(cells[lines.places[0]])
            if number is None or number not in self._named:
                continue
            name = cells[lines.places[1]]
            if (number, name) == last or name == MISSING:  # the same name in several countries
                continue
            last = number, name
            for form in spellings(name.decode("utf-8", "replace")):
                yield number, form

    def _episodes(self, found: Files) -> Iterator[tuple[object, ...]]:
        lines = self._lines(found, DataFile.EPISODE)
        for cells in lines:
            number = parse_id(cells[lines.places[0]])
            if number is not None:
                season, episode = cells[lines.places[2]], cells[lines.places[3]]
                yield number, parse_id(cells[lines.places[1]]), parse_number(season), parse_number(episode)

    def _merge(self, *, has_votes: bool) -> None:
        """Put each title together with its votes and its names."""
        progress = self._progress
        progress.phase = Phase.INDEXING
        progress.to_send, progress.done = self._count("stage.basic"), 0
        read, write = self._db.cursor(), self._db.cursor()
        basics = read.execute(
            "SELECT id, type, year, votes, title, original FROM stage.basic LEFT JOIN stage.vote USING (id) "
            "ORDER BY id"
        )
        with closing(self._db.cursor()) as second:
            akas = iter(second.execute("SELECT id, form FROM stage.aka ORDER BY id"))
            aka = next(akas, None)
            write.execute("BEGIN")
            while block := basics.fetchmany(_STEP):
                titles, names, near = [], [], []
                for number, type_, year, votes, title, original in block:
                    forms: dict[str, None] = {}
                    if number in self._named:
                        forms.update(dict.fromkeys(spellings(title)))
                        forms.update(dict.fromkeys(spellings(original) if original else ()))
                        while aka is not None and aka[0] <= number:
                            if aka[0] == number:
                                forms[aka[1]] = None
                            aka = next(akas, None)
                        names += [(hash_name(form), year or 0, number) for form in forms]
                        near.append((number, _words_of(forms, year)))
                    counted = (votes or 0) if has_votes else None
                    titles.append((number, type_, year, counted, title, original, "\n".join(forms) or None))
                write.executemany("INSERT INTO title VALUES (?, ?, ?, ?, ?, ?, ?)", titles)
                write.executemany("INSERT INTO stage.name VALUES (?, ?, ?)", names)
                write.executemany("INSERT INTO near (rowid, words) VALUES (?, ?)", near)
                progress.done += len(block)
                self._check()
            write.execute("COMMIT")

    def _sort(self) -> None:
        self._progress.phase = Phase.SORTING
        execute = self._db.execute
        execute("INSERT INTO name SELECT hash, year, title FROM stage.name ORDER BY hash, year, title")
        self._check()
        execute("INSERT INTO near (near) VALUES ('optimize')")
        self._check()
        execute("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, near, row)")
        with closing(self._db.cursor()) as read:
            read.execute(
                "SELECT term, doc FROM temp.vocabulary WHERE length(term) BETWEEN ? AND ?",
                (SHORTEST, _LONGEST_WORD),
            )
            while block := read.fetchmany(_STEP):
                rows = [(word, titles, halves(word)[1]) for word, titles in block]
                self._db.executemany("INSERT INTO word VALUES (?, ?, ?)", rows)
        execute("CREATE INDEX word_by_last_half ON word (last_half)")
        execute("DROP TABLE temp.vocabulary")

    def _describe(self, found: Files, facts: dict[str, str]) -> None:
        types = [(number, word.decode()) for word, number in self._types.items()]
        self._db.executemany("INSERT INTO type VALUES (?, ?)", types)
        made = {
            "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "files": ", ".join(f"{path.name} of {_day_of(path)}" for path in found.values()),
            "titles": str(self._count("title")),
            "names": str(self._count("name")),
            "episodes": str(self._count("episode")),
        }
        self._db.executemany("INSERT INTO made VALUES (?, ?)", (facts | made).items())
        self._db.execute(f"PRAGMA main.user_version = {FORM}")

    def _count(self, table: str) -> int:
        number: int = self._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return number


def _words_of(forms: dict[str, None], year: int | None) -> str:
    words = dict.fromkeys(word for form in forms for word in form.split())
    return " ".join([*words, *(() if year is None else (f"{year}y",))])


def _megabytes(size: int) -> int:
    return size // 1_000_000


def _day_of(path: Path) -> str:
    with suppress(OSError):
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat()
    return "an unknown day"
