"""`importer retry` and `importer undo`: a run's failures once more, and a run's changes back."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.display import Display
from importer.cli.groups import spread
from importer.config.folders import state_dir
from importer.destinations.registry import find
from importer.destinations.spec import RequestOptions
from importer.errors import UsageError
from importer.journal.history import find_undoable
from importer.monitoring.log import open_log
from importer.runs.again import UndoInput, open_results
from importer.runs.conflicts import OnConflict
from importer.runs.launch import launch
from importer.runs.open_destination import Choices
from importer.runs.sources import parse_given, parse_time_of_day, parse_zone


@spread
def retry(
    *,
    what: Annotated[str, typer.Argument(help="A results file, perhaps with corrections, or a run's id.")],
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            help="Where the run went, if no journal here tells.",
            parser=options.parse_to,
            metavar=options.WORDS,
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also rows that were not found, rejected or invalid.")
    ] = False,
    server: options.ServerOptions,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The new results: the same file, or of a run results.csv; - is output."),
    ] = None,
    pace: options.PaceOptions,
    rating: options.RatingOptions,
    timezone: options.Timezone = None,
    date_time: options.DateTime = "12:00",
    api: options.ApiGiven = None,
    dry_run: options.DryRun = False,
    limit: options.Limit = None,
    guard: options.Guard = 20,
    on_conflict: options.OnConflictOption = OnConflict.NEWEST,
    verify: options.Verify = True,
    resend_unconfirmed: options.ResendUnconfirmed = False,
    yes: options.Yes = False,
    shown: options.ShownOptions,
) -> None:
    """Send again the rows that failed or were not sent.

    Also the unconfirmed ones. The new results have a line for every row of the run.
    """
    zone = None if timezone is None else parse_zone(timezone)
    given = open_results(what, every=every, zone=zone)
    spec = given.find_place(to, api)
    choices = Choices(
        flags=server.flags,
        account=server.account,
        given=parse_given(
            pace,
            limit,
            verifies=verify,
            resends_unconfirmed=resend_unconfirmed,
            on_conflict=on_conflict,
        ),
        request=RequestOptions(**asdict(rating), time_of_day=parse_time_of_day(date_time, zone)),
        is_dry_run=dry_run,
    )
    display = Display(
        quiet=shown.quiet,
        as_json=shown.as_json,
        results=out or Path(what if Path(what).exists() else "results.csv"),
        asks=not yes,
        guard_percent=guard,
        replaces_input=True,
        log=open_log(as_json=shown.logs_json).bind(job="retry"),
    )
    raise typer.Exit(launch(given, spec, choices, display))


@spread
def undo(
    *,
    run_id: Annotated[str | None, typer.Argument(help="A run's id, or its beginning, or last.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also undo ratings that were changed since then.")
    ] = False,
    server: options.ServerOptions,
    out: options.Out = Path("undo.csv"),
    pace: options.PaceOptions,
    rating: options.RatingOptions,
    dry_run: options.DryRun = False,
    guard: options.Guard = 20,
    verify: options.Verify = True,
    yes: options.Yes = False,
    shown: options.ShownOptions,
) -> None:
    """Restore the ratings from before a run.

    Earlier ratings and dates return; ratings that the run added are removed.
    """
    if run_id is None:
        raise UsageError("name the run to undo: `importer runs` lists them, and last is the newest")
    past = find_undoable(state_dir() / "journals", run_id)
    spec = find(past.destination)
    if spec is None:
        raise UsageError(f"{past.run_id} went to {past.destination}, which this version does not know")
    if spec.is_file:
        raise UsageError(f"{past.run_id} wrote a file; delete that file, or do not upload it")
    choices = Choices(
        flags=server.flags,
        account=server.account,
        given=parse_given(pace, verifies=verify, on_conflict=OnConflict.OVERWRITE),
        request=RequestOptions(**asdict(rating)),
        is_dry_run=dry_run,
    )
    display = Display(
        quiet=shown.quiet,
        as_json=shown.as_json,
        results=out,
        asks=not yes,
        guard_percent=guard,
        log=open_log(as_json=shown.logs_json).bind(job="undo"),
    )
    raise typer.Exit(launch(UndoInput(past, force), spec, choices, display))
