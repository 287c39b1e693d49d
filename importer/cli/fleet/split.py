"""`importer fleet split`: a dump of many users becomes a folder with the rows of each."""

import json
from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.groups import Only, spread
from importer.cli.next_step import command_line
from importer.cli.progress_bar import show_progress
from importer.fleet.accounts_file import AccountsFile
from importer.fleet.split_folder import NOBODY
from importer.fleet.splitting import SplitReport, split_dump
from importer.interrupts import translate_interrupts
from importer.progress import Progress
from importer.readers.base import ReadOptions
from importer.text import clean, count


@spread
def split(
    *,
    file: Annotated[Path, typer.Argument(help="The dump: a text with a row on each line, perhaps as .gz.")],
    user: Annotated[
        str, typer.Option("--user", help="The column that says whose a row is.", metavar="COLUMN")
    ],
    into: Annotated[Path, typer.Option("--into", help="The folder to make; it must be new.", metavar="DIR")],
    accounts: Annotated[
        Path | None,
        typer.Option(
            "--accounts",
            help="Only the users whom this accounts.csv names, in its column user or name.",
            metavar="FILE",
        ),
    ] = None,
    reading: Annotated[ReadOptions, Only("encoding")],
    quiet: options.Quiet = False,
    as_json: options.AsJson = False,
) -> None:
    """Split a dump of many users into a file for each.

    Memory does not grow with the dump. The folder appears whole or not at all.
    """
    wanted = None if accounts is None else frozenset(AccountsFile(accounts, has_users=True).users())
    progress = Progress()
    with (
        translate_interrupts("nothing was kept", "begins again"),
        show_progress(progress, quiet=quiet or as_json),
    ):
        report = split_dump(
            file,
            user,
            into,
            encoding=reading.encoding,
            wanted=(lambda _: True) if wanted is None else wanted.__contains__,
            progress=progress,
        )
    if as_json:
        told = {"folder": str(into), "users": report.users, "rows": report.rows}
        told |= {"rows_of_nobody": report.nobody, "rows_left_out": report.left_out}
        print(json.dumps(told | {"beside": [*report.beside], "notes": [*report.notes]}, indent=2))
    elif not quiet:
        _show(report, into)
    raise typer.Exit(int(report.nobody > 0))


def _show(report: SplitReport, into: Path) -> None:
    print(f"{clean(str(into), 4096)}: {count(report.rows, 'row')} of {count(report.users, 'user')}")
    print(f"  {'; '.join(report.notes)}")
    if report.beside:
        print(f"  with what belongs to it: {', '.join(report.beside)}")
    if report.left_out:
        print(f"  {count(report.left_out, 'row')} of other users left out")
    if report.nobody:
        print(f"  {count(report.nobody, 'row')} of nobody, in {clean(str(into / NOBODY), 4096)}")
    print(f"Next: {command_line('fleet', 'add', 'accounts.csv', '--from', str(into))}")
