"""IMDb's ratings export, of all years, by the names of its columns.

An episode's row holds the episode's own id and neither its show nor its number; the title, `Show: Episode`,
cannot be taken apart safely. What a destination makes of that is the destination's affair.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from importer.readers.cells import CellError, Reason, parse_imdb_id, parse_rating, parse_text, parse_year
from importer.readers.table_reader import FormatNote, TableReader
from importer.readers.title_types import IMDB_TYPES, parse_kind, parse_kind_or_unknown, parse_second_kind

if TYPE_CHECKING:
    from importer.readers.columns import Parse

_VINTAGES = (
    ("You rated", "before November 2017"),
    ("Date Added", "of November 2017"),
    ("Original Title", "since June 2024"),
)


class ImdbReader(TableReader):
    """An open ratings export of IMDb."""

    about = FormatNote(
        name="imdb",
        what="IMDb ratings export, all years",
        recognised_by="columns Const, Your Rating (before November 2017: You rated) and Title Type",
        ids="IMDb",
        scale="1 to 10",
        dates="day of the rating; dd/mm/yyyy of a spreadsheet as the whole column shows",
    )
    columns: ClassVar = {
        "kind": ("Title Type",),
        "second_kind": ("Title Type",),
        "imdb_id": ("Const",),
        "rating": ("Your Rating", "You rated"),
        "rated_at": ("Date Rated", "Date Added", "created"),
        "year": ("Year",),
        "title": ("Title",),
    }
    needed = ("imdb_id", "rating", "kind")

    def describe(self) -> Sequence[str]:
        """Name the vintage."""
        vintages = (years for column, years in _VINTAGES if self._table.header.find([column]) is not None)
        return (f"IMDb ratings export {next(vintages, '2017 to 2024')}",)

    def parsers(self) -> Mapping[str, "Parse"]:
        """Parse IMDb's cells."""
        return {
            "kind": partial(
                parse_kind_or_unknown if self.leaves_types_open else parse_kind, types=IMDB_TYPES
            ),
            "second_kind": partial(parse_second_kind, types=IMDB_TYPES),
            "imdb_id": _parse_const,
            "rating": parse_rating,
            "rated_at": self.parse_date,
            "year": parse_year,
            "title": parse_text,
        }


def _parse_const(cell: str) -> str:
    imdb_id = parse_imdb_id(cell)
    if imdb_id is None:
        raise CellError(
            Reason.NO_ID, "is no id", "Without its id the title cannot be told; take the row out."
        )
    return imdb_id
