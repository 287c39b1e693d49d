"""Ratings that were taken, and that the account's list does not show under the ids they were sent with."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from importer.journal.rows import RunRows
from importer.model import Rating, RatingJob


class Unlisted(NamedTuple):
    """What was sent, and what the list shows: the rating under another key, or what stood there before.

    Where there is no `listed_key`, nobody has seen the rating yet; `seen_rating` is what was seen instead.
    """

    listed_key: str | None
    rating: Rating
    rated_at: str | None
    seen_rating: Rating | None = None
    seen_rated_at: str | None = None

    def is_of(self, job: RatingJob) -> bool:
        """Whether the row still says what was sent."""
        return (job.rating, job.rated_at) == (self.rating, self.rated_at)


class UnlistedRows(RunRows):
    """What the journal remembers of them, by the keys that `destinations.titles.title_keys` gives a row."""

    def unlisted(self) -> dict[str, Unlisted]:
        """All of them, also those of other runs; they are few."""
        columns = f"key, {', '.join(Unlisted._fields)}"
        found = self._db.execute(f"SELECT {columns} FROM unlisted").fetchall()
        return {key: Unlisted(*values) for key, *values in found}

    def note_unlisted(self, unlisted: Mapping[str, Unlisted]) -> None:
        """Remember these, in the place of what was known of the same keys."""
        with self._transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO unlisted VALUES (?, ?, ?, ?, ?, ?)",
                ((key, *values) for key, values in unlisted.items()),
            )

    def forget_unseen(self, keys: Iterable[str]) -> None:
        """Forget those that nobody has seen: they were seen now, or sent once more."""
        with self._transaction():
            self._db.executemany(
                "DELETE FROM unlisted WHERE key = ? AND listed_key IS NULL", ((key,) for key in keys)
            )
