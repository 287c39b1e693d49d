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

from importer.journal.rows import OPEN, Changed
from importer.journal.traffic_rows import TrafficRows
from importer.model import MediaKind, RatingJob, RowOutcome
from importer.progress import Traffic


class SentRows(TrafficRows):
    """Claims, outcomes, and queries about sent rows."""

    def count_open(self) -> int:
        """Count the rows without an outcome."""
        return self._count("status IS NULL")

    def has_open(self) -> bool:
        """Whether any row is without an outcome."""
        sought = "SELECT 1 FROM row WHERE run = ? AND status IS NULL LIMIT 1"
        return self._db.execute(sought, (self.number,)).fetchone() is not None

    def count_gained(self) -> int:
        """Count by how many ratings the account has grown since it was read, as far as answers say so."""
        found = self._db.execute(
            "SELECT ifnull(sum((status = 'rated' AND previous_rating IS NULL)"
            " - (status = 'unrated' AND previous_rating IS NOT NULL)), 0) FROM row WHERE run = ?",
            (self.number,),
        )
        return int(found.fetchone()[0])

    def has_added_before(self) -> bool:
        """Whether this or another run of the account has rated a title that was not rated."""
        sought = "SELECT 1 FROM row WHERE status = 'rated' AND previous_rating IS NULL AND NOT carried"
        return bool(self._db.execute(f"SELECT EXISTS ({sought})").fetchone()[0])

    def unanswered(self) -> list[RatingJob]:
        """Return the claimed jobs without an outcome: after a crash they may have arrived."""
        return self._jobs("run = ? AND status IS NULL AND is_claimed ORDER BY row", self.number)

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
            jobs = self._jobs(OPEN, self.number, after_row, limit)
            if jobs:
                claim = (self.number, jobs[0].row, jobs[-1].row)
                # The new claim includes the claims between its first and last row.
                self._db.execute("DELETE FROM claim WHERE run = ? AND first_row BETWEEN ? AND ?", claim)
                self._db.execute("INSERT INTO claim VALUES (?, ?, ?)", claim)
        return jobs

    def claim_rows(
        self, rows: Iterable[int], answered: Iterable[RowOutcome] = (), traffic: Traffic | None = None
    ) -> None:
        """Claim rows that are not claimed yet, and write outcomes, in one commit that reaches the disk."""
        with self._transaction():
            self.record(answered)
            self.note_traffic(traffic or Traffic())
            self._db.executemany(
                "INSERT INTO claim VALUES (?, ?, ?)",
                [(self.number, first_row, last_row) for first_row, last_row in _join_rows(rows)],
            )

    def unclaim(self, *, except_rows: Iterable[int] = ()) -> None:
        """Remove the claims of rows that were never sent; `except_rows` may have been."""
        with self._transaction():
            self._db.execute("DELETE FROM claim WHERE run = ?", (self.number,))
            self._db.executemany(
                "INSERT INTO claim VALUES (?, ?, ?)", ((self.number, row, row) for row in except_rows)
            )

    def record(self, row_outcomes: Iterable[RowOutcome]) -> None:
        """Write outcomes in one commit."""
        with self._transaction():
            self._db.executemany(
                "UPDATE row SET status = ?, reason = nullif(?, ''), message = nullif(?, ''), attempts = ?,"
                f" http_status = ?, sent_at = ?, duration_ms = ? WHERE run = {self.number}"
                " AND row BETWEEN ? AND ?",
                (
                    (*outcome, attempts, http_status, sent_at, duration_ms, first, last)
                    for first, last, (_, outcome, attempts, http_status, sent_at, duration_ms) in _join(
                        row_outcomes
                    )
                ),
            )

    def sent_rows(self, after_row: int, limit: int) -> list[Changed]:
        """Return up to `limit` rows after `after_row` that the destination accepted in this run."""
        where = "run = ? AND row > ? AND is_accepted ORDER BY row LIMIT ?"
        return self._changes(where, self.number, after_row, limit)

    def sent_kinds(self) -> list[tuple[MediaKind, MediaKind | None]]:
        """Return the kinds, with second kinds, of the rows that `sent_rows` returns."""
        return self._kinds("is_accepted")

    def changed_rows(self, after_row: int, limit: int) -> list[Changed]:
        """Return up to `limit` rows after `after_row` that may have changed the account."""
        where = "run = ? AND row > ? AND may_have_changed AND NOT carried ORDER BY row LIMIT ?"
        return self._changes(where, self.number, after_row, limit)

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
            " SELECT row, run_id FROM row JOIN newest USING (title_key) JOIN run USING (number)"
            " WHERE row.run = ? AND status IS NULL",
            (undone_number, json.dumps([*later]), self.number),
        )
        return dict(found.fetchall())

    def settle_doubts(self) -> None:
        """After the account was read back: what stood there before, for rows whose title it had by name only.

        Listed under its own id it was another title, and had no rating; under the other id it was this one.
        """
        with self._transaction():
            self._db.execute(
                "UPDATE row SET previous_known = 1,"
                " previous_rating = iif(reason = 'other_id', previous_rating, NULL),"
                " previous_rated_at = iif(reason = 'other_id', previous_rated_at, NULL)"
                " WHERE run = ? AND previous_known = 2 AND status = 'rated'"
                " AND reason IS NOT 'not_listed'",
                (self.number,),
            )

    def describe_undo(self) -> None:
        """Put `removed` or `restored` before the messages of an undo's rows."""
        with self._transaction():
            self._db.execute(
                "UPDATE row SET message = iif(rating = 0, 'removed', 'restored')"
                " || ifnull('; ' || nullif(message, ''), '')"
                " WHERE run = ? AND status IN ('rated', 'unrated')"
                " AND NOT ifnull(message, '') GLOB 'restored*' AND NOT ifnull(message, '') GLOB 'removed*'",
                (self.number,),
            )


def _join_rows(rows: Iterable[int]) -> list[tuple[int, int]]:
    """Join neighbours: 3, 1, 2, 7 are (1, 3) and (7, 7)."""
    joined: list[tuple[int, int]] = []
    for row in sorted(rows):
        if joined and row == joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], row)
        else:
            joined.append((row, row))
    return joined


def _join(row_outcomes: Iterable[RowOutcome]) -> list[tuple[int, int, RowOutcome]]:
    """Join outcomes of rows in a row that differ in nothing else, as (first row, last row, outcome)."""
    joined: list[tuple[int, int, RowOutcome]] = []
    for row_outcome in row_outcomes:
        if joined:
            first_row, last_row, before = joined[-1]
            if row_outcome.row == last_row + 1 and row_outcome[1:] == before[1:]:
                joined[-1] = (first_row, row_outcome.row, before)
                continue
        joined.append((row_outcome.row, row_outcome.row, row_outcome))
    return joined
