"""Filmtipset's votes: a header with semicolons, and rows with a comma behind the date."""

from collections.abc import Mapping
from typing import Any, ClassVar

from importer.errors import UnreadableFileError
from importer.model import RatingJob
from importer.readers.base import ReadOptions
from importer.readers.cells.errors import CellError, Reason
from importer.readers.cells.ids import parse_imdb_number
from importer.readers.cells.scales import steps
from importer.readers.cells.texts import parse_html_text
from importer.readers.columns import Column, PerFile
from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.tables.table import AnyTable, Header

_HEADER = ("votedate", "movietitle", "imdb", "score")
_JOINED = "VoteDate,MovieTitle"
_STARS = steps("1", "5", "1")


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
    description = ("Filmtipset votes, doubled",)
    imdb_id = Column("IMDB", parse=parse_imdb_number, required=True)
    expected_scale = _STARS
    rating = Column("Score", parse=_STARS.convert, required=True)
    rated_at = Column("VoteDate", _JOINED, parse=PerFile(lambda reader: reader.parse_day), required=True)
    title = Column("MovieTitle", _JOINED, parse=PerFile(lambda reader: reader.parse_title), required=True)
    signature_columns: ClassVar = frozenset({"votedate", "movietitle"})

    def __init__(self, table: AnyTable, options: ReadOptions) -> None:
        self._is_joined = _is_joined(table)
        if self._is_joined:
            table.header = Header.of((_JOINED, "IMDB", "Score", ""))
        super().__init__(table, options)

    def parse_day(self, cell: str) -> str | None:
        """Parse the cell of the date, which may hold the title, too."""
        return self.parse_date(cell.partition(",")[0] if self._is_joined else cell)

    def parse_title(self, cell: str) -> str | None:
        """Parse the title, which may stand in the cell of the date."""
        return parse_html_text(cell.partition(",")[2] if self._is_joined else cell)

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """See that the row names a title."""
        del extra
        if not job.imdb_id and not job.title:
            raise CellError(Reason.NO_ID, "the row has no id", "Write its IMDb number, or take the row out.")
        return job


def _is_joined(table: AnyTable) -> bool:
    """Whether the first row has the title in the cell of the date."""
    try:
        first = next(table.chunks([0]), None) if table.header.keys == _HEADER else None
    except UnreadableFileError:
        return False
    return first is not None and "," in first.column(0)[0]
