"""Removes old runs from the journal of an account, so that the file becomes smaller.

Nothing that is still needed is removed: no unfinished run, none of the newest (for an undo or a
retry), no row that may have arrived (it keeps that row from being
sent twice), and none of the ratings that the account is known to have.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from importer.errors import StopRunError
from importer.journal.database import Database

NEWEST_KEPT = 5
"""Each journal keeps at least so many ended runs."""

_TABLES = "state", "previous", "own_date", "tally", "request", "wait"

_REMOVABLE = """
WITH old AS (
    SELECT number, run_id FROM run
    WHERE ended_at IS NOT NULL AND settled AND ended_at < :ended_before
        AND number NOT IN (SELECT number FROM run WHERE ended_at IS NOT NULL ORDER BY number DESC LIMIT :keep)
        AND number < (SELECT max(number) FROM run)
        AND NOT EXISTS (
            SELECT 1 FROM row_state WHERE row_state.run = run.number AND may_have_arrived
            AND title_key NOT IN (SELECT title_key FROM known)
        )
)
SELECT number, run_id, (
    SELECT count(*) FROM row WHERE id BETWEEN number << 32 AND (number << 32) + 4294967295
) AS rows
FROM old
WHERE number NOT IN (
    SELECT repeats FROM run WHERE repeats IS NOT NULL AND number NOT IN (SELECT number FROM old)
)
AND run_id NOT IN (SELECT undo_of FROM run WHERE ended_at IS NULL AND undo_of IS NOT NULL)
ORDER BY number
"""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was, or would be, removed: the ids of the runs, their rows, and the bytes that were freed."""

    run_ids: Sequence[str]
    rows: int
    freed_bytes: int


class PrunedJournal(Database):
    """A journal that is pruned, locked for everybody else."""

    def prune(self, *, keep: int, ended_before: datetime | None = None, is_dry_run: bool = False) -> Pruned:
        """Remove ended runs except the newest `keep`, and only those that ended before a time (UTC).

        Raises StopRunError, also if the journal is damaged.
        """
        self.check_runs(*(number for (number,) in self.connection.execute("SELECT number FROM run")))
        runs = self._find_removable(max(keep, NEWEST_KEPT), ended_before)
        size = self._measure()
        if runs and not is_dry_run:
            self._remove([number for number, _, _ in runs])
        return Pruned(
            [run_id for _, run_id, _ in runs], sum(rows for *_, rows in runs), max(size - self._measure(), 0)
        )

    def _find_removable(self, keep: int, ended_before: datetime | None) -> list[tuple[int, str, int]]:
        # The journal writes all its times in UTC and in this form, so they compare as texts.
        moment = (
            "9999" if ended_before is None else ended_before.astimezone(UTC).isoformat(timespec="seconds")
        )
        return self.connection.execute(_REMOVABLE, {"keep": keep, "ended_before": moment}).fetchall()

    def _remove(self, numbers: Sequence[int]) -> None:
        with self.transaction():
            for number in numbers:
                rows = (number << 32, (number + 1 << 32) - 1)
                self.connection.execute("DELETE FROM row WHERE id BETWEEN ? AND ?", rows)
                for table in _TABLES:
                    self.connection.execute(f"DELETE FROM {table} WHERE run = ?", (number,))
                self.connection.execute("DELETE FROM run WHERE number = ?", (number,))
        try:
            self.connection.execute("VACUUM")
            # Until then, and while another process reads, the write-ahead log has a copy of everything.
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise StopRunError(
                f"{self.path}: the old runs are removed, but their space is not freed yet ({error}); "
                "make room on the disk, then the next prune that removes something frees it"
            ) from error

    def _measure(self) -> int:
        log = self.path.with_name(f"{self.path.name}-wal")
        return self.path.stat().st_size + (log.stat().st_size if log.exists() else 0)
