"""Loading a run: adds its rows and closes those that need no comparison with the account."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from importer.journal import states
from importer.journal.database import insert_rows
from importer.journal.rows import RunRows
from importer.model import ClosedRow, InvalidRow, Outcome, PlannedRow, RatingJob, SourceRow

_ALIKE = {
    "imdb_id": "imdb_id",  # unique over all kinds
    "tmdb_id": "tmdb_id, kind",
    "tvdb_id": "tvdb_id, kind",
    "trakt_id": "trakt_id, kind",
    # A name without ids and year is not unique.
    "iif(coalesce(imdb_id, tmdb_id, tvdb_id, trakt_id) IS NULL AND year, title, NULL)": "title, year, kind",
}
"""By key that a row must have, the columns that rows of the same title share."""


_CELLS = frozenset(RatingJob._fields[1:])


class LoadedRows(RunRows):
    """Steps of the transaction `Journal.loading`; some may also come later, each in one of its own."""

    def add_rows(self, rows: Iterable[SourceRow], outcomes: Iterable[Outcome | None]) -> None:
        """Add rows, with outcomes for those that are closed before sending: all of them, or none."""
        rows = [*rows]
        lines = states.join_rows(
            (row[0], _build_state(row, outcome)) for row, outcome in zip(rows, outcomes, strict=True)
        )
        if not lines:
            return
        with self._transaction():
            for kind in {*map(type, rows)}:
                self._insert([row for row in rows if row.__class__ is kind])
            states.insert(self._db, self.number, lines)
            self._database.checksums.touch("row", self.number, lines[0][0], lines[-1][1])
        self._keep([row for row in rows if isinstance(row, RatingJob)])

    def _insert(self, rows: Sequence[SourceRow]) -> None:
        names = [name for name in rows[0]._fields if name in _CELLS]
        # Most columns are empty in most files, and an empty cell takes as long to insert as any other.
        numbers, *every = zip(*rows, strict=True)
        columns = {
            name: cells for name, cells in zip(names, every, strict=False) if cells.count(None) < len(rows)
        }
        insert_rows(
            self._db,
            f"INSERT INTO row (id, {', '.join(columns)})",
            f"{self.number << 32} + ?{', ?' * len(columns)}",
            zip(numbers, *columns.values(), strict=True),
        )
        if isinstance(rows[0], PlannedRow | ClosedRow):
            before = (
                (self.number, row.row, row.previous_rating, getattr(row, "previous_rated_at", None))
                for row in rows
                if isinstance(row, PlannedRow | ClosedRow) and row.previous_rating is not None
            )
            insert_rows(self._db, "INSERT INTO previous", "?, ?, ?, ?, 1", before)

    def titles_rated_twice(self) -> Iterator[list[tuple[int, int, str | None]]]:
        """Yield, for each title with more than one open row, these rows as (row, line, rated_at).

        Rows rate one title when they share any of its ids, or, without ids, title and year.
        """
        groups: dict[int, list[int]] = {}
        for rows in self._rows_alike():
            joined = sorted({other for row in rows for other in groups.get(row, [row])})
            groups.update(dict.fromkeys(joined, joined))
        for group in {id(group): group for group in groups.values()}.values():
            yield self._db.execute(
                "SELECT row, line, rated_at FROM row"
                " WHERE id IN (SELECT (? << 32) + value FROM json_each(?)) ORDER BY id",
                (self.number, json.dumps(group)),
            ).fetchall()

    def _rows_alike(self) -> Iterator[list[int]]:
        jobs = self._all_jobs()
        for key, same in _ALIKE.items():
            if jobs and key in _CELLS and _are_unique([getattr(job, key) for job in jobs]):
                continue  # as in nearly every file; SQL sorts them to see that
            found = self._db.execute(
                "SELECT json_group_array(row) FROM row_state WHERE run = ? AND status IS NULL"
                f" AND {key} IS NOT NULL GROUP BY {same}, season, episode HAVING count(*) > 1",
                (self.number,),
            )
            for (rows,) in found.fetchall():
                yield json.loads(rows)

    def repeat(self, earlier: RunRows) -> None:
        """Make this run, without rows, a repeat of an earlier one, whose sent rows are known now."""
        with self._transaction():
            self._db.execute("UPDATE run SET repeats = ? WHERE number = ?", (earlier.number, self.number))
            self._db.execute(
                f"INSERT INTO state (run, first_row, last_row, {states.COLUMNS})"
                " SELECT ?, first_row, last_row, 0, iif(was_sent, ?, status), iif(was_sent, ?, reason),"
                " iif(was_sent, ?, message), NULL, NULL, NULL, NULL, 0"
                " FROM (SELECT *, status IN ('rated', 'unrated') AS was_sent FROM state WHERE run = ?)",
                (self.number, *states.KNOWN, earlier.number),
            )

    def note_ids(self, jobs: Iterable[RatingJob]) -> None:
        """Give rows the kind, ids, numbers and note of these jobs."""
        columns = (
            "kind",
            "second_kind",
            "season",
            "episode",
            "imdb_id",
            "tmdb_id",
            "tvdb_id",
            "trakt_id",
            "note",
        )
        self._kept = None  # these are other jobs now
        with self._transaction():
            self._db.executemany(
                f"UPDATE row SET {', '.join(f'{name} = ?' for name in columns)} WHERE id = ?",
                ((*(getattr(job, name) for name in columns), (self.number << 32) + job.row) for job in jobs),
            )

    def close_unchanged(self) -> None:
        """Close open rows whose rating an earlier run sent; for others note the known rating.

        With ids of several kinds, one title may be known twice, and a love or hate may be
        another number today: then only the account itself is reliable. So it is for the removals of a
        mirror, which have no line: what an earlier run removed may have been rated again.
        """
        if self._database.knows_other_ids() or not self._database.count("(SELECT 1 FROM known LIMIT 1)"):
            return
        open_and_known = (
            "row_state CROSS JOIN known ON known.title_key = row_state.title_key"
            " WHERE row_state.run = ? AND status IS NULL"
        )
        with self._transaction():
            equal = self._db.execute(
                f"SELECT row FROM {open_and_known} AND typeof(row_state.rating) = 'integer'"
                " AND row_state.rating = known.rating AND line",
                (self.number,),
            ).fetchall()
            self._db.execute(
                f"INSERT INTO previous (run, row, rating) SELECT run, row, known.rating FROM {open_and_known}"
                " ON CONFLICT DO UPDATE SET rating = excluded.rating",
                (self.number,),
            )
            self._change((row, (0, *states.KNOWN)) for (row,) in equal)

    def close_open(self, outcome: Outcome, *, only_removals: bool = False) -> None:
        """Close all open rows with one outcome, or only those that remove a rating."""
        with self._transaction():
            if only_removals:
                found = "SELECT row FROM row_state WHERE run = ? AND status IS NULL AND rating = 0"
                rows = self._db.execute(found, (self.number,)).fetchall()
                self._change((row, (0, *outcome)) for (row,) in rows)
            else:
                self._db.execute(
                    "UPDATE state SET status = ?, reason = ?, message = ? WHERE run = ? AND status IS NULL",
                    (*outcome, self.number),
                )


def _are_unique(cells: Sequence[object]) -> bool:
    known = [cell for cell in cells if cell is not None]
    return len({*known}) == len(known)


def _build_state(row: SourceRow, outcome: Outcome | None) -> tuple[Any, ...]:
    if row.__class__ is RatingJob and outcome is None:
        return states.OPEN  # nearly every row
    if isinstance(row, RatingJob | PlannedRow):
        return states.OPEN if outcome is None else (0, *outcome, *states.OPEN[4:])
    closed = (0, row.status, row.reason, row.message)
    if isinstance(row, InvalidRow):
        return (*closed, *states.OPEN[4:])
    return (*closed, row.attempts, row.http_status, row.sent_at, row.duration_ms, 1)
