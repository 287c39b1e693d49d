"""Sent ratings that the account's list does not show: searched for in vain, or not searched for yet."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import dropwhile
from operator import itemgetter
from typing import NamedTuple

from importer.journal.rows import Changed, RunRows
from importer.model import Rating, RatingJob


class Unlisted(NamedTuple):
    """A sent rating and what the list shows: the rating under another key, or the earlier rating.

    Without a `listed_key` the rating was not seen yet; `seen_rating` was seen instead.
    """

    listed_key: str | None
    rating: Rating
    rated_at: str | None
    seen_rating: Rating | None = None
    seen_rated_at: str | None = None

    def is_of(self, job: RatingJob) -> bool:
        """Whether the row still has the rating that was sent."""
        return (job.rating, job.rated_at) == (self.rating, self.rated_at)


LATEST = timedelta(days=1)
"""Lists were seen to lag behind by minutes. What was sent longer ago is believed to be listed or changed."""

_MAY_BE_LATE = "may_have_changed AND NOT carried AND status IS NOT 'failed'"


class Unverified(NamedTuple):
    """A row that was sent lately. `is_answered` if the destination said that it took it.

    `is_verified` if the list was searched for it; it matters where an earlier row of its title was not.
    """

    change: Changed
    is_answered: bool
    is_verified: bool = False


class UnlistedRows(RunRows):
    """The journal's unlisted ratings, by the keys of `destinations.titles.title_keys`."""

    def note_verified(self) -> None:
        """Note that the list was searched for what this run sent, unless an answer was never seen."""
        with self._transaction():
            self._db.execute(
                "UPDATE run SET compared = 2 WHERE number = ? AND NOT EXISTS (SELECT 1 FROM row_state"
                f" WHERE run = number AND {_MAY_BE_LATE} AND is_accepted IS NOT TRUE)",
                (self.number,),
            )

    def unverified(self) -> list[Unverified]:
        """Return what earlier runs sent in the last day, from the first that did not search for it on."""
        since = datetime.now(UTC) - LATEST
        runs = self._db.execute(
            "SELECT number, started_at, compared = 2 FROM run WHERE number < ?"
            " AND (ended_at IS NULL OR ended_at >= ?) ORDER BY number",
            (self.number, since.isoformat(timespec="seconds")),
        ).fetchall()
        found: list[Unverified] = []
        for number, started_at, is_verified in dropwhile(itemgetter(2), runs):
            (last,) = self._db.execute("SELECT max(sent_at) FROM state WHERE run = ?", (number,)).fetchone()
            # A row without an answer has no time: it was in flight when the last answer came.
            last = datetime.fromisoformat(started_at).timestamp() if last is None else last
            where = f"run = ? AND {_MAY_BE_LATE} AND ifnull(sent_at, ?) >= ? AND is_accepted IS "
            for is_answered in (False, True):
                changes = self._changes(
                    where + ("TRUE" if is_answered else "NOT TRUE"), number, last, since.timestamp()
                )
                found += [Unverified(change, is_answered, bool(is_verified)) for change in changes]
        return found

    def unlisted(self) -> dict[str, Unlisted]:
        """Return all of them, including other runs'; they are few."""
        columns = f"key, {', '.join(Unlisted._fields)}"
        found = self._db.execute(f"SELECT {columns} FROM unlisted").fetchall()
        return {key: Unlisted(*values) for key, *values in found}

    def note_unlisted(self, unlisted: Mapping[str, Unlisted]) -> None:
        """Store these, replacing entries with the same keys."""
        with self._transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO unlisted VALUES (?, ?, ?, ?, ?, ?)",
                ((key, *values) for key, values in unlisted.items()),
            )

    def forget_unseen(self, keys: Iterable[str]) -> None:
        """Delete entries that were not seen before: they were seen now, or sent once more."""
        with self._transaction():
            self._db.executemany(
                "DELETE FROM unlisted WHERE key = ? AND listed_key IS NULL", ((key,) for key in keys)
            )
