"""What a reader is, and the options of reading.

A reader yields every data row of its file exactly once and in order, as a job or as an `InvalidRow`;
it never skips one and never ends over one. `detect` finds the reader that a file needs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Protocol

from importer.model import SourceRow


class Reader(Protocol):
    """An open file of a known format."""

    format_name: str
    """The `--format` word, e.g. `imdb`."""

    notes: Sequence[str]
    """What was found out about the file, one short phrase each: vintage, encoding, delimiter."""

    def chunks(self) -> Iterator[list[SourceRow]]:
        """Yield the rows, some thousands at a time; raise UnreadableFileError where reading must end."""
        ...


class FileReader(Reader, Protocol):
    """A reader of an export file, and of those that belong to it."""

    scale_doubt: str | None
    """What should be asked about its ratings where somebody can answer, beside being noted."""

    related_files: Sequence[Path]
    """The files beside it that shape its rows, too: the links of a data set, say."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
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
