"""`importer plan FILE`: what a run would do, row by row, before anything is sent."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.display import Display
from importer.cli.groups import spread
from importer.destinations.registry import DEFAULT, choose
from importer.destinations.spec import RequestOptions
from importer.monitoring.log import open_log
from importer.plans.make import make_plan
from importer.runs.conflicts import OnConflict
from importer.runs.launch import launch
from importer.runs.open_destination import Choices
from importer.runs.sources import build_input, build_read_options, parse_given


@spread
def plan(
    *,
    file: Annotated[str, typer.Argument(help="The export to import; - reads standard input.")],
    to: options.ToGiven = None,
    server: options.ServerOptions,
    reading: options.ReadingOptions,
    resolved: options.Resolved = None,
    out: Annotated[Path, typer.Option("--out", help="Where the plan goes; - is standard output.")] = Path(
        "plan.csv"
    ),
    rating: options.RatingOptions,
    api: options.ApiGiven = None,
    recheck: options.Recheck = False,
    on_conflict: options.OnConflictOption = OnConflict.NEWEST,
    mirror: options.Mirror = False,
    shown: options.ShownOptions,
) -> None:
    """Write down what a run would do with each row of FILE.

    Sends nothing; `importer run --plan` sends the plan.
    """
    choices = Choices(
        flags=server.flags,
        account=server.account,
        given=parse_given(options.PaceOptions(), on_conflict=on_conflict, mirrors=mirror),
        request=RequestOptions(**asdict(rating)),
        rechecks=recheck,
    )
    display = Display(
        quiet=shown.quiet,
        as_json=shown.as_json,
        results=out,
        log=open_log(as_json=shown.logs_json).bind(job="plan"),
    )
    given = build_input(file, build_read_options(reading), resolved, out)
    raise typer.Exit(launch(given, choose(to or DEFAULT, api), choices, display, make_plan))
