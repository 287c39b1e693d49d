"""`importer run FILE`: from its options to a run."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.first_steps import can_ask, settle_place
from importer.cli.groups import Only, spread
from importer.cli.shell import Shell
from importer.cli.source import choose_source
from importer.destinations.spec import RequestOptions
from importer.errors import CommandError, UnreadableFileError
from importer.plans.source import PlanFile
from importer.readers.base import ReadOptions
from importer.runs.launch import RunRequest
from importer.runs.outputs import find_outputs, name_results
from importer.runs.places import WHERE_TO, PlaceOptions, Share, share_out
from importer.runs.rules import (
    DestinationOptions,
    EndOptions,
    FileOptions,
    RuleOptions,
    RunRules,
    SendOptions,
    SourceOptions,
)
from importer.runs.sources import STANDARD_INPUT, SourceSpec


@spread
def run(
    *,
    file: Annotated[str | None, typer.Argument(help="The export to import; - reads standard input.")] = None,
    origin: SourceOptions,
    place: Annotated[PlaceOptions, Only("to", "api", to=f"{WHERE_TO} Said again: there, too.")],
    at: Annotated[DestinationOptions, Only("base_url", "insecure_http", "account", "any_title", "write_to")],
    reading: ReadOptions,
    name: options.Name = "",
    files: FileOptions,
    overwrite: options.Overwrite = False,
    sends: SendOptions,
    request: RequestOptions,
    dry_run: options.DryRun = False,
    said: RuleOptions,
    plan: options.PlanOption = None,
    yes: options.Yes = False,
    ends: EndOptions,
    shown: options.ShownOptions,
) -> None:
    """Import FILE and report what became of every row.

    The results file has one line for each row of FILE.
    """
    if [file, plan, origin.account_of].count(None) != 2:
        raise CommandError(
            "name the file to import, or a plan with --plan, or an account with --from; only one"
        )
    if said.mirror and dry_run:
        raise CommandError("--mirror asks the account, --dry-run does not: `importer plan --mirror` shows it")
    at = replace(at, request=request.in_zone(reading.zone))
    what: SourceSpec
    if plan is not None:
        _check_for_plan(reading, files, said, name)
        what = PlanFile(plan)
        spec, rules = what.find_place(place), RunRules.for_sent_plan()
        shares: Mapping[str, Share] = {spec.word: Share(spec, at)}
    else:
        if place.to is None:
            _check_is_there(file)
        asks = can_ask(logs_json=shown.logs_json, assume_yes=yes)
        place = settle_place(place, at, file or "FILE", can_ask=asks)
        what, shares = choose_source(file, origin, reading, files, name), share_out(place, at)
        rules = RunRules.for_import(said.on_conflict, mirror=said.mirror, recheck=said.recheck)
    rules = rules.guarded_at(said.guard)
    rules = rules.as_dry_run() if dry_run else rules
    wanted = {
        label: RunRequest(what, share.to, share.at, rules, sends, overwrites=overwrite)
        for label, share in shares.items()
    }
    out = files.out
    if out is None and not dry_run:
        read = plan or name or origin.account_of or ("standard input" if file == "-" else file)
        out = name_results(str(read), find_outputs())
    raise typer.Exit(Shell(out, shown, "run", assume_yes=yes, accepted=ends.accept).run_all(wanted))


def _check_is_there(file: str | None) -> None:
    """See that the file exists, before anything is said about where it goes. Raises UnreadableFileError."""
    if file is not None and file != STANDARD_INPUT and not Path(file).exists():
        problem = "cannot be read (No such file or directory)"
        raise UnreadableFileError(file, problem, remedy="Correct its name, or its folder.")


def _check_for_plan(reading: ReadOptions, files: FileOptions, said: RuleOptions, name: str) -> None:
    """See that nobody says again what the plan has settled. Raises UsageError."""
    reads_otherwise = (
        replace(reading, zone=None) != ReadOptions() or files.resolved is not None or files.match is not None
    )
    if reads_otherwise or name or replace(said, guard=RuleOptions().guard) != RuleOptions():
        raise CommandError(
            "the plan already says how rows are read and which are sent; give options for that to "
            "`importer plan`, not with --plan"
        )
