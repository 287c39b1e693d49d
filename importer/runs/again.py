"""What earlier runs left, as the input of another one: failures to try again, changes to take back."""

import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from pathlib import Path

from importer.config.folders import state_dir
from importer.destinations.registry import choose, find, list_specs
from importer.destinations.spec import DestinationSpec
from importer.errors import UsageError
from importer.journal import Journal
from importer.journal.history import LAST, PastRun, find_run, find_sender, read_results
from importer.model import CORRECTABLE, TRANSIENT
from importer.runs.load import Source
from importer.runs.open_destination import Choices, OpenDestination, check_typed
from importer.runs.results_csv import write_results
from importer.runs.results_reader import ResultsReader
from importer.runs.sources import fingerprint, name_of
from importer.runs.undo import UndoReader


@dataclass(frozen=True, slots=True)
class ResultsInput:
    """The failures of a results file, or of a run's, to be tried again."""

    what: str
    every: bool
    past: PastRun | None = None
    """The run that settled the other rows, where that is known."""
    zone: tzinfo | None = None
    """That of dates and times without one."""

    @property
    def name(self) -> str:
        """What messages call it."""
        return name_of(self.what)

    @contextmanager
    def open(self) -> Iterator[Path]:
        """Give the results file; that of a run is printed anew from its journal."""
        if Path(self.what).exists() or self.past is None:
            yield Path(self.what)
            return
        with tempfile.TemporaryDirectory(prefix="results-") as folder:
            path = Path(folder) / "results.csv"
            write_results(path, read_results(self.past))
            yield path

    def find_place(self, to: str | None, api: str | None) -> DestinationSpec:
        """Find where the ratings go: where the run went. What was typed must not say otherwise.

        Raises UsageError.
        """
        if to is not None and choose(to).is_file:
            raise UsageError(f"--to {to} does not go with retry: a file is written whole, by its own command")
        if self.past is None and to is not None:
            return choose(to, api)
        if self.past is None:
            places = ", ".join(dict.fromkeys(spec.word for spec in list_specs() if not spec.is_file))
            command = shlex.join(["importer", "retry", *["--all"] * self.every, self.name, "--to", "PLACE"])
            raise UsageError(
                f"{self.name}: no journal here tells where its run went. "
                f"Type it, as one of {places}:\n    {command}"
            )
        run_id, destination = self.past.run_id, self.past.destination
        spec = find(destination)
        if spec is None or spec.is_file:
            raise UsageError(f"{run_id} wrote a file; type its own command again, which writes all of it")
        check_typed(f"{self.name}: {run_id} went to {destination}", spec, to, api)
        return spec

    def build_source(self, path: Path, choices: Choices, target: OpenDestination, journal: Journal) -> Source:
        """Name and fingerprint the file, and prepare its reader. Raises UsageError for another account."""
        if self.past is not None:
            check_account(self.past, target, journal)
        again = TRANSIENT | CORRECTABLE if self.every else TRANSIENT
        zone = [] if self.zone is None else [f"zone {self.zone}"]
        print_ = fingerprint(self.name, path, choices, "retry", *sorted(again), *zone)
        return Source(self.name, print_, partial(ResultsReader, path, self.name, again, self.zone))


def open_results(what: str, *, every: bool, zone: tzinfo | None) -> ResultsInput:
    """Find what is to be tried again: a results file, or a run. Raises UsageError and UnreadableFileError."""
    folder, path = state_dir() / "journals", Path(what)
    if path.exists():
        sent = ResultsReader(path, name_of(what), ()).read_sent()
        return ResultsInput(what, every, find_sender(folder, sent), zone)
    if what != LAST and (not what[:1].isdigit() or path.suffix):  # a run's id begins with its date
        raise UsageError(
            f"there is no file {name_of(what)}; name a results file, or a run of `importer runs`"
        )
    return ResultsInput(what, every, find_run(folder, what), zone)


@dataclass(frozen=True, slots=True)
class UndoInput:
    """The changes of an earlier run, to be taken back."""

    past: PastRun
    force: bool

    @contextmanager
    def open(self) -> Iterator[Path]:
        """There is no file: the journal is what is read."""
        yield self.past.journal

    def build_source(self, path: Path, choices: Choices, target: OpenDestination, journal: Journal) -> Source:
        """Prepare to read the run. Raises UsageError if it belongs to another account."""
        del path, choices
        check_account(self.past, target, journal)
        undone = journal.open_run(self.past.number, self.past.run_id)
        name = f"undo {self.past.run_id}"
        return Source(
            name,
            name + (" by force" if self.force else ""),
            partial(UndoReader, undone),
            undone=None if self.force else undone,
            undo_of=self.past.run_id,
        )


def check_account(past: PastRun, target: OpenDestination, journal: Journal) -> None:
    """See that the run belongs to this account. Raises UsageError."""
    if journal.path.absolute() != past.journal.absolute():
        raise UsageError(f"{past.run_id} was for another account than {target.account}")
