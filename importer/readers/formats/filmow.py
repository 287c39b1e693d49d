"""Filmow's films, as the scripts that read its pages save them for Letterboxd.

Its stars go up to five, and a season of a show stands among the films: `Prison Break (Season 1)`.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from importer.model import MediaKind, RatingJob
from importer.readers.cells.numbers import parse_year
from importer.readers.cells.scales import Steps, steps
from importer.readers.columns import Column
from importer.readers.format_reader import FormatNote
from importer.readers.formats.parts import require_title
from importer.readers.formats.scaled import SCALE_NOTE, SCALED, Scaled
from importer.readers.tables.table import Header

_STARS = steps("0.5", "5", "0.5", none=frozenset({""}))
_match_season = re.compile(
    r"(.*\S)\s*\((?:Season ([0-9]{1,3})|([0-9]{1,3})ª Temporada)\)", re.IGNORECASE
).fullmatch


class FilmowReader(Scaled):
    """An open table of Filmow's films."""

    about = FormatNote(
        name="filmow",
        what="Filmow's films, as scripts save them",
        recognised_by="columns Title, Directors, Year and Rating, and no other",
        ids="none: a title with its year, which `importer match` looks up",
        scale="give it with --scale, such as 5: the file does not say that these are stars",
        dates="none",
        traps="a title that ends in (Season 1) is a season of a show; an empty rating is skipped",
        sample="filmow.csv",
    )
    rating = Column("Rating", parse=SCALED, required=True)
    note = rating.also(SCALE_NOTE)
    title = Column("Title", required=True)
    year = Column("Year", parse=parse_year, required=True)
    unread_columns: ClassVar = ("Directors",)
    reported_first = ("rating",)
    unrated = frozenset({"", "0"})
    needs_scale = True
    scale_example = "5"

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name the columns that are missing; a table with others is somebody's own."""
        has_others = len(header.names) > len({"title", "directors", "year", "rating"})
        return super().missing(header) or (["no other column"] if has_others else [])

    def suggest_scale(self) -> Steps:
        """Name the site's stars."""
        return _STARS

    def describe(self) -> tuple[str, ...]:
        """Say which scale is read."""
        return ("Filmow, which does not say when a title was rated", f"ratings are {self.scale}")

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Tell a season from a film. The year of a season is not its show's."""
        del extra
        if (match := _match_season(require_title(job.title))) is None:
            return job._replace(kind=MediaKind.UNKNOWN)
        return job._replace(
            kind=MediaKind.SEASON, title=match[1], season=int(match[2] or match[3]), year=None
        )
