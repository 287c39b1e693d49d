"""Asking the destination about titles: side by side, within its budget for reading, never twice for the same.

An outage is an error, never an answer. What an answer means is decided in `resolving`.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from importer.client.executor import Courier
from importer.client.rate_limit import Limiter, Rate
from importer.client.retry import Backoff, RetryBudget
from importer.client.transport import Transport
from importer.destinations.decisions import Answer, Decision, Done, Retry, Stop
from importer.destinations.titles import Candidate
from importer.destinations.trakt.search import Found, TraktSearch, Unsearchable
from importer.http import Request
from importer.matching.cache import LookupCache
from importer.matching.model import MatchConfidence, TitleQuery
from importer.matching.scoring import (
    MatchResult,
    is_named,
    mend_script,
    possible_years,
    score_lookup,
    score_search,
    searched_kinds,
)
from importer.progress import Progress


@dataclass(frozen=True, slots=True)
class LookupOptions:
    """How to ask. `rate` None: no limit but the server's own."""

    workers: int
    rate: Rate | None
    budget: RetryBudget = field(default_factory=RetryBudget)


class Lookups:
    """Looks subjects up. `asked` counts the questions that went to the server rather than being known."""

    def __init__(
        self, search: TraktSearch, cache: LookupCache, options: LookupOptions, progress: Progress
    ) -> None:
        self._search = search
        self._cache = cache
        self._options = options
        self._progress = progress
        self._judgements: dict[TitleQuery, MatchResult] = {}
        self.asked = 0

    async def look_up_all(
        self, subjects: Iterable[TitleQuery], transport: Transport
    ) -> dict[TitleQuery, MatchResult]:
        """Look all of them up. Raises StopRunError when the server gives no proper answer."""
        limiter = Limiter(self._options.rate, self._progress)
        courier = Courier(transport, limiter, Backoff(limiter, self._options.budget))
        waiting = iter(subjects)
        tasks = [asyncio.ensure_future(self._work(courier, waiting)) for _ in range(self._options.workers)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return self._judgements

    async def _work(self, courier: Courier, waiting: Iterator[TitleQuery]) -> None:
        for subject in waiting:
            judgement = await self._look_up(courier, subject)
            self._judgements[subject] = judgement
            self._progress.done += 1
            self._progress.failed += judgement.certainty is MatchConfidence.NOT_FOUND

    async def _look_up(self, courier: Courier, subject: TitleQuery) -> MatchResult:
        if subject.id is not None:
            source, _, value = subject.id.partition(":")
            found = await self._ask(
                courier,
                self._search.build_lookup(source, value),
                lambda answer: self._search.read_lookup(answer, source, value),
            )
            return _unsearchable(found) if isinstance(found, Unsearchable) else score_lookup(subject, found)
        return await self._search_for(courier, subject)

    async def _search_for(self, courier: Courier, subject: TitleQuery) -> MatchResult:
        title, kinds = mend_script(subject.title or ""), searched_kinds(subject.kind)
        candidates: dict[Candidate, None] = {}
        # Years off by more are seen (a local release): without a hit, the year is left to the score.
        for years in dict.fromkeys((possible_years(subject.year), None)):
            request = self._search.build_search(title, years, kinds)
            found = await self._ask(courier, request, self._search.read_search)
            if isinstance(found, Unsearchable):
                return _unsearchable(found)
            candidates |= dict.fromkeys(found)
            if any(is_named(subject, each) for each in found):
                break
        return score_search(subject, list(candidates))

    async def _ask(
        self, courier: Courier, request: Request, read: Callable[[Answer], Found | Retry | Stop]
    ) -> Found:
        question = f"{self._search.kept_as}{request.url.removeprefix(self._search.base_url)}"
        known = self._cache.get(question)
        if known is not None:
            return known
        self.asked += 1
        found: Found = ()

        def judge(answer: Answer) -> Decision:
            nonlocal found
            what = read(answer)
            if isinstance(what, Retry | Stop):
                return what
            found = what
            return Done(())

        decision = await courier.carry(request, judge)
        if isinstance(decision, Stop):
            raise decision.error
        assert isinstance(decision, Done), "a Retry of a look-up ends in a Stop"
        if not isinstance(found, Unsearchable):
            self._cache.put(question, found)
        return found


def _unsearchable(found: Unsearchable) -> MatchResult:
    return MatchResult(MatchConfidence.NOT_FOUND, (), found.message)
