"""How a run begins and ends in the journal, what is then known of the account, and what is told of it."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version

from importer.journal.database import JournalFile
from importer.journal.history import Tally, count_outcomes, results_of, tallies_of
from importer.journal.rows import Run


class Runs(JournalFile):
    """The runs of one account."""

    def find_unfinished(self, fingerprint: str) -> Run | None:
        """Find the run that the same command began and did not finish, if it is the newest one."""
        found = self._db.execute(
            "SELECT number, run_id FROM run WHERE fingerprint = ? AND ended_at IS NULL"
            " AND number = (SELECT max(number) FROM run)",
            (fingerprint,),
        ).fetchone()
        return Run(found[0], found[1], continued=True) if found else None

    @contextmanager
    def planning(self, *, keep: bool = True) -> Iterator[None]:
        """Plan a run in one transaction; without `keep` it leaves no trace."""
        with self._transaction(keep=keep):
            # A run that was left unfinished for another one has changed the account, too.
            for (number,) in self._db.execute("SELECT number FROM run WHERE NOT settled").fetchall():
                self._settle_held(number)
            yield

    def add_run(self, fingerprint: str, source: str, destination: str) -> Run:
        """Add a new run, without rows."""
        now, program = datetime.now(UTC), version("rating-importer")
        run_id = ""
        # Two runs of one second may draw the same word.
        while not run_id or self._one("SELECT count(*) FROM run WHERE run_id = ?", run_id):
            run_id = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        cursor = self._db.execute(
            "INSERT INTO run (run_id, fingerprint, source, destination, started_at, program)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (run_id, fingerprint, source, destination, now.isoformat(timespec="seconds"), program),
        )
        assert cursor.lastrowid is not None
        return Run(cursor.lastrowid, run_id)

    def finish(self, run: Run) -> None:
        """Close the run: every row has its outcome, and the account is known to hold what was sent."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._transaction():
            self._db.execute(
                "UPDATE run SET ended_at = ?, repeatable = NOT EXISTS"
                " (SELECT 1 FROM marked WHERE run = number AND NOT is_repeatable) WHERE number = ?",
                (now, run.number),
            )
            self._db.executemany(  # those of a repeat are there already
                "INSERT OR IGNORE INTO tally VALUES (?, ?, ?, ?)",
                [(run.number, *counted) for counted in count_outcomes(self._db, run.number)],
            )
            self._settle_held(run.number)

    def results(self, run: Run) -> sqlite3.Cursor:
        """Give the results file's lines, in input order and in the order of its columns."""
        return results_of(self._db, run.number)

    def tallies(self, run: Run) -> list[Tally]:
        """Count the rows by status and reason, the most frequent first."""
        return tallies_of(self._db, run.number)

    def _settle_held(self, number: int) -> None:
        """Note what the account holds after a run; in bulk, since row by row would slow down sending.

        Once and for all: a run that can still be continued is settled only when it is finished, or when
        another run comes after it, and then it never is continued.
        """
        self._db.execute(
            "INSERT OR REPLACE INTO held SELECT title_key, rating, rated_at FROM row"
            " WHERE run = ? AND status IN ('rated', 'unrated') AND NOT carried ORDER BY title_key",
            (number,),
        )
        # What may have arrived, or may not, leaves nothing known of its title; where the account's own
        # rating was kept, or was what the row wanted already, it may not be what an earlier run brought.
        self._db.execute(
            "DELETE FROM held WHERE title_key IN (SELECT title_key FROM marked WHERE run = ?"
            " AND (status IN ('unconfirmed', 'failed') OR status IS NULL AND is_marked"
            " OR status IN ('unchanged', 'kept') AND NOT carried"
            " AND iif(status = 'kept', previous_rating, rating)"
            " IS NOT (SELECT held.rating FROM held WHERE held.title_key = marked.title_key)))",
            (number,),
        )
        self._db.execute("UPDATE run SET settled = 1 WHERE number = ?", (number,))
