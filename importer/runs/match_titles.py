"""Ids for the rows of a file that have none, found before a run reads them.

```text
--match certain   certain titles are taken, and what was answered or chosen before; nobody is asked
at a terminal     "55 rows have no ids. Look them up now?"; doubtful titles are asked one by one
otherwise         nothing is looked up
```

Titles that stay open go into the match file, where people choose; the next run reads it again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from importer.destinations.spec import DestinationSpec
from importer.destinations.titles import Candidate
from importer.errors import NoTitleSourceError, OptionError
from importer.files import is_same_file
from importer.matching.answers import Answers
from importer.matching.matched_reader import key_of
from importer.matching.model import ChosenMatch, MatchConfidence, MatchLine, TitleQuery
from importer.matching.service import ANSWERED, Groups, MatchService, Queries
from importer.matching.sources import Results
from importer.model import LACKS_ID, MediaKind, Outcome, RatingJob
from importer.progress import Progress
from importer.readers.base import Reader
from importer.runs.open_titles import TitleOptions, open_sources
from importer.runs.prompts import Observer, Prompts, TitleAnswer
from importer.titles.settings import answers_file

_ROWS_TO_LOOK_AT = 20_000
"""At a terminal: if all of the first rows have ids, the others do as well, and need not be read for it."""

Choices = Mapping[TitleQuery, ChosenMatch]


@dataclass(frozen=True, slots=True)
class TitleMatching:
    """How the rows of one file get their ids. `open_reader` reads it anew."""

    open_reader: Callable[[], Reader]
    check: Callable[[RatingJob], Outcome | None]
    """Says why the destination does not take a row."""
    where: TitleOptions
    match_file: Path
    writes: bool
    """Whether the match file is written; it is read in any case."""
    prompts: Prompts
    observer: Observer

    @property
    def spec(self) -> DestinationSpec:
        """The spec of the destination."""
        return self.where.spec

    def offer(self) -> Choices | None:
        """Ask whether titles are looked up, if rows lack ids; None if nobody wants it, or nothing could."""
        rows = self._count_lacking()
        if not rows:
            return None
        try:
            open_sources(self.where)
        except NoTitleSourceError:
            return None  # what helps is said at the end
        return self.find(asks=True) if self.prompts.confirm_lookup(rows) else None

    def find(self, *, asks: bool = False) -> Choices:
        """Look the titles up and return those that are certain, chosen or answered. Raises ImporterError."""
        progress = Progress()
        with Answers(answers_file()) as answers:
            service = MatchService(
                lambda: open_sources(self.where), answers, progress, self.spec.numbers_episodes
            )
            with self.observer.watch(progress):
                earlier = service.read_earlier(self.match_file)
                queries = service.collect(self.open_reader())
                answered = {query: found for query in queries if (found := answers.get(query)) is not None}
                results = service.look_up(queries, answered)
            choices = _take_certain(results, answered, earlier)
            if asks:
                choices |= self._ask(queries, results, choices, answers)
            left = {query: queries[query] for query in queries if _is_left(query, choices)}
            if self.writes and (left or earlier):
                service.write(self.match_file, left, results, earlier)
        return {key_of(query): choice for query, choice in choices.items()}

    def _count_lacking(self) -> int:
        lacking = seen = 0
        for chunk in self.open_reader().chunks():
            for row in chunk:
                if isinstance(row, RatingJob):
                    refused = self.check(row)
                    lacking += refused is not None and refused.reason in LACKS_ID
            seen += len(chunk)
            if not lacking and seen >= _ROWS_TO_LOOK_AT:
                break
        return lacking

    def _ask(
        self, queries: Queries, results: Results, choices: Choices, answers: Answers
    ) -> dict[TitleQuery, ChosenMatch]:
        """Ask about doubtful titles, then about those not found, one by one. An answer is kept at once."""
        found: dict[TitleQuery, ChosenMatch] = {}
        left = [query for query in results if _is_left(query, choices)]
        for query in sorted(left, key=lambda query: not results[query].scored):
            result = results[query]
            answer = self.prompts.choose_title(query, queries[query], result)
            if answer is TitleAnswer.STOP:
                break
            if isinstance(answer, Candidate):
                answers.put(query, answer)
                found[query] = ChosenMatch(answer, None, source=ANSWERED)
        return found


def _take_certain(
    results: Results, answered: Mapping[TitleQuery, Candidate], earlier: Groups
) -> dict[TitleQuery, ChosenMatch]:
    choices = {query: ChosenMatch(found, None, source=ANSWERED) for query, found in answered.items()}
    for query, result in results.items():
        if result.confidence is MatchConfidence.CERTAIN and not _was_taken_back(
            earlier.get(key_of(query), ())
        ):
            fit, found = result.scored[0]
            choices[query] = ChosenMatch(found, fit, source=result.source)
    return choices


def _was_taken_back(lines: Sequence[MatchLine]) -> bool:
    """Whether a person removed the choice of a title that was certain."""
    is_chosen = any(line.is_chosen for line in lines)
    return not is_chosen and any(line.confidence is MatchConfidence.CERTAIN for line in lines)


def _is_left(query: TitleQuery, choices: Choices) -> bool:
    """Whether a title is for people to choose; the number of an episode is not."""
    is_number = query.kind is MediaKind.EPISODE and query.id is not None
    return query not in choices and not is_number


def check_match_file(match_file: Path, results: Path | None) -> None:
    """Refuse results that would replace the match file. Raises OptionError."""
    if results is not None and is_same_file(match_file, results):
        raise OptionError("out", "this is the match file, with all you chose in it; name another", results)
