"""Loading a run: adds its rows and closes those that need no comparison with the account."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from importer.journal.rows import RunRows
from importer.model import ClosedRow, Outcome, RatingJob, SourceRow

_ALIKE = {
    "imdb_id": "imdb_id",  # unique over all kinds
    "tmdb_id": "tmdb_id, kind",
    "tvdb_id": "tvdb_id, kind",
    "trakt_id": "trakt_id, kind",
    # A name without ids and year is not unique.
    "iif(coalesce(imdb_id, tmdb_id, tvdb_id, trakt_id) IS NULL AND year, title, NULL)": "title, year, kind",
}
"""By key that a row must have, the columns that rows of the same title share."""


class LoadedRows(RunRows):
    """Steps of the transaction `Journal.loading`; `note_ids` and `close_unchanged` may also come later."""

    def add_rows(self, rows: Iterable[SourceRow], outcomes: Iterable[Outcome | None]) -> None:
        """Add rows, with outcomes for those that are closed before sending."""
        alike: dict[tuple[Any, bool], list[tuple[Any, ...]]] = {}
        for row, outcome in zip(rows, outcomes, strict=True):
            cells = row if outcome is None else row + outcome
            alike.setdefault((row.__class__, outcome is not None), []).append(cells)
        for (kind, is_settled), group in alike.items():
            columns = kind._fields + Outcome._fields if is_settled else kind._fields
            self._insert(columns, group, carried=kind is ClosedRow)

    def _insert(self, names: Sequence[str], rows: Sequence[tuple[Any, ...]], *, carried: bool) -> None:
        # Most columns are empty in most files, and an empty cell takes as long to insert as any other.
        columns = {
            name: cells
            for name, cells in zip(names, zip(*rows, strict=True), strict=True)
            if cells.count(None) < len(rows)
        }
        self._db.executemany(
            f"INSERT INTO row (run, previous_known, carried, {', '.join(columns)})"
            f" VALUES ({self.number}, 1, {carried:d}{', ?' * len(columns)})",
            zip(*columns.values(), strict=True),
        )

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
                "SELECT row, line, rated_at FROM row WHERE run = ?"
                " AND row IN (SELECT value FROM json_each(?)) ORDER BY row",
                (self.number, json.dumps(group)),
            ).fetchall()

    def _rows_alike(self) -> Iterator[list[int]]:
        for key, same in _ALIKE.items():
            found = self._db.execute(
                "SELECT json_group_array(row) FROM row WHERE run = ? AND status IS NULL"
                f" AND {key} IS NOT NULL GROUP BY {same}, season, episode HAVING count(*) > 1",
                (self.number,),
            )
            for (rows,) in found.fetchall():
                yield json.loads(rows)

    def repeat(self, earlier: RunRows, outcome: Outcome) -> None:
        """Make this run, without rows, a repeat of an earlier one, whose sent rows now have `outcome`."""
        self._db.execute("UPDATE run SET repeats = ? WHERE number = ?", (earlier.number, self.number))
        self._db.execute(
            "INSERT INTO tally SELECT ?, iif(was_sent, ?, status), iif(was_sent, ?, reason), sum(rows)"
            " FROM (SELECT *, status IN ('rated', 'unrated') AS was_sent FROM tally WHERE run = ?)"
            " GROUP BY 2, 3",
            (self.number, outcome.status, outcome.reason, earlier.number),
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
        with self._transaction():
            self._db.executemany(
                f"UPDATE row SET {', '.join(f'{name} = ?' for name in columns)} WHERE run = ? AND row = ?",
                ((*(getattr(job, name) for name in columns), self.number, job.row) for job in jobs),
            )

    def close_unchanged(self, outcome: Outcome) -> None:
        """Close open rows whose rating an earlier run sent; for others note the known rating.

        With ids of several kinds, one title may be known twice, and a love or hate may be
        another number today: then only the account itself is reliable. So it is for the removals of a
        mirror, which have no line: what an earlier run removed may have been rated again.
        """
        if self._database.knows_other_ids():
            return
        known = "(SELECT known.rating FROM known WHERE known.title_key = row.title_key)"
        with self._transaction():
            self._db.execute(
                "UPDATE row SET previous_rating = rating, status = ?, reason = ?, message = ?"
                f" WHERE run = ? AND status IS NULL AND typeof(rating) = 'integer' AND rating = {known}"
                " AND line",
                (*outcome, self.number),
            )
            self._db.execute(
                f"UPDATE row SET previous_rating = {known} WHERE run = ? AND status IS NULL"
                " AND title_key IN (SELECT title_key FROM known)",
                (self.number,),
            )

    def close_open(self, outcome: Outcome, *, only_removals: bool = False) -> None:
        """Close all open rows with one outcome, or only those that remove a rating."""
        with self._transaction():
            self._db.execute(
                "UPDATE row SET status = ?, reason = ?, message = ? WHERE run = ? AND status IS NULL"
                " AND (rating = 0 OR NOT ?)",
                (*outcome, self.number, only_removals),
            )
