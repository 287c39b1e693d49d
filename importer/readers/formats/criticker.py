"""Criticker's exports. Its scores are on everybody's own scale, which nothing in a file says."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from importer.errors import UnreadableFileError
from importer.model import MediaKind, RatingJob
from importer.readers.base import ReadOptions
from importer.readers.cells.cells import CellError, parse_html_text, parse_imdb_id, parse_rating, parse_year
from importer.readers.cells.scales import Scale, steps
from importer.readers.cells.titles import split_year
from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.tables.records import LIST
from importer.readers.tables.table import AnyTable, Header

if TYPE_CHECKING:
    from importer.readers.columns import Parse

_TEN = 10


class CritickerReader(TableReader):
    """An open CSV export."""

    about = FormatNote(
        name="criticker",
        what="Criticker ratings export (CSV)",
        recognised_by="columns Score, Film Name, Date Rated and IMDB ID",
        ids="IMDb",
        scale="everybody's own: say it with --scale, such as 0-100 or 0-10; 0 is a score",
        dates="instant without a zone: UTC, or as --timezone says",
        traps="a blank after each comma; HTML entities in titles; the address tells films from series",
        sample="criticker.csv",
    )
    columns: ClassVar = {
        "imdb_id": ("IMDB ID",),
        "rating": ("Score",),
        "note": ("Score",),
        "rated_at": ("Date Rated",),
        "year": ("Year",),
        "title": ("Film Name",),
        "address": ("URL",),
    }
    needed = ("imdb_id", "rating", "title", "rated_at")
    takes_scale = True
    needs_scale = True
    judges_rows = True

    def suggest_scale(self) -> Scale:
        """Find out whether anybody who scores up to 100 has used these scores."""
        place = self._sources["rating"]
        highest = 0
        try:
            for chunk in self._table.chunks([place]):
                cells = chunk.frame[place].str.strip()
                highest = max([highest, *(int(cell) for cell in cells.unique() if _is_score(cell))])
        except UnreadableFileError:
            pass  # what can be read decides; the reading proper tells of the rest, in its place
        return steps("0", "10" if 0 < highest <= _TEN else "100")

    def describe(self) -> Sequence[str]:
        """Say what the scores are taken for."""
        return ("Criticker ratings export", f"scores are {self.used_scale}; --scale says otherwise")

    def parsers(self) -> Mapping[str, "Parse"]:
        """Parse Criticker's cells."""
        return {
            "imdb_id": parse_imdb_id,
            "rating": self.parse_scaled,
            "note": self.note_scaled,
            "rated_at": self.parse_date,
            "year": parse_year,
            "title": parse_html_text,
            "address": _parse_address,
        }

    def finish(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Take the kind that the address tells."""
        return job._replace(kind=extra.get("address", MediaKind.UNKNOWN))


class CritickerXmlReader(TableReader):
    """An open XML export; its `tier` is on one scale for everybody."""

    about = FormatNote(
        name="criticker-xml",
        what="Criticker ratings as XML",
        recognised_by="elements film with imdbid, rating and tier",
        ids="IMDb",
        scale="tier, 1 to 10; with --scale, rating",
        dates="instant without a zone: UTC, or as --timezone says",
        traps="rating is on everybody's own scale; the year stands in the title; HTML entities in titles",
        sample="criticker.xml",
    )
    columns: ClassVar = {
        "imdb_id": ("imdbid",),
        "rating": ("rating",),
        "note": ("rating",),
        "rated_at": ("reviewdate",),
        "title": ("filmname",),
        "address": ("filmlink",),
        "tier": ("tier",),
    }
    marks: ClassVar = frozenset({"filmname", "filmlink", "filmid"})
    needed = ("imdb_id", "rating", "title", "tier")
    takes_scale = True
    judges_rows = True

    def __init__(self, table: AnyTable, reading: ReadOptions) -> None:
        super().__init__(table, reading)
        tier = self._sources.pop("tier")
        if self.used_scale is None:
            self._sources["rating"] = tier

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name the elements that are missing."""
        return super().missing(header) + ([] if header.find([LIST]) is not None else ["it is no XML"])

    def describe(self) -> Sequence[str]:
        """Say what is taken for a rating."""
        if self.used_scale is None:
            return ("Criticker XML", "the tier, 1 to 10, is the rating; --scale takes the score instead")
        return ("Criticker XML", f"scores are {self.used_scale}")

    def parsers(self) -> Mapping[str, "Parse"]:
        """Parse Criticker's values."""
        return {
            "imdb_id": parse_imdb_id,
            "rating": _parse_tier if self.used_scale is None else self.parse_scaled,
            "note": self.note_scaled,
            "rated_at": self.parse_date,
            "title": parse_html_text,
            "address": _parse_address,
        }

    def finish(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Take the kind that the address tells, and the year out of the title."""
        title, year = split_year(job.title or "")
        return job._replace(kind=extra.get("address", MediaKind.UNKNOWN), title=title, year=year)


def _is_score(cell: str) -> bool:
    return cell.isascii() and cell.isdigit() and len(cell) < _TEN


def _parse_tier(cell: str) -> int:
    try:
        return parse_rating(cell)
    except CellError as error:
        remedy = "Say with --scale what your scores are, and they are taken instead."
        raise CellError(error.reason, error.problem, remedy) from error


def _parse_address(cell: str) -> MediaKind:
    """Tell by the address of a title's page what it is: /film/Stalker/ or /tv/The-Wire/."""
    if "/film/" in cell:
        return MediaKind.MOVIE
    return MediaKind.SHOW if "/tv/" in cell else MediaKind.UNKNOWN
