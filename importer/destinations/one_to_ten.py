"""Ratings as services take them that know whole numbers from 1 to 10, each with its date. Pure.

```text
row: love, --love 10, 2014-09-01     {"rating": 10, "rated_at": "2014-09-01T12:00:00.000Z"}
row: 8, no date                      {"rating": 8}
row: unrate                          {}
```
"""

from typing import Any

from importer.destinations.dates import Dates
from importer.model import HATE, LOVE, Outcome, Rating, RatingJob, Status


def build_number(rating: Rating, love: int | None, hate: int | None) -> int | None:
    """Return a rating as 1 to 10: None for a word without a number, and for what is no whole number."""
    return rating if isinstance(rating, int) else {LOVE: love, HATE: hate}.get(rating)


def store_number(job: RatingJob, love: int | None, hate: int | None) -> RatingJob:
    """Return the job with a love or hate as its number."""
    if isinstance(job.rating, int):
        return job  # nearly every row, and every stage asks
    number = build_number(job.rating, love, hate)
    return job if number is None else job._replace(rating=number)


class OneToTen:
    """What such a service makes of a job's rating and date."""

    __slots__ = ()
    dates: Dates
    love: int | None
    hate: int | None

    def as_stored(self, job: RatingJob) -> RatingJob:
        """Return the job with a love or hate as its number."""
        return store_number(job, self.love, self.hate)

    def _number(self, job: RatingJob) -> int | None:
        return build_number(job.rating, self.love, self.hate)

    def _build_rating(self, job: RatingJob) -> dict[str, Any]:
        if not job.rating:
            return {}
        number = job.rating if isinstance(job.rating, int) else self._number(job)
        rating: dict[str, Any] = {"rating": number}
        # Without a date, even an equal rating would be dated today: a known date is always sent.
        if rated_at := self.dates.build(job.rated_at):
            rating["rated_at"] = rated_at
        return rating

    def _find_clamped(self, job: RatingJob) -> Outcome | None:
        """Return the outcome of a job that was rated with another date than its own."""
        if not self.dates.is_future(job.rated_at):
            return None
        message = f"its date, {job.rated_at}, lies in the future; it was dated now"
        return Outcome(Status.RATED, "date_clamped", message)
