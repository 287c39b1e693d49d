"""TV Time, which closed in 2026: the data it sent on request, and what the Liberator saved.

A vote names an option of a list that the data does not hold; the programs that read such data disagree on
what the options mean, so their owner has to say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from importer.model import MediaKind, RatingJob
from importer.readers.base import ReadOptions
from importer.readers.cells.errors import CellError, Reason
from importer.readers.cells.ids import parse_imdb_id, parse_number_id
from importer.readers.cells.kinds import TYPES, parse_kind
from importer.readers.cells.numbers import parse_number
from importer.readers.cells.ratings import not_rated, parse_rating
from importer.readers.cells.scales import steps
from importer.readers.cells.texts import parse_text
from importer.readers.columns import Column, Parse, PerFile
from importer.readers.format_reader import DATE, FormatNote, TableReader
from importer.readers.formats.scaled import Scaled
from importer.readers.tables.table import AnyTable, Header

_NONE = frozenset({"", "-1", "null", "undefined"})

_STARS = steps("1", "5", "1")

_ABOUT = FormatNote(
    name="tvtime",
    what="TV Time's data as it was sent on request: the files of votes, tv_show_rate.csv, or the zip",
    recognised_by="columns vote_key and movie_name or series_name; tv_show_id, tv_show_name and rating",
    ids="TVDB for shows and episodes; films by title alone, which `importer match` looks up",
    scale="shows 1 to 5, doubled; votes are ids that programs read differently: --scale says what each is",
    dates="none of votes; of shows the instant in UTC",
    traps="votes on emotions (emotions-*.csv) are no ratings; files on what was watched are refused",
    sample="tvtime-movies.csv",
)


def _parse_rating(cell: str) -> int:
    if cell.strip() in _NONE:
        raise not_rated()
    return parse_rating(cell)


def _or_none(parse: Parse) -> Parse:
    """Make a parser that takes what the Liberator writes for nothing, too."""
    return lambda cell: None if cell.strip() in _NONE else parse(cell)


class TvTimeVotesReader(Scaled):
    """An open file of votes on films or episodes."""

    about = _ABOUT
    tvdb_id = Column("episode_id", parse=parse_number_id)
    rating = Column(
        "vote_key",
        parse=PerFile(lambda reader: lambda key: reader.scale.convert(_vote_of(key))),
        required=True,
    )
    note = rating.also(PerFile(lambda reader: lambda key: reader.scale.note(_vote_of(key))))
    season = Column("season_number", parse=parse_number)
    episode = Column("episode_number", parse=parse_number)
    title = Column("series_name")
    movie = Column("movie_name")
    signature_columns: ClassVar = frozenset({"vote_key"})
    needs_scale = True
    has_votes = True
    scale_example = "1=2,27=4,28=6,29=8,3=10"

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name the columns that are missing."""
        has_title = header.find(["movie_name", "series_name"]) is not None
        return super().missing(header) + ([] if has_title else ['"movie_name" or "series_name"'])

    def describe(self) -> Sequence[str]:
        """Say what the votes are taken for."""
        return ("TV Time votes", f"votes are rated as {self.scale}")

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Tell films from episodes."""
        if movie := extra.get("movie"):
            return job._replace(kind=MediaKind.MOVIE, title=movie, tvdb_id=None, season=None, episode=None)
        return _as_episode(job)


class TvTimeShowsReader(TableReader):
    """An open `tv_show_rate.csv`: ratings of whole shows, from the years when there were some."""

    about = _ABOUT
    description = ("TV Time ratings of shows, doubled",)
    usual_kind = MediaKind.SHOW
    tvdb_id = Column("tv_show_id", parse=parse_number_id, required=True)
    rating = Column("rating", parse=_STARS.convert, required=True)
    title = Column("tv_show_name", required=True)
    rated_at = Column("updated_at", "created_at", parse=DATE)
    signature_columns: ClassVar = frozenset({"tv_show_id", "tv_show_name"})

    def __init__(self, table: AnyTable, options: ReadOptions) -> None:
        super().__init__(table, replace(options, scale=None))  # --scale is about votes, in the same archive

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """See that the row names a show."""
        del extra
        if job.tvdb_id is None and job.title is None:
            raise _no_title()
        return job


class LiberatorReader(TableReader):
    """An open `activity_history.csv` of the TV Time Liberator: what was watched, some of it rated."""

    about = FormatNote(
        name="tvtime-liberator",
        what="activity_history.csv of the TV Time Liberator",
        recognised_by="columns imdb_id, tvdb_id, type, is_watched, is_watchlisted and rating",
        ids="IMDb and TVDB, of an episode its own; -1 is none",
        scale="1 to 10; without a rating a title was only watched, and is skipped",
        dates="none: watched_at is the day it was watched",
        traps="type is show for episodes, too; files of older Liberators have no ratings and are refused",
        sample="tvtime-liberator.csv",
    )
    description = ("TV Time Liberator: only the rated rows are taken",)
    imdb_id = Column("imdb_id", parse=_or_none(parse_imdb_id), required=True)
    tvdb_id = Column("tvdb_id", parse=_or_none(parse_number_id), required=True)
    kind = Column("type", parse=partial(parse_kind, types=TYPES), required=True)
    rating = Column("rating", parse=_parse_rating, required=True)
    season = Column("season", parse=_or_none(parse_number))
    episode = Column("episode", parse=_or_none(parse_number))
    title = Column("title", parse=_or_none(parse_text))
    unread_columns: ClassVar[Sequence[str]] = ("is_watched", "is_watchlisted")
    signature_columns: ClassVar = frozenset({"is_watched", "is_watchlisted"})

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Tell shows from their episodes."""
        del extra
        if job.kind is not MediaKind.MOVIE and (job.season is not None or job.episode is not None):
            return _as_episode(job)
        if job.imdb_id is None and job.tvdb_id is None and job.title is None:
            raise _no_title()
        return job._replace(season=None, episode=None)


class ExtractorReader(LiberatorReader):
    """An open `tv-time-export.csv` of the TV Time Extractor: what was watched, some of it rated."""

    about = FormatNote(
        name="tvtime-extractor",
        what="tv-time-export.csv of the TV Time Extractor",
        recognised_by="columns type, media_type, tmdb_id, imdb_id, tvdb_id, watched_at, rating and review",
        ids="IMDb, TMDB and TVDB, of an episode its own",
        scale="1 to 10; without a rating a title was only watched, and is skipped",
        dates="none: watched_at is the day it was watched",
        traps="media_type is the kind, type what was done",
        sample="tvtime-extractor.csv",
    )
    description = ("TV Time Extractor: only the rated rows are taken",)
    tmdb_id = Column("tmdb_id", parse=_or_none(parse_number_id), required=True)
    kind = Column("media_type", parse=partial(parse_kind, types=TYPES), required=True)
    unread_columns: ClassVar[Sequence[str]] = ("watched_at", "review", "type")
    signature_columns: ClassVar = frozenset()


def _as_episode(job: RatingJob) -> RatingJob:
    """Address an episode by its own id if it has one, else by its number in the show of the title."""
    if job.imdb_id or job.tvdb_id or job.tmdb_id:
        title = job.title
        if title is not None and job.season is not None and job.episode is not None:
            title = f"{title} {job.season}x{job.episode:02}"
        return job._replace(kind=MediaKind.EPISODE, title=title, season=None, episode=None)
    if job.title is None:
        raise _no_title()
    if job.season is None or job.episode is None:
        lacking = "season" if job.season is None else "episode"
        remedy = "An episode needs an id or both of its numbers."
        raise CellError(Reason.NO_NUMBER, f"the {lacking} has no number", remedy)
    return job._replace(kind=MediaKind.EPISODE)


def _no_title() -> CellError:
    return CellError(Reason.NO_ID, "the row names no title", "Write one, or take the row out.")


def _vote_of(cell: str) -> str:
    """Take the vote from its key: title, user and option, such as 5b9f0df1-c726-10142511-3."""
    return cell.strip().rpartition("-")[2]
