"""`importer plan FILE`: what a run would do, row by row, before anything is sent."""

from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.options import Api, LogFormat, To
from importer.planning import OnConflict


def plan(
    file: Annotated[str, typer.Argument(help="The export to import; - reads standard input.")],
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
    out: Annotated[Path, typer.Option("--out", help="Where the plan goes; - is standard output.")] = Path(
        "plan.csv"
    ),
    bulk: options.Bulk = False,
    batch_size: options.BatchSizeOption = 100,
    love: options.Love = None,
    hate: options.Hate = None,
    api: options.ApiOption = Api.V1,
    recheck: options.Recheck = False,
    on_conflict: options.OnConflictOption = OnConflict.NEWEST,
    mirror: options.Mirror = False,
    quiet: options.Quiet = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON, with all rows.")] = False,
    log_format: options.LogFormatOption = LogFormat.TEXT,
) -> None:
    """Show what a run would do with each row of FILE, and write it down; `importer run --plan` sends it."""
    from importer.cli.display import Display  # noqa: PLC0415 - light start-up
    from importer.cli.forecast import make_plan  # noqa: PLC0415
    from importer.cli.inputs import build_input, build_reading, parse_given  # noqa: PLC0415
    from importer.cli.launch import launch  # noqa: PLC0415
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
    choices = Choices(
        flags={"base_url": base_url, "insecure_http": insecure_http},
        account=account,
        given=parse_given(None, None, None, on_conflict=on_conflict, mirrors=mirror),
        api=api,
        bulk=bulk,
        batch_size=batch_size,
        love=love,
        hate=hate,
        rechecks=recheck,
    )
    display = Display(
        quiet=quiet,
        as_json=as_json,
        results=out,
        log=open_log(as_json=log_format is LogFormat.JSON).bind(job="plan"),
    )
    raise typer.Exit(launch(build_input(file, reading, resolved, out), to, choices, display, make_plan))
