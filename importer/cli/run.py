"""`importer run FILE`: its options. `inputs.py` makes something of them, `display.py` shows what happens."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class To(StrEnum):
    """The destinations of `--to`."""

    TRAKT_V1 = "trakt-v1"
    SANDBOX = "sandbox"


def run(
    file: Annotated[str, typer.Argument(help="The export to import; - reads standard input.")],
    to: Annotated[To, typer.Option(help="Where the ratings go.")] = To.TRAKT_V1,
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
    workers: Annotated[int, typer.Option(min=1, max=256, help="Requests under way at once.")] = 8,
    rate: Annotated[
        str | None, typer.Option(help="At most N requests per PERIOD: 1/s, 20/10s.", metavar="N/PERIOD")
    ] = None,
    bulk: Annotated[
        bool, typer.Option("--bulk", help="50 rows per request: faster, and nothing on social feeds.")
    ] = False,
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
        journal_for,
        open_destination,
        open_input,
        parse_mapping,
    )
    from importer.delivery.limiter import parse_rate  # noqa: PLC0415
    from importer.sending import SendingOptions  # noqa: PLC0415

    options = SendingOptions(workers, parse_rate(rate) if rate else None, limit)
    display = Display(quiet=quiet, as_json=as_json, results=out)
    mapping = parse_mapping(map_ or ())
    flags = {"base_url": base_url, "insecure_http": insecure_http}
    with (
        open_input(file) as path,
        open_destination(to, flags, bulk=bulk, rehearsal=dry_run) as destination,
        journal_for(destination) as journal,
    ):
        check_output(out, path)
        source = build_source(path, file, format_, mapping)
        if dry_run:
            report = display.rehearse(source, destination, journal)
        else:
            asks = to is To.TRAKT_V1 and not bulk and not yes
            report = display.import_ratings(source, destination, journal, options, asks=asks)
    raise typer.Exit(display.tell(report, source, destination, dry_run=dry_run))
