"""Tables that people write themselves, and our own results file: any table with an id and a rating.

The columns go by their names and nothing is guessed from cells. Two rules of the format, told in the
notes: a row without a type is a movie, unless it has a season or an episode number; and where a row
has a season number, its ids, title and year are the show's.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from importer.errors import Remedy, UnknownFormatError
from importer.files import restore
from importer.model import MediaKind, RatingJob, Status
from importer.readers.base import ReadOptions
from importer.readers.cells.errors import CellError, Reason, quote
from importer.readers.cells.ids import parse_imdb_id, parse_number_id
from importer.readers.cells.kinds import TYPES, TitleType, parse_kind, parse_second_kind
from importer.readers.cells.numbers import parse_number, parse_year
from importer.readers.cells.ratings import parse_rating, parse_rating_or_word
from importer.readers.cells.texts import unmark
from importer.readers.columns import Column, Parse, PerFile
from importer.readers.format_reader import DATE, FormatNote
from importer.readers.formats.scaled import SCALE_NOTE, Scaled
from importer.readers.judging import judge_ratings
from importer.readers.tables.table import AnyTable, Header

_TYPES = TYPES | {"unknown": TitleType(MediaKind.UNKNOWN)}  # so a results file says it
_IDS = ("imdb_id", "tmdb_id", "tvdb_id", "trakt_id")
_NUMBERS = {
    MediaKind.MOVIE: ("season", "episode"),
    MediaKind.SHOW: ("season", "episode"),
    MediaKind.SEASON: ("episode",),
    MediaKind.EPISODE: (),
}
"""Kind to the numbers that a row of it cannot have."""
_TEN = 10
_NO_TYPE = "the row has no type: taken for a movie"
_OTHER_RATINGS = ("user_rating", "userrating", "my_rating", "your_rating", "your rating", "my rating")
"""Beside one of these, `rating` is everybody's as likely as not."""
_OF_LIBRARIES = frozenset({"studio", "content rating", "video resolution", "contentrating"})
"""What a media server tells of its files: beside two of these, `rating` is the critics'."""
_RESULTS = ("row", "line", "status", "reason", "message", "rating", "previous_rating")


def _parse_kind(cell: str) -> MediaKind | None:
    return parse_kind(cell, _TYPES) if cell.strip() else None


def _choose_rating_parser(reader: Scaled) -> Parse:
    if reader.scale is not None:
        return partial(parse_rating_or_word, parse=reader.scale.convert)
    is_ours = reader.clean_cell is not None
    return parse_rating_or_word if is_ours else partial(parse_rating_or_word, parse=_parse_unless_zero)


def _parse_unless_zero(cell: str) -> int:
    # Whoever writes zeros (Kodi, MyAnimeList, AniList, Watcharr) means "not rated", never "remove it".
    if unmark(cell) in {"0", "0.0", "0,0"}:
        remedy = "Nothing is sent; to remove a rating, write unrate."
        raise CellError(Reason.NO_RATING, "is no rating", remedy, status=Status.SKIPPED)
    return parse_rating(cell)


class CsvReader(Scaled):
    """An open table in the importer's own words."""

    about = FormatNote(
        name="csv",
        what="any table of named columns (text, JSON, XML, Excel), and the importer's results file",
        recognised_by="columns rating and imdb_id, tmdb_id, tvdb_id, trakt_id, or title and year; or --map",
        ids="IMDb, TMDB, TVDB, Trakt, or title and year",
        scale="1 to 10, or as --scale says; love, hate, unrate; 0 is not rated",
        dates="day or instant in rated_at, optional",
        traps="no cell is guessed; decimals only with --scale",
        sample="ratings.csv",
    )
    imdb_id = Column("imdb_id", "imdb", "imdbid", parse=parse_imdb_id)
    tmdb_id = Column("tmdb_id", "tmdb", "tmdbid", parse=parse_number_id)
    tvdb_id = Column("tvdb_id", "tvdb", "tvdbid", parse=parse_number_id)
    trakt_id = Column("trakt_id", "trakt", "traktid", parse=parse_number_id)
    kind = Column("type", "kind", parse=_parse_kind)
    second_kind = kind.also(partial(parse_second_kind, types=_TYPES))
    rating = Column("rating", parse=PerFile(_choose_rating_parser), required=True)
    note = rating.also(SCALE_NOTE)
    rated_at = Column("rated_at", parse=DATE)
    season = Column("season", parse=parse_number)
    episode = Column("episode", parse=parse_number)
    year = Column("year", parse=parse_year)
    title = Column("title")

    def __init__(self, table: AnyTable, options: ReadOptions) -> None:
        other = table.header.find(_OTHER_RATINGS)
        if other is not None and "rating" not in map(str.lower, options.mapping.values()):
            names = table.header.names
            raise UnknownFormatError(
                f"{table.name}: there are two columns of ratings, rating and {quote(names[other])}",
                Remedy.MAP_RATING,
                found=names,
            )
        if len(_OF_LIBRARIES & set(table.header.keys)) > 1 and not options.mapping:
            names = table.header.names
            raise UnknownFormatError(
                f"{table.name}: this is a library's list, and its Rating the critics', as likely as not",
                Remedy.MAP_RATING,
                found=names,
            )
        super().__init__(table, options)

    def prepare(self) -> None:
        """Take off the apostrophes that our results file puts before formulas."""
        if set(_RESULTS) <= set(self.table.header.keys):
            self.clean_cell = restore
        super().prepare()

    def is_scale_needed(self) -> bool:
        """Whether the ratings themselves say that they are not 1 to 10. A doubt is told, and asked about."""
        if self.clean_cell is not None:
            return False
        ratings = judge_ratings(self.table, self.places["rating"], _TEN)
        self.scale_example = ratings.likely_scale
        if ratings.may_be_stars:
            self.scale_doubt = (
                f"none of {ratings.numbers:,} ratings is above 5: if these are stars, say so with --scale 5"
            )
        self.scale_told = (
            "some are halves and none is above 5, as stars are"
            if ratings.are_stars
            else f"{ratings.above:,} of {ratings.numbers:,} are above 10"
        )
        return ratings.are_stars or ratings.are_of_another_scale

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name what the header lacks: the rating, or everything that could tell a title."""
        found = cls.find_columns(header)
        missing = super().missing(header)
        if found.keys().isdisjoint(_IDS) and not {"title", "year"} <= found.keys():
            missing.append("an id (imdb_id, tmdb_id, tvdb_id or trakt_id) or title and year")
        return missing

    def describe(self) -> Sequence[str]:
        """Tell the rules that are applied to this file."""
        if self.clean_cell is not None:
            return ("results file of this importer",)
        scale = "ratings are read as 1 to 10" if self.scale is None else f"ratings are {self.scale}"
        notes = ["table with columns by name", scale]
        if "kind" not in self.places:
            by_number = {"season", "episode"} & self.places.keys()
            notes.append("no type column: every row is a movie" + (", or has a season" if by_number else ""))
        if "season" in self.places:
            notes.append("where a season number stands, ids, title and year are the show's")
        return notes

    def show_cells(self, cells: Mapping[str, str]) -> Mapping[str, str]:
        """Name the kind of a bad row without a type, as that of a good one."""
        if cells.get("kind") or not any(cells.values()):
            return cells
        kind = _kind_by_numbers(has_season=bool(cells.get("season")), has_episode=bool(cells.get("episode")))
        return {**cells, "kind": kind}

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Find the kind of a row without a type, and see that the row says which title it means."""
        del extra
        if not job.kind:  # no type column, or an empty cell
            kind = _kind_by_numbers(has_season=job.season is not None, has_episode=job.episode is not None)
            # Without the column, the notes of the file tell it of all rows.
            is_told = kind is not MediaKind.MOVIE or "kind" not in self.places
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
