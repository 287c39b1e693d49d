"""Sending rows: they are marked before they are sent and after they are answered, then looked at again."""

from collections.abc import Iterable
from typing import Any

from importer.journal.rows import OPEN, Changed, Rows, Run
from importer.model import MediaKind, RatingJob, RowOutcome

_MAY_HAVE_CHANGED = (
    "(status IN ('rated', 'unrated', 'unconfirmed') OR status = 'failed' AND reason = 'not_stored'"
    " OR status IS NULL AND is_marked)"
)
"""The rows that a run changed at the account, or may have: what an undo looks at."""


class SentRows(Rows):
    """What goes out, what came back, and what is then said to be so."""

    def count_open(self, run: Run) -> int:
        """Count the rows without an outcome."""
        return int(self._one("SELECT count(*) FROM row WHERE run = ? AND status IS NULL", run.number))

    def unanswered(self, run: Run) -> list[RatingJob]:
        """The jobs marked as sending that have no outcome: a crash left their fate unknown."""
        return self._jobs("run = ? AND status IS NULL AND is_marked ORDER BY row", run.number)

    def still_unconfirmed(self, run: Run) -> list[RatingJob]:
        """The open jobs whose very rating an earlier run may have brought, and nothing was known since."""
        return self._jobs(
            "run = ? AND status IS NULL AND title_key NOT IN (SELECT title_key FROM held)"
            " AND (title_key, rating) IN"
            " (SELECT title_key, rating FROM marked WHERE run < ? AND may_have_arrived)"
            " ORDER BY row",
            run.number,
            run.number,
        )

    def take(self, run: Run, after_row: int, limit: int) -> list[RatingJob]:
        """Mark up to `limit` open rows beyond `after_row` as sending, and return their jobs."""
        with self._transaction():
            jobs = self._jobs(OPEN, run.number, after_row, limit)
            if jobs:
                mark = (run.number, jobs[0].row, jobs[-1].row)
                # What was marked in between is marked by the new one, too.
                self._db.execute("DELETE FROM mark WHERE run = ? AND first_row BETWEEN ? AND ?", mark)
                self._db.execute("INSERT INTO mark VALUES (?, ?, ?)", mark)
        return jobs

    def release(self, run: Run, *, except_rows: Iterable[int] = ()) -> None:
        """Unmark rows that were marked as sending but never left; `except_rows` may have."""
        with self._transaction():
            self._db.execute("DELETE FROM mark WHERE run = ?", (run.number,))
            self._db.executemany(
                "INSERT INTO mark VALUES (?, ?, ?)", ((run.number, row, row) for row in except_rows)
            )

    def record(self, run: Run, row_outcomes: Iterable[RowOutcome]) -> None:
        """Write outcomes in one commit."""
        with self._transaction():
            self._db.executemany(
                "UPDATE row SET status = ?, reason = nullif(?, ''), message = nullif(?, ''), attempts = ?,"
                f" http_status = ?, sent_at = ?, duration_ms = ? WHERE run = {run.number}"
                " AND row BETWEEN ? AND ?",
                (
                    (*outcome, attempts, http_status, sent_at, duration_ms, first, last)
                    for first, last, (_, outcome, attempts, http_status, sent_at, duration_ms) in _join(
                        row_outcomes
                    )
                ),
            )

    def sent_jobs(self, run: Run, after_row: int, limit: int) -> list[RatingJob]:
        """Up to `limit` jobs beyond `after_row` that the destination is said to have taken in this run."""
        where = "run = ? AND row > ? AND status IN ('rated', 'unrated') AND NOT carried ORDER BY row LIMIT ?"
        return self._jobs(where, run.number, after_row, limit)

    def sent_kinds(self, run: Run) -> list[tuple[MediaKind, MediaKind | None]]:
        """The kinds, with their second ones, of the rows that `sent_jobs` gives."""
        return self._kinds("status IN ('rated', 'unrated') AND NOT carried", run)

    def changed_rows(self, run: Run, after_row: int, limit: int) -> list[Changed]:
        """Up to `limit` rows beyond `after_row` that the run changed at the account."""
        where = f"run = ? AND row > ? AND {_MAY_HAVE_CHANGED} AND NOT carried ORDER BY row LIMIT ?"
        return self._changes(where, run.number, after_row, limit)

    def ratings_of(self, run: Run) -> dict[int, Any]:
        """The ratings that a run brought, by row."""
        found = self._db.execute(
            f"SELECT row, rating FROM marked WHERE run = ? AND {_MAY_HAVE_CHANGED}", (run.number,)
        )
        return dict(found.fetchall())


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
