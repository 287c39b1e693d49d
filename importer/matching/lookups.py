"""Asks the destination for titles: several at once, within its limit for reading, never twice for the same.

An outage is an error, never an answer. What an answer means is decided in `scoring`.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from importer.client.client import Client
from importer.client.rate_limit import Limiter, Rate
from importer.client.retry import RetryBudget
from importer.client.transport import Transport
from importer.destinations.base import Search
from importer.destinations.decisions import Decision
from importer.destinations.titles import Candidate, Found, Unsearchable
from importer.errors import ConnectionLostError
from importer.http import Request, Response
from importer.matching.cache import LookupCache
from importer.matching.model import MatchConfidence, MatchResult, TitleQuery
from importer.matching.scoring import is_named, possible_years, score_lookup, score_search, searched_kinds
from importer.matching.spelling import unify_alphabet
from importer.progress import Progress


@dataclass(frozen=True, slots=True)
class LookupOptions:
    """How to ask. `rate` None: no limit but the server's own."""

    workers: int
    rate: Rate | None
    budget: RetryBudget = field(default_factory=RetryBudget)


class Lookups:
    """Looks titles up. `asked` counts the questions that went to the server; the others were kept."""

    def __init__(
        self, search: Search, cache: LookupCache, options: LookupOptions, progress: Progress
    ) -> None:
        self._search = search
        self._cache = cache
        self._options = options
        self._progress = progress
        self._results: dict[TitleQuery, MatchResult] = {}
        self.asked = 0

    async def look_up_all(
        self, queries: Iterable[TitleQuery], transport: Transport
    ) -> dict[TitleQuery, MatchResult]:
        """Look all of them up. Raises StopRunError when the server gives no proper answer."""
        limiter = Limiter(self._options.rate, self._progress)
        client = Client(transport, limiter, budget=self._options.budget)
        waiting = iter(queries)
        tasks = [asyncio.ensure_future(self._work(client, waiting)) for _ in range(self._options.workers)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return self._results

    async def _work(self, client: Client, waiting: Iterator[TitleQuery]) -> None:
        for query in waiting:
            result = await self._look_up(client, query)
            self._results[query] = result
            self._progress.done += 1
            self._progress.failed += result.confidence is MatchConfidence.NOT_FOUND

    async def _look_up(self, client: Client, query: TitleQuery) -> MatchResult:
        if query.id is not None:
            source, _, value = query.id.partition(":")
            found = await self._ask(
                client,
                self._search.build_lookup(source, value),
                lambda answer: self._search.read_lookup(answer, source, value),
            )
            return _unsearchable(found) if isinstance(found, Unsearchable) else score_lookup(query, found)
        return await self._search_for(client, query)

    async def _search_for(self, client: Client, query: TitleQuery) -> MatchResult:
        title, kinds = unify_alphabet(query.title or ""), searched_kinds(query.kind)
        candidates: dict[Candidate, None] = {}
        # Years off by more are seen (a local release): without a hit, the year is left to the score.
        for years in dict.fromkeys((possible_years(query.year), None)):
            request = self._search.build_search(title, years, kinds)
            found = await self._ask(client, request, self._search.read_search)
            if isinstance(found, Unsearchable):
                return _unsearchable(found)
            candidates |= dict.fromkeys(found)
            if any(is_named(query, each) for each in found):
                break
        return score_search(query, list(candidates))

    async def _ask(
        self,
        client: Client,
        request: Request,
        read: Callable[[Response | ConnectionLostError], Decision[Found]],
    ) -> Found:
        question = f"{self._search.kept_as}{request.url.removeprefix(self._search.base_url)}"
        known = self._cache.get(question)
        if known is not None:
            return known
        self.asked += 1
        found = await client.request(request, read)
        if not isinstance(found, Unsearchable):
            self._cache.put(question, found)
        return found


def _unsearchable(found: Unsearchable) -> MatchResult:
    return MatchResult(MatchConfidence.NOT_FOUND, (), found.message)
