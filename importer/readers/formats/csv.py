"""Tables that people write themselves, and our own results file: any table with an id and a rating.

The columns go by their names and nothing is guessed from cells. Two rules of the format, told in the
notes: a row without a type is a movie, unless it has a season or an episode number; and where a row
has a season number, its ids, title and year are the show's.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from importer.errors import UnknownFormatError
from importer.files import restore
from importer.model import MediaKind, RatingJob
from importer.readers.base import ReadOptions
from importer.readers.cells.cells import (
    CellError,
    Reason,
    parse_imdb_id,
    parse_number,
    parse_number_id,
    parse_rating,
    parse_rating_or_word,
    parse_text,
    parse_year,
    quote,
)
from importer.readers.cells.kinds import TYPES, TitleType, parse_kind, parse_second_kind
from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.tables.table import AnyTable, Header

if TYPE_CHECKING:
    from importer.readers.columns import Parse

_TYPES = TYPES | {"unknown": TitleType(MediaKind.UNKNOWN)}  # so a results file says it
_IDS = ("imdb_id", "tmdb_id", "tvdb_id", "trakt_id")
_NUMBERS = {
    MediaKind.MOVIE: ("season", "episode"),
    MediaKind.SHOW: ("season", "episode"),
    MediaKind.SEASON: ("episode",),
    MediaKind.EPISODE: (),
}
"""Kind to the numbers that a row of it cannot have."""
_NO_TYPE = "the row has no type: taken for a movie"
_OTHER_RATINGS = ("user_rating", "userrating", "my_rating", "your_rating", "your rating", "my rating")
"""Beside one of these, `rating` is everybody's as likely as not."""
_RESULTS = ("row", "line", "status", "reason", "message", "rating", "previous_rating")


class CsvReader(TableReader):
    """An open table in the importer's own words."""

    about = FormatNote(
        name="csv",
        what="any table of named columns (text, JSON, XML, Excel), and the importer's results file",
        recognised_by="columns rating and imdb_id, tmdb_id, tvdb_id, trakt_id, or title and year; or --map",
        ids="IMDb, TMDB, TVDB, Trakt, or title and year",
        scale="1 to 10, or as --scale says; love, hate, unrate (or 0)",
        dates="day or instant in rated_at, optional",
        traps="no cell is guessed; decimals only with --scale",
        sample="ratings.csv",
    )
    columns: ClassVar = {
        "imdb_id": ("imdb_id", "imdb", "imdbid"),
        "tmdb_id": ("tmdb_id", "tmdb", "tmdbid"),
        "tvdb_id": ("tvdb_id", "tvdb", "tvdbid"),
        "trakt_id": ("trakt_id", "trakt", "traktid"),
        "kind": ("type", "kind"),
        "second_kind": ("type", "kind"),
        "rating": ("rating",),
        "note": ("rating",),
        "rated_at": ("rated_at",),
        "season": ("season",),
        "episode": ("episode",),
        "year": ("year",),
        "title": ("title",),
    }
    judges_rows = True
    takes_scale = True

    def __init__(self, table: AnyTable, reading: ReadOptions) -> None:
        other = table.header.find(_OTHER_RATINGS)
        if other is not None and "rating" not in map(str.lower, reading.mapping.values()):
            names = table.header.names
            raise UnknownFormatError(
                f"{table.name}: there are two columns of ratings, rating and {quote(names[other])}. Say "
                f"which is yours: --map rating=rating or --map {quote(names[other] + '=rating')}.",
                found=names,
            )
        super().__init__(table, reading)

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name what the header lacks: the rating, or everything that could tell a title."""
        found = cls.find_columns(header)
        missing = [] if "rating" in found else ['"rating"']
        if found.keys().isdisjoint(_IDS) and not {"title", "year"} <= found.keys():
            missing.append("an id (imdb_id, tmdb_id, tvdb_id or trakt_id) or title and year")
        return missing

    def describe(self) -> Sequence[str]:
        """Tell the rules that are applied to this file."""
        if self._is_results:
            return ("results file of this importer",)
        scale = "ratings are read as 1 to 10" if self.used_scale is None else f"ratings are {self.used_scale}"
        notes = ["table with columns by name", scale]
        if "kind" not in self._sources:
            by_number = {"season", "episode"} & self._sources.keys()
            notes.append("no type column: every row is a movie" + (", or has a season" if by_number else ""))
        if "season" in self._sources:
            notes.append("where a season number stands, ids, title and year are the show's")
        return notes

    @property
    def _is_results(self) -> bool:
        return set(_RESULTS) <= set(self._table.header.keys)

    def parsers(self) -> Mapping[str, "Parse"]:
        """Parse the cells of a table of our own."""
        parsers: dict[str, Parse] = {
            "imdb_id": parse_imdb_id,
            "tmdb_id": parse_number_id,
            "tvdb_id": parse_number_id,
            "trakt_id": parse_number_id,
            "kind": _parse_kind,
            "second_kind": partial(parse_second_kind, types=_TYPES),
            "rating": partial(
                parse_rating_or_word, parse=self.parse_scaled if self.used_scale else parse_rating
            ),
            "note": self.note_scaled,
            "rated_at": self.parse_date,
            "season": parse_number,
            "episode": parse_number,
            "year": parse_year,
            "title": parse_text,
        }
        if not self._is_results:
            return parsers
        return {field: partial(_parse_restored, parse=parse) for field, parse in parsers.items()}

    def clean(self, cell: str) -> str:
        """Take off the apostrophe that our results file puts before a formula."""
        return restore(cell) if self._is_results else cell

    def show_cells(self, cells: Mapping[str, str]) -> Mapping[str, str]:
        """Name the kind of a bad row without a type, as that of a good one."""
        if cells.get("kind") or not any(cells.values()):
            return cells
        kind = _kind_by_numbers(has_season=bool(cells.get("season")), has_episode=bool(cells.get("episode")))
        return {**cells, "kind": kind}

    def finish(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Find the kind of a row without a type, and see that the row says which title it means."""
        del extra
        if not job.kind:  # no type column, or an empty cell
            kind = _kind_by_numbers(has_season=job.season is not None, has_episode=job.episode is not None)
            # Without the column, the notes of the file tell it of all rows.
            is_told = kind is not MediaKind.MOVIE or "kind" not in self._sources
            job = job._replace(kind=kind)
            job = job if is_told else job.noting(_NO_TYPE)
        _check_numbers(job)
        has_id = any((job.imdb_id, job.tmdb_id, job.tvdb_id, job.trakt_id))
        names_a_title = job.kind in {MediaKind.MOVIE, MediaKind.SHOW} or job.season is not None
        # A title without its year is nothing to send; but `importer resolve` may find it.
        if not has_id and not (job.title and names_a_title):
            raise CellError(
                Reason.NO_ID,
                "the row has no id" + (", nor a title" if names_a_title else " of the title or its show"),
                "Write one of imdb_id, tmdb_id, tvdb_id and trakt_id.",
            )
        return job


def _kind_by_numbers(*, has_season: bool, has_episode: bool) -> MediaKind:
    if has_episode:
        return MediaKind.EPISODE
    return MediaKind.SEASON if has_season else MediaKind.MOVIE


def _check_numbers(job: RatingJob) -> None:
    """See that the row has the numbers that its kind has, and no others."""
    surplus = [field for field in _NUMBERS.get(job.kind, ()) if getattr(job, field) is not None]
    if surplus:
        raise CellError(
            Reason.TYPE_MISMATCH,
            f"is a number that a {job.kind} does not have",
            "Correct the type, or empty the cell.",
            field=surplus[0],
        )
    if job.kind is MediaKind.EPISODE and (job.season is None) != (job.episode is None):
        lacking = "season" if job.season is None else "episode"
        raise CellError(
            Reason.NO_NUMBER,
            f"the {lacking} has no number",
            "An episode needs both numbers and its show's id, or only an id of its own.",
        )


def _parse_kind(cell: str) -> MediaKind | None:
    return parse_kind(cell, _TYPES) if cell.strip() else None


def _parse_restored(cell: str, parse: "Parse") -> object:
    return parse(restore(cell))
