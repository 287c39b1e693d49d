"""Reading the account's ratings: before anything is sent, before anything is sent twice, and afterwards."""

from functools import partial

from importer.client.client import Client, Trace
from importer.destinations.base import Destination
from importer.destinations.decisions import Decision, Done
from importer.destinations.titles import AccountRating, AccountRatings
from importer.model import MediaKind


class AccountReader:
    """Reads the account's ratings of one kind, page by page."""

    def __init__(self, destination: Destination, client: Client) -> None:
        self._destination = destination
        self._client = client

    async def read(self, kind: MediaKind) -> Decision[AccountRatings]:
        """Read all pages, each with its retries. What is not Done is the Stop that ended it."""
        return await self._read_pages(kind, retries=True)

    async def read_once(self, kind: MediaKind) -> Decision[AccountRatings]:
        """Read all pages with one attempt each: a Retry is left to the caller, who counts it as its own."""
        return await self._read_pages(kind, retries=False)

    async def _read_pages(self, kind: MediaKind, *, retries: bool) -> Decision[AccountRatings]:
        ratings: dict[str, AccountRating] = {}
        page = 1
        while True:
            request = self._destination.build_read_back(kind, page)
            read = partial(self._destination.read_ratings, kind, page)
            decision = (
                await self._client.decide(request, read)
                if retries
                else await self._client.attempt(request, read, Trace())
            )
            if not isinstance(decision, Done):
                return decision
            ratings.update(decision.value.ratings)
            if not decision.value.has_more:
                return Done(ratings)
            page += 1
