"""Listal's ratings, as the feed that its export page gives."""

from collections.abc import Mapping
from typing import Any, ClassVar

from importer.model import MediaKind, RatingJob
from importer.readers.cells.addresses import Address, parse_address
from importer.readers.cells.errors import CellError, Reason
from importer.readers.cells.ids import parse_imdb_number
from importer.readers.cells.scales import steps
from importer.readers.columns import Column
from importer.readers.format_reader import FormatNote, TableReader

_SCALE = steps("1", "10", "1", none=frozenset({"", "0"}))


class ListalReader(TableReader):
    """An open feed of Listal."""

    about = FormatNote(
        name="listal",
        what="Listal's ratings, the XML of its export page",
        recognised_by="elements item with listal:rating and listal:imdb",
        ids="IMDb (written without tt)",
        scale="1 to 10; 0 is no rating, and skipped",
        dates="none: nobody says what pubDate is the day of",
        traps="the address says film or series; ids keep their zeros",
        sample="listal.xml",
    )
    description = ("Listal, which does not say when a title was rated",)
    imdb_id = Column("listal:imdb", parse=parse_imdb_number, required=True)
    expected_scale = _SCALE
    unrated = _SCALE.none
    rating = Column("listal:rating", parse=_SCALE.convert, required=True)
    title = Column("title")
    address = Column("link", parse=parse_address)
    reported_first = ("rating", "imdb_id")
    lists = frozenset({"item"})
    signature_columns: ClassVar = frozenset({"listal:rating", "listal:imdb"})

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Tell the kind by the address, if it says one."""
        if job.imdb_id is None and job.title is None:
            raise CellError(Reason.NO_ID, "the entry names no title", "Write one, or take the entry out.")
        address: Address = extra.get("address") or Address()
        return job._replace(kind=address.kind or MediaKind.UNKNOWN)
