"""Ryot's export: what was seen and reviewed, with the ratings in the reviews.

`[{"lot": "show", "source": "tmdb", "identifier", "source_id", "reviews": [{"rating": "85.00"}]}]`
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from importer.model import MediaKind, RatingJob
from importer.readers.cells.kinds import unsupported
from importer.readers.cells.numbers import parse_number
from importer.readers.cells.scales import steps
from importer.readers.columns import Column
from importer.readers.format_reader import DATE, FormatNote, TableReader
from importer.readers.formats.parts import Title, name_part, name_whole, read_source_id

_SCALE = steps("0", "100", none=frozenset({""}))
_KINDS = {"movie": MediaKind.MOVIE, "show": MediaKind.SHOW, "anime": MediaKind.UNKNOWN}


def _parse_lot(cell: str) -> MediaKind:
    if (kind := _KINDS.get(cell.strip().lower())) is None:
        raise unsupported("is nothing that is watched")
    return kind


class RyotReader(TableReader):
    """An open export of Ryot."""

    about = FormatNote(
        name="ryot",
        what="Ryot's export, JSON",
        recognised_by="entries with lot, source, identifier and reviews with a rating",
        ids="TMDB, TVDB or IMDb, as source says; of other sources a title alone, for `importer match`",
        scale="0 to 100 in the file; without a rating a title is tracked or reviewed only, and skipped",
        dates="day or instant of the review",
        traps="a review may be of a season or an episode; books, games and podcasts are unsupported",
        sample="ryot.json",
    )
    description = ("Ryot's export",)
    kind = Column("lot", parse=_parse_lot, required=True)
    source = Column("source", parse=str.strip, required=True)
    identifier = Column("identifier", parse=str.strip, required=True)
    title = Column("source_id")
    expected_scale = _SCALE
    rating = Column("reviews.rating", parse=_SCALE.convert, required=True)
    note = rating.also(_SCALE.note)
    rated_at = Column("reviews.review.date", "reviews.date", parse=DATE)
    season = Column("reviews.show_season_number", parse=parse_number)
    episode = Column("reviews.show_episode_number", parse=parse_number)
    reported_first = ("rating", "kind")
    signature_columns: ClassVar = frozenset({"lot", "source_id"})

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Give the title its id; a review with numbers is one of a season or an episode."""
        title = Title(title=job.title, **read_source_id(extra["source"], extra["identifier"], "identifier"))
        if job.kind is not MediaKind.SHOW or job.season is None:
            return name_whole(job, title)
        kind = MediaKind.SEASON if job.episode is None else MediaKind.EPISODE
        return name_part(job._replace(kind=kind), title, Title())
