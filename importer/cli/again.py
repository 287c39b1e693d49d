"""`importer retry` sends the failed rows of a run again, `importer undo` restores what a run changed."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.groups import Only, spread
from importer.cli.next_step import command_line
from importer.cli.past import complete_run
from importer.cli.shell import Shell
from importer.config.folders import state_dir
from importer.destinations.registry import find
from importer.destinations.spec import DestinationSpec, RequestOptions
from importer.errors import AlreadyUndoneError, CommandError, OptionError, Remedy, UsageError
from importer.journal.history import LAST, PastRun, find_run, find_undoable, list_without_changes
from importer.readers.base import ReadOptions
from importer.runs.again import ChangesOfRun, find_shares, open_results
from importer.runs.launch import RunRequest
from importer.runs.outputs import find_outputs, name_results, name_undo, name_what_was_read
from importer.runs.places import PlaceOptions
from importer.runs.rules import DestinationOptions, FileOptions, RuleOptions, RunRules, SendOptions
from importer.runs.undo import find_last_sent, list_to_undo


@spread
def retry(
    *,
    what: Annotated[str, typer.Argument(help="A results file, perhaps with corrections, or a run's id.")],
    place: Annotated[PlaceOptions, Only("to", "api", to="Where the run went, if no journal here has it.")],
    every: Annotated[
        bool,
        typer.Option(
            "--all", help="Also rows that were not found, rejected or invalid, and all that you corrected."
        ),
    ] = False,
    at: Annotated[DestinationOptions, Only("base_url", "insecure_http", "account", "any_title")],
    files: Annotated[
        FileOptions, Only("out", out="The new results, else the same file, or named after what was read.")
    ],
    overwrite: options.Overwrite = False,
    sends: SendOptions,
    request: RequestOptions,
    reading: Annotated[ReadOptions, Only("zone")],
    dry_run: options.DryRun = False,
    said: Annotated[RuleOptions, Only("on_conflict", "guard")],
    yes: options.Yes = False,
    shown: options.ShownOptions,
) -> None:
    """Send again the rows that failed or were not sent.

    Also the unconfirmed ones. The new results have a line for every row of the run.
    """
    given = open_results(what, every=every, zone=reading.zone)
    rules = RunRules.for_retry(said.on_conflict).guarded_at(said.guard)
    rules = rules.as_dry_run() if dry_run else rules
    shares = find_shares(given, place, replace(at, request=request.in_zone(reading.zone)))
    wanted = {
        label: RunRequest(given[label], share.to, share.at, rules, sends, overwrites=overwrite)
        for label, share in shares.items()
    }
    out = files.out
    if out is None and not dry_run:
        past = None if Path(what).exists() else next(iter(given.values())).past
        out = Path(what) if past is None else name_results(name_what_was_read(past.source), find_outputs())
    kept = [each for label, each in given.items() if label not in wanted]
    raise typer.Exit(Shell(out, shown, "retry", assume_yes=yes).run_all(wanted, kept))


@spread
def undo(
    *,
    run_id: Annotated[
        str | None,
        typer.Argument(
            help="A run's id, short or long, or last: the newest that changed something and is no undo.",
            autocompletion=complete_run,
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help="Undo this run and all after it, the newest first.",
            metavar="RUN",
            autocompletion=complete_run,
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also undo ratings that were changed since then.")
    ] = False,
    at: options.AccountOptions,
    files: options.ResultsOption,
    overwrite: options.Overwrite = False,
    sends: Annotated[SendOptions, Only("workers", "rate", "verify")],
    request: options.UntimedOptions,
    dry_run: options.UndoDryRun = False,
    said: Annotated[RuleOptions, Only("guard")],
    yes: options.Yes = False,
    shown: options.ShownOptions,
) -> None:
    """Restore the ratings from before a run.

    Earlier ratings and dates return; ratings that the run added are removed.
    """
    if (run_id is None) == (since is None):
        raise CommandError(
            "name the run to undo (last is the newest), or with --since the first of several",
            Remedy.LIST_RUNS,
        )
    folder = state_dir() / "journals"
    runs = [_find_one(folder, run_id)] if run_id else list_to_undo(find_run(folder, since or LAST))
    if since and files.out:
        problem = "with --since each run has a file of its own, undo-RUN.csv; leave this out"
        raise OptionError("out", problem, files.out)
    if run_id == LAST:
        _tell_passed_over(folder, runs[0], dry_run=dry_run, yes=yes)
    if not runs:
        print(f"importer: nothing is left to undo of run {since} and those after it", file=sys.stderr)
    elif since and dry_run:
        # Each undo starts from the result of the one before, which a dry run does not make.
        print("Would be undone, in this order:", *(run.run_id for run in runs), sep="\n  ")
        print("`importer undo RUN --dry-run` shows the rows of one of them.")
        return
    for past in runs:
        rules = RunRules.for_undo(past, force=force).guarded_at(said.guard)
        wanted = RunRequest(
            ChangesOfRun(past, force),
            _find_place(past),
            replace(at, request=request),
            rules.as_dry_run() if dry_run else rules,
            sends,
            overwrites=overwrite,
        )
        results = None if dry_run else name_undo(past.run_id)
        if code := Shell(files.out or results, shown, "undo", assume_yes=yes).run(wanted):
            raise typer.Exit(code)


def _find_one(folder: Path, run_id: str) -> PastRun:
    """Find the run to undo. Raises UsageError; of `last` it names the run before, if that can be undone."""
    try:
        return find_undoable(folder, run_id)
    except AlreadyUndoneError as error:
        sent = find_last_sent(folder) if run_id == LAST else None
        if sent is None:
            raise
        raise AlreadyUndoneError(error.run_id, error.undone_by, sent.run_id) from None


def _tell_passed_over(folder: Path, last: PastRun, *, dry_run: bool, yes: bool) -> None:
    """Name the run that `last` means, and the newer runs, which changed nothing.

    The newest of these may have been meant. So it is asked about, and where nobody can be asked, or --yes
    says that nobody is to be, it is an UsageError.
    """
    if not (idle := list_without_changes(folder, last)):
        print(f"importer: last is {last.run_id}, of {last.source}", file=sys.stderr)
        return
    names = " and ".join([", ".join(idle[:-1]), idle[-1]] if idle[1:] else idle)
    told = f"last is {last.run_id}; the newer {names} changed nothing"
    if dry_run:
        print(f"importer: {told}", file=sys.stderr)
        return
    can_ask = sys.stdin.isatty() and not yes
    if not (can_ask and typer.confirm(f"importer: {told}. Undo {last.run_id}?", err=True)):
        words = ("undo", last.run_id, *(("--yes",) if yes else ()))
        raise UsageError(f"{told}. To undo it: `{command_line(*words)}`")


def _find_place(past: PastRun) -> DestinationSpec:
    spec = find(past.destination)
    if spec is None:
        raise UsageError(
            f"{past.run_id} went to {past.destination}, a destination that this version does not know"
        )
    if spec.is_file:
        sent = find_last_sent(state_dir() / "journals")
        rest = f". The newest run that can be undone: `{command_line('undo', sent.run_id)}`" if sent else ""
        raise UsageError(f"{past.run_id} wrote a file; delete that file, or do not upload it{rest}")
    return spec
