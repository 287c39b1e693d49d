"""What can be asked for titles, behind one interface: the title index, and the searches of services.

    index    Heat (1995): certain                      settled
             Chaleur (1995): nothing of this name      trakt is asked, then tmdb
             Joker (2019): two of this name            for people to choose: another source may know only one
    trakt    Chaleur (1995): certain                   settled, by trakt

They are asked in the order of the settings.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from importer.client.transport import Transport
from importer.config.folders import shared_state_dir
from importer.destinations.base import Search
from importer.interrupts import run_in_loop
from importer.matching.cache import LookupCache
from importer.matching.lookups import LookupOptions, Lookups
from importer.matching.model import MatchConfidence, MatchResult, TitleQuery
from importer.matching.scoring import score_lookup, score_search
from importer.model import MediaKind
from importer.progress import Progress
from importer.titles.index import TitleIndex, UnratedType

Results = Mapping[TitleQuery, MatchResult]


class TitleSource(Protocol):
    """Something that finds titles."""

    name: str
    """Its name in settings and messages."""
    asked: int
    """Requests that were sent to a server."""

    def look_up(self, queries: Sequence[TitleQuery], progress: Progress) -> Results:
        """Look all of them up. Raises StopRunError if there is no proper answer."""
        ...


class IndexSource:
    """The title index."""

    name = "index"

    def __init__(self, path: Path) -> None:
        self._path = path
        self.asked = 0

    def look_up(self, queries: Sequence[TitleQuery], progress: Progress) -> Results:
        """Look all of them up. Raises StateFileError."""
        results = {}
        with TitleIndex(self._path) as index:
            for query in queries:
                results[query] = _look_up(index, query)
                progress.done += 1
        return results


def _look_up(index: TitleIndex, query: TitleQuery) -> MatchResult:
    if query.id is None:
        if query.kind is MediaKind.EPISODE:
            return _not_found("the index has no names of episodes")
        return score_search(query, index.search(query.title or "", query.year))
    source, _, value = query.id.partition(":")
    if source != "imdb":
        return _not_found("the index knows IMDb ids only")
    found = index.find(value)
    if found is None:
        return _not_found("IMDb's files have no such id: it is new, or was removed or merged into another")
    if isinstance(found, UnratedType):
        return _not_found(f"at IMDb it is a {found.word}, which cannot be rated elsewhere")
    if query.kind is MediaKind.EPISODE and found.kind is MediaKind.EPISODE and found.place is None:
        return _not_found("IMDb does not say which number this episode has")
    return score_lookup(query, [found])


def _not_found(message: str) -> MatchResult:
    return MatchResult(MatchConfidence.NOT_FOUND, (), message)


class OnlineSource:
    """The search of a service, which is opened when it is needed."""

    def __init__(self, name: str, search: AbstractContextManager[Search], options: LookupOptions) -> None:
        self.name = name
        self._search = search
        self._options = options
        self.asked = 0

    def look_up(self, queries: Sequence[TitleQuery], progress: Progress) -> Results:
        """Look all of them up, within the service's limit. Raises StopRunError and SettingsError."""
        with self._search as search, LookupCache(shared_state_dir() / "lookups.sqlite3") as cache:
            lookups = Lookups(search, cache, self._options, progress)

            async def look_up() -> Results:
                async with Transport(self._options.workers) as transport:
                    return await lookups.look_up_all(queries, transport)

            try:
                return run_in_loop(look_up())
            finally:
                self.asked += lookups.asked


def look_up_in_turn(
    sources: Iterable[TitleSource], queries: Sequence[TitleQuery], progress: Progress
) -> Results:
    """Ask one source after the other for what is not settled yet. Raises StopRunError."""
    results: dict[TitleQuery, MatchResult] = {}
    left = list(queries)
    for source in sources:
        if not left:
            break
        progress.to_send, progress.done, progress.failed = len(left), 0, 0
        for query, result in source.look_up(left, progress).items():
            earlier = results.get(query)
            if earlier is None or _is_better(result, earlier):
                results[query] = result._replace(source=source.name)
        left = [query for query in left if not _is_settled(query, results[query])]
    return {query: results[query] for query in queries}


def _is_better(result: MatchResult, earlier: MatchResult) -> bool:
    found = result.confidence is not MatchConfidence.NOT_FOUND
    if earlier.confidence is MatchConfidence.NOT_FOUND:
        return found
    return result.confidence is MatchConfidence.CERTAIN


def _is_settled(query: TitleQuery, result: MatchResult) -> bool:
    """Whether no other source needs to be asked: it is certain, or several titles fit in all."""
    if result.confidence is MatchConfidence.CERTAIN:
        return True
    return query.id is None and any(fit == 1 for fit, _ in result.scored)
