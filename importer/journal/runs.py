"""The journal of one account, and the begin and end of its runs.

```text
run = journal.find_unfinished(fingerprint) or journal.begin(fingerprint, source, destination)
run.add_rows(...)      loaded_rows.py      what was read
run.note_previous(...) compared_rows.py    what the account has
run.claim(...)         sent_rows.py        what is sent, and its outcomes
run.finish()
```
"""

import secrets
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from typing import Any

from importer.journal.compared_rows import ComparedRows
from importer.journal.database import Database
from importer.journal.history import RunKind
from importer.journal.loaded_rows import LoadedRows
from importer.journal.results import (
    Tally,
    count_outcomes,
    count_taken_over,
    results_at,
    results_of,
    tallies_of,
)
from importer.journal.sent_rows import SentRows
from importer.journal.unlisted_rows import UnlistedRows
from importer.model import Status


@cache  # reading it takes a tenth of an idle sync
def _read_version() -> str:
    return version("rating-importer")


_REFUSED_UNDO = (
    "undo_of IS NOT NULL AND ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM state"
    " WHERE run = number AND (is_claimed OR sent_at IS NOT NULL))"
)


class JournalRun(LoadedRows, ComparedRows, SentRows, UnlistedRows):
    """One run of the journal: its rows, through loading, comparing and sending to its end."""

    def __repr__(self) -> str:
        return f"<JournalRun {self.run_id}>"

    def finish(self) -> None:
        """End the run: every row has an outcome, and the sent ratings are noted as known."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._transaction():
            self._db.execute(
                # Nearly every row is accepted, its rating a number: that is seen in a quarter of the time.
                "UPDATE run SET ended_at = ?, repeatable = NOT EXISTS"
                " (SELECT 1 FROM row_state WHERE run = number AND NOT is_repeatable"
                " AND NOT (is_accepted AND typeof(rating) = 'integer')) WHERE number = ?",
                (now, self.number),
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO tally VALUES (?, ?, ?, ?)",
                [(self.number, *counted) for counted in count_outcomes(self._db, self.number)],
            )
            note_known(self._database, self.number)

    def started_at(self) -> str:
        """The start of its first session."""
        found = self._db.execute("SELECT started_at FROM run WHERE number = ?", (self.number,)).fetchone()
        return str(found[0])

    def results(self) -> Generator[tuple[Any, ...]]:
        """Yield the lines of the results file, in input order and in the order of its columns."""
        return results_of(self._db, self.number, self._all_jobs())

    def results_at(self, rows: Sequence[int]) -> list[tuple[Any, ...]]:
        """Return the `RESULT_CELLS` of these rows, whatever their order."""
        return results_at(self._db, self.number, rows)

    def taken_over(self) -> dict[Status, int]:
        """Count by status the rows that an earlier run had closed."""
        return count_taken_over(self._db, self.number)

    def tallies(self) -> list[Tally]:
        """Count the rows by status and reason, the most frequent first."""
        return tallies_of(self._db, self.number)


class Journal(Database):
    """The journal of one account. A context manager that locks the account."""

    def find_unfinished(self, fingerprint: str) -> JournalRun | None:
        """Return the newest run if the same command began it and did not finish it.

        An undo that was refused before it sent anything is passed over, and is not continued afterwards.
        """
        found = self.connection.execute(
            "SELECT number, run_id FROM run WHERE fingerprint = ? AND ended_at IS NULL"
            f" AND number >= (SELECT ifnull(max(number), 0) FROM run WHERE NOT ({_REFUSED_UNDO}))"
            " ORDER BY number DESC LIMIT 1",
            (fingerprint,),
        ).fetchone()
        if not found:
            return None
        run = self.open_run(*found, continued=True)
        newer = self.connection.execute("SELECT number FROM run WHERE number > ?", (run.number,)).fetchall()
        if newer:
            with self.transaction():
                # It was noted when the undo began, and its rows are compared with what it now changes.
                self.connection.execute("UPDATE run SET settled = 0 WHERE number = ?", (run.number,))
                self.connection.executemany("UPDATE run SET fingerprint = '' WHERE number = ?", newer)
        return run

    def find_repeatable(self, fingerprint: str, destination: str) -> JournalRun | None:
        """Return the newest run if it was the same command's and a repeat would close all of its rows.

        With no run in between, the ratings it sent are the known ones, for IMDb ids. Another version of this
        program may read other rows from the same file.
        """
        if self.knows_other_ids():
            return None
        found = self.connection.execute(
            "SELECT number, run_id FROM run"
            " WHERE fingerprint = ? AND destination = ? AND program = ? AND repeatable"
            " AND number = (SELECT max(number) FROM run WHERE repeats IS NULL)",
            (fingerprint, destination, _read_version()),
        ).fetchone()
        return self.open_run(*found) if found else None

    def open_run(self, number: int, run_id: str, *, continued: bool = False) -> JournalRun:
        """Return the handle of a run in this journal. Raises StateFileError if its rows are damaged."""
        self.check_runs(number)
        return JournalRun(self, number, run_id, continued=continued)

    @contextmanager
    def loading(self, *, keep: bool = True) -> Iterator[None]:
        """Load a run in one transaction; without `keep` it leaves no trace."""
        with self.transaction(keep=keep):
            # An unfinished run before this one has changed the account, too.
            unsettled = "SELECT number FROM run WHERE NOT settled"
            if numbers := [number for (number,) in self.connection.execute(unsettled)]:
                self.check_runs(*numbers)
            for number in numbers:
                note_known(self, number)
            yield

    def begin(
        self,
        fingerprint: str,
        source: str,
        destination: str,
        *,
        kind: RunKind = RunKind.IMPORT,
        undo_of: str | None = None,
    ) -> JournalRun:
        """Add a new run without rows. `undo_of` is the id of the run that it undoes."""
        now, program = datetime.now(UTC), _read_version()
        run_id = ""
        # Two runs of one second may get the same id.
        while not run_id or self.count("run WHERE run_id = ?", run_id):
            run_id = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        columns = "run_id, fingerprint, source, destination, started_at, program, kind, undo_of"
        started_at = now.isoformat(timespec="seconds")
        with self.transaction():
            cursor = self.connection.execute(
                f"INSERT INTO run ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (run_id, fingerprint, source, destination, started_at, program, kind, undo_of),
            )
        assert cursor.lastrowid is not None
        return JournalRun(self, cursor.lastrowid, run_id)


def note_known(journal: Database, number: int) -> None:
    """Note the account's known ratings after a run; in bulk, since row by row would slow down sending.

    Done once: a run that can be continued is noted only when it is finished, or when another
    run comes after it, since then it cannot be continued.
    """
    database = journal.connection
    # A rating that an undo restored is as old as before, whenever the account says that it arrived.
    noted = database.execute(
        "INSERT OR REPLACE INTO known SELECT title_key, rating,"
        " iif(own_date.row IS NULL, row_state.rated_at, own_date.rated_at) FROM row_state"
        " LEFT JOIN own_date ON own_date.row = row_state.row AND own_date.run = (SELECT number FROM run"
        " WHERE run_id = (SELECT undo_of FROM run WHERE number = ?))"
        # Without a year a title has no key: only files take such a row.
        " WHERE row_state.run = ? AND is_accepted AND title_key IS NOT NULL ORDER BY title_key",
        (number, number),
    )
    if noted.rowcount:
        journal.checksums.touch("known")
    found = {
        status for (status,) in database.execute("SELECT DISTINCT status FROM state WHERE run = ?", (number,))
    }
    if found & {None, Status.UNCONFIRMED, Status.FAILED}:
        _note_doubts(database, number)
    is_repeat = database.execute("SELECT repeats FROM run WHERE number = ?", (number,)).fetchone()[0]
    if found & {Status.UNCHANGED, Status.KEPT} and not is_repeat:
        _forget_changed(database, number)
    database.execute(
        "DELETE FROM doubted WHERE EXISTS (SELECT 1 FROM known WHERE known.title_key = doubted.title_key)"
    )
    database.execute("UPDATE run SET settled = 1 WHERE number = ?", (number,))


def _note_doubts(database: sqlite3.Connection, number: int) -> None:
    """After a row that may have arrived, the title's rating is not known, only what it was before."""
    in_doubt = (
        "title_key IN (SELECT title_key FROM row_state WHERE run = ?"
        " AND (status IN ('unconfirmed', 'failed') OR status IS NULL AND is_claimed))"
    )
    database.execute(f"INSERT OR REPLACE INTO doubted SELECT * FROM known WHERE {in_doubt}", (number,))
    database.execute(f"DELETE FROM known WHERE {in_doubt}", (number,))


def _forget_changed(database: sqlite3.Connection, number: int) -> None:
    """Forget what earlier runs sent where the account was seen to have another rating, or may have."""
    # If the account's rating was kept, or already the row's, it may not be the one that an earlier run sent.
    seen = (
        "SELECT title_key FROM row_state WHERE run = ? AND status IN ('unchanged', 'kept') AND NOT carried"
        " AND iif(status = 'kept', previous_rating, rating)"
        " IS NOT (SELECT {table}.rating FROM {table} WHERE {table}.title_key = row_state.title_key)"
    )
    for table in ("known", "doubted"):
        other = seen.format(table=table)
        database.execute(f"DELETE FROM {table} WHERE title_key IN ({other})", (number,))
