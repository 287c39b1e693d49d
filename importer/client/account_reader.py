"""Reading back: what does the account hold? Asked before anything is sent twice."""

from collections.abc import Awaitable, Callable

from importer.client.executor import Courier, Trace
from importer.destinations.base import Destination
from importer.destinations.decisions import Answer, Delivered, Verdict
from importer.destinations.titles import Held, Holdings
from importer.http import Request, Response
from importer.model import MediaKind

_Ask = Callable[[Request, Callable[[Answer], Verdict]], Awaitable[Verdict]]


class ReadBack:
    """Reads the account's ratings of one kind through the destination's rules."""

    def __init__(self, destination: Destination, courier: Courier) -> None:
        self._destination = destination
        self._courier = courier

    async def attempt(self, kind: MediaKind) -> Holdings | Verdict:
        """Ask once for each page."""
        return await self._read_pages(
            kind, lambda request, read: self._courier.attempt(request, read, Trace())
        )

    async def persist(self, kind: MediaKind) -> Holdings | Verdict:
        """Ask until there is an answer, or a verdict that there will be none."""
        return await self._read_pages(kind, self._courier.carry)

    async def _read_pages(self, kind: MediaKind, ask: _Ask) -> Holdings | Verdict:
        holdings: dict[str, Held] = {}
        reading = _Reading(self._destination, kind, holdings)
        while reading.has_more:
            reading.page += 1
            request = self._destination.build_read_back(kind, reading.page)
            verdict = await ask(request, reading.read)
            if not isinstance(verdict, Delivered):
                return verdict
        return holdings


class _Reading:
    """Collects the holdings of good answers, so that the courier sees verdicts only."""

    def __init__(self, destination: Destination, kind: MediaKind, holdings: dict[str, Held]) -> None:
        self._destination = destination
        self._kind = kind
        self._holdings = holdings
        self.page = 0
        self.has_more = True

    def read(self, answer: Answer) -> Verdict:
        found = self._destination.read_holdings(self._kind, answer)
        if isinstance(found, Verdict):
            return found
        self._holdings.update(found)
        assert isinstance(answer, Response)
        self.has_more = self._destination.has_next_page(answer, self.page)
        return Delivered(())
