"""Sending rows: claims them before they are sent, records their outcomes, and lists them for checks.

```text
open  --claim-->  in flight  --record-->  closed, with its outcome
  ^                   |
  +-----unclaim-------+     a claim that stays behind: the row may have arrived
```
"""

import json
from collections.abc import Iterable
from typing import Any

from importer.journal.rows import AFTER, OPEN, STATE, Changed
from importer.journal.states import CLAIMED
from importer.journal.traffic_rows import TrafficRows
from importer.model import MediaKind, RatingJob, RowsOutcome
from importer.progress import Traffic


class SentRows(TrafficRows):
    """Claims, outcomes, and queries about sent rows."""

    def count_open(self) -> int:
        """Count the rows without an outcome."""
        return self._count_lines("status IS NULL")

    def has_open(self) -> bool:
        """Whether any row is without an outcome."""
        sought = "SELECT 1 FROM state WHERE run = ? AND status IS NULL LIMIT 1"
        return self._db.execute(sought, (self.number,)).fetchone() is not None

    def count_gained(self) -> int:
        """Count by how many ratings the account has grown since it was read, as far as answers say so."""
        # A rating that was replaced or removed is no addition; one less there for each that was removed.
        status = STATE.format("status", table="previous")
        before = f"previous WHERE run = ? AND rating IS NOT NULL AND {status} IN ('rated', 'unrated')"
        return self._count_lines("status = 'rated'") - self._database.count(before, self.number)

    def _count_lines(self, where: str) -> int:
        counted = "SELECT ifnull(sum(last_row - first_row + 1), 0) FROM state WHERE run = ? AND "
        return int(self._db.execute(counted + where, (self.number,)).fetchone()[0])

    def has_added_before(self) -> bool:
        """Whether this or another run of the account has rated a title that was not rated."""
        sought = "SELECT 1 FROM row_state WHERE status = 'rated' AND previous_rating IS NULL AND NOT carried"
        return bool(self._db.execute(f"SELECT EXISTS ({sought})").fetchone()[0])

    def unanswered(self) -> list[RatingJob]:
        """Return the claimed jobs without an outcome: after a crash they may have arrived."""
        return self._jobs(AFTER.format("status IS NULL AND is_claimed"), *self._after(0, -1))

    def still_unconfirmed(self) -> list[RatingJob]:
        """Return the open jobs whose rating an earlier run may have sent, with nothing known since."""
        return self._jobs(
            "run = ? AND status IS NULL AND title_key NOT IN (SELECT title_key FROM known)"
            " AND (title_key, rating) IN"
            " (SELECT title_key, rating FROM row_state WHERE run < ? AND may_have_arrived)"
            " ORDER BY row",
            self.number,
            self.number,
        )

    def claim(self, after_row: int, limit: int) -> list[RatingJob]:
        """Claim up to `limit` open rows after `after_row`, and return their jobs."""
        with self._transaction():
            jobs = self._jobs(AFTER.format(OPEN), *self._after(after_row, limit))
            self._change((job.row, CLAIMED) for job in jobs)
        return jobs

    def claim_rows(
        self, rows: Iterable[int], answered: Iterable[RowsOutcome] = (), traffic: Traffic | None = None
    ) -> None:
        """Claim rows, and write outcomes, in one commit that reaches the disk."""
        with self._transaction():
            self.record(answered)
            self.note_traffic(traffic or Traffic())
            self._change((row, CLAIMED) for row in rows)

    def claim_open(self) -> None:
        """Claim all open rows: from here on each of them may have been sent."""
        with self._transaction():
            self._db.execute(
                "UPDATE state SET is_claimed = 1 WHERE run = ? AND status IS NULL", (self.number,)
            )

    def unclaim(self, *, except_rows: Iterable[int] = ()) -> None:
        """Remove the claims of rows that were never sent; `except_rows` may have been."""
        with self._transaction():
            self._db.execute("UPDATE state SET is_claimed = 0 WHERE run = ? AND is_claimed", (self.number,))
            self._change((row, CLAIMED) for row in except_rows)

    def record(self, outcomes: Iterable[RowsOutcome]) -> None:
        """Write outcomes in one commit."""
        self._change((row, state) for each in outcomes for state in [_build_state(each)] for row in each.rows)

    def sent_rows(self, after_row: int, limit: int) -> list[Changed]:
        """Return up to `limit` rows after `after_row` that the destination accepted in this run."""
        return self._changes(AFTER.format("is_accepted"), *self._after(after_row, limit))

    def sent_kinds(self) -> list[tuple[MediaKind, MediaKind | None]]:
        """Return the kinds, with second kinds, of the rows that `sent_rows` returns."""
        return self._kinds("is_accepted")

    def changed_rows(self, after_row: int, limit: int) -> list[Changed]:
        """Return up to `limit` rows after `after_row` that may have changed the account."""
        where = AFTER.format("may_have_changed AND NOT carried")
        return self._changes(where, *self._after(after_row, limit))

    def sent_ratings(self) -> dict[int, Any]:
        """Return the ratings that the run sent, by row."""
        found = self._db.execute(
            "SELECT row, rating FROM row_state WHERE run = ? AND may_have_changed", (self.number,)
        )
        return dict(found.fetchall())

    def undone_rows(self) -> set[int]:
        """Return the rows that undos of this run have restored, and that no undo of those may have redone.

        Rows of an undo have the numbers that they have in the run which it undoes.
        """
        return self._find_undone(self.run_id, is_certain=True)

    def _find_undone(self, run_id: str, *, is_certain: bool) -> set[int]:
        which = "is_accepted" if is_certain else "may_have_changed AND NOT carried"
        undone: set[int] = set()
        undos = self._db.execute("SELECT number, run_id FROM run WHERE undo_of = ?", (run_id,)).fetchall()
        for number, undo_id in undos:
            rows = self._db.execute(f"SELECT row FROM row_state WHERE run = ? AND {which}", (number,))
            undone |= {row for (row,) in rows} - self._find_undone(undo_id, is_certain=not is_certain)
        return undone

    def changed_later(self, later: Iterable[str], undone_number: int) -> dict[int, str]:
        """Return, by open row, the newest of the runs `later` that changed its title after the undone run."""
        found = self._db.execute(
            "WITH newest AS MATERIALIZED (SELECT title_key, max(run) AS number FROM row_state"
            " WHERE run > ? AND run IN"
            " (SELECT number FROM run WHERE run_id IN (SELECT value FROM json_each(?)))"
            " AND may_have_changed AND NOT carried GROUP BY title_key)"
            " SELECT row, run_id FROM row_state JOIN newest USING (title_key) JOIN run USING (number)"
            " WHERE row_state.run = ? AND status IS NULL",
            (undone_number, json.dumps([*later]), self.number),
        )
        return dict(found.fetchall())

    def settle_doubts(self) -> None:
        """After the account was read back: what stood there before, for rows whose title it had by name only.

        Listed under its own id it was another title, and had no rating; under the other id it was this one.
        """
        status, reason = (STATE.format(column, table="previous") for column in ("status", "reason"))
        with self._transaction():
            self._db.execute(
                f"UPDATE previous SET known = 1, rating = iif({reason} = 'other_id', rating, NULL),"
                f" rated_at = iif({reason} = 'other_id', rated_at, NULL)"
                f" WHERE run = ? AND known = 2 AND {status} = 'rated' AND {reason} IS NOT 'not_listed'",
                (self.number,),
            )


def _build_state(outcome: RowsOutcome) -> tuple[Any, ...]:
    _, (status, reason, message), *sent = outcome
    return 0, status, reason or None, message or None, *sent
