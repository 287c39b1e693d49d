"""FilmAffinity's ratings. The site has no export; these are the files of scripts that read its pages.

A line is `Title;Year;Director;Rating;film123456`, without a header, in ISO-8859-1. The titles are Spanish.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from importer.model import MediaKind, RatingJob
from importer.readers.cells.numbers import parse_year
from importer.readers.cells.ratings import parse_rating
from importer.readers.columns import Column
from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.formats.parts import require_title

_match_id = re.compile(r"film[0-9]{4,9}").fullmatch
_match_year = re.compile(r"(?:18|19|20)[0-9]{2}").fullmatch
_match_series = re.compile(r"(.*\S)\s*\((?:Mini)?[Ss]erie de TV\)").fullmatch
_COLUMNS = ("title", "year", "director", "rating", "filmaffinity_id")


class FilmAffinityReader(TableReader):
    """An open table of FilmAffinity's ratings."""

    about = FormatNote(
        name="filmaffinity",
        what="FilmAffinity ratings, as scripts save them, without a header",
        recognised_by="rows Title;Year;Director;Rating;film123456",
        ids="none: a title with its year, so look it up with `importer match`",
        scale="1 to 10",
        dates="none",
        traps="titles are Spanish; (Serie de TV) behind one makes a show of it, else the kind is not known",
        sample="filmaffinity.csv",
    )
    description = ("FilmAffinity ratings, which do not say when a title was rated",)
    title = Column("title", required=True)
    rating = Column("rating", parse=parse_rating, required=True)
    year = Column("year", parse=parse_year, required=True)
    own_id = Column("filmaffinity_id", required=True)

    @classmethod
    def name_columns(cls, cells: Sequence[str]) -> Sequence[str]:
        """Name the columns: the year and the site's id show that they are these."""
        texts = [cell.strip() for cell in cells]
        is_mine = len(texts) == len(_COLUMNS) and _match_id(texts[4]) and _match_year(texts[1])
        return _COLUMNS if is_mine else ()

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Tell a series by what stands behind its title."""
        del extra
        series = _match_series(require_title(job.title))
        return job._replace(title=series[1], kind=MediaKind.SHOW) if series else job
