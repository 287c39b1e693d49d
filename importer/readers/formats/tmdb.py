"""TMDB's export of ratings; that of a watchlist has the same columns and no ratings in them.

An episode is a row of type `tv` with both numbers, `Friends S1E1`. Its TMDb id is the episode's or the
show's, as it happens, and counts for nothing; its IMDb id is the episode's.
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from importer.model import MediaKind, RatingJob
from importer.readers.cells.errors import CellError, Reason
from importer.readers.cells.ids import parse_imdb_id, parse_number_id
from importer.readers.cells.kinds import TYPES, parse_kind
from importer.readers.cells.numbers import parse_number, parse_year
from importer.readers.cells.scales import steps
from importer.readers.columns import Column, Parse, PerFile
from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.formats.parts import Title, name_part, name_whole

_SCALE = steps("0.5", "10", "0.5", none=frozenset({""}))

_DAY = "T00:00:00Z"
"""How a day is written: no rating was seen with a time."""

_match_numbered = re.compile(r"(.*\S)\s+S([0-9]+)E([0-9]+)").fullmatch
_match_date = re.compile(r"([0-9]{4})-.*").fullmatch


def _parse_release(cell: str) -> int | None:
    match = _match_date(cell.strip())
    return parse_year(match[1] if match else cell)


def _build_date_parser(reader: TableReader) -> Parse:
    return lambda cell: reader.parse_date(cell.strip().removesuffix(_DAY))


class TmdbReader(TableReader):
    """An open CSV of ratings at TMDB."""

    about = FormatNote(
        name="tmdb",
        what="TMDB's CSV of ratings",
        recognised_by="columns TMDb ID, Type, Name and Your Rating",
        ids="TMDB and IMDb; an episode by its IMDb id alone",
        scale="0.5 to 10, in Your Rating, a half rounded up; Rating is an average",
        dates="day of the rating, written as its midnight",
        traps="an episode's TMDb id may be its show's and is not used; rows of a watchlist are skipped",
        sample="tmdb.csv",
    )
    description = ("ratings from TMDB", "Your Rating counts, halves are rounded up; Rating is everybody's")
    tmdb_id = Column("TMDb ID", parse=parse_number_id, required=True)
    kind = Column("Type", parse=partial(parse_kind, types=TYPES), required=True)
    expected_scale = _SCALE
    rating = Column("Your Rating", parse=_SCALE.convert, required=True)
    note = rating.also(_SCALE.note)
    title = Column("Name", required=True)
    imdb_id = Column("IMDb ID", parse=parse_imdb_id)
    rated_at = Column("Date Rated", parse=PerFile(_build_date_parser))
    season = Column("Season Number", parse=parse_number)
    episode = Column("Episode Number", parse=parse_number)
    year = Column("Release Date", parse=_parse_release)
    reported_first = ("kind", "imdb_id", "tmdb_id", "rating")
    signature_columns: ClassVar = frozenset({"tmdb id"})

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Find the ids the row goes by."""
        del extra
        if job.season is None and job.episode is None:
            is_whole = job.kind in {MediaKind.MOVIE, MediaKind.SHOW}
            return name_whole(job, Title(job.title, job.year, job.imdb_id, job.tmdb_id if is_whole else None))
        if job.kind is MediaKind.MOVIE or job.season is None or job.episode is None:
            raise CellError(
                Reason.TYPE_MISMATCH,
                "a row with a season or an episode number must be of type tv and have both",
                "Correct the type or the numbers.",
            )
        job = job._replace(kind=MediaKind.EPISODE)
        numbered = _match_numbered(job.title or "")
        is_named = numbered is not None and (int(numbered[2]), int(numbered[3])) == (job.season, job.episode)
        # The release date is the episode's, so the year of its show is not known.
        show = Title(numbered[1]) if numbered is not None and is_named else Title()
        part = name_part(job, show, Title(None, job.year, job.imdb_id))
        return part if part.season is not None else part._replace(title=job.title)
