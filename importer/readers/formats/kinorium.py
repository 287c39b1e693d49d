"""Kinorium's export of votes: text with tabs in UTF-16, titles in Russian and as they were made."""

from collections.abc import Mapping
from typing import Any, ClassVar

from importer.model import MediaKind, RatingJob
from importer.readers.cells.kinds import TYPES, parse_kind_or_unknown, parse_second_kind
from importer.readers.cells.numbers import parse_year
from importer.readers.cells.ratings import parse_rating
from importer.readers.columns import Column
from importer.readers.format_reader import DATE, FormatNote, TableReader
from importer.readers.formats.parts import require_title
from importer.readers.tables.table import Header


class KinoriumReader(TableReader):
    """An open export of Kinorium's votes."""

    about = FormatNote(
        name="kinorium",
        what="Kinorium's votes",
        recognised_by="columns My rating, Date, Title, Original Title, Type and Year, and no id",
        ids="none: a title with its year, which `importer match` looks up",
        scale="1 to 10; an empty cell is no rating, and skipped",
        dates="instant without a zone: UTC, or as --timezone says",
        traps="UTF-16 with tabs; the original title if there is one, else the Russian",
        sample="kinorium.csv",
    )
    description = ("Kinorium's votes",)
    kind = Column("Type", parse=lambda cell: parse_kind_or_unknown(cell, TYPES), required=True)
    second_kind = kind.also(lambda cell: parse_second_kind(cell, TYPES))
    rating = Column("My rating", parse=parse_rating, required=True)
    rated_at = Column("Date", parse=DATE, required=True)
    title = Column("Original Title", required=True)
    russian = Column("Title", required=True)
    year = Column("Year", parse=parse_year, required=True)
    reported_first = ("rating", "kind")
    signature_columns: ClassVar = frozenset()

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name the columns that are missing; with an id it is a table of somebody's own."""
        has_id = any(key.startswith(("imdb", "tmdb", "tvdb", "trakt", "const")) for key in header.keys)
        return super().missing(header) or (["no id: this is a table of your own"] if has_id else [])

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Take the Russian title where there is no other."""
        title = require_title(job.title or extra["russian"])
        return job._replace(title=title, kind=job.kind or MediaKind.UNKNOWN)
