"""Trakt's own JSON: the data of an account as its archive holds it, of either layout, and answers of the API.

`{"rated_at", "rating", "type": "episode", "episode": {"season", "number", "ids"}, "show": {"ids"}}`; a
file of one kind is read like a file of several. Only files of ratings have a `rating` of their own.
"""

from collections.abc import Mapping
from typing import Any

from importer.model import MediaKind, RatingJob
from importer.readers.cells.errors import CellError, Reason
from importer.readers.cells.kinds import TYPES, parse_kind
from importer.readers.cells.numbers import parse_number
from importer.readers.cells.ratings import parse_rating
from importer.readers.columns import Column, ColumnGroup
from importer.readers.format_reader import DATE, FormatNote, TableReader
from importer.readers.formats.parts import name_part, name_whole, read_title, show_first, title_columns
from importer.readers.tables.table import Header

_OBJECTS = ("episode", "season", "movie", "show")
"""The objects of an entry, a part before its show: the first one that is there is what is rated."""

_NUMBERS = ("episode.season", "episode.number", "season.number")
_TITLES = ColumnGroup()
for _name in _OBJECTS:
    _TITLES |= title_columns(f"{_name}.", ids=["ids.{}"])


def _parse_kind(cell: str) -> MediaKind | None:
    return parse_kind(cell, TYPES) if cell.strip() else None


class TraktJsonReader(TableReader):
    """An open JSON file of ratings at Trakt."""

    about = FormatNote(
        name="trakt",
        what="Trakt's account data: the archive, old or new, or a JSON file of ratings in it",
        recognised_by="entries with rating and a movie, show, season or episode with ids",
        ids="Trakt, IMDb, TMDB, TVDB; an episode by its show and number, else by its own",
        scale="1 to 10",
        dates="instant of the rating, UTC",
        traps="ids that are null, 0 or objects; season 0 is the specials; watched titles are not read",
        sample="trakt-ratings.json",
    )
    description = ("ratings from Trakt, as JSON",)
    kind = Column("type", parse=_parse_kind)
    rating = Column("rating", parse=parse_rating, required=True)
    rated_at = Column("rated_at", parse=DATE)
    titles = _TITLES
    numbers = ColumnGroup({name: Column(name, parse=parse_number) for name in _NUMBERS})

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name what the entries lack."""
        found = cls.find_columns(header)
        has_title = any(field in found for field in _TITLES if field.endswith("_id"))
        missing = super().missing(header) + ([] if has_title else ['ids, as in "movie.ids.trakt"'])
        # Its entries are alike, and may have somebody else's `rating` beside the owner's.
        return missing or (
            ["no user_rating: this is Simkl's"] if header.find(["user_rating"]) is not None else []
        )

    def show_cells(self, cells: Mapping[str, str]) -> Mapping[str, str]:
        """Show what a bad entry rates, a part by its show."""
        season = cells.get("episode.season") or cells.get("season.number", "")
        numbers = {"season": season, "episode": cells.get("episode.number", "")}
        return {**show_first(cells, ("movie.", "show.")), **numbers}

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
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


def _find_kind(extra: Mapping[str, Any]) -> MediaKind:
    """Tell an entry without a type by the object it holds. Raises CellError."""
    for name in _OBJECTS:
        if any(value is not None for field, value in extra.items() if field.startswith(f"{name}.")):
            return MediaKind(name)
    raise CellError(
        Reason.NO_ID, "the entry names no title", "It must hold a movie, a show, a season or an episode."
    )
