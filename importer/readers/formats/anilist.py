"""AniList's lists: the answers of its API, which scripts save as JSON.

`{"lists": [{"entries": [{"score": 85, "media": {"format": "TV", "title": {"romaji", "english"}}}]}]}`,
with the scale that its owner chose beside it, in `mediaListOptions.scoreFormat`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from importer.model import MediaKind, RatingJob
from importer.readers.base import ReadOptions
from importer.readers.cells.errors import Reason
from importer.readers.cells.kinds import TitleType, unsupported
from importer.readers.cells.numbers import parse_year
from importer.readers.cells.scales import Scale, Steps, steps
from importer.readers.columns import Column
from importer.readers.format_reader import FormatNote
from importer.readers.formats.parts import require_title
from importer.readers.formats.scaled import SCALE_NOTE, SCALED, Scaled
from importer.readers.tables.records import RecordTable
from importer.readers.tables.table import AnyTable

_NONE = frozenset({"", "0", "0.0"})
_SCALES: Mapping[str, Steps] = {
    "POINT_100": steps("1", "100", none=_NONE),
    "POINT_10_DECIMAL": steps("0.1", "10", none=_NONE),
    "POINT_10": steps("1", "10", none=_NONE),
    "POINT_5": steps("1", "5", "1", none=_NONE),
}
"""AniList's names of scales; POINT_3 are smileys, and what they are worth only their owner knows."""

_EITHER = TitleType(MediaKind.SHOW, MediaKind.MOVIE)
_FORMATS = {
    "TV": TitleType(MediaKind.SHOW),
    "TV_SHORT": TitleType(MediaKind.SHOW),
    "MOVIE": TitleType(MediaKind.MOVIE),
    "SPECIAL": TitleType(MediaKind.MOVIE, MediaKind.SHOW),
    "OVA": _EITHER,
    "ONA": _EITHER,
}
_BOOKS = frozenset({"MANGA", "NOVEL", "ONE_SHOT"})


def _parse_format(cell: str) -> MediaKind:
    word = cell.strip().upper()
    if word in _BOOKS:
        raise unsupported("is a book")
    if word == "MUSIC":
        raise unsupported("is a music video", Reason.MUSIC_VIDEO)
    found = _FORMATS.get(word)
    return found.kind if found else MediaKind.UNKNOWN


def _parse_second_kind(cell: str) -> MediaKind | None:
    found = _FORMATS.get(cell.strip().upper())
    return found and found.second_kind


def _media(path: str) -> tuple[str, str]:
    return f"entries.media.{path}", f"media.{path}"


class AniListReader(Scaled):
    """An open answer of AniList's API."""

    about = FormatNote(
        name="anilist",
        what="AniList's anime list, JSON as its API gives it and scripts save it",
        recognised_by="entries with score, mediaId and media.title",
        ids="none that others know: a title with its year, which `importer match` looks up",
        scale="as scoreFormat in the file says, else as --scale says; 0 is no rating, and skipped",
        dates="none: updatedAt is the day of any change",
        traps="smileys need --scale; OVA, ONA and specials may be shows or movies; no manga",
        sample="anilist.json",
    )
    rating = Column("entries.score", "score", parse=SCALED, required=True)
    note = rating.also(SCALE_NOTE)
    media_type = Column(*_media("type"), parse=_parse_format)
    kind = Column(*_media("format"), parse=_parse_format)
    second_kind = kind.also(_parse_second_kind)
    title = Column(*_media("title.english"))
    romaji = Column(*_media("title.romaji"), required=True)
    year = Column(*_media("startDate.year"), parse=parse_year)
    reported_first = ("rating", "media_type", "kind")
    unrated = _NONE
    scale_example = "1=3,2=6,3=9"
    signature_columns: ClassVar = frozenset({"entries.media.title.romaji", "media.title.romaji"})

    def __init__(self, table: AnyTable, options: ReadOptions) -> None:
        if isinstance(table, RecordTable):
            table.take_with(self.columns["rating"].names)  # a list may have no entry
        super().__init__(table, options)

    def is_scale_needed(self) -> bool:
        """Take the scale that the file names; only smileys, or none, leave the question open."""
        beside = self.table.beside if isinstance(self.table, RecordTable) else {}
        named = [text for path, text in beside.items() if path.lower().endswith("scoreformat")]
        self.scale: Scale | None = _SCALES.get(named[0]) if len(named) == 1 else None
        self.scale_told = (
            "AniList's smileys" if named == ["POINT_3"] else "the file does not say which scale it has"
        )
        return self.scale is None

    def describe(self) -> tuple[str, ...]:
        """Say which scale is read."""
        return ("AniList, which does not say when a title was rated", f"scores are {self.scale}")

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Take the Japanese title in Latin letters where there is no English one."""
        title = require_title(job.title or extra["romaji"])
        return job._replace(kind=job.kind or MediaKind.UNKNOWN, title=title)
