"""Opens a journal to read it, also while it is written, on a read-only drive, or of an older version."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from importer.journal import checksums
from importer.journal.blocks import STATES_VERSION, TOLD
from importer.journal.database import distrust
from importer.model import RESULT_COLUMNS
from importer.state_files import check_ours, translate_trouble

_AS_TODAY = 6
"""The first version of the journal in which past runs are written as they are today."""


@contextmanager
def reading(journal: Path) -> Iterator[sqlite3.Connection]:
    """Open a journal to read it, while the block lasts. Raises ImporterError."""
    check_ours(journal, "read the journal")
    with translate_trouble(journal, "read the journal"), closing(_open_to_read(journal)) as database:
        distrust(database)
        _read_as_newest(database)
        database.execute("BEGIN")  # checksums, rows and counts are those of one moment
        if checksums.check_schema(database):
            checksums.check_tables(database, TOLD)
        yield database


def _open_to_read(journal: Path) -> sqlite3.Connection:
    uri = f"{journal.absolute().as_uri()}?mode=ro"
    database = sqlite3.connect(uri, uri=True)
    try:
        database.execute("SELECT 1 FROM sqlite_master")
    except sqlite3.OperationalError:
        database.close()
        log = journal.with_name(f"{journal.name}-wal")
        if os.access(journal.parent, os.W_OK) or (log.exists() and log.stat().st_size):
            raise
        # Even a reader of a write-ahead log creates a file beside it. If it cannot, nobody writes either.
        return sqlite3.connect(f"{uri}&immutable=1", uri=True)
    except BaseException:  # also where SQLite's own message of the damage cannot be decoded
        database.close()
        raise
    return database


def _read_as_newest(database: sqlite3.Connection) -> None:
    """Show an older version's journal in today's form; the file itself does not change."""
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if not 0 < version < STATES_VERSION:
        return
    columns = ", ".join(RESULT_COLUMNS)
    views = f"""
        CREATE TEMP VIEW result AS SELECT run, {columns} FROM main.result
            UNION ALL SELECT run, {columns} FROM main.repeated_result;
    """
    if version < _AS_TODAY:
        # A file may be called so, too.
        is_undo = "substr(source, 1, 5) = 'undo ' AND substr(source, 6) IN (SELECT run_id FROM main.run)"
        old_status = "iif(status = 'unsure', 'unconfirmed', status) AS status"
        columns = ", ".join(old_status if name == "status" else name for name in RESULT_COLUMNS)
        tally = "TABLE tally (run, status, reason, rows)"  # before version 5 nothing was counted
        if version == 5:
            tally = f"VIEW tally AS SELECT run, {old_status}, reason, rows FROM main.tally"
        views = f"""
            CREATE TEMP VIEW run AS SELECT number, run_id, source, destination, started_at, ended_at,
                iif({is_undo}, 'undo', 'import') AS kind,
                iif({is_undo}, substr(source, 6), NULL) AS undo_of FROM main.run;
            CREATE TEMP VIEW result AS SELECT run, {columns} FROM main.result;
            CREATE TEMP VIEW row_state AS SELECT run, carried, {old_status}, sent_at,
                status IN ('rated', 'unrated', 'unsure') OR status IS NULL AS may_have_changed FROM main.row;
            CREATE TEMP {tally};
        """
    outcome = "SELECT run, row AS first_row, row AS last_row, status, reason FROM result"
    database.executescript(f"{views} CREATE TEMP VIEW outcome AS {outcome};")
