"""The values of a look-up, from a row without ids to the ids chosen for it.

row of the export         "heat", 1995, a movie, in lines 12 and 40
TitleQuery                (movie, "heat", 1995), an Occurrence of 2 rows, the first in line 12
MatchResult               certain: [(1.0, Heat (1995))]
MatchLine                 a line of the match file for each candidate, chosen or not
ChosenMatch               Heat (1995), tt0113277: sent with both rows
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from importer.destinations.titles import Candidate
from importer.model import MediaKind
from importer.readers.cells.errors import quote


class TitleQuery(NamedTuple):
    """The look-up of a row: its title and year as in the file, or an id.

    `id` (`imdb:tt0111161`) is set if the row has one and its kind is unknown, or if it has nothing else;
    the title is then only for people. For a season or episode with a number, the query is its show.
    """

    kind: MediaKind
    title: str | None
    year: int | None
    id: str | None = None


@dataclass(slots=True)
class Occurrence:
    """The number of rows with a query, and the line of the first one."""

    rows: int
    first_line: int


class MatchConfidence(StrEnum):
    """The confidence of a match: the `decision` column of the match file."""

    CERTAIN = "certain"
    AMBIGUOUS = "ambiguous"
    NOT_FOUND = "not_found"


class MatchResult(NamedTuple):
    """The candidates for a query with their scores, the best first. `message` is why people must choose.

    `source` names what was asked.
    """

    confidence: MatchConfidence
    scored: Sequence[tuple[float, Candidate]]
    message: str
    source: str = ""


class MatchLine(NamedTuple):
    """A line of the match file: a query with one candidate, or with none.

    `rows` rows of the export ask for the title, the first of them in `first_line`; `line` is the line's own
    number in the match file, 0 before it is written. `score` goes from 0 to 1; `source` is what found it.
    """

    is_chosen: bool
    confidence: MatchConfidence
    score: float | None
    query: TitleQuery
    rows: int
    first_line: int
    candidate: Candidate | None
    message: str
    line: int = 0
    source: str = ""


@dataclass(frozen=True, slots=True)
class ChosenMatch:
    """The title that was certain or that a person chose.

    `line` is its line in the match file, or `source` says what found it.
    """

    candidate: Candidate
    score: float | None
    line: int = 0
    source: str = ""


def describe(query: TitleQuery) -> str:
    """Return `"Heat" (1995)`, for messages."""
    what = quote(query.title or query.id or "a title")
    return f"{what} ({query.year})" if query.year else what
