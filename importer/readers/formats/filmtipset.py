"""Filmtipset's votes: a header with semicolons, and rows with a comma behind the date."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from importer.errors import UnreadableFileError
from importer.model import MediaKind, RatingJob
from importer.readers.base import ReadOptions
from importer.readers.cells.cells import CellError, Reason, parse_html_text, parse_imdb_number
from importer.readers.cells.scales import steps
from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.tables.table import AnyTable, Header

if TYPE_CHECKING:
    from importer.readers.columns import Parse

_HEADER = ("votedate", "movietitle", "imdb", "score")
_JOINED = "VoteDate,MovieTitle"


class FilmtipsetReader(TableReader):
    """An open file of votes."""

    about = FormatNote(
        name="filmtipset",
        what="Filmtipset votes",
        recognised_by="columns VoteDate, MovieTitle, IMDB and Score",
        ids="IMDb (written without tt; -1 or empty is none)",
        scale="1 to 5, doubled",
        dates="day of the vote",
        traps="a comma instead of a semicolon behind the date, and so one cell less; HTML entities in titles",
        sample="filmtipset.csv",
    )
    columns: ClassVar = {
        "imdb_id": ("IMDB",),
        "rating": ("Score",),
        "rated_at": ("VoteDate", _JOINED),
        "title": ("MovieTitle", _JOINED),
    }
    marks: ClassVar = frozenset({"votedate", "movietitle"})
    needed = ("imdb_id", "rating", "rated_at", "title")
    scale = steps("1", "5", "1")
    judges_rows = True

    def __init__(self, table: AnyTable, reading: ReadOptions) -> None:
        self._is_joined = _is_joined(table)
        if self._is_joined:
            table.header = Header.of((_JOINED, "IMDB", "Score", ""))
        super().__init__(table, reading)

    def describe(self) -> Sequence[str]:
        """Say what it is."""
        return ("Filmtipset votes, doubled",)

    def parsers(self) -> Mapping[str, "Parse"]:
        """Parse Filmtipset's cells."""
        return {
            "imdb_id": parse_imdb_number,
            "rating": self.parse_scaled,
            "rated_at": self._parse_day,
            "title": self._parse_title,
        }

    def _parse_day(self, cell: str) -> str | None:
        return self.parse_date(cell.partition(",")[0] if self._is_joined else cell)

    def _parse_title(self, cell: str) -> str | None:
        return parse_html_text(cell.partition(",")[2] if self._is_joined else cell)

    def finish(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """See that the row names a title."""
        del extra
        if not job.imdb_id and not job.title:
            raise CellError(Reason.NO_ID, "the row has no id", "Write its IMDb number, or take the row out.")
        return job._replace(kind=MediaKind.UNKNOWN)


def _is_joined(table: AnyTable) -> bool:
    """Whether the first row has the title in the cell of the date."""
    try:
        first = next(table.chunks([0]), None) if table.header.keys == _HEADER else None
    except UnreadableFileError:
        return False
    return first is not None and "," in str(first.frame[0].iat[0])
