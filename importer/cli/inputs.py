"""From command-line words to the file that a run reads, and the check of the one it writes."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import time
from functools import partial
from pathlib import Path

from importer.cli.targets import Choices, FileTarget, Target
from importer.errors import UnreadableFileError, UsageError
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


@contextmanager
def open_input(file: str) -> Iterator[Path]:
    """Give the path of the file to read. Standard input is kept in a private file, for it is read twice."""
    if file != STANDARD_INPUT:
        yield Path(file)
        return
    if sys.stdin.isatty():
        raise UsageError("standard input is a terminal: name a file, or pipe one in")
    with tempfile.NamedTemporaryFile(prefix="ratings-") as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy)
        copy.flush()
        yield Path(copy.name)


def build_source(
    path: Path,
    file: str,
    format_name: str,
    mapping: Mapping[str, str],
    choices: Choices,
    target: Target | FileTarget,
) -> Source:
    """Name and fingerprint the file, and prepare its reader. Raises UnreadableFileError."""
    name = "standard input" if file == STANDARD_INPUT else file
    try:
        shaping = (format_name, *map("=".join, sorted(mapping.items())), f"{choices.love} {choices.hate}")
        fingerprint = fingerprint_file(path, *shaping)
    except OSError as error:
        problem = error.strerror or str(error)
        raise UnreadableFileError(name, problem, remedy="Name the export file itself.") from error
    build_reader = partial(
        open_reader,
        path,
        format_name=format_name,
        mapping=mapping,
        name=name,
        leaves_types_open=target.tells_kinds,
    )
    return Source(name, fingerprint, build_reader)


def check_output(out: Path, path: Path) -> None:
    """Refuse to write the results over the input."""
    if out.exists() and path.exists() and out.samefile(path):
        raise UsageError(f"--out {out} is the input file itself: the results would replace it; name another")
