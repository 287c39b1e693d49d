"""From command-line words to the file that a run reads, and the check of the one it writes."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import time
from functools import partial
from pathlib import Path

from importer.cli.targets import AnyTarget, Choices
from importer.delivery.limiter import parse_rate
from importer.errors import UnreadableFileError, UsageError
from importer.journal import Journal
from importer.readers import open_reader
from importer.run import Source, fingerprint_file

STANDARD_INPUT = "-"


def parse_mapping(words: Sequence[str]) -> dict[str, str]:
    """Parse the COLUMN=FIELD words of `--map`; a column's name may itself hold an equals sign."""
    mapping = {}
    for word in words:
        column, equals, field = word.rpartition("=")
        if not equals or not column or not field:
            raise UsageError(f"--map {word!r}: write it as COLUMN=FIELD, for example --map 'My score=rating'")
        mapping[column] = field
    return mapping


def parse_time_of_day(text: str) -> time:
    """Parse the HH:MM of `--date-time`."""
    try:
        return time.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--date-time {text!r}: write it as HH:MM, for example 12:00") from error


def parse_given(
    workers: int | None, rate: str | None, limit: int | None, **more: object
) -> dict[str, object]:
    """Collect what the flags say about the sending; what they leave open is the target's choice."""
    given = {"workers": workers, "rate": parse_rate(rate) if rate else None, "limit": limit} | more
    return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class FileInput:
    """An export file, by its name on the command line. Standard input is kept in a private file."""

    file: str
    format_name: str
    mapping: Mapping[str, str]

    @contextmanager
    def open(self) -> Iterator[Path]:
        """Give the path to read. What can be read only once is copied, for it is read twice."""
        if self.file != STANDARD_INPUT:
            yield Path(self.file)
            return
        if sys.stdin.isatty():
            raise UsageError("standard input is a terminal: name a file, or pipe one in")
        with tempfile.NamedTemporaryFile(prefix="ratings-") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
            copy.flush()
            yield Path(copy.name)

    def build_source(self, path: Path, choices: Choices, target: AnyTarget, journal: Journal) -> Source:
        """Name and fingerprint the file, and prepare its reader. Raises UnreadableFileError."""
        del journal
        name = "standard input" if self.file == STANDARD_INPUT else self.file
        mapping = map("=".join, sorted(self.mapping.items()))
        build_reader = partial(
            open_reader,
            path,
            format_name=self.format_name,
            mapping=self.mapping,
            name=name,
            leaves_types_open=target.tells_kinds,
        )
        return Source(name, fingerprint(name, path, choices, self.format_name, *mapping), build_reader)


def fingerprint(name: str, path: Path, choices: Choices, *shaping: str) -> str:
    """Hash the file with all that shapes its jobs. Raises UnreadableFileError."""
    try:
        return fingerprint_file(path, *shaping, f"{choices.love} {choices.hate}")
    except OSError as error:
        problem = error.strerror or str(error)
        raise UnreadableFileError(name, problem, remedy="Name the export file itself.") from error
