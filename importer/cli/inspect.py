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
from importer.cli.prompts import find_prompts
from importer.destinations.registry import DEFAULT, choose
from importer.destinations.spec import RequestOptions
from importer.journal import Journal
from importer.model import Outcome, Status
from importer.report.inspection import Inspection, build_inspection
from importer.runs.import_run import ImportRun
from importer.runs.open_destination import build_offline
from importer.runs.results_csv import STANDARD_OUTPUT
from importer.runs.rules import Api, DestinationOptions, RunRules
from importer.runs.sources import ExportFile, Opening


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
    destination = build_offline(choose(to, api), DestinationOptions(request=RequestOptions(love, hate)))
    given = ExportFile(file, reading.build(), resolved)
    with (
        tempfile.TemporaryDirectory(prefix="inspect-") as folder,
        Journal(Path(folder), "inspection") as journal,
        given.open(Opening(destination, journal, find_prompts(), STANDARD_OUTPUT)) as source,
    ):
        reader = source.open_reader()
        with ImportRun(source, destination, journal, RunRules.for_import(recheck=True)).loaded() as loaded:
            loaded.run.close_open(Outcome(Status.NOT_SENT))
            found = Inspection(source.name, reader.format_name, reader.notes, to)
            with closing(loaded.run.results()) as lines:
                found.add_all(lines)
    if as_json:
        print(json.dumps(found.as_json(), indent=2))
    else:
        print(build_inspection(found), *advise_inspection(found), sep="\n\n")
