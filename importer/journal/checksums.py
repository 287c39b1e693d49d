"""Checksums over all that a journal holds: damage is noticed before anything is told or sent from it.

Each block of a run's rows, with their claims and own dates, has a checksum, and so has each small table and
the schema. A checksum is written in the transaction that changes its part, so a crash leaves both or neither.

    run  part       crc
    0    'known'    2817...      the whole table
    0    'schema'   911...
    12   0          4093...      rows 1 to 255 of run 12
    12   1          NULL         rows 256 to 511, which are being sent: written once others are, or at the end

A trigger of the connection, not of the file, notes each part that a statement changes:

    sums = Checksums(db)         # from now on
    db.execute("UPDATE row SET status = 'rated' WHERE run = 12 AND row = 300")
    sums.write()                 # before COMMIT: the checksum of (12, 1) is NULL
    sums.write(open_blocks=0)    # and now it is written

    check_run(db, 12)            # raises DamageError: rows 256 to 511 of run 12 are not as they were written
"""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache
from importlib import resources

from importer.state_files import DamageError

BLOCK = 256
"""Larger blocks are read again more often while rows are sent, smaller ones need more checksums."""

OPEN_BLOCKS = 8
"""So many blocks may be without a checksum: one that is being sent would else be read again and again."""

_RUN = 2**32

_IN_BLOCKS = {"row": "row", "claim": "first_row", "own_date": "row"}
"""The tables of a run's rows, each with the column that says in which block."""

TOLD = "run", "tally"
"""The tables of which past runs are told."""

SHARED = (*TOLD, "known", "doubted", "unlisted")
"""The tables that have one checksum each."""

_SCHEMA = "schema"

FIRST_VERSION = 10
"""The first version of the journal that has checksums."""

_EARLIER_NAMES = frozenset({("table", "held"), ("table", "mark"), ("view", "marked")})
"""Tables and views that only earlier versions had."""


@cache
def read_schema() -> str:
    """Return `schema.sql`."""
    return resources.files("importer.journal").joinpath("schema.sql").read_text("utf-8")


class Checksums:
    """The checksums of a connection that writes."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._touched: set[int | str] = set()
        """Tables, and blocks as run * _RUN + block: a method of a set is called faster than a function."""
        unwritten = "SELECT run * ? + part FROM checksum WHERE crc IS NULL"  # a crash left them so
        self._open = dict.fromkeys(block for (block,) in db.execute(unwritten, (_RUN,)))
        self._open_before = self._open
        db.create_function("touch", 1, self._touched.add)
        parts = {table: f"{{0}}.run * {_RUN} + {{0}}.{row} / {BLOCK}" for table, row in _IN_BLOCKS.items()}
        parts |= {table: f"'{table}'" for table in SHARED}
        for table, part in parts.items():
            for event, values in (("INSERT", "new"), ("UPDATE", "new"), ("DELETE", "old")):
                db.execute(
                    f"CREATE TEMP TRIGGER {table}_{event} AFTER {event} ON main.{table}"
                    f" BEGIN SELECT touch({part.format(values)}); END"
                )

    @property
    def are_open(self) -> bool:
        """Whether there are blocks without a checksum."""
        return bool(self._open)

    def write(self, open_blocks: int = OPEN_BLOCKS) -> None:
        """Write the checksums of all that was changed, except the blocks that were changed last."""
        self._open_before = dict(self._open)
        for part in sorted(self._touched, key=str):
            if isinstance(part, str):
                _write(self._db, 0, part)
            elif part in self._open:
                self._open[part] = self._open.pop(part)  # the last one now
            else:
                self._open[part] = None
                place = divmod(part, _RUN)
                self._db.execute("INSERT OR REPLACE INTO checksum VALUES (?, ?, NULL)", place)
        for block in [*self._open][: max(len(self._open) - open_blocks, 0)]:
            del self._open[block]
            _write(self._db, *divmod(block, _RUN))

    def end(self, *, is_committed: bool) -> None:
        """Go on after a transaction that was committed or not."""
        self._touched.clear()
        if not is_committed:
            self._open = self._open_before
        self._open_before = self._open


def write_all(db: sqlite3.Connection) -> None:
    """Write all checksums of a journal that has none."""
    for part in (_SCHEMA, *SHARED):
        _write(db, 0, part)
    runs = " UNION ".join(f"SELECT run FROM {table}" for table in _IN_BLOCKS)
    for (run,) in db.execute(runs).fetchall():
        for block in sorted({*_list_blocks(db, run)}):
            _write(db, run, block)


def write_schema(db: sqlite3.Connection) -> None:
    """Write the checksum of the schema, after tables were added."""
    _write(db, 0, _SCHEMA)


def check_schema(db: sqlite3.Connection) -> bool:
    """Check that the tables and views are those of a journal; False if there are none yet.

    Raises DamageError.
    """
    found = db.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if not found and not version:
        return False  # made a moment ago, or by a run that crashed at once
    names = _list_names(version)
    for kind, name, sql in found:
        # A table that another program's code reads is a virtual one: it has another beginning.
        is_ours = (kind, name) in names and str(sql).startswith(f"CREATE {kind.upper()} ")
        if not is_ours and (kind, sql) != ("index", None):  # the indexes of a table's own keys have no text
            raise DamageError(f"it has a {kind}, {name!r}, that is not the importer's")
    if version >= FIRST_VERSION:
        _check(db, 0, [_SCHEMA])
    elif not version or ("table", "checksum") in {(kind, name) for kind, name, _ in found}:
        raise DamageError("its version is not as it was written")
    return True


def check_tables(db: sqlite3.Connection, tables: Iterable[str] = SHARED) -> None:
    """Check whole tables. Journals of earlier versions pass. Raises DamageError."""
    if _has_checksums(db):
        _check(db, 0, tables)


def check_run(db: sqlite3.Connection, number: int) -> None:
    """Check the rows and claims of one run. Journals of earlier versions pass. Raises DamageError."""
    if not _has_checksums(db):
        return
    written = {part for (part,) in db.execute("SELECT part FROM checksum WHERE run = ?", (number,))}
    _check(db, number, sorted({*written, *_list_blocks(db, number)}, key=int))


def check_file(db: sqlite3.Connection) -> None:
    """Let SQLite check the structure of the file. Raises DamageError."""
    for (told,) in db.execute("PRAGMA quick_check(1)").fetchall():
        if told != "ok":
            raise DamageError(" ".join(str(told).split()))


def _list_names(version: int) -> frozenset[tuple[str, str]]:
    _, names = _read_model()
    return names | _EARLIER_NAMES if version < FIRST_VERSION else names


def _has_checksums(db: sqlite3.Connection) -> bool:
    return int(db.execute("PRAGMA user_version").fetchone()[0]) >= FIRST_VERSION


def _list_blocks(db: sqlite3.Connection, run: int) -> Iterator[int]:
    """Go from block to block, since to look at each row takes a tenth of the whole check."""
    for table, row in _IN_BLOCKS.items():
        first = f"SELECT min({row}) / {BLOCK} FROM {table} WHERE run = ? AND {row} > ?"
        block: int | None = None
        last = float("-inf")
        while (found := db.execute(first, (run, last)).fetchone()[0]) is not None:
            if block is not None and found <= block:
                break  # damage: a text, which is above all numbers
            yield (block := found)
            last = block * BLOCK + BLOCK - 1


def _check(db: sqlite3.Connection, run: int, parts: Iterable[int | str]) -> None:
    written = dict(db.execute("SELECT part, crc FROM checksum WHERE run = ?", (run,)).fetchall())
    for part in parts:
        is_open = part in written and written[part] is None
        if not is_open and _measure(db, run, part) != written.get(part):
            raise DamageError(f"{_describe(run, part)} is not as it was written")


def _describe(run: int, part: int | str) -> str:
    if isinstance(part, str):
        return f"the table {part!r}" if part != _SCHEMA else "its schema"
    return f"one of the rows {max(part * BLOCK, 1):,} to {(part + 1) * BLOCK - 1:,} of run number {run}"


def _write(db: sqlite3.Connection, run: int, part: int | str) -> None:
    crc = _measure(db, run, part)
    if crc is None:
        db.execute("DELETE FROM checksum WHERE run = ? AND part = ?", (run, part))
    else:
        db.execute("INSERT OR REPLACE INTO checksum VALUES (?, ?, ?)", (run, part, crc))


def _measure(db: sqlite3.Connection, run: int, part: int | str) -> int | None:
    """The checksum of what a part has now; None if that is nothing."""
    queries, _ = _read_model()
    if isinstance(part, str):
        return _sum(db, queries[part])
    crc = None
    for table in _IN_BLOCKS:
        crc = _sum(db, queries[table], run, part * BLOCK, (part + 1) * BLOCK - 1, before=crc)
    return crc


def _sum(db: sqlite3.Connection, query: str, *values: int, before: int | None = None) -> int | None:
    (text,) = db.execute(query, values).fetchone()
    return before if text is None else zlib.crc32(text, before or 0)


@cache
def _read_model() -> tuple[Mapping[str, str], frozenset[tuple[str, str]]]:
    """By part, the query for its text; and the (kind, name) of all tables and views."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(read_schema())
        names = frozenset(db.execute("SELECT type, name FROM sqlite_master WHERE sql IS NOT NULL").fetchall())
        columns = {
            table: [name for _, name, *_ in db.execute(f"PRAGMA table_info({table})")]
            for table in (*_IN_BLOCKS, *SHARED)
        }
    queries = {
        _SCHEMA: _build_query(
            "sqlite_master", ["type", "name", "sql"], "WHERE sql IS NOT NULL ORDER BY name"
        ),
    }
    for table, row in _IN_BLOCKS.items():
        which = f"WHERE run = ? AND {row} BETWEEN ? AND ? ORDER BY {row}"
        queries[table] = _build_query(table, columns[table], which)
    keys = {"run": "number", "tally": "run, status, reason", "unlisted": "key"}
    for table in SHARED:
        order = f"ORDER BY {keys.get(table, 'title_key')}"
        queries[table] = _build_query(table, columns[table], order)
    return queries, names


def _build_query(table: str, columns: Sequence[str], which: str) -> str:
    # SQLite joins a whole part to one text, three times as fast as fetching its rows. As bytes, since damaged
    # text may be no UTF-8. Versions of SQLite may write a real number differently, a whole one not.
    whole = {"sent_at": "CAST(round(sent_at * 1000) AS INTEGER)"}
    cells = ", ".join(whole.get(name, name) for name in columns)
    # A row is joined inside: as one cell it is handed out faster than as twenty-seven.
    rows = f"SELECT json_array({cells}) AS cells FROM {table} {which}"
    return f"SELECT CAST(group_concat(cells) AS BLOB) FROM ({rows})"
