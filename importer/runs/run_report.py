"""The report of a run, for commands, sync jobs and other programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from importer.errors import ImporterError
from importer.journal import JournalRun
from importer.journal.results import Tally
from importer.model import Status
from importer.runs.room import Room


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run came to. `stopped_by` is set when it ended before its work was done."""

    run: JournalRun
    source: str
    destination: str
    account: str
    notes: Sequence[str]
    """What the reader found out about the file; empty when the run was continued."""
    tallies: Sequence[Tally]
    results: Path | None
    """The results file; None if there is none, as after most dry runs."""
    sent: int = 0
    """Rows that got their outcome from the destination now, not in an earlier session of the run."""
    seconds: float = 0.0
    """Time spent sending."""
    stopped_by: ImporterError | None = None
    is_dry_run: bool = False
    is_file: bool = False
    """Whether the destination is a file to upload, so that nothing has reached any account yet."""
    is_undo: bool = False
    room: Room | None = None
    """Whether the rows fitted into the account when the run began, where that is known."""
    taken_over: Mapping[Status, int] = field(default_factory=dict)
    """By status, the rows of `tallies` that an earlier run had closed, or the plan."""
    told: Mapping[Status, int] = field(default_factory=dict)
    """By status, the rows that did not succeed and of which the job's last run told the same."""
    follows_plan: bool = False
    first_rows: Sequence[tuple[Any, ...]] = ()
    """Of an undo's dry run, the first lines of what would be its results file."""

    @property
    def all_succeeded(self) -> bool:
        """Whether every row has what it asked for."""
        return self.stopped_by is None and all(tally.status.is_success for tally in self.tallies)
