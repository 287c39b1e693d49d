"""IMDb's ratings export, of all years, by the names of its columns.

An episode's row holds the episode's own id and neither its show nor its number; the title, `Show: Episode`,
cannot be taken apart safely. What a destination makes of that is the destination's affair.
"""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from importer.errors import Remedy, UnknownFormatError
from importer.model import RatingJob
from importer.readers.base import ReadOptions
from importer.readers.cells.errors import CellError, Reason
from importer.readers.cells.ids import parse_imdb_id
from importer.readers.cells.kinds import IMDB_TYPES, parse_kind, parse_kind_or_unknown, parse_second_kind
from importer.readers.cells.numbers import parse_year
from importer.readers.cells.ratings import parse_rating
from importer.readers.columns import Column, Parse, PerFile
from importer.readers.format_reader import DATE, FormatNote, TableReader
from importer.readers.judging import read_cells
from importer.readers.tables.table import AnyTable, Header

_VINTAGES = (
    ("You rated", "before November 2017"),
    ("Date Added", "of November 2017"),
    ("Original Title", "since June 2024"),
)

_OF_LISTS = frozenset({"position", "created", "modified", "description"})
"""Columns of a list; people take out one or the other."""


def _parse_const(cell: str) -> str:
    imdb_id = parse_imdb_id(cell)
    if imdb_id is None:
        raise CellError(Reason.NO_ID, "is no id", "Without its id the title is not known; take the row out.")
    return imdb_id


def _choose_kind_parser(reader: TableReader) -> Parse:
    parse = parse_kind_or_unknown if reader.given.leaves_types_open else parse_kind
    return partial(parse, types=IMDB_TYPES)


class ImdbReader(TableReader):
    """An open ratings export of IMDb."""

    about = FormatNote(
        name="imdb",
        what="IMDb ratings export, all years",
        recognised_by="columns Const, Your Rating (before November 2017: You rated) and Title Type",
        ids="IMDb",
        scale="1 to 10",
        dates="day of the rating; dd/mm/yyyy of a spreadsheet as the whole column shows",
        traps="type words of all years; an epoch-zero date is unknown; ids keep their zeros",
        sample="imdb-2024.csv",
    )
    imdb_id = Column("Const", parse=_parse_const, required=True)
    rating = Column("Your Rating", "You rated", parse=parse_rating, required=True)
    kind = Column("Title Type", parse=PerFile(_choose_kind_parser), required=True)
    second_kind = kind.also(partial(parse_second_kind, types=IMDB_TYPES))
    rated_at = Column("Date Rated", "Date Added", "created", parse=DATE)
    year = Column("Year", parse=parse_year)
    title = Column("Title")
    reported_first = ("kind", "imdb_id", "rating")
    signature_columns: ClassVar = frozenset({"const", "title type"})

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name the columns that are missing; a list export has all of them, and is none."""
        return super().missing(header) or (["no Position: this is a list"] if _is_list(header) else [])

    @classmethod
    def for_rows(cls, table: AnyTable) -> type[TableReader]:
        """Tell a list of before November 2017 by its rows: its columns are those of the ratings."""
        return ImdbOldListReader if cls is ImdbReader and _is_old_list(table) else cls

    def rescue(self, job: RatingJob, error: CellError) -> RatingJob | None:
        """Leave a row without an id to `importer match`, if it has a title and a rating."""
        is_named = error.reason is Reason.NO_ID and job.title and job.year
        return job if is_named and job.rating and job.kind else None

    def describe(self) -> Sequence[str]:
        """Name the vintage."""
        vintages = (years for column, years in _VINTAGES if self.table.header.find([column]) is not None)
        return (f"IMDb ratings export {next(vintages, '2017 to 2024')}",)


class ImdbListReader(ImdbReader):
    """An open list or watchlist of IMDb: its rated rows, if the owner wants them."""

    about = FormatNote(
        name="imdb-list",
        what="IMDb list or watchlist export: its rated rows, with --lists",
        recognised_by="columns Const, Title Type and two of Position, Created, Modified and Description",
        ids="IMDb",
        scale="1 to 10; most rows have no rating and are skipped",
        dates="Date Rated where the file has it, else none: Created is the day of the entry",
        traps="never read as a ratings export, whatever its first row has",
        sample="imdb-list.csv",
    )
    description = ("IMDb list or watchlist: only the rated rows are taken",)
    rating = Column("Your Rating", parse=parse_rating)
    rated_at = Column("Date Rated", parse=DATE)
    options = frozenset({"lists"})

    def __init__(self, table: AnyTable, options: ReadOptions) -> None:
        if not options.lists or table.header.find(self.rating.names) is None:
            raise UnknownFormatError(
                f"{table.name}: this is an IMDb list or watchlist, not an export of your ratings. "
                + (
                    "It has no column Your Rating. Open your ratings page at IMDb and export that one."
                    if options.lists
                    else f"Open your ratings page at IMDb and export that one; {Remedy.TAKE_LIST}."
                ),
                found=table.header.names,
            )
        super().__init__(table, options)

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name the columns that are missing."""
        return super(ImdbReader, cls).missing(header) or ([] if _is_list(header) else ['"Position"'])

    def describe(self) -> Sequence[str]:
        """Say what is taken."""
        return self.description


class ImdbOldListReader(ImdbListReader):
    """An open list of before November 2017, which has the columns of a ratings export of those days."""

    rating = Column("You rated", parse=parse_rating)


def _is_old_list(table: AnyTable) -> bool:
    """Whether a row says when it was modified, as entries of a list do and ratings never did."""
    place = table.header.find(["modified"])
    if place is None or table.header.find(["You rated"]) is None:
        return False
    return any(map(str.strip, read_cells(table, place)))


def _is_list(header: Header) -> bool:
    # `You rated` is the ratings export before November 2017, whose rows are numbered too.
    return len(_OF_LISTS & set(header.keys)) > 1 and "you rated" not in header.keys
