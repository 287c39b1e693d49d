"""Undoes a run of an account of the fleet, under its lease, as `importer undo` does on one machine."""

from importer.config.folders import state_dir
from importer.fleet.bringing import Brought, Outcome, Road
from importer.fleet.depot import Claim, Depot, Ending
from importer.fleet.saving import Saving
from importer.interrupts import stop_request
from importer.journal.history import find_undoable
from importer.model import Status
from importer.runs.again import ChangesOfRun
from importer.runs.launch import RunRequest, open_run
from importer.runs.prompts import Unattended
from importer.runs.rules import RunRules
from importer.runs.run_report import RunReport
from importer.sync.config import SyncJob

_CHANGING = frozenset({Status.RATED, Status.UNRATED, Status.UNCONFIRMED, Status.FAILED})


def undo_run(run_id: str, *, force: bool = False) -> Road:
    """Return the road for `Worker.bring(name, ROAD, early=True)` that undoes this run, without a question."""

    def undo(job: SyncJob, saving: Saving) -> RunReport:
        past = find_undoable(state_dir() / "journals", run_id)
        wanted = RunRequest(
            ChangesOfRun(past, force),
            job.spec,
            job.zoned_at,
            RunRules.for_undo(past, force=force),
            job.sends,
            results=None,
        )
        with open_run(wanted, Unattended(assume_yes=True), stop=stop_request()) as run:
            run.before_sending = saving.before_sending
            return run.execute()

    return undo


def is_whole(ending: Ending) -> bool:
    """Whether an undo that ended so left nothing to undo."""
    return ending.exit_code == 0 and Status.KEPT not in ending.counts


def leave_alone(depot: Depot, brought: Brought, run_id: str, lease_seconds: float) -> Ending | None:
    """Set an account aside after an undo: its next turn would bring back what was undone.

    Returns how the undo ended. One that changed nothing leaves the account as it was, and gives None.
    """
    ending = depot.get(brought.name).last
    if brought.outcome is not Outcome.ENDED or ending is None:
        return None
    if ending.exit_code > 1 and not _CHANGING & ending.counts.keys():
        return None
    how = "was undone" if is_whole(ending) else "was undone in part"
    found = depot.claim(brought.name, lease_seconds, early=True)
    if isinstance(found, Claim):
        depot.set_aside(found.lease, f"its run {run_id} {how}")
    return ending
