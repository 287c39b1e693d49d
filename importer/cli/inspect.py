"""`importer inspect FILE`: shows what a file has and which rows would be sent. Sends nothing."""

import json
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.advice import advise_inspection
from importer.cli.groups import Only, spread
from importer.cli.prompts import find_prompts
from importer.destinations.spec import RequestOptions
from importer.readers.base import ReadOptions
from importer.report.inspect_file import inspect_file
from importer.report.inspection import build_inspection
from importer.runs.rules import DestinationOptions, PlaceOptions
from importer.runs.sources import ExportFile


@spread
def inspect(
    *,
    file: Annotated[str, typer.Argument(help="The export to look at; - reads standard input.")],
    place: PlaceOptions,
    reading: ReadOptions,
    name: options.Name = "",
    matched: options.MatchFile,
    request: Annotated[RequestOptions, Only("love", "hate")],
    as_json: options.AsJson = False,
) -> None:
    """Show what FILE has and which rows would be sent.

    Also says why the other rows would not. Asks no server, sends nothing.
    """
    export = ExportFile(file, reading, matched.resolved, name)
    at = DestinationOptions(request=request)
    found = inspect_file(export, place.spec, at, find_prompts())
    if as_json:
        print(json.dumps(found.as_json(), indent=2))
    else:
        print(build_inspection(found), *advise_inspection(found), sep="\n\n")
