"""Trakt's own JSON: the data of an account as its archive holds it, of either layout, and answers of the API.

`{"rated_at", "rating", "type": "episode", "episode": {"season", "number", "ids"}, "show": {"ids"}}`; a
file of one kind is read like a file of several. Only files of ratings have a `rating` of their own.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from importer.model import MediaKind, RatingJob
from importer.readers.cells.cells import CellError, Reason, parse_number
from importer.readers.cells.kinds import TYPES, parse_kind
from importer.readers.cells.scales import parse_rating_if_any
from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.formats.parts import TITLE_PARSERS, name_part, name_whole, read_title, show_first
from importer.readers.tables.table import Header

if TYPE_CHECKING:
    from importer.readers.columns import Parse

_OBJECTS = ("episode", "season", "movie", "show")
"""The objects of an entry, a part before its show: the first one that is there is what is rated."""

_PLACES = {field: f"ids.{field.removesuffix('_id')}" for field in TITLE_PARSERS} | {
    "title": "title",
    "year": "year",
}
"""Field of a title to where it stands in such an object."""

_NUMBERS = ("episode.season", "episode.number", "season.number")


class TraktJsonReader(TableReader):
    """An open JSON file of ratings at Trakt."""

    about = FormatNote(
        name="trakt",
        what="Trakt's account data: the archive, old or new, or a JSON file of ratings in it",
        recognised_by="entries with rating and a movie, show, season or episode with ids",
        ids="Trakt, IMDb, TMDB, TVDB; an episode by its show and number, else by its own",
        scale="1 to 10",
        dates="instant of the rating, UTC",
        traps="ids that are null, 0 or objects; season 0 are the specials; no file of the watched",
        sample="trakt-ratings.json",
    )
    columns: ClassVar = {
        "kind": ("type",),
        "rating": ("rating",),
        "rated_at": ("rated_at",),
        **{f"{name}.{field}": (f"{name}.{place}",) for name in _OBJECTS for field, place in _PLACES.items()},
        **{name: (name,) for name in _NUMBERS},
    }
    needed = ("rating",)
    judges_rows = True

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name what the entries lack."""
        found = cls.find_columns(header)
        has_title = any(
            f"{name}.{field}" in found for name in _OBJECTS for field in _PLACES if "_id" in field
        )
        missing = super().missing(header) + ([] if has_title else ['ids, as in "movie.ids.trakt"'])
        # Its entries are alike, and may have somebody else's `rating` beside the owner's.
        return missing or (
            ["no user_rating: this is Simkl's"] if header.find(["user_rating"]) is not None else []
        )

    def describe(self) -> Sequence[str]:
        """Say what it is."""
        return ("ratings from Trakt, as JSON",)

    def parsers(self) -> Mapping[str, "Parse"]:
        """Parse the values of an entry."""
        return {
            "kind": _parse_kind,
            "rating": parse_rating_if_any,
            "rated_at": self.parse_date,
            **{f"{name}.{field}": parse for name in _OBJECTS for field, parse in TITLE_PARSERS.items()},
            **dict.fromkeys(_NUMBERS, parse_number),
        }

    def show_cells(self, cells: Mapping[str, str]) -> Mapping[str, str]:
        """Show what a bad entry rates, a part by its show."""
        season = cells.get("episode.season") or cells.get("season.number", "")
        numbers = {"season": season, "episode": cells.get("episode.number", "")}
        return {**show_first(cells, ("movie.", "show.")), **numbers}

    def finish(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Find what is rated, and the ids it goes by."""
        kind = job.kind or _find_kind(extra)
        job = job._replace(kind=kind)
        if kind is MediaKind.MOVIE or kind is MediaKind.SHOW:
            return name_whole(job, read_title(extra, f"{kind}."))
        if kind is MediaKind.EPISODE:
            job = job._replace(season=extra.get("episode.season"), episode=extra.get("episode.number"))
        else:
            job = job._replace(season=extra.get("season.number"))
        return name_part(job, read_title(extra, "show."), read_title(extra, f"{kind}."))


def _parse_kind(cell: str) -> MediaKind | None:
    return parse_kind(cell, TYPES) if cell.strip() else None


def _find_kind(extra: Mapping[str, Any]) -> MediaKind:
    """Tell an entry without a type by the object it holds. Raises CellError."""
    for name in _OBJECTS:
        if any(value is not None for field, value in extra.items() if field.startswith(f"{name}.")):
            return MediaKind(name)
    raise CellError(
        Reason.NO_ID, "the entry names no title", "It must hold a movie, a show, a season or an episode."
    )
