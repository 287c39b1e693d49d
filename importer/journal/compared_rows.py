"""Open rows compared with the account: notes the account's ratings and closes rows that need no sending.

```text
the row wants 8, the account has 8        close_rows: unchanged
the row wants 8, the account has 5        note_previous: 5 stays in the journal, for an undo; the row is open
the row wants 8, the account has none     open; an addition, which takes room
```
"""

import re
from collections.abc import Generator, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from importer.journal.database import insert_rows
from importer.journal.rows import AFTER, JOB_COLUMNS, OPEN, STATE, Changed, PlannedChange, RunRows, build_jobs
from importer.model import IMDB_ID, UNRATE, MediaKind, Outcome, Rating, RatingJob

_KNOWN = (
    "SELECT title_key AS key, rating AS known_rating, rated_at AS known_rated_at"
    " FROM (SELECT * FROM known UNION ALL SELECT * FROM doubted)"
)
_IN_DOUBT = "previous_known = 2 AND status IS NULL"
_IS_NEW = "rating <> 0 AND previous_rating IS NULL"
_IS_OTHER = "previous_known AND previous_rating IS NOT NULL AND previous_rating IS NOT rating"


class Replaced(NamedTuple):
    """A row that would replace another rating of the account, with that rating and its date.

    `is_ours` says that an earlier run sent the account's rating, from a row dated `sent_rated_at`;
    `is_doubtful` that the account lists it under other ids: it may be of another title.
    """

    job: RatingJob
    account_rating: Rating
    account_rated_at: str | None
    is_ours: bool
    sent_rated_at: str | None
    is_doubtful: bool


class NamedTitle(NamedTuple):
    """A row of the file, and whether it is to be rated."""

    job: RatingJob
    is_rated: bool


class ComparedRows(RunRows):
    """Queries and notes after the account was read and before anything is sent."""

    def open_kinds(self) -> list[tuple[MediaKind, MediaKind | None]]:
        """Return the kinds, with second kinds, of the open rows."""
        return self._kinds("status IS NULL")

    def open_jobs(self, after_row: int, limit: int) -> list[RatingJob]:
        """Return up to `limit` open jobs after `after_row`, unchanged."""
        return self._jobs(AFTER.format(OPEN), *self._after(after_row, limit))

    def open_removals(self, after_row: int, limit: int) -> list[RatingJob]:
        """Return up to `limit` open jobs after `after_row` that remove a rating."""
        return self._jobs(AFTER.format(f"rating = 0 AND {OPEN}"), *self._after(after_row, limit))

    def count_open_removals(self) -> int:
        """Count the open rows that remove a rating."""
        return self._count("status IS NULL AND rating = 0")

    def has_open_removals_noted(self, note: str) -> bool:
        """Whether any open row with this note removes a rating."""
        found = self._db.execute(
            "SELECT 1 FROM row_state WHERE run = ? AND status IS NULL AND rating = 0 AND note = ? LIMIT 1",
            (self.number, note),
        )
        return found.fetchone() is not None

    def has_open_dates(self) -> bool:
        """Whether any open row that rates a title says when that was."""
        return self._count("status IS NULL AND rating <> 0 AND rated_at IS NOT NULL") > 0

    def open_changes(self, after_row: int, limit: int) -> list[RatingJob]:
        """The same of the jobs that change or remove a rating, so that the account needs no room for them."""
        return self._jobs(AFTER.format(f"NOT ({_IS_NEW}) AND {OPEN}"), *self._after(after_row, limit))

    def open_additions(self, after_row: int, limit: int) -> list[RatingJob]:
        """The same of the jobs that rate a title which has no rating yet."""
        return self._jobs(AFTER.format(f"{_IS_NEW} AND {OPEN}"), *self._after(after_row, limit))

    def count_additions(self) -> int:
        """Count the open rows that `open_additions` gives."""
        return self._count(f"status IS NULL AND {_IS_NEW}")

    def nth_addition(self, number: int) -> RatingJob:
        """The job of the open row with that number, from 0, among those that `open_additions` gives."""
        where = f"run = ? AND status IS NULL AND {_IS_NEW} ORDER BY last_row, id LIMIT 1 OFFSET ?"
        return self._jobs(where, self.number, number)[0]

    def unchanged_jobs(self, after_row: int, limit: int) -> list[RatingJob]:
        """Return up to `limit` jobs after `after_row` that were closed as unchanged."""
        where = AFTER.format("status = 'unchanged' AND NOT carried")
        return self._jobs(where, *self._after(after_row, limit))

    def changes_as_planned(self, after_row: int, limit: int) -> list[Changed]:
        """Return up to `limit` open rows after `after_row`, with the ratings that the plan noted."""
        return self._changes(AFTER.format(OPEN), *self._after(after_row, limit))

    def planned_changes(self) -> Generator[PlannedChange]:
        """Yield all rows of a run that was loaded and not sent, in order."""
        rows = self._db.execute(
            f"SELECT {JOB_COLUMNS}, status, reason, message, "
            f" iif({_IN_DOUBT}, NULL, previous_rating), iif({_IN_DOUBT}, NULL, previous_rated_at)"
            " FROM row_state WHERE run = ? ORDER BY last_row, id",
            (self.number,),
        )
        for row in rows:
            yield PlannedChange(RatingJob(*row[:-5]), *row[-5:])

    def note_previous(
        self,
        found: Iterable[tuple[int, Any, str | None]],
        doubtful: Iterable[tuple[int, Any, str | None]] = (),
    ) -> None:
        """Note the account's ratings as (row, rating, rated_at); other open rows have none.

        The `doubtful` ones are listed under other ids: see `settle_doubts`.
        """
        with self._transaction():
            self._db.execute("UPDATE run SET compared = 1 WHERE number = ?", (self.number,))
            self._forget_open("previous")
            self._forget_open("own_date")
            for known, ratings in ((1, found), (2, doubtful)):
                insert_rows(
                    self._db,
                    "INSERT OR REPLACE INTO previous",
                    f"{self.number}, ?, ?, ?, {known}",
                    ratings,
                )
            # The dates that ratings of earlier runs have in their rows, where the account has others.
            self._db.execute(
                "INSERT INTO own_date SELECT previous.run, previous.row, known_rated_at FROM previous"
                " JOIN row ON id = (previous.run << 32) + previous.row"
                f" JOIN ({_KNOWN}) ON key = title_key WHERE previous.run = ?"
                f" AND {STATE.format('status', table='previous')} IS NULL AND known_rating = previous.rating"
                " AND previous.rating IS NOT row.rating AND known_rated_at IS NOT previous.rated_at",
                (self.number,),
            )

    def _forget_open(self, table: str) -> None:
        is_open = f"{STATE.format('status', table=table)} IS NULL"
        self._db.execute(f"DELETE FROM {table} WHERE run = ? AND {is_open}", (self.number,))

    def note_rated_titles(self, rated_titles: int, kinds: Iterable[MediaKind]) -> None:
        """Note how many titles of these kinds the account has rated."""
        with self._transaction():
            self._db.execute(
                "UPDATE run SET rated_titles = ?, rated_kinds = ? WHERE number = ?",
                (rated_titles, _join_kinds(kinds), self.number),
            )

    def find_most_rated(self, kinds: Iterable[MediaKind], since: datetime) -> int:
        """Return the most that `note_rated_titles` noted in the runs that began since then."""
        found = self._db.execute(
            "SELECT ifnull(max(rated_titles), 0) FROM run WHERE rated_kinds = ? AND started_at >= ?",
            (_join_kinds(kinds), since.astimezone(UTC).isoformat(timespec="seconds")),
        )
        return int(found.fetchone()[0])

    def forget_most_rated(self, kinds: Iterable[MediaKind], rated_titles: int) -> None:
        """Begin anew with `rated_titles`: it is allowed that the account has less than before."""
        with self._transaction():
            self._db.execute(
                "UPDATE run SET rated_titles = NULL WHERE rated_kinds = ?", (_join_kinds(kinds),)
            )
        self.note_rated_titles(rated_titles, kinds)

    def count_listed(self, except_note: str) -> tuple[int, int]:
        """Count the rows of the source, now and in the last run of it that ended; 0 if there is none.

        Rows with the note `except_note` are not the source's.
        """
        before = self._db.execute(
            "SELECT ifnull(before.repeats, before.number) FROM run JOIN run AS before"
            " USING (source, destination) WHERE run.number = ? AND before.number < run.number"
            " AND before.ended_at IS NOT NULL ORDER BY before.number DESC LIMIT 1",
            (self.number,),
        ).fetchone()
        listed = "row_state WHERE run = ? AND note IS NOT ?"
        now, earlier = (
            self._database.count(listed, number, except_note) if number else 0
            for number in (self.number, before and before[0])
        )
        return now, earlier

    def note_unreadable(self) -> None:
        """Note that the account's ratings of open rows are not known, unless they were read before."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO previous (run, row, known) SELECT run, row, 0 FROM row_state WHERE run = ?"
                " AND status IS NULL AND NOT (SELECT compared FROM run WHERE number = row_state.run)"
                " ON CONFLICT DO UPDATE SET known = 0",
                (self.number,),
            )

    def close_rows(self, rows: Iterable[int], outcome: Outcome) -> None:
        """Close rows with one outcome, without sending them."""
        self.close_each((row, outcome) for row in rows)

    def close_each(self, outcomes: Iterable[tuple[int, Outcome]]) -> None:
        """Close rows, each with its own outcome, without sending them."""
        self._change((row, (0, *outcome)) for row, outcome in outcomes)

    def conflicts(self, after_row: int, limit: int) -> list[Replaced]:
        """Return up to `limit` open rows after `after_row` that would replace a rating of the account."""
        rows = self._db.execute(
            f"SELECT {JOB_COLUMNS}, previous_rating, previous_rated_at, known_rating, known_rated_at,"
            f" previous_known = 2 AS is_doubtful FROM row_state LEFT JOIN ({_KNOWN}) ON key = title_key"
            " WHERE " + AFTER.format(f"status IS NULL AND rating <> 0 AND {_IS_OTHER}"),
            self._after(after_row, limit),
        ).fetchall()
        return [
            Replaced(
                *(job, rating, rated_at, known_rating == rating and not is_doubtful, known_rated_at),
                bool(is_doubtful),
            )
            for job, (*_, rating, rated_at, known_rating, known_rated_at, is_doubtful) in zip(
                build_jobs(rows), rows, strict=True
            )
        ]

    def named_titles(self, after_row: int, limit: int) -> list[NamedTitle]:
        """Return up to `limit` rows after `after_row`, open or closed, and whether each is to be rated.

        A row that could not become a job has the texts of its cells, and perhaps an unknown kind; so no job
        here has its rating.
        """
        rows = self._db.execute(
            f"SELECT {JOB_COLUMNS}, rating <> 0 AND ifnull(status, '') NOT IN"
            f" ('unsupported', 'invalid', 'skipped') FROM row_state WHERE {AFTER.format('TRUE')}",
            self._after(after_row, limit),
        )
        return [NamedTitle(_build_named(row[:-1]), bool(row[-1])) for row in rows.fetchall()]

    def count_invalid(self) -> int:
        """Count the rows that cannot be understood."""
        return self._count("status = 'invalid'")

    def count_changes(self) -> tuple[int, int]:
        """Count the open rows that would change a rating of the account, and those that would remove one."""
        found = self._db.execute(
            "SELECT ifnull(sum(rating <> 0), 0), ifnull(sum(rating = 0), 0) FROM row_state"
            f" WHERE run = ? AND status IS NULL AND {_IS_OTHER}",
            (self.number,),
        ).fetchone()
        return int(found[0]), int(found[1])


def _join_kinds(kinds: Iterable[MediaKind]) -> str:
    return " ".join(sorted(kinds))


def _build_named(row: Sequence[Any]) -> RatingJob:
    job = RatingJob(*row)
    kind, second_kind = (
        MediaKind(kind) if kind in set(MediaKind) else None for kind in (job.kind, job.second_kind)
    )
    imdb_id = re.search(IMDB_ID, job.imdb_id or "")
    return job._replace(
        kind=kind or MediaKind.UNKNOWN,
        second_kind=second_kind,
        imdb_id=imdb_id[0] if imdb_id else None,
        rating=UNRATE,
    )
