"""`importer fleet undo`: restores the ratings of an account from before a run."""

from typing import Annotated

import typer

from importer.cli import options
from importer.cli.fleet.account import Name
from importer.cli.fleet.run import worker_options
from importer.cli.next_step import command_line
from importer.errors import Remedy, StopRunError, UsageError
from importer.fleet.bringing import Outcome
from importer.fleet.settings import load_fleet
from importer.fleet.undoing import leave_alone, undo_run
from importer.fleet.watching import describe, watching
from importer.fleet.worker import open_worker
from importer.interrupts import translate_interrupts
from importer.monitoring.log import open_log
from importer.text import clean


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
        depot.get(name)
        if not yes:
            problem = f"{name}: the ratings of this account are restored as they were before {run_id}"
            raise UsageError(problem, Remedy.ASK_NOTHING)
        brought = worker.bring(name, undo_run(run_id, force=force), early=True)
        if brought.outcome is Outcome.ENDED:
            leave_alone(depot, name, run_id, options_of_worker.lease_seconds)
    if brought.outcome is Outcome.REFUSED:
        raise StopRunError(f"{name}: {brought.message}; try again later")
    print(f"{name}: {describe(brought)}" + (f": {clean(brought.message, 1000)}" if brought.message else ""))
    if brought.outcome is Outcome.ENDED:
        print(f"It is imported again after {command_line('fleet', 'resume', name)}.")
    raise typer.Exit(brought.exit_code)
