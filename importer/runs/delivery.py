"""Delivery: gives every open row of a run its outcome. Work: what it needs for that."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from importer.errors import ImporterError
from importer.interrupts import StopRequest
from importer.journal import JournalRun
from importer.progress import Progress
from importer.runs.conflicts import Conflict
from importer.runs.rules import RunRules, SendOptions
from importer.runs.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Work:
    """The open rows of one run, and how they are to be sent."""

    run: JournalRun
    rules: RunRules = field(default_factory=RunRules)
    options: SendOptions = field(default_factory=SendOptions)
    progress: Progress = field(default_factory=Progress)
    stop: StopRequest = field(default_factory=StopRequest)
    undone: JournalRun | None = None
    """The run that is undone, if what was changed since then is to be left alone."""
    later_runs: Sequence[str] = ()
    """The ids of the runs after it whose changes stand."""
    note_written: Callable[[Path], AbstractContextManager[None]] = lambda _: nullcontext()
    """Remembers that a run wrote the file which the block puts in place."""


class Delivery(Protocol):
    """Sends to an account, or writes a file to upload."""

    stopped_by: ImporterError | None
    """Why rows are left, if any are."""

    def compare(self) -> Snapshot:
        """Compare the rows with the account, and close those that need no sending."""
        ...

    def resolve_conflicts(self, keeps: Callable[[Conflict], bool]) -> Snapshot:
        """After a comparison, close the rows whose account rating `keeps`."""
        ...

    def send_all(self) -> None:
        """Send all open rows, or set `stopped_by`."""
        ...

    def verify(self) -> None:
        """Compare the account with what was reported, if it can be read; a difference is a failure."""
        ...
