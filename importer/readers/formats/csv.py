"""Tables that people write themselves, and our own results file: any table with an id and a rating.

The columns go by their names and nothing is guessed from cells. Two rules of the format, named in the
notes: a row without a type is a movie, unless it has a season or an episode number; and where a row
has a season number, its ids, title and year are the show's.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from importer.errors import Remedy, UnknownFormatError
from importer.files import restore
from importer.model import UNRATE, MediaKind, RatingJob, RowRemedy, Status
from importer.readers.base import ReadOptions
from importer.readers.cells.addresses import Address, parse_address
from importer.readers.cells.errors import CellError, Reason, quote
from importer.readers.cells.ids import parse_imdb_id, parse_number_id
from importer.readers.cells.kinds import TYPES, TitleType, parse_kind, parse_second_kind
from importer.readers.cells.numbers import parse_number, parse_year
from importer.readers.cells.ratings import parse_rating, parse_rating_or_word
from importer.readers.cells.texts import parse_text, unmark
from importer.readers.columns import Column, Parse, PerFile
from importer.readers.format_reader import DATE, FormatNote
from importer.readers.formats.scaled import Scaled
from importer.readers.judging import summarise_ratings
from importer.readers.row_problems import check_numbers
from importer.readers.tables.records import LIST
from importer.readers.tables.table import AnyTable, Header

_TYPES = TYPES | {"unknown": TitleType(MediaKind.UNKNOWN)}  # so a results file says it


def _id_names(source: str) -> tuple[str, ...]:
    return (
        f"{source}_id",
        source,
        f"{source}id",
        f"{source} id",
        f"ids.{source}",
        f"id.{source}",
        f"guid.{source}",
    )


_IDS = ("imdb_id", "tmdb_id", "tvdb_id", "trakt_id")
_TEN = 10
_NO_TYPE = "the row has no type: taken for a movie"
MY_RATING = ("my_rating", "my rating", "myrating", "userrating")
"""What people and programs call their own rating, and no export with ratings of others does."""
_RATED_AT = (
    *("rated_at", "ratedat", "rated at", "date_rated", "date rated", "daterated", "rated_on", "rated on"),
    *("rating_date", "rating date", "ratingdate", "rated", "date", "created_at", "createdat"),
)
_CLEARLY_RATED = frozenset({"rated_at", "ratedat", "rated at", "date rated", "date_rated"})
_NAMES = ("name", "film", "movie")
"""A title, in a table with a year and with no column of another's; elsewhere the name of anything."""
_OTHER_RATINGS = ("user_rating", "userrating", "my_rating", "your_rating", "your rating", "my rating")
"""Beside one of these, `rating` is everybody's as likely as not."""
_OF_LIBRARIES = frozenset({"studio", "content rating", "video resolution", "contentrating"})
"""Columns of media servers: beside two of these, `rating` is the critics'."""
SECOND_KIND = "second_kind"
"""A column of our own files alone."""
_RESULTS = ("row", "line", "status", "reason", "message", "rating", "previous_rating")


def _parse_id(cell: str, field: str) -> int | None:
    """Read a number, or the address of the title's page at the site that gave it."""
    found: int | None = getattr(parse_address(cell), field) if "/" in cell else None
    return found or parse_number_id(cell)


def _parse_list(cell: str) -> MediaKind | None:
    """Tell the kind by the list or element that a record stands in: movies, tvshow, episodedetails."""
    word = cell.strip().lower()
    found = _TYPES.get(word.removesuffix("s")) or _TYPES.get(word.removesuffix("details"))
    return found and found.kind


def _parse_kind(cell: str) -> MediaKind | None:
    return parse_kind(cell, _TYPES) if cell.strip() else None


def _choose_rating_parser(reader: Scaled) -> Parse:
    parse = _choose_number_parser(reader)
    if reader.given.zero == "unrate":
        return lambda cell: UNRATE if _is_zero(cell) else parse(cell)
    if reader.given.zero == "skip":  # also where 0 is on the scale
        return lambda cell: _parse_unless_zero(cell) if _is_zero(cell) else parse(cell)
    return parse


def _choose_note_parser(reader: Scaled) -> Parse:
    tell = reader.scale.note if reader.scale is not None else parse_text
    return lambda cell: None if reader.given.zero and _is_zero(cell) else tell(cell)


def _is_zero(cell: str) -> bool:
    return unmark(cell) in {"0", "0.0", "0,0"}


def _choose_number_parser(reader: Scaled) -> Parse:
    if reader.scale is not None:
        return partial(parse_rating_or_word, parse=reader.scale.convert)
    is_ours = reader.clean_cell is not None
    return parse_rating_or_word if is_ours else partial(parse_rating_or_word, parse=_parse_unless_zero)


def _parse_unless_zero(cell: str) -> int:
    # Whoever writes zeros (Kodi, MyAnimeList, AniList, Watcharr) means "not rated", never "remove it".
    if _is_zero(cell):
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
    options = frozenset({"zero"})
    imdb_id = Column(*_id_names("imdb"), parse=parse_imdb_id)
    tmdb_id = Column(*_id_names("tmdb"), parse=partial(_parse_id, field="tmdb_id"))
    tvdb_id = Column(*_id_names("tvdb"), parse=partial(_parse_id, field="tvdb_id"))
    trakt_id = Column(*_id_names("trakt"), parse=partial(_parse_id, field="trakt_id"))
    kind = Column("media_type", "mediatype", "type", "kind", parse=_parse_kind)
    second_kind = kind.also(partial(parse_second_kind, types=_TYPES))
    rating = Column("rating", *MY_RATING, parse=PerFile(_choose_rating_parser), required=True)
    note = rating.also(PerFile(_choose_note_parser))
    rated_at = Column(*_RATED_AT, parse=DATE)
    season = Column("season", parse=parse_number)
    episode = Column("episode", parse=parse_number)
    year = Column("year", parse=parse_year)
    title = Column("title")
    list_name = Column(LIST, parse=_parse_list)
    stated_second_kind = Column(SECOND_KIND, parse=_parse_kind)
    address = Column("url", "link", "imdb_url", "imdburl", "address", parse=parse_address)

    def __init__(self, table: AnyTable, options: ReadOptions) -> None:
        other = table.header.find(_OTHER_RATINGS)
        has_plain = table.header.find(["rating"]) is not None
        if other is not None and has_plain and "rating" not in map(str.lower, options.mapping.values()):
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
            self.is_results = True
        super().prepare()

    def is_scale_needed(self) -> bool:
        """Whether the ratings themselves say that they are not 1 to 10. A doubt is noted and asked about."""
        if self.clean_cell is not None:
            return False
        ratings = summarise_ratings(self.table, self.places["rating"], _TEN)
        self.scale_example = ratings.example
        if ratings.may_be_stars and "stated_second_kind" not in self.places:
            self.scale_doubt = f"none of {ratings.numbers:,} ratings is above 5: {RowRemedy.NAME_STARS}"
        few = f"only {ratings.above_stars:,} of {ratings.numbers:,}" if ratings.above_stars else "none"
        self.scale_problem = (
            f"some are halves and {few} is above 5, as stars are"
            if ratings.are_stars
            else f"{ratings.above:,} of {ratings.numbers:,} are above 10: {ratings.above_in_words}"
        )
        return ratings.are_stars or ratings.are_of_another_scale

    @classmethod
    def find_columns(cls, header: Header) -> dict[str, int]:
        """Say in which column each field stands; Name, Film or Movie may be the title."""
        found = super().find_columns(header)
        name = header.find(_NAMES)
        is_plain = name is not None and {*found.values(), name} == set(range(len(header.keys)))
        if name is not None and is_plain and {"rating", "year"} <= found.keys() and "title" not in found:
            found["title"] = name
        return found

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name what the header lacks: the rating, or every column that identifies a title."""
        found = cls.find_columns(header)
        missing = super().missing(header)
        if found.keys().isdisjoint({*_IDS, "title"}):
            missing.append("an id (imdb_id, tmdb_id, tvdb_id or trakt_id) or title and year")
        return missing

    def describe(self) -> Sequence[str]:
        """Tell the rules that are applied to this file."""
        if self.clean_cell is not None:
            return ("results file of this importer",)
        scale = "ratings are read as 1 to 10" if self.scale is None else f"ratings are {self.scale}"
        notes = ["table with columns by name", scale]
        if "kind" not in self.places:
            exceptions = [
                *(["has a season"] if {"season", "episode"} & self.places.keys() else []),
                *(["has a TVDB id and is a show"] if "tvdb_id" in self.places else []),
                *(["its address says show"] if "address" in self.places else []),
            ]
            notes.append(
                "no type column: every row is a movie" + "".join(f", or {each}" for each in exceptions)
            )
        title = self.places.get("title")
        if title is not None and self.table.header.keys[title] in _NAMES:
            notes.append(f"titles are in the column {quote(self.table.header.names[title])}")
        place = self.places.get("rated_at")
        if place is not None and self.table.header.keys[place] not in _CLEARLY_RATED:
            notes.append(f"dated by the column {quote(self.table.header.names[place])}")
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
        address: Address = extra.get("address") or Address()
        job = job._replace(**{name: getattr(job, name) or getattr(address, name) for name in _IDS})
        if not job.kind and (listed := extra.get("list_name")):
            job = job._replace(kind=listed)
        if not job.kind:  # no type column, or an empty cell
            kind = _kind_by_numbers(has_season=job.season is not None, has_episode=job.episode is not None)
            if kind is MediaKind.MOVIE and (job.tvdb_id or address.kind is MediaKind.SHOW):
                kind = MediaKind.SHOW
                # Hardly a film has a TVDB id; where it is one, the second kind finds it.
                job = job._replace(second_kind=MediaKind.MOVIE)
                is_by_address = address.kind is MediaKind.SHOW
                reason = "its address says so" if is_by_address else "it has a TVDB id"
                job = job.with_note(f"the row has no type: taken for a show, because {reason}")
            # Without the column, a note of the file says it of all rows.
            is_told = kind is not MediaKind.MOVIE or "kind" not in self.places
            job = job._replace(kind=kind)
            job = job if is_told else job.with_note(_NO_TYPE)
        job = job._replace(second_kind=extra.get("stated_second_kind") or job.second_kind)
        check_numbers(job)
        has_id = any((job.imdb_id, job.tmdb_id, job.tvdb_id, job.trakt_id))
        names_a_title = job.kind in {MediaKind.MOVIE, MediaKind.SHOW} or job.season is not None
        # A title without its year is nothing to send; but `importer match` may find it.
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
