"""Checksums over all that a journal holds: damage is noticed before anything is told or sent from it.

Each block of a run's rows has a checksum, computed once, when they are read. What became of these rows has
another, and so has each small table and the schema. A checksum is written in the transaction that changes its
part, so a crash leaves both or neither.

    run  part      block  crc
    0    'known'   0      2817...   the whole table
    12   'row'     0      4093...   rows 1 to 255 of run 12
    12   'state'   1      NULL      what becomes of rows 256 to 511: written once others change, or at the end

A trigger of the connection, not of the file, notes each part that a statement changes:

    sums = Checksums(db)         # from now on
    db.execute("UPDATE state SET status = 'rated' WHERE run = 12 AND last_row = 300")
    sums.write()                 # before COMMIT: the checksum of block 1 is NULL
    sums.write(open_blocks=0)    # and now it is written

    check_run(db, 12)            # raises DamageError: rows 256 to 511 of run 12 are not as they were written
"""

import sqlite3
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from contextlib import closing
from functools import cache
from importlib import resources

from importer.journal.blocks import (
    BLOCK,
    BLOCKS,
    FIRST_VERSION,
    ROW,
    RUN,
    SCHEMA,
    SHARED,
    STATE,
    STATES_VERSION,
    Queries,
    has_checksums,
    is_of_today,
    list_blocks,
    measure,
    read_queries,
)
from importer.state_files import DamageError

OPEN_BLOCKS = 8
"""So many blocks may be without a checksum: one that is being sent would else be read again and again."""

_UNTRIGGERED = {("row", "INSERT"), ("known", "INSERT")}
"""A trigger for each of these rows would take as long as their checksum; see `Checksums.touch`."""

_EARLIER = {"table": ("held", "mark", "claim"), "view": ("marked", "repeated_result")}
"""Tables and views that only earlier versions had."""


@cache
def read_sql(name: str) -> str:
    """Return one of the SQL files beside this one."""
    return resources.files("importer.journal").joinpath(f"{name}.sql").read_text("utf-8")


class Checksums:
    """The checksums of a connection that writes."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._queries = read_queries(db)
        self._touched: dict[str, set[int]] = {part: set() for part in (*BLOCKS, *SHARED)}
        """By part, the blocks as run * RUN + block."""
        unwritten = "SELECT run * ? + block FROM checksum WHERE crc IS NULL"  # a crash left them so
        self._open = dict.fromkeys(block for (block,) in db.execute(unwritten, (RUN,)))
        self._open_before = self._open
        tables = {table: (part, row) for part, each in BLOCKS.items() for table, row in each.items()}
        for table, (part, row) in (tables | {table: (table, "") for table in SHARED}).items():
            # A method of a set is called faster than a function.
            db.create_function(f"touch_{part}", 1, self._touched[part].add)
            block = f"{{0}}.run * {RUN} + ({{0}}.{row} & {RUN - 1}) / {BLOCK}" if row else "0"
            for event, values in (("INSERT", "new"), ("UPDATE", "new"), ("DELETE", "old")):
                if (table, event) not in _UNTRIGGERED:
                    db.execute(
                        f"CREATE TEMP TRIGGER {table}_{event} AFTER {event} ON main.{table}"
                        f" BEGIN SELECT touch_{part}({block.format(values)}); END"
                    )

    def touch(self, table: str, run: int = 0, first_row: int = 0, last_row: int = 0) -> None:
        """Note what has no trigger."""
        self._touched[table] |= {run * RUN + at for at in range(first_row // BLOCK, last_row // BLOCK + 1)}

    @property
    def are_due(self) -> bool:
        """Whether anything was written since the last transaction."""
        return any(self._touched.values())

    @property
    def are_open(self) -> bool:
        """Whether there are blocks without a checksum."""
        return bool(self._open)

    def write(self, *, open_blocks: int = OPEN_BLOCKS) -> None:
        """Write the checksums of all that was changed, except the states that were changed last."""
        self._open_before = dict(self._open)
        for part in (*SHARED, ROW):
            for block in sorted(self._touched[part]):
                self._write(part, block)
        for block in sorted(self._touched[STATE]):
            if block in self._open:
                self._open[block] = self._open.pop(block)  # the last one now
            else:
                self._open[block] = None
                run, number = divmod(block, RUN)
                self._db.execute(
                    "INSERT OR REPLACE INTO checksum VALUES (?, ?, ?, NULL)", (run, STATE, number)
                )
        for block in [*self._open][: max(len(self._open) - open_blocks, 0)]:
            del self._open[block]
            self._write(STATE, block)

    def _write(self, part: str, block: int) -> None:
        run, number = divmod(block, RUN)
        _write(self._db, self._queries, run, part, number)

    def end(self, *, is_committed: bool) -> None:
        """Go on after a transaction that was committed or not."""
        for touched in self._touched.values():
            touched.clear()
        if not is_committed:
            self._open = self._open_before
        self._open_before = self._open


def write_all(db: sqlite3.Connection) -> None:
    """Write all checksums of a journal that has none."""
    queries = read_queries(db)
    for part in (SCHEMA, *SHARED):
        _write(db, queries, 0, part, 0)
    for (run,) in db.execute("SELECT number FROM run").fetchall():
        for part, block in list_blocks(db, run):
            _write(db, queries, run, part, block)


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
        _check(db, 0, {(SCHEMA, 0)})
    elif not version or ("table", "checksum") in {(kind, name) for kind, name, _ in found}:
        raise DamageError("its version is not as it was written")
    return True


def check_tables(db: sqlite3.Connection, tables: Iterable[str] = SHARED) -> None:
    """Check whole tables. Journals of earlier versions pass. Raises DamageError."""
    if has_checksums(db):
        _check(db, 0, {(table, 0) for table in tables})


def check_run(db: sqlite3.Connection, number: int) -> None:
    """Check the rows of one run and what became of them. Journals of earlier versions pass.

    Raises DamageError.
    """
    if has_checksums(db):
        _check(db, number, list_blocks(db, number))


def check_file(db: sqlite3.Connection) -> None:
    """Let SQLite check the structure of the file. Raises DamageError."""
    for (told,) in db.execute("PRAGMA quick_check(1)").fetchall():
        if told != "ok":
            raise DamageError(" ".join(str(told).split()))


def _list_names(version: int) -> frozenset[tuple[str, str]]:
    return _read_names() | {
        (kind, name) for kind, names in _EARLIER.items() for name in names if version < STATES_VERSION
    }


def _check(db: sqlite3.Connection, run: int, parts: AbstractSet[tuple[str, int]]) -> None:
    queries = read_queries(db)
    columns = "part, block"
    if not is_of_today(db):
        columns = "iif(run, '', part), iif(run, part, 0)"
    found = db.execute(f"SELECT {columns}, crc FROM checksum WHERE run = ?", (run,)).fetchall()
    written = {(part, block): crc for part, block, crc in found}
    for part, block in sorted(parts | (written.keys() if run else set()), key=str):
        is_open = (part, block) in written and written[part, block] is None
        crc = measure(db, queries, run, part, block) if (part, block) in parts and not is_open else None
        if crc != written.get((part, block)):
            raise DamageError(f"{_describe(run, part, block)} is not as it was written")


def _describe(run: int, part: str, block: int) -> str:
    if not run:
        return f"the table {part!r}" if part != SCHEMA else "its schema"
    return f"one of the rows {max(block * BLOCK, 1):,} to {(block + 1) * BLOCK - 1:,} of run number {run}"


def _write(db: sqlite3.Connection, queries: Queries, run: int, part: str, block: int) -> None:
    crc = measure(db, queries, run, part, block)
    if crc is None:
        db.execute("DELETE FROM checksum WHERE run = ? AND part = ? AND block = ?", (run, part, block))
    else:
        db.execute("INSERT OR REPLACE INTO checksum VALUES (?, ?, ?, ?)", (run, part, block, crc))


@cache
def _read_names() -> frozenset[tuple[str, str]]:
    """The (kind, name) of all tables and views."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(read_sql("schema"))
        return frozenset(db.execute("SELECT type, name FROM sqlite_master WHERE sql IS NOT NULL").fetchall())
