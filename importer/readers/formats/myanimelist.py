"""MyAnimeList's XML export of an anime list. Its ids are its own, and nobody else's."""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from importer.model import MediaKind, RatingJob
from importer.readers.cells.errors import Reason
from importer.readers.cells.kinds import TitleType, parse_kind, parse_second_kind, unsupported
from importer.readers.cells.ratings import not_rated, parse_rating
from importer.readers.columns import Column
from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.formats.parts import require_title

_SHOW = TitleType(MediaKind.SHOW)
_EITHER = TitleType(MediaKind.SHOW, MediaKind.MOVIE)

_TYPES = {
    "tv": _SHOW,
    "movie": TitleType(MediaKind.MOVIE),
    "ova": _EITHER,
    "ona": _EITHER,
    "special": TitleType(MediaKind.MOVIE, MediaKind.SHOW),
    "tvspecial": TitleType(MediaKind.MOVIE, MediaKind.SHOW),
}
"""MyAnimeList's types, normalised."""

_NO_TITLES = {"music": "a music video", "cm": "a commercial", "pv": "a trailer"}


def _parse_type(cell: str) -> MediaKind:
    word = cell.strip().lower()
    if word in {"", "unknown"}:  # so the site has it for what is only announced
        return MediaKind.UNKNOWN
    if (what := _NO_TITLES.get(word)) is not None:
        raise unsupported(f"is {what}", Reason.MUSIC_VIDEO if word == "music" else Reason.UNKNOWN_TYPE)
    return parse_kind(cell, _TYPES)


def _parse_score(cell: str) -> int:
    if cell.strip() == "0":
        raise not_rated()
    return parse_rating(cell)


class MyAnimeListReader(TableReader):
    """An open anime list of MyAnimeList."""

    about = FormatNote(
        name="myanimelist",
        what="MyAnimeList anime list, XML, packed or not",
        recognised_by="elements anime with series_title, series_type and my_score",
        ids="none that others know: a title alone, so look it up with `importer match`",
        scale="1 to 10; 0 is no rating, and skipped",
        dates="none: the export has the date when a title was watched, not when it was rated",
        traps="OVA, ONA and specials may be shows or movies; manga lists are refused",
        sample="myanimelist.xml",
    )
    description = ("MyAnimeList anime list, which does not say when a title was rated",)
    kind = Column("series_type", parse=_parse_type)
    second_kind = kind.also(partial(parse_second_kind, types=_TYPES))
    unrated = frozenset({"", "0"})
    rating = Column("my_score", parse=_parse_score, required=True)
    title = Column("series_title", required=True)
    reported_first = ("rating", "kind")  # what is not rated is skipped, whatever it is
    lists = frozenset({"anime"})  # beside them stands `myinfo`, the owner of the list
    signature_columns: ClassVar = frozenset({"series_title", "my_score"})

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """See that there is a title to look for."""
        del extra
        # Lists that programs write have no types: the look-up finds the type.
        return job._replace(title=require_title(job.title), kind=job.kind or MediaKind.UNKNOWN)
