"""What looking titles up goes by: subjects, candidates, how certain one is, the lines of the resolve file."""

from enum import StrEnum
from typing import NamedTuple

from importer.destinations.titles import Candidate
from importer.model import MediaKind


class TitleQuery(NamedTuple):
    """What has to be looked up for a row: its title and year as they stand there, or an id.

    `id` (`imdb:tt0111161`) is set where the row has one, and only its kind is open; the title is then for
    people. Of a season or episode that has a number it is the show.
    """

    kind: MediaKind
    title: str | None
    year: int | None
    id: str | None = None


class MatchConfidence(StrEnum):
    """What a look-up came to: the `decision` column of the resolve file."""

    CERTAIN = "certain"
    AMBIGUOUS = "ambiguous"
    NOT_FOUND = "not_found"


class MatchLine(NamedTuple):
    """A line of the resolve file: a subject, and a candidate for it or none.

    `rows` rows of the export are about the subject, the first of them in `first_line`; `line` is the line's
    own place in the resolve file, 0 while it stands in none. `score` goes from 0 to 1.
    """

    is_chosen: bool
    certainty: MatchConfidence
    score: float | None
    subject: TitleQuery
    rows: int
    first_line: int
    candidate: Candidate | None
    message: str
    line: int = 0


MATCH_COLUMNS = (
    "chosen",
    "decision",
    "score",
    "title",
    "year",
    "kind",
    "id",
    "rows",
    "line",
    "candidate_title",
    "candidate_year",
    "candidate_kind",
    "imdb_id",
    "tmdb_id",
    "tvdb_id",
    "trakt_id",
    "url",
    "message",
)
"""The columns of the resolve file: `title` to `line` are the export's, `candidate_title` on the answer's."""
