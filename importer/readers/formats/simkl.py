"""Simkl's backups: a CSV, and JSON as its API gives it, `{"movies": [], "shows": [], "anime": []}`.

A show is rated as a whole, and what is only planned may be rated, too. An anime is a series or a film: the
JSON says which (`anime_type`), the CSV does not.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from importer.model import MediaKind, RatingJob, Status
from importer.readers.cells.cells import CellError, Reason, parse_text
from importer.readers.cells.kinds import TYPES, TitleType, parse_kind
from importer.readers.cells.scales import parse_rating_if_any
from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.formats.parts import TITLE_PARSERS, Title, name_whole, read_title, show_first
from importer.readers.tables.records import LIST
from importer.readers.tables.table import Header

if TYPE_CHECKING:
    from importer.readers.columns import Parse

_ANIME = MediaKind.UNKNOWN
"""What an anime is, as long as nothing tells."""

_TYPES = TYPES | {"anime": TitleType(_ANIME)}
_ANIME_TYPES = {"movie": MediaKind.MOVIE, "tv": MediaKind.SHOW, "ona": MediaKind.SHOW}
"""The others, OVA and special, are a film as often as a part of a series."""

_MUSIC_VIDEO = "music video"
_OBJECTS = ("movie.", "show.")
_FIELDS = ("title", "year", "imdb_id", "tmdb_id", "tvdb_id")


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
    columns: ClassVar = {
        "kind": ("Type",),
        "rating": ("Rating",),
        "rated_at": ("WatchedDate",),
        "imdb_id": ("IMDB", "IMDB_ID"),
        "tmdb_id": ("TMDB", "TMDB_ID"),
        "tvdb_id": ("TVDB", "TVDB_ID"),
        "year": ("Year",),
        "title": ("Title",),
    }
    marks: ClassVar = frozenset({"simkl_id", "lastepwatched"})
    needed: ClassVar[Sequence[str]] = ("kind", "rating", "title")
    judges_rows = True

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name the columns that are missing."""
        others = ("LastEpWatched", "Watchlist")
        return super().missing(header) + [f'"{name}"' for name in others if header.find([name]) is None]

    def describe(self) -> Sequence[str]:
        """Say what dates the ratings."""
        return ("Simkl's backup, as CSV", "dated by WatchedDate: it does not say when a title was rated")

    def parsers(self) -> Mapping[str, "Parse"]:
        """Parse Simkl's cells."""
        return {
            **TITLE_PARSERS,
            "kind": partial(parse_kind, types=_TYPES),
            "rating": parse_rating_if_any,
            "rated_at": self.parse_date,
        }

    def finish(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """See that the row names a title."""
        del extra
        return _name_title(job, Title(*(getattr(job, field) for field in Title._fields)))


class SimklJsonReader(SimklReader):
    """An open JSON backup, or an answer of Simkl's API."""

    columns: ClassVar = {
        "rating": ("user_rating",),
        "rated_at": ("user_rated_at",),
        "list": (LIST,),
        "anime_type": ("anime_type",),
        **{
            f"{of}{field}": (f"{of}{field}", f"{of}ids.{field.removesuffix('_id')}")
            for of in _OBJECTS
            for field in _FIELDS
        },
    }
    needed = ("rating",)

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name what the entries lack."""
        has_title = any(key.startswith(_OBJECTS) for key in header.keys)
        missing = super(SimklReader, cls).missing(header)
        return missing if has_title else [*missing, '"movie" or "show"']

    def describe(self) -> Sequence[str]:
        """Say what it is."""
        return ("Simkl's backup, as JSON",)

    def parsers(self) -> Mapping[str, "Parse"]:
        """Parse the values of an entry."""
        titles = {f"{of}{field}": TITLE_PARSERS[field] for of in _OBJECTS for field in _FIELDS}
        return {**super().parsers(), **titles, "list": parse_text, "anime_type": parse_text}

    def show_cells(self, cells: Mapping[str, str]) -> Mapping[str, str]:
        """Show what a bad entry rates."""
        return show_first(cells, _OBJECTS)

    def finish(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Find what is rated: an anime stands under `show` even where it is a film."""
        movie = read_title(extra, "movie.")
        if any(movie):
            return _name_title(job._replace(kind=MediaKind.MOVIE), movie)
        return _name_title(job._replace(kind=_find_kind(extra)), read_title(extra, "show."))


def _find_kind(extra: Mapping[str, Any]) -> MediaKind:
    """Tell what stands under `show`. Raises CellError."""
    anime_type = extra.get("anime_type")
    if anime_type == _MUSIC_VIDEO:
        raise CellError(
            Reason.MUSIC_VIDEO,
            "this is a music video",
            "Only movies, shows, seasons and episodes can be rated there.",
            status=Status.UNSUPPORTED,
        )
    if anime_type is not None:
        return _ANIME_TYPES.get(anime_type, _ANIME)
    return _ANIME if extra.get("list") == "anime" else MediaKind.SHOW


def _name_title(job: RatingJob, title: Title) -> RatingJob:
    """Give a job its ids: of what may be a film as well, only that of IMDb. Raises CellError."""
    if job.kind is not _ANIME:
        return name_whole(job, title)
    if title.imdb_id is not None:
        job = job._replace(kind=MediaKind.SHOW, second_kind=MediaKind.MOVIE)
    elif title.has_id:
        job = job._replace(note="a series or a film, so that its TMDB and TVDB ids mean two titles: not used")
    return name_whole(job, title._replace(tmdb_id=None, tvdb_id=None))
