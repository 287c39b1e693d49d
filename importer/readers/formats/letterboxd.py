"""Letterboxd's export: `ratings.csv`, `diary.csv` and `reviews.csv`, alone or in the archive they come in.

No file names a film by an id that others know, only by its name and year. `ratings.csv` holds the rating
that stands today, once for each film; diary and reviews hold those of single viewings. So of an archive
`ratings.csv` is read, and the diary only for the days of viewing, if the owner wants these.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import cached_property
from typing import Any, ClassVar

from importer import limits
from importer.errors import OptionError, UnreadableFileError
from importer.model import MediaKind, RatingJob
from importer.readers.cells.errors import CellError, Reason
from importer.readers.cells.ids import parse_imdb_id, parse_number_id
from importer.readers.cells.numbers import parse_year
from importer.readers.cells.scales import steps
from importer.readers.cells.texts import parse_text
from importer.readers.columns import Column
from importer.readers.format_reader import DATE, FormatNote, TableReader
from importer.readers.tables.table import AnyTable, Header, Table
from importer.readers.tables.text import read_text_file

STARS = steps("0.5", "5", "0.5", none=frozenset({""}))
"""Half stars to five; an empty cell is a film that was logged without a rating."""

_Film = tuple[str | None, int | None]
"""Name and year: all that two files of an export have in common."""


class LetterboxdReader(TableReader):
    """An open `ratings.csv`."""

    about = FormatNote(
        name="letterboxd",
        what="Letterboxd export: ratings.csv, diary.csv, reviews.csv, or the whole archive",
        recognised_by="columns Name, Letterboxd URI and Rating",
        ids="none: name and year",
        scale="0.5 to 5 stars, doubled",
        dates="day of the rating; with --diary-dates that of the last viewing",
        traps="of an archive ratings.csv alone is read, never what was deleted; films of one name and year",
        sample="letterboxd-ratings.csv",
    )
    title = Column("Name", required=True)
    rating = Column("Rating", parse=STARS.convert, required=True)
    rated_at = Column("Date", parse=DATE)
    year = Column("Year", parse=parse_year)
    imdb_id = Column("imdbID", "imdb_id", "imdb", parse=parse_imdb_id)
    tmdb_id = Column("tmdbID", "tmdb_id", "tmdb", parse=parse_number_id)
    expected_scale = STARS
    unread_columns = ("Letterboxd URI",)
    signature_columns: ClassVar = frozenset({"letterboxd uri"})
    options = frozenset({"diary_dates"})

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name the columns that are missing, or that only another file of the export has."""
        is_this = _file_of(header) is cls
        return super().missing(header) or ([] if is_this else ["this is another file of the export"])

    def describe(self) -> Sequence[str]:
        """Say which file it is and what dates its ratings."""
        dated = "dated by the day of the rating"
        if self.given.diary_dates:
            dated = f"dated by the last viewing, which diary.csv knows of {len(self._last_viewings):,} films"
        return ("Letterboxd ratings.csv", *self._describe_stars(), dated)

    def _describe_stars(self) -> Sequence[str]:
        return ("stars are doubled",) if self.scale is None else ()

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Name the kind, and date the rating."""
        if job.title is None:
            raise CellError(Reason.NO_ID, "is no name", "A film is known by its name alone.", field="title")
        # Some limited series are there, too, and nothing in the file shows which.
        job = job._replace(kind=MediaKind.MOVIE, second_kind=MediaKind.SHOW)
        return self._date(job, extra)

    def _date(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Date the rating. Raises CellError for a film with the name and year of another."""
        del extra
        film = job.title, job.year
        if film in self._namesakes and not (job.imdb_id or job.tmdb_id):
            # Whatever is chosen for one of them, `importer match` would give to the other, too.
            raise CellError(
                Reason.NO_ID,
                f"another film of the file has this name and year, {job.year}, too: it is not known which "
                "one is meant",
                "Rate both by hand, or import a table of them with a column imdb_id.",
            )
        if self.given.diary_dates and film in self._last_viewings:
            return job._replace(rated_at=self._last_viewings[film])
        return job

    @cached_property
    def _namesakes(self) -> AbstractSet[_Film]:
        """The names and years that have more than one address, so that they identify no film."""
        addresses: dict[_Film, set[str]] = {}
        with suppress(UnreadableFileError):  # `chunks` reports the error
            for name, year, address in _cells(self.table, ("Name", "Year", "Letterboxd URI")):
                addresses.setdefault(_film(name, year), set()).add(address.strip()[: limits.LONGEST_RAW_CELL])
        return {film for film, found in addresses.items() if len(found - {""}) > 1}

    @cached_property
    def _last_viewings(self) -> Mapping[_Film, str]:
        """The last day of each film in `diary.csv`. Raises UsageError, UnreadableFileError."""
        path = self.table.path.with_name("diary.csv")
        if not path.is_file():
            raise OptionError(
                "diary_dates",
                f"there is no diary.csv beside {self.table.name}; "
                "put it there, or import the whole export as you downloaded it",
            )
        self.related_files = [path]
        diary = Table(read_text_file(path, path.name))
        viewings: dict[_Film, str] = {}
        for name, year, watched_at in _cells(diary, ("Name", "Year", "Watched Date")):
            if (day := _try(self.parse_date, watched_at)) is not None:
                film = _film(name, year)
                viewings[film] = max(day, viewings.get(film, ""))
        return viewings


class LetterboxdDiaryReader(LetterboxdReader):
    """An open `diary.csv`: a row for each viewing, with the rating of that day, if there was one."""

    watched_at = Column("Watched Date", parse=DATE)
    archive_rank = 1
    _file: ClassVar = "diary.csv"

    def describe(self) -> Sequence[str]:
        """Say which file it is and what dates its ratings."""
        dated = "watched" if self.given.diary_dates else "logged"
        return (
            f"Letterboxd {self._file}: ratings of single viewings; those of today stand in ratings.csv",
            *self._describe_stars(),
            f"dated by the day the film was {dated}",
        )

    def _date(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Take the row's own day of viewing, if the owner wants it and there is one."""
        if self.given.diary_dates and extra["watched_at"]:
            return job._replace(rated_at=extra["watched_at"])
        return job


class LetterboxdReviewsReader(LetterboxdDiaryReader):
    """An open `reviews.csv`: a row for each review, with the rating that was given with it."""

    archive_rank = 2
    _file: ClassVar = "reviews.csv"


def _file_of(header: Header) -> type[LetterboxdReader]:
    """Tell the files of the export by the columns that only they have."""
    if header.find(["Watched Date"]) is None:
        return LetterboxdReader
    return LetterboxdDiaryReader if header.find(["Review"]) is None else LetterboxdReviewsReader


def _cells(table: AnyTable, names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the cells of some columns, row by row."""
    places = [place for name in names if (place := table.header.find([name])) is not None]
    if len(places) == len(names):
        for chunk in table.chunks(sorted(set(places))):
            yield from chunk.rows(places)


def _film(name: str, year: str) -> _Film:
    return parse_text(name[: limits.LONGEST_CELL]), _try(parse_year, year)


def _try(parse: Any, cell: str) -> Any:
    """Parse a cell of a row that is not imported itself; a bad one there harms nobody."""
    try:
        return parse(cell)
    except CellError:
        return None
