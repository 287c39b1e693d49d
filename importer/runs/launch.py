"""From an input and a target to an exit code: the one way all commands go that bring ratings somewhere."""

import gc
import re
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from importer.cli.display import Display
from importer.config.folders import state_dir
from importer.destinations.spec import DestinationSpec
from importer.errors import ImporterError, OptionError, StopRunError, UsageError
from importer.files import check_place, is_same_file
from importer.interrupts import listening_to_signals
from importer.journal import Journal
from importer.runs.load import Source
from importer.runs.open_destination import Choices, OpenDestination, journal_for, open_destination


class Input(Protocol):
    """What is brought: an export file, a results file to try again, or a run to undo."""

    def open(self) -> AbstractContextManager[Path]:
        """Give the file to read, for as long as it is needed."""
        ...

    def build_source(self, path: Path, choices: Choices, target: OpenDestination, journal: Journal) -> Source:
        """Name and fingerprint what is read, and prepare its reader."""
        ...


Errand = Callable[[Source, OpenDestination, Journal, Choices, Display], int]
"""What is done with source and target once both are open; gives the exit code."""


def bring(
    source: Source, target: OpenDestination, journal: Journal, choices: Choices, display: Display
) -> int:
    """Bring the ratings to the target, or rehearse it."""
    go = display.dry_run_all if choices.is_dry_run else display.import_ratings
    report = go(source, target, journal, remembers=remembers(source, target, choices))
    return display.tell(report, source, target, dry_run=choices.is_dry_run)


def remembers(source: Source, target: OpenDestination, choices: Choices) -> bool:
    """Whether what an earlier run brought counts as held by the target."""
    return target.trusts_journal and source.believes_journal and not choices.rechecks


def launch(
    given: Input, spec: DestinationSpec, choices: Choices, display: Display, errand: Errand = bring
) -> int:
    """Open the input and the target, run the errand, and return the exit code."""
    gc.set_threshold(2_000)  # rows are many and form no cycles: looking for some is a tenth of a run and more
    with translate_interrupts():
        choices = replace(choices, warn=display.log.warn_once)
        with given.open() as path, open_destination(spec, choices) as target, journal_for(target) as journal:
            check_files(path, target, display)
            source = given.build_source(path, choices, target, journal)
            return errand(source, target, journal, choices, display)


@contextmanager
def translate_interrupts() -> Iterator[None]:
    """Turn what may end a run before or beside the sending into errors that say what to do."""
    try:
        # Where the sending does not listen for itself, a polite end is like Ctrl-C.
        with listening_to_signals(signal.default_int_handler):
            yield
    except KeyboardInterrupt:
        raise StopRunError(
            "interrupted; what was done is in the journal, and the same command goes on from there"
        ) from None
    except sqlite3.DatabaseError as error:
        raise ImporterError(
            f"the journal is damaged ({error}). Move its file away from {state_dir() / 'journals'} to begin "
            "a new one; what earlier runs did is then not known any more."
        ) from error


def check_files(path: Path, target: OpenDestination, display: Display) -> None:
    """See that what is to be written can be, and takes the place of nothing else. Raises UsageError."""
    display.check(path)
    if target.spec.is_file:
        _check_file(target.path, path, display.results)


def _check_file(written: Path, read: Path, results: Path) -> None:
    check_place(written, "write_to")
    if is_same_file(written, read):
        raise OptionError("write_to", "this is the input file itself; name another", written)
    if re.fullmatch(rf"{re.escape(written.stem)}-part-\d+-of-\d+{re.escape(written.suffix)}", read.name):
        raise UsageError(f"{read} has the name of a part of {written}, which would be replaced; rename it")
    if is_same_file(written, results):
        raise OptionError("write_to", "this is the results file, too; name another", written)
