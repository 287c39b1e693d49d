"""`importer plan FILE`: what a run would do, row by row, before anything is sent."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.groups import Only, spread
from importer.cli.next_step import find_mending, find_send
from importer.cli.shell import Shell
from importer.cli.source import choose_source
from importer.errors import CommandError
from importer.plans.make import made_plan
from importer.plans.model import Action
from importer.plans.report import Plan, build_head, build_plan, print_json
from importer.readers.base import ReadOptions
from importer.runs.launch import RunRequest
from importer.runs.outputs import find_outputs, name_plan
from importer.runs.places import PlaceOptions
from importer.runs.rules import RuleOptions, RunRules, SourceOptions
from importer.text import clean


@spread
def plan(
    *,
    file: Annotated[str | None, typer.Argument(help="The export to import; - reads standard input.")] = None,
    origin: SourceOptions,
    place: PlaceOptions,
    at: options.AccountOptions,
    reading: ReadOptions,
    name: options.Name = "",
    matched: options.MatchOptions,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The plan, else named after what is read; - is standard output."),
    ] = None,
    overwrite: options.Overwrite = False,
    request: options.UntimedOptions,
    said: Annotated[RuleOptions, Only("on_conflict", "mirror", "recheck")],
    shown: options.ShownOptions,
) -> None:
    """Write down what a run would do with each row of FILE.

    Sends nothing; `importer run --plan` sends the plan.
    """
    rules = RunRules.for_plan(said.on_conflict, mirror=said.mirror, recheck=said.recheck)
    if (file is None) == (origin.account_of is None):
        raise CommandError("name the file to import, or an account with --from; not both")
    what = choose_source(file, origin, reading, matched, name)
    if out is None:
        read = name or origin.account_of or ("standard input" if file == "-" else file)
        out = name_plan(str(read), find_outputs())
    shell = Shell(out, shown, "plan")
    wanted = RunRequest(what, place.spec, replace(at, request=request), rules, overwrites=overwrite)
    with shell.open(wanted) as run, made_plan(run) as (found, lines):
        stream = shell.display.stream
        shell.display.log.planned(build_head(found, out))
        if shown.as_json:
            print_json(found, lines(), out, stream)
        elif not shown.quiet:
            print(build_plan(found, out), *_next_steps(found, out), sep="\n", file=stream)
        raise typer.Exit(0 if found.is_fine else 1)


def _next_steps(found: Plan, out: Path) -> Iterator[str]:
    if found.is_hopeless:
        yield "Next: make room in the account, or have its limit raised; then plan again."
    elif send := find_send(found.rows_to_send, out):
        yield f"Next: to send it:\n    {clean(send, 4096)}"
    unsent = {"without_ids": bool(found.without_ids), "invalid": bool(found.counts[Action.INVALID])}
    if step := find_mending(found.source, found.destination, **unsent):
        yield f"Next: {step[1]}:\n    {clean(step[0], 4096)}"
