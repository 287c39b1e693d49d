"""MovieLens: the export of the site, and the data sets for research.

The site's export holds ids. A data set holds the ratings of many people by numbers of its own; what these
mean stands in `links.csv` and `movies.csv` beside it, which are kept in memory: they grow with the titles
there are, not with the ratings.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from importer import limits
from importer.errors import UnreadableFileError
from importer.model import MediaKind, RatingJob
from importer.readers.cells.dates import parse_unix_seconds
from importer.readers.cells.errors import CellError, Reason, quote
from importer.readers.cells.ids import parse_imdb_number, parse_number_id
from importer.readers.cells.scales import steps
from importer.readers.cells.texts import split_sorted_title
from importer.readers.columns import Column
from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.formats.users import USER, OwnedRows
from importer.readers.tables.table import AnyTable, Table
from importer.readers.tables.text import read_text_file

_STARS = steps("0.5", "5", "0.5")
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
        traps="average_rating is never used; ids keep their zeros, lost ones are added",
        sample="movielens.csv",
    )
    description = ("MovieLens ratings, doubled",)
    imdb_id = Column("imdb_id", parse=parse_imdb_number, required=True)
    tmdb_id = Column("tmdb_id", parse=parse_number_id)
    rating = Column("rating", parse=_STARS.convert, required=True)
    expected_scale = _STARS
    title = Column("title")
    unread_columns = ("movie_id", "average_rating")  # without these, ratings may be of any scale
    signature_columns: ClassVar = frozenset({"average_rating"})

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """See that there is an id, and take the year out of the title."""
        del extra
        return _finish(job, job.title)


class MovieLensDatasetReader(OwnedRows):
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
    description = ("ratings.csv of a MovieLens data set, ratings doubled, ids from links.csv",)
    user_option = "user"
    options = frozenset({"user"})
    beside = ("links.csv", "movies.csv")
    user = Column("userId", parse=USER, required=True)
    movie = Column("movieId", parse=str.strip, required=True)
    rating = Column("rating", parse=_STARS.convert, required=True)
    expected_scale = _STARS
    rated_at = Column("timestamp", parse=parse_unix_seconds, required=True)
    signature_columns: ClassVar = frozenset({"movieid"})

    def prepare(self) -> None:
        """Read the files beside the ratings. Raises UnreadableFileError, UsageError."""
        super().prepare()
        links = _read_beside(self.table, "links.csv", _LINKS)
        if links is None:
            problem = "there is no links.csv beside it, which says what it rates"
            raise UnreadableFileError(self.table.name, problem, remedy=_KEEP_TOGETHER)
        self._links = links
        self._movies = _read_beside(self.table, "movies.csv", _MOVIES) or {}
        beside = map(self.table.path.with_name, self.beside)
        self.related_files = [path for path in beside if path.is_file()]

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
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
    held = 0
    rows = (row for chunk in beside.chunks(sorted(places)) for row in chunk.rows(places))
    for key, *values in (map(str.strip, row) for row in rows):
        found[key] = tuple(values)
        held += len(key) + sum(map(len, values))
        if len(found) > _MOST_TITLES or held > limits.LARGEST_SHARED:
            problem = f"it holds more than {_MOST_TITLES:,} titles"
            raise UnreadableFileError(shown, problem, remedy=_KEEP_TOGETHER)
    return found
