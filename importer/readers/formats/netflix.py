"""Netflix's `Ratings.csv`, of the personal information that it sends on request: stars of old, and thumbs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from importer.errors import UnreadableFileError
from importer.model import MediaKind, RatingJob
from importer.readers.base import ReadOptions
from importer.readers.cells.cells import CellError, Reason, parse_text, quote
from importer.readers.cells.scales import Scale, not_rated, steps
from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.formats.users import find_owner, parse_owner
from importer.readers.tables.table import AnyTable

if TYPE_CHECKING:
    from importer.readers.columns import Parse

_NONE = frozenset({"", "0"})
_STARS = steps("1", "5", "1", none=_NONE)


class NetflixReader(TableReader):
    """An open `Ratings.csv`."""

    about = FormatNote(
        name="netflix",
        what="Netflix Ratings.csv, of the personal information it sends on request",
        recognised_by="columns Profile Name, Title Name, Star Value and Thumbs Value",
        ids="none: a title alone, which `importer resolve` looks up",
        scale="stars 1 to 5, doubled; thumbs (1 down, 2 up, 3 twice up) with --scale, such as 1=3,2=7,3=10",
        dates="instant in UTC",
        traps="the rows of other profiles are skipped: --profile NAME; no year and no kind; 0 is no rating",
        sample="netflix.csv",
    )
    columns: ClassVar = {
        "profile": ("Profile Name",),
        "title": ("Title Name",),
        "type": ("Rating Type",),
        "stars": ("Star Value",),
        "rating": ("Thumbs Value",),
        "rated_at": ("Event Utc Ts",),
    }
    marks: ClassVar = frozenset({"title name", "thumbs value", "star value"})
    needed = ("profile", "title", "stars", "rating")
    takes_scale = True
    needs_scale = True
    has_votes = True
    unrated = _NONE
    scale_example = "1=3,2=7,3=10"
    judges_rows = True
    heeds = frozenset({"profile"})

    def __init__(self, table: AnyTable, reading: ReadOptions) -> None:
        place = self.find_columns(table.header)["profile"]
        self._profile = find_owner(table, place, reading.profile, "--profile")
        # Its times are UTC, whatever their owner says of times that do not tell.
        super().__init__(table, replace(reading, zone=UTC))

    def _find_scale(self) -> Scale | None:
        """Ask for the meaning of thumbs only where there are some."""
        if self.reading.scale is None and not self._has_thumbs():
            return None
        return super()._find_scale()

    def _has_thumbs(self) -> bool:
        places = self.find_columns(self._table.header)
        as_stored = [places[field] for field in ("profile", "stars", "rating", "type") if field in places]
        try:
            for chunk in self._table.chunks(sorted(as_stored)):
                rows = zip(*(chunk.frame[place].str.strip() for place in as_stored), strict=True)
                for profile, stars, thumbs, *words in rows:
                    if profile == self._profile and thumbs not in _NONE and not _is_star(stars, *words):
                        return True
        except UnreadableFileError:
            pass  # what can be read decides; the reading proper tells of the rest, in its place
        return False

    def describe(self) -> Sequence[str]:
        """Say whose ratings are taken, and as what."""
        thumbs = "" if self.used_scale is None else f", thumbs rated as {self.used_scale}"
        return (f"Netflix ratings of {quote(self._profile or '')}", f"stars doubled{thumbs}")

    def parsers(self) -> Mapping[str, "Parse"]:
        """Parse Netflix's cells; which of the two values counts is for the row to say."""
        return {
            "profile": partial(
                parse_owner, owner=self._profile, flag="--profile", reason=Reason.OTHER_PROFILE
            ),
            "title": parse_text,
            "type": str.strip,
            "stars": str.strip,
            "rating": str.strip,
            "rated_at": self.parse_date,
        }

    def finish(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Take the stars or the thumbs, whichever the row says it is about."""
        stars, thumbs, word = extra["stars"], str(job.rating), extra.get("type", "")
        if stars not in _NONE and thumbs not in _NONE and not word.casefold().startswith(("star", "thumb")):
            raise CellError(
                Reason.BAD_RATING,
                "the row holds stars and thumbs, and does not say which count",
                "Write star or thumb into its column Rating Type.",
            )
        is_star = _is_star(stars, word)
        scale, text = (_STARS, stars) if is_star else (self.used_scale, thumbs)
        try:
            if scale is None or text in _NONE:
                raise not_rated()
            rating = scale.convert(text)
        except CellError as error:
            error.field = "stars" if is_star else "rating"
            raise
        return job._replace(kind=MediaKind.UNKNOWN, rating=rating, note=scale.note(text))


def _is_star(stars: str, word: str = "") -> bool:
    """Whether a row is about stars; the word of its type decides, where it has one."""
    word = word.casefold()
    return word.startswith("star") or (stars not in _NONE and not word.startswith("thumb"))
