"""Flixster's movie ratings, as the API of its site gave them: JSON. The site is gone, the files are not."""

from collections.abc import Mapping
from typing import Any

from importer.model import MediaKind, RatingJob
from importer.readers.cells.numbers import parse_year
from importer.readers.cells.scales import steps
from importer.readers.columns import Column
from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.formats.parts import require_title

_WANT_TO_SEE = "+"
_STARS = steps("0.5", "5", "0.5", none=frozenset({"", _WANT_TO_SEE}))


class FlixsterReader(TableReader):
    """An open list of Flixster's ratings."""

    about = FormatNote(
        name="flixster",
        what="Flixster movie ratings, JSON",
        recognised_by="entries with score, lastUpdated and movie.title",
        ids="none: a title with its year, so look it up with `importer match`",
        scale="0.5 to 5 in halves, doubled; + is on the watchlist and not rated, and skipped",
        dates='none: the file says only "41 minutes ago"',
        traps="the file is of no day, so a date relative to it says nothing; all entries are movies",
        sample="flixster.json",
    )
    description = ("Flixster ratings, doubled; they do not say on which day a movie was rated",)
    title = Column("movie.title", required=True)
    usual_kind = MediaKind.MOVIE
    expected_scale = _STARS
    unrated = _STARS.none
    rating = Column("score", parse=_STARS.convert, required=True)
    note = rating.also(_STARS.note)
    updated = Column("lastUpdated", required=True)
    year = Column("movie.year", parse=parse_year)

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """See that there is a title to look for."""
        del extra
        return job._replace(title=require_title(job.title))
