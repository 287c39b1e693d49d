"""Simkl's backups: a CSV, and JSON as its API gives it, `{"movies": [], "shows": [], "anime": []}`.

A show is rated as a whole, and what is only planned may be rated, too. An anime is a series or a film: the
JSON says which (`anime_type`), the CSV does not.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from importer.model import MediaKind, RatingJob
from importer.readers.cells.errors import Reason
from importer.readers.cells.ids import parse_imdb_id, parse_number_id
from importer.readers.cells.kinds import TYPES, TitleType, parse_kind, unsupported
from importer.readers.cells.numbers import parse_year
from importer.readers.cells.ratings import parse_rating
from importer.readers.columns import Column
from importer.readers.format_reader import DATE, FormatNote, TableReader
from importer.readers.formats.parts import (
    Title,
    name_whole,
    read_title,
    show_first,
    title_columns,
    title_of,
)
from importer.readers.tables.records import LIST
from importer.readers.tables.table import Header

_ANIME = MediaKind.UNKNOWN
"""The kind of an anime without a type."""

_TYPES = TYPES | {"anime": TitleType(_ANIME)}
_ANIME_TYPES = {"movie": MediaKind.MOVIE, "tv": MediaKind.SHOW, "ona": MediaKind.SHOW}
"""The others, OVA and special, are a film as often as a part of a series."""

_MUSIC_VIDEO = "music video"
_OBJECTS = ("movie.", "show.")
_IDS = ("{}_id", "ids.{}")


class SimklReader(TableReader):
    """An open CSV backup."""

    about = FormatNote(
        name="simkl",
        what="Simkl's backup, CSV or JSON",
        recognised_by="columns LastEpWatched, Watchlist, Type and Rating; JSON entries with user_rating",
        ids="IMDb, TMDB, TVDB",
        scale="1 to 10; an empty cell or null is no rating",
        dates="JSON: instant of the rating; CSV: WatchedDate, for it has no other",
        traps="an anime may be a film; what is only planned may be rated; ids may be texts",
        sample="simkl.json",
    )
    description = ("Simkl's backup, as CSV", "dated by WatchedDate: it does not say when a title was rated")
    kind = Column("Type", parse=partial(parse_kind, types=_TYPES), required=True)
    rating = Column("Rating", parse=parse_rating, required=True)
    title = Column("Title", required=True)
    rated_at = Column("WatchedDate", parse=DATE)
    imdb_id = Column("IMDB", "IMDB_ID", parse=parse_imdb_id)
    tmdb_id = Column("TMDB", "TMDB_ID", parse=parse_number_id)
    tvdb_id = Column("TVDB", "TVDB_ID", parse=parse_number_id)
    year = Column("Year", parse=parse_year)
    reported_first = ("kind", "rating", "rated_at")
    unread_columns = ("LastEpWatched", "Watchlist")
    signature_columns: ClassVar = frozenset({"simkl_id", "lastepwatched"})

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """See that the row names a title."""
        del extra
        return _name_title(job, title_of(job))


class SimklJsonReader(TableReader):
    """An open JSON backup, or an answer of Simkl's API."""

    about = SimklReader.about
    description = ("Simkl's backup, as JSON",)
    rating = Column("user_rating", parse=parse_rating, required=True)
    rated_at = Column("user_rated_at", parse=DATE)
    list_name = Column(LIST)
    anime_type = Column("anime_type")
    movie = title_columns("movie.", ids=_IDS, without={"trakt_id"})
    show = title_columns("show.", ids=_IDS, without={"trakt_id"})

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name what the entries lack."""
        has_title = any(key.startswith(_OBJECTS) for key in header.keys)
        missing = super().missing(header)
        return missing if has_title else [*missing, '"movie" or "show"']

    def show_cells(self, cells: Mapping[str, str]) -> Mapping[str, str]:
        """Show what a bad entry rates."""
        return show_first(cells, _OBJECTS)

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Find what is rated: an anime stands under `show` even where it is a film."""
        movie = read_title(extra, "movie.")
        if any(movie):
            return _name_title(job._replace(kind=MediaKind.MOVIE), movie)
        return _name_title(job._replace(kind=_find_kind(extra)), read_title(extra, "show."))


def _find_kind(extra: Mapping[str, Any]) -> MediaKind:
    """Tell what stands under `show`. Raises CellError."""
    anime_type = extra.get("anime_type")
    if anime_type == _MUSIC_VIDEO:
        raise unsupported("this is a music video", Reason.MUSIC_VIDEO)
    if anime_type is not None:
        return _ANIME_TYPES.get(anime_type, _ANIME)
    return _ANIME if extra.get("list_name") == "anime" else MediaKind.SHOW


def _name_title(job: RatingJob, title: Title) -> RatingJob:
    """Give a job its ids: of what may be a film as well, only that of IMDb. Raises CellError."""
    if job.kind is not _ANIME:
        return name_whole(job, title)
    if title.imdb_id is not None:
        job = job._replace(kind=MediaKind.SHOW, second_kind=MediaKind.MOVIE)
    elif title.has_id:
        job = job._replace(note="a series or a film, so that its TMDB and TVDB ids mean two titles: not used")
    return name_whole(job, title._replace(tmdb_id=None, tvdb_id=None))
