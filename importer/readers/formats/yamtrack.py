"""Yamtrack's CSV export: one table for films, series and much that no destination rates.

`media_id` is an id of the `source`; seasons and episodes go by the id of their show and their numbers.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from importer.model import MediaKind, RatingJob, Status
from importer.readers.cells.errors import CellError, Reason
from importer.readers.cells.kinds import unsupported
from importer.readers.cells.numbers import parse_number
from importer.readers.cells.scales import steps
from importer.readers.columns import Column
from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.formats.parts import read_source_id
from importer.readers.tables.table import Header

_SCALE = steps("0", "10", none=frozenset({""}))
_KINDS = {
    "movie": MediaKind.MOVIE,
    "tv": MediaKind.SHOW,
    "season": MediaKind.SEASON,
    "episode": MediaKind.EPISODE,
    "anime": MediaKind.UNKNOWN,
}
_OTHER_MEDIA = frozenset({"manga", "book", "comic", "boardgame", "music", "album", "podcast"})


def _parse_kind(cell: str) -> MediaKind:
    word = cell.strip().lower()
    if (kind := _KINDS.get(word)) is not None:
        return kind
    if word == "game":
        raise unsupported("is a video game", Reason.VIDEO_GAME)
    if word in _OTHER_MEDIA:
        raise unsupported("is nothing that is watched")
    raise CellError(
        Reason.UNKNOWN_TYPE,
        "is not a known type of title",
        "Write movie, tv, season or episode, whichever it is.",
    )


def _parse_row_type(cell: str) -> str:
    """Pass over the rows of lists."""
    if (word := cell.strip().lower()) != "media":
        raise CellError(
            Reason.NO_RATING, "is no title with a rating", "Nothing is sent.", status=Status.SKIPPED
        )
    return word


class YamtrackReader(TableReader):
    """An open export of Yamtrack."""

    about = FormatNote(
        name="yamtrack",
        what="Yamtrack CSV export",
        recognised_by="columns media_id, source, media_type and score",
        ids="TMDB, TVDB or IMDb, as source says; of other sources a title alone, for `importer match`",
        scale="0 to 10 with decimals, rounded half up; without a score a title is tracked only, and skipped",
        dates="none: the export has the date when a title was watched, not when it was rated",
        traps="seasons and episodes have the id of their show; games, books and comics are unsupported",
        sample="yamtrack.csv",
    )
    description = ("Yamtrack export, which does not say when a title was rated",)
    kind = Column("media_type", parse=_parse_kind, required=True)
    source = Column("source", parse=str.strip, required=True)
    media_id = Column("media_id", parse=str.strip, required=True)
    expected_scale = _SCALE
    rating = Column("score", parse=_SCALE.convert, required=True)
    note = rating.also(_SCALE.note)
    season = Column("season_number", parse=parse_number)
    episode = Column("episode_number", parse=parse_number)
    title = Column("title")
    # What is only tracked is skipped, whatever it is.
    reported_first: ClassVar[Sequence[str]] = ("rating", "kind")
    signature_columns: ClassVar = frozenset({"media_id"})

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name the columns that are missing; one more makes it Floppy's export."""
        is_floppy = cls is YamtrackReader and header.find(["row_type"]) is not None
        return super().missing(header) or (["no row_type: this is Floppy's"] if is_floppy else [])

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Add the job's id, and check that its title is identified."""
        numbers = {MediaKind.SEASON: [job.season], MediaKind.EPISODE: [job.season, job.episode]}
        if None in numbers.get(job.kind, ()):
            raise CellError(
                Reason.NO_NUMBER, f"the {job.kind} has no number", "Write it, or take the row out."
            )
        job = job._replace(**read_source_id(extra["source"], extra["media_id"], "media_id"))
        if job.title is None and not any((job.imdb_id, job.tmdb_id, job.tvdb_id)):
            raise CellError(
                Reason.NO_ID, "the row has neither an id nor a title", "Write one, or take the row out."
            )
        return job


class FloppyReader(YamtrackReader):
    """An open export of Floppy, which is made of Yamtrack: its lists are no titles."""

    about = FormatNote(
        name="floppy",
        what="Floppy's CSV export",
        recognised_by="columns row_type, media_id, source, media_type and score",
        ids="as of yamtrack",
        scale="0 to 10 with decimals, rounded half up, in score; without one a title is skipped",
        dates="none: the export tells when a title was watched, not when it was rated",
        traps="provider_rating and trakt_rating are averages; rows of lists hold no ratings and are skipped",
        sample="floppy.csv",
    )
    description = ("Floppy's export, which does not say when a title was rated",)
    row_type = Column("row_type", parse=_parse_row_type, required=True)
    reported_first = ("row_type", "rating", "kind")
    signature_columns: ClassVar = frozenset({"row_type"})
