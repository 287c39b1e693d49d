"""The CSV that Letterboxd imports, as other sites and programs write it.

Columns as on letterboxd.com/about/importing-data: `Rating` are stars in halves, `Rating10` is 1 to 10, and
one row may hold both. `WatchedDate` is the only date there is.
"""

from collections.abc import Mapping
from typing import Any

from importer.model import MediaKind, RatingJob
from importer.readers.cells.errors import CellError, Reason
from importer.readers.cells.ids import parse_imdb_id, parse_number_id
from importer.readers.cells.numbers import parse_year
from importer.readers.cells.ratings import not_rated, parse_rating
from importer.readers.cells.scales import Scale, Steps
from importer.readers.cells.texts import parse_html_text
from importer.readers.columns import Column, Parse, PerFile
from importer.readers.format_reader import DATE, FormatNote, TableReader
from importer.readers.formats.letterboxd import STARS
from importer.readers.judging import refuse_other_scale
from importer.readers.tables.table import Header

_TITLE_COLUMNS = ("LetterboxdURI", "url", "tmdbID", "imdbID", "Title")
_OWN_COLUMNS = ("LetterboxdURI", "Rating10", "WatchedDate")
"""What no other table has: `Rating` beside an `imdbID` could be on anybody's scale."""
_OF_SIMKL = frozenset({"simkl_id", "lastepwatched", "watchlist"})
"""What Simkl's export has, and of which any may have been taken out: its `Rating` holds no stars."""


class LetterboxdImportReader(TableReader):
    """An open CSV in Letterboxd's import format."""

    about = FormatNote(
        name="letterboxd-import",
        what="CSV made for Letterboxd's import page",
        recognised_by="Rating or Rating10, one of imdbID, tmdbID, Title and LetterboxdURI, and one of "
        "Rating10, WatchedDate and LetterboxdURI",
        ids="IMDb, TMDB, or title and year",
        scale="Rating10 1 to 10; Rating 0.5 to 5 stars, doubled",
        dates="WatchedDate",
        traps="a row may have either rating; a Letterboxd address is no id elsewhere; &amp; in titles",
        sample="letterboxd-import.csv",
    )
    description = (
        "CSV in Letterboxd's import format",
        "Rating10 counts, else Rating, whose stars are doubled",
        "dated by WatchedDate, if there is one",
    )
    imdb_id = Column("imdbID", parse=parse_imdb_id)
    tmdb_id = Column("tmdbID", parse=parse_number_id)
    rating = Column("Rating10", "Rating", parse=PerFile(lambda reader: reader.parse_rating), required=True)
    stars = Column("Rating", parse=PerFile(lambda reader: reader.parse_stars))
    expected_scale = STARS
    scaled_field = "stars"
    rated_at = Column("WatchedDate", parse=DATE)
    year = Column("Year", parse=parse_year)
    title = Column("Title", parse=parse_html_text)

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name the columns that are missing; Simkl's export has a `WatchedDate`, too."""
        missing = super().missing(header)
        if header.find(_TITLE_COLUMNS) is None:
            missing.append("imdbID, tmdbID, Title or LetterboxdURI")
        if header.find(_OWN_COLUMNS) is None:
            missing.append("Rating10, WatchedDate or LetterboxdURI")
        of_simkl = _OF_SIMKL & set(header.keys)
        return missing or [f"no {name}: this is Simkl's" for name in sorted(of_simkl)]

    def parse_rating(self, cell: str) -> int | None:
        """Parse the rating of ten, or the stars of a file that has only these."""
        if self.places["rating"] == self.places.get("stars"):
            return self.parse_stars(cell)
        return parse_rating(cell) if cell.strip() else None

    def parse_stars(self, cell: str) -> int | None:
        """Parse the rating whose name anybody may give to a column."""
        scale: Scale = self.scale or STARS
        return scale.convert(cell) if cell.strip() else None

    def refuse_other_scale(self, scale: Steps) -> None:
        """Check the column of stars, which is not the rating's own. Raises ScaleNeededError."""
        refuse_other_scale(self.table, self.places["stars"], scale.highest, is_sure=False)

    def parser_of(self, field: str) -> Parse:
        """Return what the column says, for either may count; it knows of the scale."""
        return super().parser_of(field) if field == "note" else self.columns[field].parser_for(self)

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Take the rating that the row has, and see that it says which film it means."""
        rating = job.rating or extra.get("stars")
        if rating is None:
            unrated = not_rated()
            unrated.field = "rating"
            raise unrated
        if not (job.imdb_id or job.tmdb_id or job.title):
            raise CellError(
                Reason.NO_ID,
                "the row has no id, nor a title",
                "Write one of imdbID, tmdbID and Title; only Letterboxd knows its addresses.",
            )
        # Letterboxd has films and some limited series; the format has no word for it.
        return job._replace(rating=rating, kind=MediaKind.MOVIE, second_kind=MediaKind.SHOW)
