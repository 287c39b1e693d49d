"""Undoes a run of an account of the fleet, under its lease, as `importer undo` does on one machine."""

from importer.config.folders import state_dir
from importer.fleet.bringing import Road
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
