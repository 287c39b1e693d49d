"""Reading back: what does the account hold? Asked before anything is sent twice."""

from importer.delivery.courier import Courier, Trace
from importer.destinations.base import Answer, Delivered, Destination, Holdings, Verdict
from importer.model import MediaKind


class ReadBack:
    """Reads the account's ratings of one kind through the destination's rules."""

    def __init__(self, destination: Destination, courier: Courier) -> None:
        self._destination = destination
        self._courier = courier

    async def attempt(self, kind: MediaKind) -> Holdings | Verdict:
        """Ask once."""
        reading = _Reading(self._destination, kind)
        request = self._destination.build_read_back(kind)
        verdict = await self._courier.attempt(request, reading.read, Trace())
        return verdict if reading.holdings is None else reading.holdings

    async def persist(self, kind: MediaKind) -> Holdings | Verdict:
        """Ask until there is an answer, or a verdict that there will be none."""
        reading = _Reading(self._destination, kind)
        verdict = await self._courier.carry(self._destination.build_read_back(kind), reading.read)
        return verdict if reading.holdings is None else reading.holdings


class _Reading:
    """Keeps the holdings of a good answer, so that the courier sees verdicts only."""

    def __init__(self, destination: Destination, kind: MediaKind) -> None:
        self._destination = destination
        self._kind = kind
        self.holdings: Holdings | None = None

    def read(self, answer: Answer) -> Verdict:
        found = self._destination.read_holdings(self._kind, answer)
        if isinstance(found, Verdict):
            return found
        self.holdings = found
        return Delivered(())
