"""Reading a batch back: what the account's list shows of rows whose answer said nothing certain.

A rating that is in the list is there for certain; that one is gone is certain only if the list is whole.
"""

from collections.abc import Sequence

from importer.client.account_reader import AccountReader, AccountReading
from importer.client.client import Client
from importer.destinations.base import Destination
from importer.destinations.decisions import RATED, UNRATED, Decision, Done
from importer.destinations.titles import is_stored, possible_kinds
from importer.model import Batch, MediaKind, Outcome, RatingJob, Status


class ReadBack:
    """Reads the ratings that a batch may have changed."""

    def __init__(self, destination: Destination, client: Client) -> None:
        self._destination = destination
        self._account_reader = AccountReader(destination, client)

    async def read_once(self, batch: Batch) -> Decision[AccountReading]:
        """Read the kinds of the batch with one attempt each."""
        return await self._account_reader.read_all(_kinds(batch), retries=False)

    async def find_shown(self, batch: Batch) -> Sequence[RatingJob]:
        """Find the rows that the account shows as they were sent; none if it cannot be read."""
        found = await self._account_reader.read_all(_kinds(batch))
        if not isinstance(found, Done):
            return ()
        if not found.value.is_complete and not all(job.rating for job in batch.jobs):
            return ()
        stored = self._destination.as_stored
        return [job for job in batch.jobs if is_stored(stored(job), found.value.ratings)]

    def is_there(self, batch: Batch, reading: AccountReading) -> bool | None:
        """Whether the account has all ratings of the batch; None if the reading is not complete."""
        stored = map(self._destination.as_stored, batch.jobs)
        are_there = all(is_stored(job, reading.ratings) for job in stored)
        is_certain = reading.is_complete or (are_there and all(job.rating for job in batch.jobs))
        return are_there if is_certain else None


def _kinds(batch: Batch) -> set[MediaKind]:
    return {kind for job in batch.jobs for kind in possible_kinds(job)}


def verified(job: RatingJob) -> Outcome:
    """Return the outcome of a job whose answer was lost but whose rating the account has."""
    return _found(job, "the answer was lost; reading back found the rating in the account")


def seen(job: RatingJob) -> Outcome:
    """Return the outcome of a job whose answer only counted, and that the account has as it was sent."""
    return _found(job, "the answer counted rows without naming them; reading back found this one done")


def as_absent(outcome: Outcome) -> Outcome:
    """Return an unconfirmed outcome as failed: the account does not have the rating."""
    if outcome.status is not Status.UNCONFIRMED:
        return outcome
    message = "the answer never came; reading back did not find the rating"
    return Outcome(Status.FAILED, outcome.reason, message)


def _found(job: RatingJob, message: str) -> Outcome:
    return Outcome((RATED if job.rating else UNRATED).status, "verified", message)
