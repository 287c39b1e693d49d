"""What every run sent, what came back, and what the account is known to hold.

The journal is the truth and the results file its print-out. A run is planned in one transaction: it is in
the journal whole, or not at all. Rows are marked before they are sent and after they are answered, in
grouped commits that reach the disk (`synchronous=FULL`), so a crash leaves at most rows marked as sending
whose answer is unknown, never a row that was sent unmarked.

The file itself, its lock and its transactions are in `journal_file`; what the rows mean is decided elsewhere.
"""

import json
import re
import secrets
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from importer.forecast import Forecast
from importer.history import Tally, results_of, tallies_of
from importer.journal_file import JournalFile
from importer.model import (
    Fate,
    InvalidRow,
    MediaKind,
    Outcome,
    PlannedRow,
    Rating,
    RatingJob,
    SettledRow,
    SourceRow,
)

_JOB_COLUMNS = ", ".join(RatingJob._fields)
_JOB_MARKS = ", ".join("?" * len(RatingJob._fields))
_INSERT_JOB = (
    f"INSERT INTO row (run, {_JOB_COLUMNS}, status, reason, message) VALUES (?, {_JOB_MARKS}, ?, ?, ?)"
)
_INSERT_INVALID = (
    f"INSERT INTO row (run, {', '.join(InvalidRow._fields)}) "
    f"VALUES (?, {', '.join('?' * len(InvalidRow._fields))})"
)
_INSERT_PLANNED = (
    f"INSERT INTO row (run, {', '.join(PlannedRow._fields)}, status, reason, message) "
    f"VALUES (?, {', '.join('?' * len(PlannedRow._fields))}, ?, ?, ?)"
)
_ALIKE = {
    "imdb_id": "imdb_id",  # means one title, whatever it is taken for
    "tmdb_id": "tmdb_id, kind",
    "tvdb_id": "tvdb_id, kind",
    "trakt_id": "trakt_id, kind",
    "iif(coalesce(imdb_id, tmdb_id, tvdb_id, trakt_id) IS NULL, title, NULL)": "title, year, kind",
}
"""What a row must have, and what rows must share with it, to rate the same title."""
_MAY_HAVE_CHANGED = (
    "(status IN ('rated', 'unrated', 'unsure') OR status = 'failed' AND reason = 'not_stored'"
    " OR status IS NULL AND sending)"
)
"""The rows that a run changed at the account, or may have: what an undo looks at."""
_INSERT_SETTLED = (
    f"INSERT INTO row (run, carried, {', '.join(SettledRow._fields)}) "
    f"VALUES (?, 1, {', '.join('?' * len(SettledRow._fields))})"
)


@dataclass(frozen=True, slots=True)
class Run:
    """One run in the journal. `run_id` is what people type; `number` the key inside this file."""

    number: int
    run_id: str
    continued: bool = False


class Changed(NamedTuple):
    """A row that changes the account, and what stood there before, if that `is_known`."""

    job: RatingJob
    is_known: bool
    rating: Rating | None
    rated_at: str | None


class Replaced(NamedTuple):
    """A row that would replace another rating of the account: what is held, since when.

    `is_ours` says that an earlier run brought the rating that is held, of a row dated `brought_at`.
    """

    job: RatingJob
    held: Rating
    held_at: str | None
    is_ours: bool
    brought_at: str | None


class Journal(JournalFile):
    """The journal of one account: what its rows hold, and in which order they may be asked for."""

    # Planning a run, in one transaction

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
        now = datetime.now(UTC)
        run_id = ""
        # Two runs of one second may draw the same word.
        while not run_id or self._one("SELECT count(*) FROM run WHERE run_id = ?", run_id):
            run_id = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        cursor = self._db.execute(
            "INSERT INTO run (run_id, fingerprint, source, destination, started_at) VALUES (?, ?, ?, ?, ?)",
            (run_id, fingerprint, source, destination, now.isoformat(timespec="seconds")),
        )
        assert cursor.lastrowid is not None
        return Run(cursor.lastrowid, run_id)

    def add_rows(self, run: Run, rows: Iterable[SourceRow], fates: Iterable[Fate | None]) -> None:
        """Add rows, with the fate of those that are settled before sending."""
        jobs: list[Sequence[Any]] = []
        invalid: list[Sequence[Any]] = []
        settled: list[Sequence[Any]] = []
        planned: list[Sequence[Any]] = []
        number = (run.number,)
        for row, fate in zip(rows, fates, strict=True):
            if isinstance(row, InvalidRow):
                invalid.append(number + row)
            elif isinstance(row, SettledRow):
                settled.append(number + row)
            elif isinstance(row, PlannedRow):
                planned.append(number + row + (fate or _NO_FATE))
            else:
                jobs.append(number + row + (fate or _NO_FATE))
        self._db.executemany(_INSERT_JOB, jobs)
        self._db.executemany(_INSERT_INVALID, invalid)
        self._db.executemany(_INSERT_SETTLED, settled)
        self._db.executemany(_INSERT_PLANNED, planned)

    def titles_rated_twice(self, run: Run) -> Iterator[list[tuple[int, int, str | None]]]:
        """Yield, for each title with more than one open row, these rows as (row, line, rated_at).

        Rows rate one title when they share any of its ids, or, without ids, title and year.
        """
        groups: dict[int, list[int]] = {}
        for rows in self._rows_alike(run):
            joined = sorted({other for row in rows for other in groups.get(row, [row])})
            groups.update(dict.fromkeys(joined, joined))
        for group in {id(group): group for group in groups.values()}.values():
            yield self._db.execute(
                "SELECT row, line, rated_at FROM row WHERE run = ?"
                " AND row IN (SELECT value FROM json_each(?)) ORDER BY row",
                (run.number, json.dumps(group)),
            ).fetchall()

    def _rows_alike(self, run: Run) -> Iterator[list[int]]:
        for key, same in _ALIKE.items():
            found = self._db.execute(
                "SELECT json_group_array(row) FROM row WHERE run = ? AND status IS NULL"
                f" AND {key} IS NOT NULL GROUP BY {same}, season, episode HAVING count(*) > 1",
                (run.number,),
            )
            for (rows,) in found.fetchall():
                yield json.loads(rows)

    def settle_unchanged(self, run: Run, fate: Fate) -> None:
        """Give `fate` to open rows whose rating an earlier run brought; note what stood there for others.

        Where titles went by ids of several kinds, one title may be known twice, and a love or hate may be
        another number today: then only the account itself can tell.
        """
        if self._one("SELECT EXISTS (SELECT 1 FROM held WHERE title_key < 'imdb:' OR title_key >= 'imdb;')"):
            return
        self._db.execute(
            "UPDATE row SET previous_rating = held.rating FROM held"
            " WHERE held.title_key = row.title_key AND row.run = ? AND row.status IS NULL",
            (run.number,),
        )
        self._db.execute(
            "UPDATE row SET status = ?, reason = ?, message = ?"
            " WHERE run = ? AND status IS NULL AND rating = previous_rating AND typeof(rating) = 'integer'",
            (*fate, run.number),
        )

    def settle_open(self, run: Run, fate: Fate) -> None:
        """Give every open row the same fate."""
        self._db.execute(
            "UPDATE row SET status = ?, reason = ?, message = ? WHERE run = ? AND status IS NULL",
            (*fate, run.number),
        )

    # Looking at the account before sending

    def open_kinds(self, run: Run) -> list[tuple[MediaKind, MediaKind | None]]:
        """The kinds, with their second ones, of the rows that wait to be sent."""
        return self._kinds("status IS NULL", run)

    def open_jobs(self, run: Run, after_row: int, limit: int) -> list[RatingJob]:
        """Up to `limit` jobs beyond `after_row` that wait to be sent, as they are."""
        where = "WHERE run = ? AND row > ? AND status IS NULL AND NOT sending ORDER BY row LIMIT ?"
        return self._jobs(where, run.number, after_row, limit)

    def planned_changes(self, run: Run, after_row: int, limit: int) -> list[Changed]:
        """Up to `limit` open rows beyond `after_row`, with what stood there when they were planned."""
        rows = self._db.execute(
            f"SELECT {_JOB_COLUMNS}, previous_known, previous_rating, previous_rated_at FROM row"
            " WHERE run = ? AND row > ? AND status IS NULL AND NOT sending ORDER BY row LIMIT ?",
            (run.number, after_row, limit),
        )
        return [Changed(_build_job(row[:-3]), bool(row[-3]), row[-2], row[-1]) for row in rows.fetchall()]

    def forecasts(self, run: Run) -> Generator[Forecast]:
        """Yield all rows of a run that is planned and not sent, in their order."""
        rows = self._db.execute(
            f"SELECT {_JOB_COLUMNS}, status, reason, message, previous_rating, previous_rated_at FROM row"
            " WHERE run = ? ORDER BY row",
            (run.number,),
        )
        for row in rows:
            yield Forecast(RatingJob(*row[:-5]), *row[-5:])

    def note_previous(self, run: Run, found: Iterable[tuple[int, Any, str | None]]) -> None:
        """Write down what the account holds, as (row, rating, rated_at); nothing for all other open rows."""
        with self._transaction():
            self._db.execute(
                "UPDATE row SET previous_known = 1, previous_rating = NULL, previous_rated_at = NULL"
                " WHERE run = ? AND status IS NULL",
                (run.number,),
            )
            self._db.executemany(
                "UPDATE row SET previous_rating = ?, previous_rated_at = ? WHERE run = ? AND row = ?",
                ((rating, rated_at, run.number, row) for row, rating, rated_at in found),
            )

    def settle_rows(self, run: Run, rows: Iterable[int], fate: Fate) -> None:
        """Give rows one fate without sending them."""
        self.settle_each(run, ((row, fate) for row in rows))

    def settle_each(self, run: Run, fates: Iterable[tuple[int, Fate]]) -> None:
        """Give rows, each its own fate, without sending them."""
        with self._transaction():
            self._db.executemany(
                "UPDATE row SET status = ?, reason = ?, message = ? WHERE run = ? AND row = ?",
                ((*fate, run.number, row) for row, fate in fates),
            )

    def conflicts(self, run: Run, after_row: int, limit: int) -> list[Replaced]:
        """Up to `limit` open rows beyond `after_row` that would replace another rating of the account."""
        rows = self._db.execute(
            f"SELECT {_JOB_COLUMNS}, previous_rating, previous_rated_at, brought, brought_at FROM row"
            " LEFT JOIN (SELECT title_key AS key, rating AS brought, rated_at AS brought_at FROM held)"
            " ON key = title_key WHERE run = ? AND row > ? AND status IS NULL AND rating <> 0"
            " AND previous_known AND previous_rating IS NOT NULL ORDER BY row LIMIT ?",
            (run.number, after_row, limit),
        )
        return [
            Replaced(_build_job(row[:-4]), held, held_at, brought == held, brought_at)
            for row in rows.fetchall()
            for held, held_at, brought, brought_at in [row[-4:]]
        ]

    def named_titles(self, run: Run, after_row: int, limit: int) -> list[tuple[RatingJob, bool]]:
        """Up to `limit` rows beyond `after_row`, whatever became of them, and whether each is to be rated.

        Of a row that could not become a job, what its cells say; its kind may then be unknown.
        """
        rows = self._db.execute(
            f"SELECT {_JOB_COLUMNS}, rating <> 0 AND ifnull(status, '') NOT IN"
            " ('unsupported', 'invalid', 'skipped') FROM row WHERE run = ? AND row > ? ORDER BY row LIMIT ?",
            (run.number, after_row, limit),
        )
        return [(_build_named(row[:-1]), bool(row[-1])) for row in rows.fetchall()]

    def count_invalid(self, run: Run) -> int:
        """Count the rows that cannot be understood."""
        return int(self._one("SELECT count(*) FROM row WHERE run = ? AND status = 'invalid'", run.number))

    def count_changes(self, run: Run) -> tuple[int, int]:
        """Count the open rows that would change a rating of the account, and those that would remove one."""
        found = self._db.execute(
            "SELECT ifnull(sum(rating <> 0), 0), ifnull(sum(rating = 0), 0) FROM row"
            " WHERE run = ? AND status IS NULL AND previous_known AND previous_rating IS NOT NULL",
            (run.number,),
        ).fetchone()
        return int(found[0]), int(found[1])

    # Sending

    def count_open(self, run: Run) -> int:
        """Count the rows without an outcome."""
        return int(self._one("SELECT count(*) FROM row WHERE run = ? AND status IS NULL", run.number))

    def unanswered(self, run: Run) -> list[RatingJob]:
        """The jobs marked as sending that have no outcome: a crash left their fate unknown."""
        return self._jobs("WHERE run = ? AND status IS NULL AND sending ORDER BY row", run.number)

    def still_unsure(self, run: Run) -> list[RatingJob]:
        """The open jobs whose very rating an earlier run may have brought, and nothing was known since."""
        return self._jobs(
            "WHERE run = ? AND status IS NULL AND title_key NOT IN (SELECT title_key FROM held)"
            " AND (title_key, rating) IN (SELECT title_key, rating FROM row WHERE run < ?"
            " AND (status IN ('unsure', 'failed') AND reason IS NOT 'not_stored'"
            " OR status IS NULL AND sending))"
            " ORDER BY row",
            run.number,
            run.number,
        )

    def take(self, run: Run, after_row: int, limit: int) -> list[RatingJob]:
        """Mark up to `limit` open rows beyond `after_row` as sending, and return their jobs."""
        with self._transaction():
            jobs = self._jobs(
                "WHERE run = ? AND row > ? AND status IS NULL AND NOT sending ORDER BY row LIMIT ?",
                run.number,
                after_row,
                limit,
            )
            if jobs:
                self._db.execute(
                    "UPDATE row SET sending = 1 WHERE run = ? AND row BETWEEN ? AND ? AND status IS NULL",
                    (run.number, jobs[0].row, jobs[-1].row),
                )
        return jobs

    def release(self, run: Run, *, except_rows: Iterable[int] = ()) -> None:
        """Unmark rows that were marked as sending but never left; `except_rows` may have."""
        with self._transaction():
            self._db.execute(
                "UPDATE row SET sending = 0 WHERE run = ? AND sending AND status IS NULL"
                " AND row NOT IN (SELECT value FROM json_each(?))",
                (run.number, json.dumps(list(except_rows))),
            )

    def record(self, run: Run, outcomes: Iterable[Outcome]) -> None:
        """Write outcomes in one commit."""
        number = run.number
        with self._transaction():
            self._db.executemany(
                "UPDATE row SET status = ?, reason = nullif(?, ''), message = nullif(?, ''), attempts = ?,"
                " http_status = ?, sent_at = ?, duration_ms = ? WHERE run = ? AND row = ?",
                (
                    (*fate, attempts, http_status, sent_at, duration_ms, number, row)
                    for row, fate, attempts, http_status, sent_at, duration_ms in outcomes
                ),
            )

    def finish(self, run: Run) -> None:
        """Close the run: every row has its outcome, and the account is known to hold what was sent."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._transaction():
            self._db.execute("UPDATE run SET ended_at = ? WHERE number = ?", (now, run.number))
            self._settle_held(run.number)

    # After sending

    def sent_jobs(self, run: Run, after_row: int, limit: int) -> list[RatingJob]:
        """Up to `limit` jobs beyond `after_row` that the destination is said to have taken in this run."""
        where = (
            "WHERE run = ? AND row > ? AND status IN ('rated', 'unrated') AND NOT carried"
            " ORDER BY row LIMIT ?"
        )
        return self._jobs(where, run.number, after_row, limit)

    def sent_kinds(self, run: Run) -> list[tuple[MediaKind, MediaKind | None]]:
        """The kinds, with their second ones, of the rows that `sent_jobs` gives."""
        return self._kinds("status IN ('rated', 'unrated') AND NOT carried", run)

    def changed_rows(self, run: Run, after_row: int, limit: int) -> list[Changed]:
        """Up to `limit` rows beyond `after_row` that the run changed at the account."""
        rows = self._db.execute(
            f"SELECT {_JOB_COLUMNS}, previous_known, previous_rating, previous_rated_at FROM row"
            f" WHERE run = ? AND row > ? AND {_MAY_HAVE_CHANGED} AND NOT carried ORDER BY row LIMIT ?",
            (run.number, after_row, limit),
        )
        return [Changed(_build_job(row[:-3]), bool(row[-3]), row[-2], row[-1]) for row in rows.fetchall()]

    def ratings_of(self, run: Run) -> dict[int, Any]:
        """The ratings that a run brought, by row."""
        found = self._db.execute(
            f"SELECT row, rating FROM row WHERE run = ? AND {_MAY_HAVE_CHANGED}", (run.number,)
        )
        return dict(found.fetchall())

    # Reporting

    def results(self, run: Run) -> Generator[tuple[Any, ...]]:
        """Yield the results file's lines, in input order and in the order of its columns."""
        return results_of(self._db, run.number)

    def tallies(self, run: Run) -> list[Tally]:
        """Count the rows by status and reason, the most frequent first."""
        return tallies_of(self._db, run.number)

    # Inside

    def _kinds(self, where: str, run: Run) -> list[tuple[MediaKind, MediaKind | None]]:
        found = self._db.execute(
            f"SELECT DISTINCT kind, second_kind FROM row WHERE {where} AND run = ?", (run.number,)
        )
        return [(MediaKind(kind), MediaKind(second) if second else None) for kind, second in found]

    def _jobs(self, where: str, *values: object) -> list[RatingJob]:
        rows = self._db.execute(f"SELECT {_JOB_COLUMNS} FROM row {where}", values)
        return [_build_job(row) for row in rows.fetchall()]

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
        # rating was kept, it is not the one that an earlier run brought.
        self._db.execute(
            "DELETE FROM held WHERE title_key IN (SELECT title_key FROM row WHERE run = ?"
            " AND (status IN ('unsure', 'failed', 'kept') OR status IS NULL AND sending))",
            (number,),
        )
        self._db.execute("UPDATE run SET settled = 1 WHERE number = ?", (number,))


_NO_FATE = (None, None, None)


def _build_job(row: Sequence[Any]) -> RatingJob:
    job = RatingJob(*row)
    second = MediaKind(job.second_kind) if job.second_kind else None
    return job._replace(kind=MediaKind(job.kind), second_kind=second)


def _build_named(row: Sequence[Any]) -> RatingJob:
    job = RatingJob(*row)
    kind, second_kind = (
        MediaKind(kind) if kind in set(MediaKind) else None for kind in (job.kind, job.second_kind)
    )
    imdb_id = re.search(r"tt\d{5,10}", job.imdb_id or "")
    return job._replace(
        kind=kind or MediaKind.UNKNOWN, second_kind=second_kind, imdb_id=imdb_id[0] if imdb_id else None
    )
