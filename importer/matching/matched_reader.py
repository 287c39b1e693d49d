"""Rows without ids: the queries that look them up, and a reader that adds the ids chosen in the match file.

    row                                        query_of(row)                  row as MatchedReader yields it
    title="Heat", year=1995, a movie           (movie, "Heat", 1995)          with the ids of Heat (1995)
    title="Lost", season=1, an episode         (show, "Lost", None)           with the ids of the show
    imdb_id="tt0084787", of an unknown kind    (unknown, id="imdb:tt0084787") with its kind, too
    tvdb_id=5, title="Heat", a movie           (movie, "Heat", None)          with the ids of Heat (1995)
    imdb_id="tt0113277", a movie               None: nothing is missing       unchanged

Any reader can be wrapped. A row without a choice is unchanged, and the destination refuses it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from importer.destinations.titles import EpisodeOf
from importer.matching.model import ChosenMatch, Occurrence, TitleQuery
from importer.model import MediaKind, RatingJob, SourceRow
from importer.readers.base import Reader

_SOURCES = ("imdb", "tmdb", "tvdb", "trakt")
_SOURCES_OF_MOVIES = ("imdb", "tmdb", "trakt")
"""No destination takes a movie by its TVDB id (trakt-api, idsRequestSchema)."""


def query_of(job: RatingJob, *, numbers_episodes: bool = False) -> TitleQuery | None:
    """Return the look-up that a row needs; None if it has ids and a kind, or has nothing to look up.

    A row whose ids cannot be used for its kind is looked up by its title. With `numbers_episodes`, an
    episode that has only its own id is looked up, for its show and number.
    """
    if numbers_episodes and job.kind is MediaKind.EPISODE and job.season is None and job.imdb_id:
        return TitleQuery(job.kind, job.title, job.year, f"imdb:{job.imdb_id}")
    ids = {source: value for source in _SOURCES if (value := getattr(job, f"{source}_id"))}
    is_known = job.kind is not MediaKind.UNKNOWN
    useful = _SOURCES_OF_MOVIES if job.kind is MediaKind.MOVIE else _SOURCES
    if is_known and not ids.keys().isdisjoint(useful):
        return None
    has_title = bool(job.title and job.title.strip())
    if ids and not (is_known and has_title):
        source, value = next(iter(ids.items()))
        return TitleQuery(job.kind, job.title, job.year, f"{source}:{value}")
    if not has_title:
        return None
    # A season or episode with a number has its show's title.
    kind = job.kind if job.season is None else MediaKind.SHOW
    return TitleQuery(kind, job.title, job.year)


def key_of(query: TitleQuery) -> TitleQuery:
    """Return the form of a query that is equal for a row and its lines in the match file."""
    if query.id is not None:  # the title is only for people
        return query._replace(title=None, year=None)
    return query._replace(title=" ".join((query.title or "").split()))


def collect_queries(
    reader: Reader, report_rows: Callable[[int], None], *, numbers_episodes: bool = False
) -> dict[TitleQuery, Occurrence]:
    """Read all rows and return the look-ups they need, in the order of the file.

    Calls `report_rows` with the number of rows read since the last call. Raises UnreadableFileError.
    """
    found: dict[TitleQuery, tuple[TitleQuery, Occurrence]] = {}
    for chunk in reader.chunks():
        report_rows(len(chunk))
        for row in chunk:
            if not isinstance(row, RatingJob):
                continue
            query = query_of(row, numbers_episodes=numbers_episodes)
            if query is not None:
                _, occurrence = found.setdefault(key_of(query), (query, Occurrence(0, row.line)))
                occurrence.rows += 1
    return dict(found.values())


class MatchedReader:
    """A reader whose rows get the ids that were chosen: in the match file of this name, or by looking up.

    With `numbers_episodes`, an episode that has only its own id gets its show's and its numbers.
    """

    def __init__(
        self,
        reader: Reader,
        choices: Mapping[TitleQuery, ChosenMatch],
        name: str,
        *,
        numbers_episodes: bool = False,
    ) -> None:
        self._reader = reader
        self._choices = choices
        self._name = name
        self._numbers_episodes = numbers_episodes
        self.format_name = reader.format_name
        self.notes: Sequence[str] = reader.notes

    def chunks(self) -> Iterator[list[SourceRow]]:
        """Yield the rows, with the chosen ids."""
        used: set[TitleQuery] = set()
        for chunk in self._reader.chunks():
            yield [self._match(row, used) if isinstance(row, RatingJob) else row for row in chunk]
        self.notes = (*self._reader.notes, *self._describe_use(used))

    def _describe_use(self, used: AbstractSet[TitleQuery]) -> Iterator[str]:
        """Yield notes on used choices, and on unused ones: a title may differ between the files."""
        sources = Counter(choice.source or self._name for key, choice in self._choices.items() if key in used)
        for source, titles in sources.items() or ((self._name, 0),):
            yield f"titles whose ids are from {source}: {titles:,}"
        idle = [choice.line for key, choice in self._choices.items() if key not in used and choice.line]
        if idle:
            yield f"choices in it that fit no row here: {len(idle):,}, the first in line {min(idle)}"

    def _match(self, job: RatingJob, used: set[TitleQuery]) -> RatingJob:
        query = query_of(job, numbers_episodes=self._numbers_episodes)
        if query is None:
            return job
        key = key_of(query)
        choice = self._choices.get(key)
        if choice is None:
            if query.id is not None:  # the destination may know the type from the id
                return job
            return job.with_note(f"nothing is chosen for it in {self._name}")
        candidate = choice.candidate
        if job.season is not None and candidate.kind not in {MediaKind.SHOW, None}:
            return job  # a movie has no seasons
        used.add(key)
        if candidate.place is not None and self._numbers_episodes:
            return self._place(job, candidate.place, choice)
        return job._replace(
            kind=job.kind if job.season is not None or candidate.kind is None else candidate.kind,
            second_kind=job.second_kind if candidate.kind in {job.kind, None} else None,
            imdb_id=candidate.imdb_id,
            tmdb_id=candidate.tmdb_id,
            tvdb_id=candidate.tvdb_id,
            trakt_id=candidate.trakt_id,
        ).with_note(self._describe(choice))

    def _place(self, job: RatingJob, place: EpisodeOf, choice: ChosenMatch) -> RatingJob:
        """Return an episode's row as destinations want it that take it by its show and numbers."""
        own_id, number = choice.candidate.imdb_id, f"{place.season}x{place.number:02}"
        return job._replace(
            kind=MediaKind.EPISODE,
            second_kind=None,
            title=place.title,
            year=place.year,
            season=place.season,
            episode=place.number,
            imdb_id=place.imdb_id,
            tmdb_id=place.tmdb_id,
            tvdb_id=place.tvdb_id,
            trakt_id=place.trakt_id,
        ).with_note(f"{own_id} is {number} of {place.title}, by {self._by(choice)}")

    def _describe(self, choice: ChosenMatch) -> str:
        title, year, fit = choice.candidate.title, choice.candidate.year, choice.score
        named = (title or "the title of these ids") + (f" ({year})" if year else "")
        scored = f", score {fit:.2f}" if fit is not None else ""
        return f"resolved as {named}{scored}, by {self._by(choice)}"

    def _by(self, choice: ChosenMatch) -> str:
        return choice.source or f"{self._name} line {choice.line}"
