"""`importer run FILE`: from its options to a run."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.display import Display
from importer.cli.groups import spread
from importer.destinations.registry import DEFAULT, choose
from importer.destinations.spec import RequestOptions
from importer.errors import UsageError
from importer.monitoring.log import open_log
from importer.plans.source import PlanInput
from importer.readers.base import ReadOptions
from importer.runs.conflicts import OnConflict
from importer.runs.launch import Input, launch
from importer.runs.open_destination import Choices
from importer.runs.sources import build_input, build_read_options, parse_given, parse_time_of_day


@spread
def run(
    *,
    file: Annotated[str | None, typer.Argument(help="The export to import; - reads standard input.")] = None,
    to: options.ToGiven = None,
    server: options.ServerOptions,
    reading: options.ReadingOptions,
    resolved: options.Resolved = None,
    out: options.Out = Path("results.csv"),
    write_to: options.WriteTo = None,
    pace: options.PaceOptions,
    rating: options.RatingOptions,
    date_time: options.DateTime = "12:00",
    api: options.ApiGiven = None,
    dry_run: options.DryRun = False,
    limit: options.Limit = None,
    recheck: options.Recheck = False,
    guard: options.Guard = 20,
    on_conflict: options.OnConflictOption = OnConflict.NEWEST,
    mirror: options.Mirror = False,
    plan: options.PlanOption = None,
    verify: options.Verify = True,
    resend_unconfirmed: options.ResendUnconfirmed = False,
    yes: options.Yes = False,
    shown: options.ShownOptions,
) -> None:
    """Import FILE and report what became of every row.

    The results file has one line for each row of FILE.
    """
    how = build_read_options(reading)
    spec = choose(to or DEFAULT, api)
    if (file is None) == (plan is None):
        raise UsageError("name the file to import, or with --plan a plan; not both")
    given: Input
    rules: dict[str, object] = {"on_conflict": on_conflict, "mirrors": mirror}
    if file is not None:
        given = build_input(file, how, resolved, out)
    elif plan is not None:
        reads_otherwise = replace(how, zone=None) != ReadOptions() or resolved is not None
        if reads_otherwise or on_conflict is not OnConflict.NEWEST or mirror or recheck:
            raise UsageError(
                "the plan has settled how its rows are read and which of them are sent; options for that go "
                "with `importer plan`, not with --plan"
            )
        given = PlanInput(plan)
        spec = given.find_place(to, api)
        rules = {"on_conflict": OnConflict.OVERWRITE, "follows_plan": True}
    if mirror and dry_run:
        raise UsageError("--mirror asks the account, --dry-run does not: `importer plan --mirror` shows it")
    choices = Choices(
        flags=server.flags,
        account=server.account,
        given=parse_given(
            pace,
            limit,
            verifies=verify,
            resends_unconfirmed=resend_unconfirmed,
            **rules,
        ),
        request=RequestOptions(**asdict(rating), time_of_day=parse_time_of_day(date_time, how.zone)),
        is_dry_run=dry_run,
        rechecks=recheck,
        write_to=write_to,
    )
    display = Display(
        quiet=shown.quiet,
        as_json=shown.as_json,
        results=out,
        asks=not yes,
        guard_percent=guard,
        log=open_log(as_json=shown.logs_json).bind(job="run"),
    )
    raise typer.Exit(launch(given, spec, choices, display))
