"""The use case of `importer match`: collects the titles of a file, looks them up, writes the match file.

    reader -> collect -> look_up -> build_lines, keep_choices, answers -> match file -> MatchSummary

The caller opens the file and says which sources there are. They are opened only if there is something to
look up, so that a file whose rows all have ids needs no settings and no network.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from importer.destinations.titles import Candidate
from importer.errors import OptionError
from importer.files import check_place, is_same_file
from importer.matching.answers import Answers
from importer.matching.match_file import (
    build_lines,
    find_choices,
    keep_choices,
    read_match_file,
    write_match_file,
)
from importer.matching.matched_reader import collect_queries, key_of
from importer.matching.model import MatchConfidence, MatchLine, MatchResult, Occurrence, TitleQuery
from importer.matching.scoring import doubt_shared_titles
from importer.matching.sources import Results, TitleSource, look_up_in_turn
from importer.progress import Phase, Progress
from importer.readers.base import Reader

Queries = Mapping[TitleQuery, Occurrence]
Groups = Mapping[TitleQuery, Sequence[MatchLine]]
"""Lines of the match file, by `key_of` their query."""


_NOTHING: Mapping[TitleQuery, Candidate] = MappingProxyType({})

ANSWERED = "your answer"
"""The source of a match that a person chose, perhaps for another file."""


@dataclass(frozen=True, slots=True)
class MatchSummary:
    """The number of titles by result. `chosen` counts those that a person chose, with any result."""

    name: str
    rows: int
    certain: int
    chosen: int
    ambiguous: int
    not_found: int
    asked: int
    out: Path

    @property
    def titles(self) -> int:
        """The number of titles."""
        return self.certain + self.chosen + self.open_titles

    @property
    def open_titles(self) -> int:
        """The number of titles without a choice."""
        return self.ambiguous + self.not_found

    def as_json(self) -> dict[str, Any]:
        """Return the counts as values for JSON."""
        return {
            "source": self.name,
            "rows": self.rows,
            "titles": self.titles,
            "certain": self.certain,
            "chosen": self.chosen,
            "ambiguous": self.ambiguous,
            "not_found": self.not_found,
            "questions_asked": self.asked,
            "resolve_file": str(self.out),
        }


@dataclass(frozen=True, slots=True)
class MatchService:
    """Looks titles up. `open_sources` is called when there is something to look up, and may refuse."""

    open_sources: Callable[[], Sequence[TitleSource]]
    answers: Answers
    progress: Progress
    numbers_episodes: bool = False

    def match(self, reader: Reader, name: str, out: Path) -> MatchSummary:
        """Look up the rows of a file that need it, and write the match file. Raises ImporterError.

        The choices in an existing file `out` are kept; it is read before anything is looked up.
        """
        earlier = self.read_earlier(out)
        queries = self.collect(reader)
        results = self.look_up(queries)
        groups = self.write(out, queries, results, earlier)
        states = Counter(_state(groups[key_of(query)]) for query in queries)
        return MatchSummary(
            name,
            sum(occurrence.rows for occurrence in queries.values()),
            states[MatchConfidence.CERTAIN],
            states[None],
            states[MatchConfidence.AMBIGUOUS],
            states[MatchConfidence.NOT_FOUND],
            self.progress.requests,
            out,
        )

    def collect(self, reader: Reader) -> Queries:
        """Read a file for the look-ups that its rows need. Raises UnreadableFileError."""
        return collect_queries(reader, self._count_rows, numbers_episodes=self.numbers_episodes)

    def look_up(self, queries: Queries, answered: Mapping[TitleQuery, Candidate] = _NOTHING) -> Results:
        """Look up the titles that nobody has answered yet. Raises ImporterError.

        A title that comes to the same as an answered one is in doubt.
        """
        left = {query: occurrence for query, occurrence in queries.items() if query not in answered}
        if not left:
            return {}
        sources = self.open_sources()
        self.progress.phase = Phase.RESOLVING
        results = look_up_in_turn(sources, list(left), self.progress)
        self.progress.requests = sum(source.asked for source in sources)
        known = {
            query: MatchResult(MatchConfidence.CERTAIN, ((1.0, found),), "")
            for query, found in answered.items()
        }
        doubted = doubt_shared_titles({**results, **known})
        return {query: doubted[query] for query in left}

    def read_earlier(self, out: Path) -> Groups:
        """Return the lines of an existing match file. Raises UnreadableFileError if they are not valid.

        What was chosen there counts for other files, too, and what was taken back no longer does.
        """
        lines = read_match_file(out, str(out)) if out.exists() else []
        find_choices(lines, str(out))  # for its errors
        earlier: dict[TitleQuery, list[MatchLine]] = {}
        for line in lines:
            earlier.setdefault(key_of(line.query), []).append(line)
        for query, group in earlier.items():
            chosen = next((line for line in group if line.is_chosen), None)
            if chosen is None:
                if any(line.source == ANSWERED for line in group):  # it was taken back
                    self.answers.forget(query)
            elif chosen.confidence is not MatchConfidence.CERTAIN and chosen.candidate is not None:
                self.answers.put(query, chosen.candidate)
        return earlier

    def write(self, out: Path, queries: Queries, results: Results, earlier: Groups) -> Groups:
        """Write the match file, with earlier choices and answers; what is open stands first."""
        groups = self._merge(queries, results, earlier)
        write_match_file(out, [line for key in sorted(groups, key=_order(groups)) for line in groups[key]])
        return groups

    def _merge(self, queries: Queries, results: Results, earlier: Groups) -> Groups:
        """Join the lines of each title; choices for titles of other files stay."""
        groups: dict[TitleQuery, Sequence[MatchLine]] = {}
        for query, occurrence in queries.items():
            lines, old = build_lines(query, occurrence, results[query]), earlier.get(key_of(query), ())
            is_open = not any(line.is_chosen for line in old)
            if is_open and (answer := self.answers.get(query)) is not None:
                place = (query, occurrence.rows, occurrence.first_line)
                old = [MatchLine(True, MatchConfidence.AMBIGUOUS, None, *place, answer, "", 0, ANSWERED)]
            groups[key_of(query)] = list(map(_mark_answer, keep_choices(lines, old) if old else lines))
        others = {
            key: [_mark_answer(line) for line in lines if line.is_chosen]
            for key, lines in earlier.items()
            if key not in groups
        }
        return groups | others

    def _count_rows(self, rows: int) -> None:
        self.progress.rows_read += rows


def check_output(out: Path, source: Path) -> None:
    """Check the path of the match file before the work begins. Raises UsageError."""
    if str(out) == "-":
        raise OptionError("out", "name a file, since you are to choose in it", out)
    check_place(out, "out")
    if is_same_file(out, source):
        raise OptionError("out", "this is the input file itself; name another", out)


def _mark_answer(line: MatchLine) -> MatchLine:
    """Mark what a person chose: without the mark, an empty cell is no answer that was taken back."""
    is_answer = line.is_chosen and line.confidence is not MatchConfidence.CERTAIN
    return line._replace(source=ANSWERED) if is_answer else line


def _order(groups: Groups) -> Callable[[TitleQuery], int]:
    """Put open titles before those that a person chose, and these before the certain ones."""

    def place(key: TitleQuery) -> int:
        lines = groups[key]
        if not lines or not any(line.is_chosen for line in lines):
            return 0 if lines else 2
        return 2 if _state(lines) is MatchConfidence.CERTAIN else 1

    return place


def _state(lines: Sequence[MatchLine]) -> MatchConfidence | None:
    """Return the result of a title; None if a person chose."""
    chosen = next((line for line in lines if line.is_chosen), None)
    if chosen is None:
        # A certain match that is not chosen was removed by a person.
        found = lines[0].confidence
        return MatchConfidence.AMBIGUOUS if found is MatchConfidence.CERTAIN else found
    return MatchConfidence.CERTAIN if chosen.confidence is MatchConfidence.CERTAIN else None
