"""Undoes a run of an account of the fleet, under its lease, as `importer undo` does on one machine."""

from importer.config.folders import state_dir
from importer.fleet.bringing import Road
from importer.fleet.depot import Claim, Depot
from importer.fleet.saving import Saving
from importer.interrupts import stop_request
from importer.journal.history import find_undoable
from importer.runs.again import ChangesOfRun
from importer.runs.launch import RunRequest, open_run
from importer.runs.rules import RunRules
from importer.runs.run_report import RunReport
from importer.sync.config import SyncJob


def undo_run(run_id: str, *, force: bool = False) -> Road:
    """Return the road for `Worker.bring(name, ROAD, early=True)` that undoes this run."""

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
        with open_run(wanted, stop=stop_request()) as run:
            run.before_sending = saving.before_sending
            return run.execute()

    return undo


def leave_alone(depot: Depot, name: str, run_id: str, lease_seconds: float) -> None:
    """Set an account aside after an undo: its next turn would bring back what was undone."""
    found = depot.claim(name, lease_seconds, early=True)
    if isinstance(found, Claim):
        depot.set_aside(found.lease, f"its run {run_id} was undone")
