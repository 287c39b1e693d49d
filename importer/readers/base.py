"""What a reader is: it turns one file of one format into rating jobs and invalid rows, chunk by chunk.

A reader yields every data row of its file exactly once and in order, as a job or as an `InvalidRow`;
it never skips one and never ends over one. Finding out which reader a file needs is `detect`'s work.
"""

from collections.abc import Iterator, Sequence
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

    companions: Sequence[Path]
    """The files beside it that shape its rows, too: the links of a data set, say."""
