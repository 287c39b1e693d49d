"""The use case of `importer resolve`: collects the titles of a file, looks them up, writes the match file.

    reader -> collect_queries -> Lookups -> build_lines, keep_choices -> match file -> MatchSummary

The caller opens the file and chooses the search. The search is opened only if there is something to look
up, so that a file whose rows all have ids needs no settings and no network.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from importer.client.transport import Transport
from importer.config.folders import state_dir
from importer.destinations.base import Search
from importer.errors import OptionError
from importer.files import check_place, is_same_file
from importer.matching.cache import LookupCache
from importer.matching.lookups import LookupOptions, Lookups
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
from importer.progress import Phase, Progress
from importer.readers.base import Reader

_Queries = Mapping[TitleQuery, Occurrence]
_Groups = Mapping[TitleQuery, Sequence[MatchLine]]
"""Lines of the match file, by `key_of` their query."""


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
    """Looks titles up with `search`, which is opened when it is first needed, and reports progress."""

    search: AbstractContextManager[Search]
    options: LookupOptions
    progress: Progress

    def match(self, reader: Reader, name: str, out: Path) -> MatchSummary:
        """Look up the rows of a file that need it, and write the match file. Raises ImporterError.

        The choices in an existing file `out` are kept; it is read before anything is looked up.
        """
        earlier = _read_earlier(out)
        queries = collect_queries(reader, self._count_rows)
        results, asked = self._look_up(queries) if queries else ({}, 0)
        groups = _merge(queries, doubt_shared_titles(results), earlier)
        write_match_file(out, [line for group in groups.values() for line in group])
        states = Counter(_state(groups[key_of(query)]) for query in queries)
        return MatchSummary(
            name,
            sum(occurrence.rows for occurrence in queries.values()),
            states[MatchConfidence.CERTAIN],
            states[None],
            states[MatchConfidence.AMBIGUOUS],
            states[MatchConfidence.NOT_FOUND],
            asked,
            out,
        )

    def _count_rows(self, rows: int) -> None:
        self.progress.rows_read += rows

    def _look_up(self, queries: _Queries) -> tuple[Mapping[TitleQuery, MatchResult], int]:
        self.progress.to_send = len(queries)
        self.progress.phase = Phase.RESOLVING
        with self.search as search, LookupCache(state_dir() / "lookups.sqlite3") as cache:
            lookups = Lookups(search, cache, self.options, self.progress)

            async def look_up() -> Mapping[TitleQuery, MatchResult]:
                async with Transport(self.options.workers) as transport:
                    return await lookups.look_up_all(queries, transport)

            return asyncio.run(look_up()), lookups.asked


def check_output(out: Path, source: Path) -> None:
    """Check the path of the match file before the work begins. Raises UsageError."""
    if str(out) == "-":
        raise OptionError("out", "name a file, since you are to choose in it", out)
    check_place(out, "out")
    if is_same_file(out, source):
        raise OptionError("out", "this is the input file itself; name another", out)


def _read_earlier(out: Path) -> dict[TitleQuery, list[MatchLine]]:
    """Return the lines of an existing `out`, by query. Raises UnreadableFileError if they are not valid."""
    lines = read_match_file(out, str(out)) if out.exists() else []
    find_choices(lines, str(out))  # for its errors
    earlier: dict[TitleQuery, list[MatchLine]] = {}
    for line in lines:
        earlier.setdefault(key_of(line.query), []).append(line)
    return earlier


def _merge(queries: _Queries, results: Mapping[TitleQuery, MatchResult], earlier: _Groups) -> _Groups:
    """Sort the lines in the order of the file; choices for titles of other files stay at the end."""
    groups: dict[TitleQuery, Sequence[MatchLine]] = {}
    for query, occurrence in queries.items():
        lines = build_lines(query, occurrence, results[query])
        old = earlier.get(key_of(query), ())
        groups[key_of(query)] = keep_choices(lines, old) if old else lines
    others = {
        key: [line for line in lines if line.is_chosen] for key, lines in earlier.items() if key not in groups
    }
    return groups | others


def _state(lines: Sequence[MatchLine]) -> MatchConfidence | None:
    """Return the result of a title; None if a person chose."""
    chosen = next((line for line in lines if line.is_chosen), None)
    if chosen is None:
        # A certain match that is not chosen was removed by a person.
        found = lines[0].confidence
        return MatchConfidence.AMBIGUOUS if found is MatchConfidence.CERTAIN else found
    return MatchConfidence.CERTAIN if chosen.confidence is MatchConfidence.CERTAIN else None
