"""Anime-Planet's export of an anime list, as JSON.

`{"user": {"name"}, "export": {"type": "anime"}, "entries": [{"name", "status", "rating", "eps", "times"}]}`
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from importer.errors import UnknownFormatError
from importer.model import MediaKind, RatingJob
from importer.readers.base import ReadOptions
from importer.readers.cells.scales import steps
from importer.readers.columns import Column
from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.formats.parts import require_title
from importer.readers.tables.records import RecordTable
from importer.readers.tables.table import AnyTable

_STARS = steps("0.5", "5", "0.5", none=frozenset({"", "0", "0.0"}))


class AnimePlanetReader(TableReader):
    """An open anime list of Anime-Planet."""

    about = FormatNote(
        name="anime-planet",
        what="Anime-Planet's anime list, JSON",
        recognised_by="entries with name, status, rating, eps and times",
        ids="none: a title alone, which `importer match` looks up",
        scale="0.5 to 5 stars, doubled; 0 is no rating, and skipped",
        dates="none",
        traps="the file does not say what is a film; manga lists are refused",
        sample="anime-planet.json",
    )
    description = ("Anime-Planet, the stars doubled; it does not say when a title was rated",)
    expected_scale = _STARS
    unrated = _STARS.none
    rating = Column("rating", parse=_STARS.convert, required=True)
    note = rating.also(_STARS.note)
    title = Column("name", required=True)
    unread_columns = ("status", "eps", "times")
    signature_columns: ClassVar = frozenset({"eps", "times"})

    def __init__(self, table: AnyTable, options: ReadOptions) -> None:
        if isinstance(table, RecordTable) and table.beside.get("export.type", "anime") != "anime":
            raise UnknownFormatError(
                f"{table.name}: this is a manga list of Anime-Planet. Export your anime list; books are not "
                "rated at any destination.",
                found=table.header.names,
            )
        super().__init__(table, options)

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """See that there is a title to look for."""
        del extra
        return job._replace(title=require_title(job.title), kind=MediaKind.UNKNOWN)
