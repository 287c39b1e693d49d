"""Ratings that were accepted, but that the account's list does not show under the ids that were sent."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from importer.journal.rows import RunRows
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


class UnlistedRows(RunRows):
    """The journal's unlisted ratings, by the keys of `destinations.titles.title_keys`."""

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
