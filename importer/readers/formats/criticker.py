"""Criticker's exports. Its scores are on everybody's own scale, which nothing in a file says."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from importer.errors import UnreadableFileError
from importer.model import MediaKind, RatingJob, RowRemedy
from importer.readers.cells.errors import CellError
from importer.readers.cells.ids import parse_imdb_id
from importer.readers.cells.numbers import parse_year
from importer.readers.cells.ratings import parse_rating
from importer.readers.cells.scales import Scale, steps
from importer.readers.cells.texts import parse_html_text, split_year
from importer.readers.columns import Column, PerFile
from importer.readers.format_reader import DATE, FormatNote
from importer.readers.formats.scaled import SCALE_NOTE, SCALED, Scaled
from importer.readers.tables.records import LIST
from importer.readers.tables.table import Header

_TEN = 10
_STARS = 5


def _parse_tier(cell: str) -> int:
    try:
        return parse_rating(cell)
    except CellError as error:
        remedy = RowRemedy.TAKE_SCORES
        raise CellError(error.reason, error.problem, remedy) from error


def _parse_address(cell: str) -> MediaKind:
    """Tell by the address of a title's page what it is: /film/Stalker/ or /tv/The-Wire/."""
    if "/film/" in cell:
        return MediaKind.MOVIE
    return MediaKind.SHOW if "/tv/" in cell else MediaKind.UNKNOWN


class CritickerReader(Scaled):
    """An open CSV export."""

    about = FormatNote(
        name="criticker",
        what="Criticker ratings export (CSV)",
        recognised_by="columns Score, Film Name, Date Rated and IMDB ID",
        ids="IMDb",
        scale="your own: give it with --scale, such as 0-100 or 0-10; 0 is a score",
        dates="instant without a zone: UTC, or as --timezone says",
        traps="a blank after each comma; HTML entities in titles; the address says film or series",
        sample="criticker.csv",
    )
    imdb_id = Column("IMDB ID", parse=parse_imdb_id, required=True)
    rating = Column("Score", parse=SCALED, required=True)
    note = rating.also(SCALE_NOTE)
    title = Column("Film Name", parse=parse_html_text, required=True)
    rated_at = Column("Date Rated", parse=DATE, required=True)
    year = Column("Year", parse=parse_year)
    address = Column("URL", parse=_parse_address)
    needs_scale = True

    def suggest_scale(self) -> Scale | None:
        """Find out whether anybody who scores up to 100 has used these scores; None if they may be stars."""
        place = self.places["rating"]
        highest = 0
        try:
            for chunk in self.table.chunks([place]):
                cells = {cell.strip() for cell in chunk.column(place)}
                highest = max([highest, *(int(cell) for cell in cells if _is_score(cell))])
        except UnreadableFileError:
            pass  # use what can be read; `chunks` reports the error
        if 0 < highest <= _STARS:
            self.scale_example = "0-5"
            return None
        return steps("0", "10" if 0 < highest <= _TEN else "100")

    def describe(self) -> Sequence[str]:
        """Say what the scores are taken for."""
        return ("Criticker ratings export", f"scores are {self.scale}; {RowRemedy.OTHER_SCALE}")

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Take the kind that the address shows."""
        return job._replace(kind=extra.get("address", MediaKind.UNKNOWN))


class CritickerXmlReader(Scaled):
    """An open XML export; its `tier` is on one scale for everybody."""

    about = FormatNote(
        name="criticker-xml",
        what="Criticker ratings as XML",
        recognised_by="elements film with imdbid, rating and tier",
        ids="IMDb",
        scale="tier, 1 to 10; with --scale, rating",
        dates="instant without a zone: UTC, or as --timezone says",
        traps="rating is on a scale of your own; the year is in the title; HTML entities in titles",
        sample="criticker.xml",
    )
    imdb_id = Column("imdbid", parse=parse_imdb_id, required=True)
    rating = Column(
        "rating", parse=PerFile(lambda r: _parse_tier if r.scale is None else r.scale.convert), required=True
    )
    note = rating.also(SCALE_NOTE)
    title = Column("filmname", parse=parse_html_text, required=True)
    tier = Column("tier", required=True)
    rated_at = Column("reviewdate", parse=DATE)
    address = Column("filmlink", parse=_parse_address)
    signature_columns: ClassVar = frozenset({"filmname", "filmlink", "filmid"})

    def prepare(self) -> None:
        """Take the tier for the rating, unless `--scale` says what the scores are."""
        super().prepare()
        tier = self.places.pop("tier")
        if self.scale is None:
            self.places["rating"] = tier
            self.scale_doubt = f"the tier, 1 to 10, is the rating; {RowRemedy.TAKE_SCORE}"

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name the elements that are missing."""
        return super().missing(header) + ([] if header.find([LIST]) is not None else ["it is no XML"])

    def describe(self) -> Sequence[str]:
        """Say what is taken for a rating."""
        if self.scale is None:
            return ("Criticker XML",)
        return ("Criticker XML", f"scores are {self.scale}")

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Take the kind from the address and the year from the title."""
        title, year = split_year(job.title or "")
        return job._replace(kind=extra.get("address", MediaKind.UNKNOWN), title=title, year=year)


def _is_score(cell: str) -> bool:
    return cell.isascii() and cell.isdigit() and len(cell) < _TEN
