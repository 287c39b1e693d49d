"""`importer run FILE`: its options. `inputs.py` and `targets.py` make something of them, `launch.py` goes."""

from datetime import UTC
from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.options import Api, LogFormat, To
from importer.errors import UsageError
from importer.planning import OnConflict


def run(
    file: Annotated[str | None, typer.Argument(help="The export to import; - reads standard input.")] = None,
    to: options.ToOption = To.TRAKT,
    base_url: options.BaseUrl = None,
    insecure_http: options.InsecureHttp = False,
    account: options.Account = "",
    format_: options.Format = "auto",
    map_: options.Map = None,
    scale: options.ScaleOption = None,
    timezone: options.Timezone = None,
    lists: options.Lists = False,
    diary_dates: options.DiaryDates = False,
    user: options.User = None,
    profile: options.Profile = None,
    resolved: options.Resolved = None,
    out: options.Out = Path("results.csv"),
    write_to: options.WriteTo = None,
    workers: options.Workers = None,
    rate: options.RateOption = None,
    bulk: options.Bulk = False,
    batch_size: options.BatchSizeOption = 100,
    love: options.Love = None,
    hate: options.Hate = None,
    date_time: options.DateTime = "12:00",
    api: options.ApiOption = Api.V1,
    dry_run: options.DryRun = False,
    limit: options.Limit = None,
    recheck: options.Recheck = False,
    guard: options.Guard = 20,
    on_conflict: options.OnConflictOption = OnConflict.NEWEST,
    mirror: options.Mirror = False,
    plan: options.PlanOption = None,
    verify: options.Verify = True,
    resend_unsure: options.ResendUnsure = False,
    yes: options.Yes = False,
    quiet: options.Quiet = False,
    as_json: options.AsJson = False,
    log_format: options.LogFormatOption = LogFormat.TEXT,
) -> None:
    """Import the ratings of FILE and write what became of every row to the results file."""
    from importer.cli.display import Display  # noqa: PLC0415 - light start-up
    from importer.cli.inputs import (  # noqa: PLC0415
        build_input,
        build_reading,
        parse_given,
        parse_time_of_day,
    )
    from importer.cli.launch import Input, launch  # noqa: PLC0415
    from importer.cli.plan_input import PlanInput  # noqa: PLC0415
    from importer.cli.targets import Choices  # noqa: PLC0415
    from importer.operations.event_log import open_log  # noqa: PLC0415

    reading = build_reading(
        format_,
        map_,
        timezone,
        scale=scale,
        lists=lists,
        diary_dates=diary_dates,
        user=user,
        profile=profile,
    )
    if (file is None) == (plan is None):
        raise UsageError("name the file to import, or with --plan a plan; not both")
    given: Input
    rules: dict[str, object] = {"on_conflict": on_conflict, "mirrors": mirror}
    if file is not None:
        given = build_input(file, reading, resolved, out)
    elif plan is not None:
        given = PlanInput(plan)
        to, api = given.find_place(to)
        rules = {"on_conflict": OnConflict.OVERWRITE, "follows_plan": True}
    if mirror and dry_run:
        raise UsageError("--mirror asks the account, --dry-run does not: `importer plan --mirror` shows it")
    choices = Choices(
        flags={"base_url": base_url, "insecure_http": insecure_http},
        account=account,
        given=parse_given(
            workers,
            rate,
            limit,
            verifies=verify,
            resends_unsure=resend_unsure,
            **rules,
        ),
        api=api,
        bulk=bulk,
        batch_size=batch_size,
        love=love,
        hate=hate,
        time_of_day=parse_time_of_day(date_time).replace(tzinfo=reading.zone or UTC),
        is_rehearsal=dry_run,
        rechecks=recheck,
        write_to=write_to,
    )
    display = Display(
        quiet=quiet,
        as_json=as_json,
        results=out,
        asks=not yes,
        guard_percent=guard,
        log=open_log(as_json=log_format is LogFormat.JSON).bind(job="run"),
    )
    raise typer.Exit(launch(given, to, choices, display))
