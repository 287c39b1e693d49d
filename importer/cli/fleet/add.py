"""`importer fleet add`: accounts with their sources and sign-ins go into the depot."""

from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.next_step import command_line
from importer.errors import CommandError
from importer.fleet.accounts_file import AccountsFile
from importer.fleet.adding import add_from_file, add_slices, knows
from importer.fleet.opening import open_depot, open_sealer_of
from importer.fleet.settings import load_fleet
from importer.fleet.split_folder import SplitFolder
from importer.interrupts import translate_interrupts
from importer.text import clean, count


def add(
    accounts: Annotated[
        Path | None,
        typer.Argument(
            help="A line for each account: name, source, to, and its sign-in: username and password, "
            "access_token and refresh_token, or api_key.",
            metavar="ACCOUNTS.CSV",
        ),
    ] = None,
    *,
    split: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Each account gets the rows of its user in this folder, which `importer fleet split` made.",
            metavar="DIR",
        ),
    ] = None,
    quiet: options.Quiet = False,
) -> None:
    """Add accounts, or replace what is known of them.

    Sign-ins are sealed as they are read, and never shown again. All lines are checked before one is added.
    """
    if accounts is None and split is None:
        raise CommandError("name the accounts, or with --from the folder of a split")
    settings = load_fleet()
    defaults = settings.defaults or {}
    folder = None if split is None else SplitFolder(split)
    with (
        translate_interrupts("the accounts added so far stay", "adds them again and the others"),
        open_depot(settings.depot.reveal()) as depot,
    ):
        if accounts is None:
            assert folder is not None
            added = add_slices(depot, folder, defaults)
        else:
            file = AccountsFile(accounts, defaults, folder is not None, lambda name: knows(depot, name))
            added = add_from_file(depot, open_sealer_of(depot, file.list_renewed()), file, folder)
    if quiet:
        return
    print(f"{count(added.accounts, 'account')} added.")
    if added.users_left_out:
        print(f"{count(added.users_left_out, 'user')} of {clean(str(split), 4096)} without an account.")
    if accounts is not None and AccountsFile(accounts, has_users=folder is not None).has_secrets():
        print(f"{clean(str(accounts), 4096)} still has their sign-ins in clear; it is not needed any more.")
    print(f"Next: {command_line('fleet', 'run')}")
