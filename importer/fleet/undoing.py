"""Undoes a run of an account of the fleet, under its lease, as `importer undo` does on one machine."""

from importer.config.folders import state_dir
from importer.errors import StopRunError
from importer.fleet.bringing import Brought, Outcome, Road
from importer.fleet.depot import Account, Depot, Ending, Refusal, State
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


def leave_alone(depot: Depot, name: str, why: str, lease_seconds: float) -> None:
    """Set an account aside: its next turn would bring back what is undone. Raises StopRunError if it is held.

    That is done before an undo, too: then it holds whatever ends the undo.
    """
    found = depot.claim(name, lease_seconds, early=True)
    if isinstance(found, Refusal):
        raise StopRunError(f"{name}: {found}; try again later")
    depot.set_aside(found.lease, why)


def note_end(
    depot: Depot, brought: Brought, run_id: str, before: Account, lease_seconds: float
) -> Ending | None:
    """Note how an undo ended, and return it; None if it has not ended.

    One that changed nothing leaves the account as it was `before`, and gives None, too.
    """
    ending = depot.get(brought.name).last
    if brought.outcome is not Outcome.ENDED or ending is None:
        return None
    if ending.exit_code == 1 and not ending.counts:  # unexpected: nobody knows what was sent before
        return None
    if ending.exit_code == 0 or _CHANGING & ending.counts.keys():
        how = "was undone" if is_whole(ending) else "was undone in part"
        leave_alone(depot, brought.name, f"its run {run_id} {how}", lease_seconds)
        return ending
    if before.state is State.SET_ASIDE:
        leave_alone(depot, brought.name, before.note, lease_seconds)
    else:
        depot.resume(brought.name)
    return None
