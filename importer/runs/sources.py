"""What a run can read, and how an export file is opened for it."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from importer.errors import (
    OptionError,
    Remedy,
    ScaleNeededError,
    UnknownFormatError,
    UnreadableFileError,
    UsageError,
)
from importer.files import is_same_file
from importer.journal import Journal
from importer.matching.match_file import find_choices, read_match_file
from importer.matching.matched_reader import MatchedReader
from importer.matching.model import ChosenMatch, TitleQuery
from importer.readers import ReadOptions, open_reader
from importer.readers.base import FileReader, Reader
from importer.runs.destination import OpenDestination
from importer.runs.load import Source, fingerprint_file
from importer.runs.match_titles import TitleMatching, check_match_file
from importer.runs.odd_tables import find_reading
from importer.runs.open_titles import TitleOptions
from importer.runs.outputs import name_match_file, origin_of
from importer.runs.prompts import Observer, Prompts, Unwatched
from importer.runs.results_csv import STANDARD_OUTPUT
from importer.runs.rules import DestinationOptions, Match, SendOptions

STANDARD_INPUT = "-"


def name_of(file: str | Path) -> str:
    """Give what messages call a file: its name need not be text; what is shown and journalled must be."""
    return os.fsencode(file).decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Opening:
    """What opening a source needs to know: where the run goes, its journal, and who can be asked."""

    destination: OpenDestination
    journal: Journal
    prompts: Prompts
    results: Path | None
    """Where the results go, which must take the place of nothing that is read."""
    at: DestinationOptions = field(default_factory=DestinationOptions)
    observer: Observer = field(default_factory=Unwatched)
    sends: SendOptions = field(default_factory=SendOptions)
    """How long an account that is read waits for a lost network."""
    offers_lookup: bool = False
    """Whether whoever can be asked is asked about rows without ids."""


class SourceSpec(Protocol):
    """What is to be read: an export, a results file to try again, a plan to send, or a run to undo."""

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    def open(self, opening: Opening) -> AbstractContextManager[Source]:
        """Open it for as long as the block lasts. Raises UsageError."""
        ...


@dataclass(frozen=True, slots=True)
class ExportFile:
    """An export file, by its name on the command line. Standard input is kept in a private file."""

    file: str
    reading: ReadOptions
    resolved: Path | None = None
    """The match file, whose ids rows without any get."""
    shown: str = ""
    """The name that people know it by, where that is another one."""
    match: Match | None = None
    """Which titles are taken for rows without ids; None asks whoever can be asked."""
    match_file: Path | None = None
    """Where open titles go, else named after the file."""
    copy: Path | None = None
    """Where standard input lies, if it is read more than once."""

    @property
    def name(self) -> str:
        """What messages call the file."""
        return self.shown or ("standard input" if self.file == STANDARD_INPUT else name_of(self.file))

    @contextmanager
    def open_path(self) -> Iterator[Path]:
        """Give the path to read. What can be read only once is copied, for it is read twice."""
        if self.file != STANDARD_INPUT or self.copy is not None:
            _check_regular(self.copy or Path(self.file))
            yield self.copy or Path(self.file)
            return
        if sys.stdin.isatty():
            raise UsageError("standard input is a terminal: name a file, or pipe one in")
        # A folder of its own: beside a file in the common one, somebody's links.csv could lie.
        with tempfile.TemporaryDirectory(prefix="ratings-") as folder:
            path = Path(folder) / "input"
            with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as copy:
                shutil.copyfileobj(sys.stdin.buffer, copy)
            yield path

    @contextmanager
    def repeatable(self) -> Iterator[SourceSpec]:
        """Give the same file, to be opened as often as is wanted."""
        with self.open_path() as path:
            yield replace(self, copy=path)

    @contextmanager
    def open(self, opening: Opening) -> Iterator[Source]:
        """Name and fingerprint the file, and prepare its reader. Raises UnreadableFileError."""
        results = opening.results
        if self.resolved is not None and results is not None and is_same_file(self.resolved, results):
            problem = "this is the match file, with all you chose in it; name another"
            raise OptionError("out", problem, results)
        with self.open_path() as path:
            yield self._build_source(path, opening)

    def _build_source(self, path: Path, opening: Opening) -> Source:
        name = self.name
        check_unchanged = partial(_check_unchanged, path, name, _read_stamp(path))
        chosen = self._read_choices()
        # Its name, too: the messages of the rows name it.
        shaping = (
            [] if chosen is None else ["resolved", str(self.resolved), *sorted(map(str, chosen.items()))]
        )
        leaves_types_open = opening.destination.spec.tells_kinds or chosen is not None
        reading = replace(self.reading, leaves_types_open=leaves_types_open or self.match is not None)
        opened, reading = open_file(path, name, reading, opening.prompts)
        matching = self._build_matching(path, replace(reading, leaves_types_open=True), opening)
        found = None if matching is None else matching.find() if self.match else matching.offer()
        if matching is not None and found is not None:
            shaping += ["match", str(matching.match_file), *sorted(map(str, found.items()))]
            opened = open_reader(path, replace(reading, leaves_types_open=True), name=name)
        print_ = fingerprint(name, path, *_describe(reading), *shaping, beside=opened.related_files)
        reader: Reader = opened
        if chosen is not None:
            reader = MatchedReader(reader, chosen, str(self.resolved))
        if matching is not None and found is not None:
            numbers_episodes = opening.destination.spec.numbers_episodes
            reader = MatchedReader(reader, found, str(matching.match_file), numbers_episodes=numbers_episodes)
        return Source(
            name,
            print_,
            lambda: reader,
            check_unchanged,
            opened.related_files,
            path,
            origin_of("standard input" if self.file == STANDARD_INPUT else self.file),
            unread=opened.unread,
        )

    def _build_matching(self, path: Path, reading: ReadOptions, opening: Opening) -> TitleMatching | None:
        """Prepare looking titles up; None if nobody wants it."""
        if self.match is None and not (opening.offers_lookup and opening.prompts.answers_titles):
            return None
        match_file, chosen = self._find_match_file(opening.results), self._read_choices()

        def open_anew() -> Reader:
            reader = open_reader(path, reading, name=self.name)
            return reader if chosen is None else MatchedReader(reader, chosen, str(self.resolved))

        at, observer = opening.at, opening.observer
        return TitleMatching(
            open_anew,
            opening.destination.destination.check,
            TitleOptions(opening.destination.spec, at.flags, at.account, observer.warned),
            match_file,
            opening.results is not None,
            opening.prompts,
            observer,
        )

    def _find_match_file(self, results: Path | None) -> Path:
        if self.match_file is not None:
            return self.match_file
        folder = Path() if results is None or results == STANDARD_OUTPUT else results.parent
        found = folder / name_match_file(self.name)
        check_match_file(found, results)
        return found

    def _read_choices(self) -> Mapping[TitleQuery, ChosenMatch] | None:
        """Read the match file, if there is one. Raises UnreadableFileError."""
        if self.resolved is None:
            return None
        name = str(self.resolved)
        return find_choices(read_match_file(self.resolved, name), name)


def open_file(
    path: Path, name: str, reading: ReadOptions, prompts: Prompts
) -> tuple[FileReader, ReadOptions]:
    """Open a file; where it does not say what its ratings are, ask.

    Also returns how it is read: with the scale that was answered. Raises UnreadableFileError, also for a
    results file: what its closed rows hold may be the words of another file, on another scale.
    """
    notes: Sequence[str] = ()
    try:
        try:
            reader = open_reader(path, reading, name=name)
        except UnknownFormatError as error:
            found = find_reading(path, name, reading, error, prompts)
            if found is None:
                raise
            reading, notes = found
            reader = open_reader(path, reading, name=name)
        reader.notes = (*notes, *reader.notes)
        if reader.is_results:
            problem = "this is a results file of the importer, whose rows are not read as those of an export"
            raise UnreadableFileError(name, problem, remedy=Remedy.RETRY)
    except ScaleNeededError as error:
        scale = prompts.choose_scale(str(error), error.suggested)
        if scale is None:
            raise
    else:
        doubt = reader.scale_doubt
        scale = None if doubt is None else prompts.choose_scale(f"{name}: {doubt}", None)
        if scale is None:
            return reader, reading
    reading = replace(reading, scale=scale)
    return open_reader(path, reading, name=name), reading


def _describe(reading: ReadOptions) -> Iterator[str]:
    """Name all that shapes the jobs of a file; a rule of the destination does not."""
    for each in fields(reading):
        value = getattr(reading, each.name)
        if each.name != "leaves_types_open" and value != each.default:
            yield f"{each.name} {sorted(value.items()) if isinstance(value, Mapping) else value}"


def _check_regular(path: Path) -> None:
    if path.exists() and not path.is_file():
        problem = "it is a directory" if path.is_dir() else "it is no regular file"
        remedy = "Name the export file itself; a pipe is read with - from standard input."
        raise UnreadableFileError(str(path), problem, remedy=remedy)


def _read_stamp(path: Path) -> tuple[int, int] | None:
    return (path.stat().st_size, path.stat().st_mtime_ns) if path.exists() else None


def _check_unchanged(path: Path, name: str, before: tuple[int, int] | None) -> None:
    if _read_stamp(path) != before:
        raise UnreadableFileError(
            name,
            "the file changed while it was read",
            remedy="Wait until it is written, then type the same command.",
        )


def fingerprint(name: str, path: Path, *shaping: str, beside: Iterable[Path] = ()) -> str:
    """Hash the file with all that shapes its jobs, other files too. Raises UnreadableFileError."""
    try:
        return fingerprint_file(path, *shaping, *map(fingerprint_file, beside))
    except OSError as error:
        problem = error.strerror or str(error)
        raise UnreadableFileError(name, problem, remedy="Name the export file itself.") from error
