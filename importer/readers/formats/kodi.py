"""Kodi's library, exported to a single file, `videodb.xml`.

`userrating` is the owner's; what stands in `ratings` is everybody's. An episode stands within its show.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from importer.model import MediaKind, RatingJob
from importer.readers.cells.ids import parse_imdb_id, parse_number_id
from importer.readers.cells.numbers import parse_number, parse_year
from importer.readers.cells.scales import steps
from importer.readers.columns import Column, ColumnGroup
from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.formats.parts import name_part, name_whole, read_title, title_of
from importer.readers.tables.records import LIST

_SCALE = steps("1", "10", "1", none=frozenset({"", "0"}))
_KINDS = {"movie": MediaKind.MOVIE, "tvshow": MediaKind.SHOW, "episodedetails": MediaKind.EPISODE}


def _title_columns(prefix: str, path: str) -> ColumnGroup:
    return ColumnGroup(
        {
            f"{prefix}title": Column(f"{path}title"),
            f"{prefix}year": Column(f"{path}year", parse=parse_year),
            f"{prefix}imdb_id": Column(f"{path}uniqueid.imdb", parse=parse_imdb_id),
            f"{prefix}tmdb_id": Column(f"{path}uniqueid.tmdb", parse=parse_number_id),
            f"{prefix}tvdb_id": Column(f"{path}uniqueid.tvdb", parse=parse_number_id),
        }
    )


class KodiReader(TableReader):
    """An open export of Kodi's library."""

    about = FormatNote(
        name="kodi",
        what="Kodi's library, exported to a single file (videodb.xml)",
        recognised_by="elements movie, tvshow or episodedetails with userrating and uniqueid",
        ids="IMDb, TMDB, TVDB; an episode by its show and number, else by its own",
        scale="1 to 10, in userrating; 0 is no rating, and skipped",
        dates="none: lastplayed is the day it was seen",
        traps="ratings are everybody's and never used; an episode stands within its show",
        sample="kodi.xml",
    )
    description = ("Kodi's library, which does not say when a title was rated",)
    list_name = Column(LIST)
    expected_scale = _SCALE
    unrated = _SCALE.none
    rating = Column("userrating", parse=_SCALE.convert, required=True)
    season = Column("season", parse=parse_number)
    episode = Column("episode", parse=parse_number)
    own = _title_columns("", "")
    show = _title_columns("show.", "tvshow.")
    reported_first = ("rating",)
    unread_columns = ("uniqueid",)
    lists = _KINDS
    signature_columns: ClassVar = frozenset({"uniqueid.imdb", "uniqueid.tmdb", "uniqueid.tvdb"})

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Tell the kind by the element, and an episode by its show."""
        own = title_of(job)
        job = job._replace(kind=_KINDS[extra["list_name"]])
        return (
            name_part(job, read_title(extra, "show."), own)
            if job.kind is MediaKind.EPISODE
            else name_whole(job, own)
        )
