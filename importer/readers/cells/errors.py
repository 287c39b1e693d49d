"""What is wrong with a cell or a row: a fixed word, what is wrong, and what to do about it."""

from enum import StrEnum

from importer.model import Status


class Reason(StrEnum):
    """Every word a reader puts into a row's `reason` column."""

    NO_ID = "no_id"
    BAD_ID = "bad_id"
    NO_RATING = "no_rating"
    BAD_RATING = "bad_rating"
    OFF_SCALE = "off_scale"
    BAD_YEAR = "bad_year"
    BAD_NUMBER = "bad_number"
    NO_NUMBER = "no_number"
    NO_VALUE = "no_value"
    BAD_DATE = "bad_date"
    UNKNOWN_TYPE = "unknown_type"
    TYPE_MISMATCH = "type_mismatch"
    VIDEO_GAME = "video_game"
    MUSIC_VIDEO = "music_video"
    PODCAST = "podcast"
    PERSON = "person"
    EMPTY_ROW = "empty_row"
    TOO_FEW_CELLS = "too_few_cells"
    TOO_MANY_CELLS = "too_many_cells"
    TOO_LONG = "too_long"
    UNCLOSED_QUOTE = "unclosed_quote"
    NO_OBJECT = "no_object"
    TWO_VALUES = "two_values"
    REPEATED_HEADER = "repeated_header"
    CONFLICT_MARK = "conflict_mark"
    OTHER_USER = "other_user"
    OTHER_PROFILE = "other_profile"


AT_THE_SOURCE = frozenset(
    {
        *(Reason.OFF_SCALE, Reason.TOO_FEW_CELLS, Reason.TOO_MANY_CELLS, Reason.UNCLOSED_QUOTE),
        *(Reason.NO_OBJECT, Reason.NO_VALUE, Reason.TWO_VALUES, Reason.CONFLICT_MARK, Reason.TOO_LONG),
    }
)
"""What can be corrected only in the file itself: a results file does not hold what the cells mean there."""


class CellError(ValueError):
    """A cell, or a row as a whole, that cannot become what it should.

    `problem` continues a sentence that starts with the quoted value; `remedy` is a sentence of its own.
    `field` is set if a whole row was checked and one field is wrong.
    """

    def __init__(
        self,
        reason: Reason,
        problem: str,
        remedy: str,
        *,
        status: Status = Status.INVALID,
        field: str | None = None,
    ) -> None:
        self.reason = reason
        self.problem = problem
        self.remedy = remedy
        self.status = status
        self.field = field
        super().__init__(problem)


class UnclearDateError(CellError):
    """A date that is two, and nothing in its column shows which: the row waits for its owner."""


class FractionError(CellError):
    """A rating between two whole ones, which `--scale` takes where a format has it."""


_QUOTED_LENGTH = 80


def quote(text: str) -> str:
    """Quote a cell for a message: shortened, and with nothing a terminal would act on."""
    if len(text) > _QUOTED_LENGTH:
        text = text[: _QUOTED_LENGTH - 1] + "…"
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return f'"{shown}"'
