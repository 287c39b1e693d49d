"""Netflix's `Ratings.csv`, of the personal information that it sends on request: stars of old, and thumbs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any, ClassVar

from importer.errors import UnreadableFileError
from importer.model import RatingJob
from importer.readers.base import ReadOptions
from importer.readers.cells.errors import CellError, Reason, quote
from importer.readers.cells.ratings import not_rated
from importer.readers.cells.scales import steps
from importer.readers.columns import Column
from importer.readers.format_reader import DATE, FormatNote
from importer.readers.formats.scaled import Scaled
from importer.readers.formats.users import USER, OwnedRows
from importer.readers.tables.table import AnyTable

_NONE = frozenset({"", "0"})
_STARS = steps("1", "5", "1", none=_NONE)


class NetflixReader(OwnedRows, Scaled):
    """An open `Ratings.csv`."""

    about = FormatNote(
        name="netflix",
        what="Netflix Ratings.csv, of the personal information it sends on request",
        recognised_by="columns Profile Name, Title Name, Star Value and Thumbs Value",
        ids="none: a title alone, which `importer match` looks up",
        scale="stars 1 to 5, doubled; thumbs (1 down, 2 up, 3 twice up) with --scale, such as 1=3,2=7,3=10",
        dates="instant in UTC",
        traps="the rows of other profiles are skipped: --profile NAME; no year and no kind; 0 is no rating",
        sample="netflix.csv",
    )
    profile = Column("Profile Name", parse=USER, required=True)
    title = Column("Title Name", required=True)
    rating_type = Column("Rating Type", parse=str.strip)
    stars = Column("Star Value", parse=str.strip, required=True)
    rating = Column("Thumbs Value", parse=str.strip, required=True)  # which of the two counts, the row says
    rated_at = Column("Event Utc Ts", parse=DATE)
    signature_columns: ClassVar = frozenset({"title name", "thumbs value", "star value"})
    user_option = "profile"
    options = frozenset({"profile"})
    has_votes = True
    unrated = _NONE
    scale_example = "1=3,2=7,3=10"

    def __init__(self, table: AnyTable, options: ReadOptions) -> None:
        # Its times are UTC, so `--timezone` does not apply to them.
        super().__init__(table, replace(options, zone=UTC))

    def is_scale_needed(self) -> bool:
        """Ask for the meaning of thumbs only where there are some."""
        fields = ("profile", "stars", "rating", "rating_type")
        places = [self.places[field] for field in fields if field in self.places]
        try:
            for chunk in self.table.chunks(sorted(places)):
                for row in chunk.rows(places):
                    profile, stars, thumbs, *words = map(str.strip, row)
                    if profile == self.wanted_user and thumbs not in _NONE and not _is_star(stars, *words):
                        return True
        except UnreadableFileError:
            pass  # use what can be read; `chunks` reports the error
        return False

    def describe(self) -> Sequence[str]:
        """Say whose ratings are taken, and as what."""
        thumbs = "" if self.scale is None else f", thumbs rated as {self.scale}"
        return (f"Netflix ratings of {quote(self.wanted_user or '')}", f"stars doubled{thumbs}")

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Take the stars or the thumbs, whichever the row says it is about."""
        stars, thumbs, word = extra["stars"], str(job.rating), extra.get("rating_type", "")
        if stars not in _NONE and thumbs not in _NONE and not word.casefold().startswith(("star", "thumb")):
            raise CellError(
                Reason.BAD_RATING,
                "the row holds stars and thumbs, and does not say which count",
                "Write star or thumb into its column Rating Type.",
            )
        is_star = _is_star(stars, word)
        scale, text = (_STARS, stars) if is_star else (self.scale, thumbs)
        try:
            if scale is None or text in _NONE:
                raise not_rated()
            rating = scale.convert(text)
        except CellError as error:
            error.field = "stars" if is_star else "rating"
            raise
        return job._replace(rating=rating, note=scale.note(text))


def _is_star(stars: str, word: str = "") -> bool:
    """Whether a row is about stars; the word of its type decides, where it has one."""
    word = word.casefold()
    return word.startswith("star") or (stars not in _NONE and not word.startswith("thumb"))
