"""What a journal has checksums of: blocks of a run's rows and of what became of them, tables, the schema.

```text
list_blocks(db, 12)                  {("row", 0), ("row", 1), ("state", 0), ("state", 1)}
queries = read_queries(db)           how the text of each part is read, in a journal of this version
measure(db, queries, 12, "row", 1)   the checksum of rows 256 to 511 of run 12 as they are now
```
"""

import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence

BLOCK = 256
"""Larger blocks are read again more often while rows are sent, smaller ones need more checksums."""

RUN = 2**32
"""The key of a row is `run * RUN + row`."""

ROW, STATE, SCHEMA = "row", "state", "schema"

BLOCKS = {ROW: {"row": "id"}, STATE: {"state": "last_row", "previous": "row", "own_date": "row"}}
"""By part that is cut into blocks, its tables, each with the column that says in which block."""

_OLDER_BLOCKS = {"": {"row": "row", "claim": "first_row", "own_date": "row"}}
"""Those of the versions before `STATES_VERSION`."""

TOLD = "run", "tally"
"""The tables of which past runs are told."""

SHARED = (*TOLD, "known", "doubted", "unlisted")
"""The tables that have one checksum each."""

PIECE = 1 << 15
"""The rows of a table that are read at once: the text of a million needs half the memory of a run."""

FIRST_VERSION = 10
"""The first version of the journal that has checksums."""

STATES_VERSION = 12
"""The first version in which what becomes of a row does not stand in the row."""

Queries = Mapping[str, Sequence[str]]
"""By part, the queries for the texts of which it is the checksum."""


def read_version(db: sqlite3.Connection) -> int:
    """Return the version of the journal's schema."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def has_checksums(db: sqlite3.Connection) -> bool:
    """Whether the journal is of a version that has checksums."""
    return read_version(db) >= FIRST_VERSION


def is_of_today(db: sqlite3.Connection) -> bool:
    """Whether a journal has states, and is not of a version before."""
    return read_version(db) >= STATES_VERSION


def _read_blocks(db: sqlite3.Connection) -> Mapping[str, Mapping[str, str]]:
    return BLOCKS if is_of_today(db) else _OLDER_BLOCKS


def list_blocks(db: sqlite3.Connection, run: int) -> set[tuple[str, int]]:
    """List the blocks of a run that hold anything, each with its part."""
    return {
        (part, block)
        for part, tables in _read_blocks(db).items()
        for table, row in tables.items()
        for block in _find_blocks(db, run, table, row)
    }


def _find_blocks(db: sqlite3.Connection, run: int, table: str, row: str) -> Iterator[int]:
    """Go from block to block, since to look at each row takes a tenth of the whole check."""
    first = f"SELECT (min({row}) & {RUN - 1}) / {BLOCK} FROM main.{table} WHERE {_between(row)}"
    values = {"run": run, "first": 0, "last": RUN - 1}
    while (block := db.execute(first, values).fetchone()[0]) is not None:
        yield block
        values["first"] = (block + 1) * BLOCK


def _between(row: str) -> str:
    if row == "id":
        return "id BETWEEN (:run << 32) + :first AND (:run << 32) + :last"
    return f"run = :run AND {row} BETWEEN :first AND :last"


def measure(db: sqlite3.Connection, queries: Queries, run: int, part: str, block: int) -> int | None:
    """Return the checksum of what a part has now; None if that is nothing."""
    crc: int | None = None
    values = {"run": run, "first": block * BLOCK, "last": (block + 1) * BLOCK - 1}
    for query in queries[part]:
        pieces = _read_pieces(db, query) if part in SHARED else db.execute(query, values).fetchone()
        for text in pieces:
            crc = crc if text is None else zlib.crc32(text, crc or 0)
    return crc


def _read_pieces(db: sqlite3.Connection, query: str) -> Iterator[bytes]:
    """Read the text of a table bit by bit; joined, it is the text that one query would return."""
    first = 0
    while (text := db.execute(query, {"first": first}).fetchone()[0]) is not None:
        yield b"," + text if first else text
        first += PIECE


def read_queries(db: sqlite3.Connection) -> Queries:
    """Build the queries for all parts, by the columns that this journal has."""
    keys = {"run": "number", "tally": "run, status, reason", "unlisted": "key"}
    piece = f"LIMIT {PIECE} OFFSET :first"
    queries = {
        table: [_build_query(table, _columns(db, table), f"ORDER BY {keys.get(table, 'title_key')} {piece}")]
        for table in SHARED
    }
    for part, tables in _read_blocks(db).items():
        queries[part] = [
            _build_query(table, _columns(db, table), f"WHERE {_between(row)} ORDER BY {row}")
            for table, row in tables.items()
        ]
    columns = ["type", "name", "sql"]
    if (version := read_version(db)) >= STATES_VERSION:
        columns.append(str(version))  # or it could be damaged to one that has checksums, too
    queries[SCHEMA] = [_build_query("sqlite_master", columns, "WHERE sql IS NOT NULL ORDER BY name")]
    return queries


def _columns(db: sqlite3.Connection, table: str) -> list[str]:
    return [name for _, name, *_ in db.execute(f"PRAGMA main.table_info({table})")]


def _build_query(table: str, columns: Sequence[str], which: str) -> str:
    # SQLite joins a whole part to one text, three times as fast as fetching its rows. As bytes, since damaged
    # text may be no UTF-8. Versions of SQLite may write a real number differently, a whole one not.
    whole = {"sent_at": "CAST(round(sent_at * 1000) AS INTEGER)"}
    cells = ", ".join(whole.get(name, name) for name in columns)
    # A row is joined inside: as one cell it is handed out faster than as sixteen.
    rows = f"SELECT json_array({cells}) AS cells FROM main.{table} {which}"
    return f"SELECT CAST(group_concat(cells) AS BLOB) FROM ({rows})"
