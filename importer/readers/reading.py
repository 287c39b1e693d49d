"""How a file is to be read, as far as its owner has a say: the reading options, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo


@dataclass(frozen=True, slots=True)
class Reading:
    """What the flags say about the reading of a file.

    `mapping` renames columns to fields (`{"Film": "title"}`) before anything else. `scale` is the text of
    `--scale`, for formats without a scale of their own. `zone` is that of times without one; None leaves
    it to the format, and UTC is that of most. With `leaves_types_open`, a type word that is not known makes
    a job of an unknown kind, for destinations that can tell by id; else the row is invalid.
    """

    format_name: str = "auto"
    mapping: Mapping[str, str] = field(default_factory=dict)
    scale: str | None = None
    zone: tzinfo | None = None
    lists: bool = False
    """Take the rated rows of a list or watchlist export."""
    diary_dates: bool = False
    """Date a rating by the day the film was watched, as a diary has it."""
    user: str | None = None
    """Whose rows are taken, of a file that holds several users'."""
    profile: str | None = None
    """Whose rows are taken, of a file that holds several profiles'."""
    leaves_types_open: bool = False
