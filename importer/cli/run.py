"""`importer run FILE`: its options. `inputs.py` makes something of them, `display.py` shows what happens."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from importer.errors import UsageError


class To(StrEnum):
    """The destinations of `--to`."""

    TRAKT = "trakt"
    TRAKT_V1 = "trakt-v1"
    SANDBOX = "sandbox"
    TRAKT_FILE = "trakt-file"
    LETTERBOXD_FILE = "letterboxd-file"


def run(
    file: Annotated[str, typer.Argument(help="The export to import; - reads standard input.")],
    to: Annotated[To, typer.Option(help="Where the ratings go.")] = To.TRAKT,
    base_url: Annotated[str | None, typer.Option(help="Where the API is served.", metavar="URL")] = None,
    insecure_http: Annotated[
        bool, typer.Option("--insecure-http", help="Allow plain http to a host that is not this machine.")
    ] = False,
    format_: Annotated[
        str, typer.Option("--format", help="auto, or one of `importer formats`.", metavar="FORMAT")
    ] = "auto",
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map", help="Read COLUMN as FIELD, e.g. Score=rating (repeatable).", metavar="COLUMN=FIELD"
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="The results file; - is standard output.")] = Path("results.csv"),
    write_to: Annotated[
        Path | None, typer.Option(help="trakt-file, letterboxd-file: the file to upload.", metavar="FILE")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Requests under way at once: 8, for trakt 4.")
    ] = None,
    rate: Annotated[
        str | None, typer.Option(help="At most N requests per PERIOD: 1/s, 20/10s.", metavar="N/PERIOD")
    ] = None,
    bulk: Annotated[
        bool, typer.Option("--bulk", help="trakt-v1: 50 rows per request, and nothing on social feeds.")
    ] = False,
    batch_size: Annotated[int, typer.Option(min=1, max=200, help="trakt: rows per request.")] = 100,
    love: Annotated[int | None, typer.Option(min=1, max=10, help="trakt: the number that love is.")] = None,
    hate: Annotated[int | None, typer.Option(min=1, max=10, help="trakt: the number that hate is.")] = None,
    date_time: Annotated[
        str, typer.Option(help="trakt: the time of day, in UTC, of dates without one.", metavar="HH:MM")
    ] = "12:00",
    api: Annotated[str, typer.Option(help="sandbox: v1 or v2.", metavar="v1|v2")] = "v1",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but send.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Send at most N rows.", metavar="N")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Import the ratings of FILE and write what became of every row to the results file."""
    from importer.cli.display import Display  # noqa: PLC0415 - light start-up
    from importer.cli.inputs import (  # noqa: PLC0415
        build_source,
        check_output,
        open_input,
        parse_mapping,
        parse_time_of_day,
    )
    from importer.cli.targets import Choices, journal_for, open_target  # noqa: PLC0415
    from importer.delivery.limiter import parse_rate  # noqa: PLC0415

    if api not in {"v1", "v2"}:
        raise UsageError(f"--api {api!r}: the sandbox speaks v1 and v2")
    display = Display(quiet=quiet, as_json=as_json, results=out)
    mapping = parse_mapping(map_ or ())
    chosen = {"workers": workers, "rate": parse_rate(rate) if rate else None, "limit": limit}
    choices = Choices(
        flags={"base_url": base_url, "insecure_http": insecure_http},
        api=api,
        bulk=bulk,
        batch_size=batch_size,
        love=love,
        hate=hate,
        time_of_day=parse_time_of_day(date_time),
        is_rehearsal=dry_run,
        write_to=write_to,
    )
    with (
        open_input(file) as path,
        open_target(to, choices) as usual,
        journal_for(usual) as journal,
    ):
        check_output(out, path)
        target = usual.with_options(chosen)
        source = build_source(path, file, format_, mapping, choices, target)
        if dry_run:
            report = display.rehearse(source, target, journal)
        else:
            report = display.import_ratings(source, target, journal, asks=not yes)
    raise typer.Exit(display.tell(report, source, target, dry_run=dry_run))
