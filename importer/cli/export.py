"""`importer export NAME FILE`: an account's ratings in a file, which is also a backup of them."""

from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.groups import Only, spread
from importer.cli.shell import Shell
from importer.destinations.registry import choose, find_source, is_file, list_sources, list_words
from importer.destinations.spec import RequestOptions
from importer.destinations.upload_files.plain_csv import CSV_FILE
from importer.errors import OptionError, Remedy, UsageError
from importer.readers.base import ReadOptions
from importer.runs.account_export import AccountExport
from importer.runs.launch import RunRequest
from importer.runs.outputs import with_parts
from importer.runs.results_csv import STANDARD_OUTPUT
from importer.runs.rules import DestinationOptions, FileOptions, RunRules

_FORMS = [word for word in list_words() if is_file(word)]


@spread
def export(
    *,
    name: Annotated[str, typer.Argument(help=f"Where the account is: {', '.join(list_sources())}.")],
    file: Annotated[Path, typer.Argument(help="The file to write, such as ratings.csv.")],
    form: Annotated[
        str, typer.Option("--as", help="The form of the file.", metavar=f"[{'|'.join(_FORMS)}]")
    ] = CSV_FILE.name,
    account: Annotated[
        str, typer.Option("--account", help="Use [accounts.NAME] of the settings file.", metavar="NAME")
    ] = "",
    reading: Annotated[ReadOptions, Only("zone", zone="Time zone of the days in the file; usually UTC.")],
    request: Annotated[RequestOptions, Only("love", "hate")],
    files: Annotated[FileOptions, Only("out", out="A results file, with a line for each rating.")],
    overwrite: options.Overwrite = False,
    shown: options.ShownOptions,
) -> None:
    """Write all ratings of an account into FILE, or none of them.

    What --as csv-file writes, `importer run FILE` brings back.
    """
    if form not in _FORMS:
        raise OptionError("as", f"there are {', '.join(_FORMS)}", form)
    _check_file(file, overwrites=overwrite)
    at = DestinationOptions(write_to=file, request=request.in_zone(reading.zone))
    what = AccountExport(find_source(name), account)
    wanted = RunRequest(what, choose(form), at, RunRules.for_import(), overwrites=overwrite)
    raise typer.Exit(Shell(files.out, shown, "export").run(wanted))


def _check_file(file: Path, *, overwrites: bool) -> None:
    """See that the file can be written, and is no earlier backup. Raises UsageError."""
    if file == STANDARD_OUTPUT:
        raise UsageError(
            "-: an account is written whole or not at all, so not to standard output. Name a file and read "
            "that: importer export trakt ratings.csv && cat ratings.csv"
        )
    if file.suffix.lower() != ".csv":
        raise UsageError(f"{file}: choose a name that ends in .csv")
    if not file.parent.is_dir():
        raise UsageError(f"{file}: there is no folder {file.parent}")
    found = [path for path in with_parts(file) if path.exists()]
    if found and not overwrites:
        raise UsageError(f"{found[0]} exists, and may be the only copy of what it holds.", Remedy.REPLACE)
