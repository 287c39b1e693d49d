"""MovieLens: the export of the site, and the data sets for research.

The site's export holds ids. A data set holds the ratings of many people by numbers of its own; what these
mean stands in `links.csv` and `movies.csv` beside it, which are held in memory: they grow with the titles
there are, not with the ratings.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from importer.errors import UnreadableFileError
from importer.model import MediaKind, RatingJob
from importer.readers.base import ReadOptions
from importer.readers.cells.cells import (
    CellError,
    Reason,
    parse_imdb_number,
    parse_number_id,
    parse_text,
    quote,
)
from importer.readers.cells.dates import parse_unix_seconds
from importer.readers.cells.scales import steps
from importer.readers.cells.titles import split_sorted_title
from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.formats.users import find_owner, parse_owner
from importer.readers.tables.table import AnyTable, Header, Table
from importer.readers.tables.text import read_text_file

if TYPE_CHECKING:
    from importer.readers.columns import Parse

_LINKS = ("movieId", "imdbId", "tmdbId")
_MOVIES = ("movieId", "title")
_MOST_TITLES = 1_000_000
_KEEP_TOGETHER = "Put it there as it comes in the data set, or import the whole data set as its zip archive."


class MovieLensReader(TableReader):
    """An open export of the site."""

    about = FormatNote(
        name="movielens",
        what="MovieLens, the site's export of your ratings",
        recognised_by="columns movie_id, imdb_id, rating and average_rating",
        ids="IMDb (written without tt) and TMDB",
        scale="0.5 to 5 in halves, doubled",
        dates="none in the file",
        traps="average_rating is everybody's and never taken; ids keep their zeros, lost ones are given back",
        sample="movielens.csv",
    )
    columns: ClassVar = {
        "imdb_id": ("imdb_id",),
        "tmdb_id": ("tmdb_id",),
        "rating": ("rating",),
        "title": ("title",),
    }
    marks: ClassVar = frozenset({"average_rating"})
    needed = ("imdb_id", "rating")
    scale = steps("0.5", "5", "0.5")
    judges_rows = True

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name the columns that are missing; without all of them, ratings may be of any scale."""
        others = ("movie_id", "average_rating")
        return super().missing(header) + [f'"{name}"' for name in others if header.find([name]) is None]

    def describe(self) -> Sequence[str]:
        """Say what it is."""
        return ("MovieLens ratings, doubled",)

    def parsers(self) -> Mapping[str, "Parse"]:
        """Parse the cells of the export."""
        return {
            "imdb_id": parse_imdb_number,
            "tmdb_id": parse_number_id,
            "rating": self.parse_scaled,
            "title": parse_text,
        }

    def finish(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """See that there is an id, and take the year out of the title."""
        del extra
        return _finish(job, job.title)


class MovieLensDatasetReader(TableReader):
    """An open `ratings.csv` of a data set."""

    about = FormatNote(
        name="movielens-dataset",
        what="MovieLens data set: ratings.csv with links.csv (and movies.csv) beside it, or the zip",
        recognised_by="columns userId, movieId, rating and timestamp",
        ids="IMDb (written without tt) and TMDB, from links.csv",
        scale="0.5 to 5 in halves, doubled",
        dates="instant, in seconds since 1970",
        traps="the rows of other users are skipped: --user ID; articles at the end of titles are put first",
        sample="movielens-dataset.zip",
    )
    columns: ClassVar = {
        "user": ("userId",),
        "movie": ("movieId",),
        "rating": ("rating",),
        "rated_at": ("timestamp",),
    }
    marks: ClassVar = frozenset({"movieid"})
    needed = ("user", "movie", "rating", "rated_at")
    scale = steps("0.5", "5", "0.5")
    judges_rows = True
    heeds = frozenset({"user"})

    def __init__(self, table: AnyTable, reading: ReadOptions) -> None:
        super().__init__(table, reading)
        self._user = find_owner(table, self._sources["user"], reading.user, "--user")
        links = _read_beside(table, "links.csv", _LINKS)
        if links is None:
            raise UnreadableFileError(
                table.name, "there is no links.csv beside it, which says what it rates", remedy=_KEEP_TOGETHER
            )
        self._links = links
        self._movies = _read_beside(table, "movies.csv", _MOVIES) or {}
        beside = (table.path.with_name(name) for name in ("links.csv", "movies.csv"))
        self.related_files = [path for path in beside if path.is_file()]

    def describe(self) -> Sequence[str]:
        """Say what it is."""
        return ("ratings.csv of a MovieLens data set, ratings doubled, ids from links.csv",)

    def parsers(self) -> Mapping[str, "Parse"]:
        """Parse the cells of the data set."""
        return {
            "user": partial(parse_owner, owner=self._user, flag="--user", reason=Reason.OTHER_USER),
            "movie": str.strip,
            "rating": self.parse_scaled,
            "rated_at": parse_unix_seconds,
        }

    def finish(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Look the title up."""
        movie = extra["movie"]
        imdb_id, tmdb_id = self._links.get(movie, ("", ""))
        (title,) = self._movies.get(movie, ("",))
        if not imdb_id and not tmdb_id:
            raise CellError(
                Reason.NO_ID,
                f"links.csv has no id for the title {movie}",
                "Take links.csv from the same data set.",
            )
        try:
            job = job._replace(imdb_id=parse_imdb_number(imdb_id), tmdb_id=parse_number_id(tmdb_id))
        except CellError as error:
            problem = f"links.csv has {quote(imdb_id)} and {quote(tmdb_id)} as its ids, one of which is none"
            raise CellError(error.reason, problem, "Take links.csv from the same data set.") from error
        return _finish(job, title)


def _finish(job: RatingJob, title: str | None) -> RatingJob:
    """Make a movie of it: all titles of MovieLens are, and a few series are among them."""
    if not job.imdb_id and not job.tmdb_id:
        remedy = "Write its IMDb or TMDB number, or take the row out."
        raise CellError(Reason.NO_ID, "the row has no id", remedy)
    title, year = split_sorted_title(title or "")
    return job._replace(kind=MediaKind.MOVIE, second_kind=MediaKind.SHOW, title=title, year=year)


def _read_beside(table: AnyTable, name: str, columns: Sequence[str]) -> dict[str, tuple[str, ...]] | None:
    """Read a file that lies beside the ratings: its first column to the others; None if there is none."""
    path = table.path.with_name(name)
    if not path.is_file():
        return None
    shown = table.name.removesuffix(table.path.name) + name if table.name.endswith(table.path.name) else name
    beside = Table(read_text_file(path, shown))
    places = [place for column in columns if (place := beside.header.find([column])) is not None]
    if len(places) < len(columns):
        raise UnreadableFileError(
            shown, f"it lacks one of the columns {', '.join(columns)}", remedy=_KEEP_TOGETHER
        )
    found: dict[str, tuple[str, ...]] = {}
    for key, *values in _read_rows(beside, places):
        found[key] = tuple(values)
        if len(found) > _MOST_TITLES:
            problem = f"it holds more than {_MOST_TITLES:,} titles"
            raise UnreadableFileError(shown, problem, remedy=_KEEP_TOGETHER)
    return found


def _read_rows(table: Table, places: Sequence[int]) -> Iterator[tuple[str, ...]]:
    for chunk in table.chunks(sorted(places)):
        yield from zip(*(chunk.frame[place].str.strip() for place in places), strict=True)
