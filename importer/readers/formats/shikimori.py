"""Shikimori's export of an anime list, as JSON. Its XML is that of MyAnimeList, and read as such."""

from collections.abc import Mapping
from typing import Any, ClassVar

from importer.model import MediaKind, RatingJob
from importer.readers.cells.kinds import unsupported
from importer.readers.cells.scales import steps
from importer.readers.columns import Column
from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.formats.parts import require_title

_SCALE = steps("1", "10", "1", none=frozenset({"", "0"}))


def _parse_type(cell: str) -> MediaKind:
    if cell.strip().lower() in {"manga", "ranobe"}:
        raise unsupported("is a book")
    return MediaKind.UNKNOWN


class ShikimoriReader(TableReader):
    """An open anime list of Shikimori."""

    about = FormatNote(
        name="shikimori",
        what="Shikimori's list, JSON",
        recognised_by="entries with target_title, target_type and score",
        ids="none that others know: a title alone, which `importer match` looks up",
        scale="1 to 10; 0 is no rating, and skipped",
        dates="none",
        traps="the file does not say what is a film; manga and ranobe are unsupported",
        sample="shikimori.json",
    )
    description = ("Shikimori, which does not say when a title was rated",)
    kind = Column("target_type", parse=_parse_type, required=True)
    expected_scale = _SCALE
    unrated = _SCALE.none
    rating = Column("score", parse=_SCALE.convert, required=True)
    title = Column("target_title", required=True)
    reported_first = ("rating", "kind")
    signature_columns: ClassVar = frozenset({"target_title", "target_type"})

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """See that there is a title to look for."""
        del extra
        return job._replace(title=require_title(job.title))
