"""Reading back: what does the account hold? Asked before anything is sent twice."""

from collections.abc import Awaitable, Callable

from importer.client.executor import Courier, Trace
from importer.destinations.base import Destination
from importer.destinations.decisions import Answer, Decision, Done
from importer.destinations.titles import AccountRating, AccountRatings
from importer.http import Request, Response
from importer.model import MediaKind

_Ask = Callable[[Request, Callable[[Answer], Decision]], Awaitable[Decision]]


class ReadBack:
    """Reads the account's ratings of one kind through the destination's rules."""

    def __init__(self, destination: Destination, courier: Courier) -> None:
        self._destination = destination
        self._courier = courier

    async def attempt(self, kind: MediaKind) -> AccountRatings | Decision:
        """Ask once for each page."""
        return await self._read_pages(
            kind, lambda request, read: self._courier.attempt(request, read, Trace())
        )

    async def persist(self, kind: MediaKind) -> AccountRatings | Decision:
        """Ask until there is an answer, or a verdict that there will be none."""
        return await self._read_pages(kind, self._courier.carry)

    async def _read_pages(self, kind: MediaKind, ask: _Ask) -> AccountRatings | Decision:
        ratings: dict[str, AccountRating] = {}
        reading = _Reading(self._destination, kind, ratings)
        while reading.has_more:
            reading.page += 1
            request = self._destination.build_read_back(kind, reading.page)
            decision = await ask(request, reading.read)
            if not isinstance(decision, Done):
                return decision
        return ratings


class _Reading:
    """Collects the holdings of good answers, so that the courier sees verdicts only."""

    def __init__(self, destination: Destination, kind: MediaKind, ratings: dict[str, AccountRating]) -> None:
        self._destination = destination
        self._kind = kind
        self._holdings = ratings
        self.page = 0
        self.has_more = True

    def read(self, answer: Answer) -> Decision:
        found = self._destination.read_ratings(self._kind, answer)
        if isinstance(found, Decision):
            return found
        self._holdings.update(found)
        assert isinstance(answer, Response)
        self.has_more = self._destination.has_next_page(answer, self.page)
        return Done(())
