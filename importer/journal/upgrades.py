"""Brings a journal that an earlier version of this program wrote up to date, whole or not at all.

```text
version 5, five steps, version 10, one table more, version 11, rows and states parted, version 12
```
"""

import sqlite3

from importer.journal import checksums
from importer.journal.blocks import STATES_VERSION
from importer.state_files import DamageError

VERSION = STATES_VERSION
"""The version of `schema.sql`, stored as `PRAGMA user_version`."""

_STEPS = {
    2: "ALTER TABLE row ADD COLUMN note TEXT;",
    3: "ALTER TABLE run ADD COLUMN compared INTEGER NOT NULL DEFAULT 0;"
    "UPDATE run SET compared = number IN (SELECT run FROM row WHERE previous_known);",
    4: "ALTER TABLE run ADD COLUMN program TEXT; ALTER TABLE run ADD COLUMN repeats INTEGER;"
    "ALTER TABLE run ADD COLUMN repeatable INTEGER NOT NULL DEFAULT 0;",
    5: """
        ALTER TABLE held RENAME TO known;
        ALTER TABLE run ADD COLUMN kind TEXT NOT NULL DEFAULT 'import';
        ALTER TABLE run ADD COLUMN undo_of TEXT;
        UPDATE run SET kind = 'undo', undo_of = substr(source, length('undo ') + 1)
            WHERE substr(source, 1, 5) = 'undo ' AND substr(source, 6) IN (SELECT run_id FROM run);
        UPDATE row SET status = 'unconfirmed' WHERE status = 'unsure';
        UPDATE row SET reason = 'not_counted' WHERE reason = 'not_confirmed';
    """,
    6: "",  # one more table
    7: "",  # one more table
    8: "",  # one more table
    9: "ALTER TABLE run ADD COLUMN rated_titles INTEGER; ALTER TABLE run ADD COLUMN rated_kinds TEXT;",
    10: "",  # two more tables
    11: "ALTER TABLE row RENAME TO old_row; DROP TABLE IF EXISTS checksum;",
}
"""By older version, the changes of its tables to the next one; `schema.sql` then adds new tables."""

VERSIONS = range(min(_STEPS), VERSION + 1)
"""The versions that this one can use."""

_FIRST = {
    **dict.fromkeys(
        (2, 3), "CREATE TABLE claim AS SELECT run, row AS first_row, row AS last_row FROM row WHERE sending;"
    ),
    4: "ALTER TABLE mark RENAME TO claim;",
    5: """
        ALTER TABLE mark RENAME TO claim;
        UPDATE tally SET status = 'unconfirmed' WHERE status = 'unsure';
        UPDATE tally SET reason = 'not_counted' WHERE reason = 'not_confirmed';
    """,
}
"""Changes for only these versions, since others did not have the tables."""


def bring_up_to_date(db: sqlite3.Connection, version: int) -> None:
    """Bring a journal up to date, or make a new one of a file that is empty. Raises DamageError.

    A run whose rows are damaged stays damaged.
    """
    checksums.check_file(db)  # afterwards the checksums would confirm the damage
    damaged: list[tuple[int]] = []
    if version:
        checksums.check_tables(db)
        damaged = [
            (run,) for (run,) in db.execute("SELECT number FROM run").fetchall() if _is_damaged(db, run)
        ]
    # The views are dropped first: a table that a view uses cannot be renamed.
    views = ("result", "repeated_result", "row_state", "marked")
    steps = [
        *(f"DROP VIEW IF EXISTS {view};" for view in views),
        _FIRST.get(version, ""),
        *(step for older, step in _STEPS.items() if 0 < version <= older),
        checksums.read_sql("schema"),
        checksums.read_sql("states") if version else "",
        f"PRAGMA user_version = {VERSION};",
    ]
    db.executescript("BEGIN IMMEDIATE;" + "".join(steps))  # at once: half of it could not be repeated
    checksums.write_all(db)
    db.executemany("UPDATE checksum SET crc = -1 WHERE run = ?", damaged)
    db.execute("COMMIT")


def _is_damaged(db: sqlite3.Connection, run: int) -> bool:
    try:
        checksums.check_run(db, run)
    except DamageError:
        return True
    return False
