"""`importer inspect FILE`: what a file holds and what would become of it. Nothing is sent."""

import json
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.advice import advise_inspection
from importer.cli.groups import spread
from importer.destinations.registry import DEFAULT, choose
from importer.destinations.spec import RequestOptions
from importer.journal import Journal
from importer.model import Outcome, Status
from importer.progress import Progress
from importer.report.inspection import Inspection, build_inspection
from importer.runs.load import load_run
from importer.runs.open_destination import Choices, build_offline
from importer.runs.rules import Api
from importer.runs.sources import FileInput, build_read_options


@spread
def inspect(
    *,
    file: Annotated[str, typer.Argument(help="The export to look at; - reads standard input.")],
    to: options.ToOption = DEFAULT,
    reading: options.ReadingOptions,
    resolved: options.Resolved = None,
    love: options.Love = None,
    hate: options.Hate = None,
    api: options.ApiOption = Api.V1,
    as_json: options.AsJson = False,
) -> None:
    """Show what FILE holds and which rows would be sent.

    Also says why the other rows would not. Asks no server, sends nothing.
    """
    choices = Choices(flags={}, given={}, request=RequestOptions(love, hate), is_dry_run=True)
    target = build_offline(choose(to, api), choices)
    given = FileInput(file, build_read_options(reading), resolved)
    with (
        given.open() as path,
        tempfile.TemporaryDirectory(prefix="inspect-") as folder,
        Journal(Path(folder), "inspection") as journal,
    ):
        source = given.build_source(path, choices, target, journal)
        reader = source.open_reader()
        planned = load_run(source, target.destination, journal, Progress(), remembers=False)
        planned.run.close_open(Outcome(Status.NOT_SENT))
        found = Inspection(source.name, reader.format_name, reader.notes, to)
        with closing(planned.run.results()) as lines:
            found.add_all(lines)
    if as_json:
        print(json.dumps(found.as_json(), indent=2))
    else:
        print(build_inspection(found), *advise_inspection(found), sep="\n\n")
