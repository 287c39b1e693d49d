"""`importer fleet undo`: restores the ratings of an account from before a run."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.fleet.account import Name, naming_runs
from importer.cli.fleet.run import worker_options
from importer.cli.next_step import command_line
from importer.errors import Remedy, StopRunError, UsageError
from importer.fleet.bringing import Brought, Outcome
from importer.fleet.depot import Account, Depot, Ending, State
from importer.fleet.inspecting import saved_state
from importer.fleet.saved import JOURNALS
from importer.fleet.settings import load_fleet
from importer.fleet.undoing import is_whole, leave_alone, note_end, undo_run
from importer.fleet.watching import describe, explain, watching
from importer.fleet.worker import open_worker
from importer.interrupts import translate_interrupts
from importer.journal.history import PastRun, find_undoable
from importer.journal.run_ids import short_id
from importer.model import Status
from importer.monitoring.log import open_log
from importer.report.summary_text import list_undone
from importer.text import clean, list_counts

_FORCE = " With --force also those are undone that were changed since then."


def undo(
    name: Name,
    run_id: Annotated[str, typer.Argument(help="A run of `fleet show`, or last.", metavar="RUN")],
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Also undo ratings that were changed since then.")
    ] = False,
    yes: options.Yes = False,
) -> None:
    """Restore the ratings of an account from before a run.

    Earlier ratings and dates return; ratings that the run added are removed. Then the account is set aside,
    or its next turn would bring them back; `importer fleet resume NAME` ends that.
    """
    log = open_log(as_json=False)
    options_of_worker = worker_options(load_fleet())
    with (
        translate_interrupts(),
        open_worker(options_of_worker, watching(log)) as (worker, depot),
    ):
        before, lease_seconds = depot.get(name), options_of_worker.lease_seconds
        past = _find(depot, before, run_id)
        if not yes:
            _confirm(name, past)
        why = f"the undo of its run {past.run_id} has not ended; the same command goes on"
        leave_alone(depot, name, why, lease_seconds)
        brought = worker.bring(name, undo_run(past.run_id, force=force), early=True)
        ending = note_end(depot, brought, past.run_id, before, lease_seconds)
        after = depot.get(name)
    if brought.outcome is Outcome.REFUSED:
        raise StopRunError(f"{name}: {brought.message}; try again later")
    _tell(brought, past, ending, after)
    raise typer.Exit(brought.exit_code)


def _find(depot: Depot, account: Account, run_id: str) -> PastRun:
    """Find the run, and check that the account can be signed in. Raises UsageError."""
    name = account.name
    with saved_state(depot, name) as folder, naming_runs(name):
        past = find_undoable(folder / JOURNALS, run_id)
    if account.state is State.SIGNED_OUT:
        add = command_line("fleet", "add", "accounts.csv")
        raise UsageError(f"{name} is signed out; add it again with a new sign-in: `{add}`")
    return past


def _confirm(name: str, past: PastRun) -> None:
    """Ask. Raises UsageError if there is nobody, and StopRunError after a no."""
    source, counts = Path(past.source).name, list_counts(past.counts.items())
    told = f"run {past.run_id} of {clean(source)} ({counts})"
    question = f"{name}: its ratings are restored as they were before {told}"
    if not sys.stdin.isatty():
        raise UsageError(question, Remedy.ASK_NOTHING)
    try:
        agreed = typer.confirm(f"{question}. Do it?", err=True)
    except typer.Abort:
        raise StopRunError("interrupted") from None
    if not agreed:
        raise StopRunError(f"{name}: nothing was undone")


def _tell(brought: Brought, past: PastRun, ending: Ending | None, after: Account) -> None:
    name, why = brought.name, explain(brought)
    if ending is None:
        print(f"{name}: {describe(brought)}{why}")
        if after.state is State.SET_ASIDE:
            print(f"It is set aside: {clean(after.note, 1000)}")
        return
    how = "undone" if is_whole(ending) else "undone in part"
    print(f"{name}: run {past.run_id} is {how}: {list_undone(ending.counts)}{why}")
    if ending.counts.keys() - {Status.RATED, Status.UNRATED, Status.UNCHANGED}:
        told = command_line("fleet", "results", name, "--run", short_id(ending.run_id))
        print(f"`{told}` says why of each row." + (_FORCE if Status.KEPT in ending.counts else ""))
    print(f"It is imported again after {command_line('fleet', 'resume', name)}.")
