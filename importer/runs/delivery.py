"""What brings the open rows of a run to their outcomes, and all that it needs to know."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from importer.errors import ImporterError
from importer.journal import JournalRun
from importer.progress import Progress
from importer.runs.conflicts import Conflict
from importer.runs.rules import RunRules, SendOptions
from importer.runs.snapshot import Snapshot
from importer.runs.stop import StopRequest


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


class Delivery(Protocol):
    """Sends to an account, or writes a file to upload."""

    stopped_by: ImporterError | None
    """Why rows are left, if any are."""

    def compare(self) -> Snapshot:
        """Hold the rows against the account, and close those that need no sending because of it."""
        ...

    def resolve_conflicts(self, keeps: Callable[[Conflict], bool]) -> Snapshot:
        """After a comparison, let the rows give way of which `keeps` says so."""
        ...

    def send_all(self) -> None:
        """Bring all open rows to an end, or set `stopped_by`."""
        ...

    def verify(self) -> None:
        """See that what was reported is so, where that can be done; what is not so is a failure."""
        ...
