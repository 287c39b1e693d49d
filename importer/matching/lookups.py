"""Asks the destination for titles: several at once, within its rate limit, each title once.

    ("Heat", 1995)           the exact search, then the broad one within 1994 to 1996
    ("Matrix, The", 2021)    both find "The Matrix" of no such year: the score decides
    ("Chaleur", 1995)        neither finds the exact name: the broad one once more, without the years
    imdb:tt0113277           the look-up by id

An outage is an error, never an answer. `scoring` interprets the answers.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from importer.client.client import Client
from importer.client.rate import Rate
from importer.client.rate_limit import Limiter
from importer.client.retry import RetryBudget
from importer.client.transport import Transport
from importer.client.workers import work_side_by_side
from importer.destinations.base import Search
from importer.destinations.decisions import Decision
from importer.destinations.titles import Found, Unsearchable
from importer.errors import ConnectionLostError
from importer.http import Request, Response
from importer.matching.cache import LookupCache
from importer.matching.model import MatchConfidence, MatchResult, TitleQuery
from importer.matching.scoring import is_named, possible_years, score_lookup, score_search, searched_kinds
from importer.progress import Progress
from importer.titles.spelling import as_catalogued


@dataclass(frozen=True, slots=True)
class LookupOptions:
    """Options of look-ups. `rate` None: only the server's own limit."""

    workers: int
    rate: Rate | None
    budget: RetryBudget = field(default_factory=RetryBudget)


class Lookups:
    """Looks titles up. `asked` counts the requests to the server; the other answers were cached."""

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
        """Look all queries up. Raises StopRunError if the server gives no proper answer."""
        limiter = Limiter(self._options.rate, self._progress)
        client = Client(transport, limiter, budget=self._options.budget)
        waiting = iter(queries)
        await work_side_by_side(lambda: self._work(client, waiting), self._options.workers)
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
            return (
                _unsearchable(found) if isinstance(found, Unsearchable) else score_lookup(query, found.titles)
            )
        return await self._search_for(client, query)

    async def _search_for(self, client: Client, query: TitleQuery) -> MatchResult:
        title, kinds = as_catalogued(query.title or ""), searched_kinds(query.kind)
        answers: list[Found] = []
        exact = self._search.build_exact_search(title, kinds, query.year)
        if exact is not None:
            found = await self._ask(client, exact, self._search.read_exact_search)
            answers += [found] if isinstance(found, Found) else []  # the other search may find it
        # A year may be off by more (a local release): without a hit, search without the year.
        for years in dict.fromkeys((possible_years(query.year), None)):
            found = await self._ask(
                client, self._search.build_search(title, years, kinds), self._search.read_search
            )
            if isinstance(found, Unsearchable):
                if not any(each.titles for each in answers):
                    return _unsearchable(found)
                break
            answers.append(found)
            if _ignores(years, found) or any(is_named(query, hit) for each in answers for hit in each.titles):
                break
        return score_search(query, answers)

    async def _ask(
        self,
        client: Client,
        request: Request | Unsearchable,
        read: Callable[[Response | ConnectionLostError], Decision[Found | Unsearchable]],
    ) -> Found | Unsearchable:
        if isinstance(request, Unsearchable):
            return request
        question = f"{self._search.kept_as}{request.url.removeprefix(self._search.base_url)}"
        known = self._cache.get(question)
        if known is not None:
            return known
        self.asked += 1
        found = await client.request(request, read)
        if not isinstance(found, Unsearchable):
            self._cache.put(question, found)
        return found


def _ignores(years: range | None, found: Found) -> bool:
    """Whether the server ignored the years, so that a search without them would find the same."""
    return years is not None and any(
        each.year is not None and each.year not in years for each in found.titles
    )


def _unsearchable(found: Unsearchable) -> MatchResult:
    return MatchResult(MatchConfidence.NOT_FOUND, (), found.message)
