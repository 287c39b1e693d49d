"""`importer prune`: removes old runs from the journals."""

import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated

import typer

from importer.cli import options
from importer.config.folders import state_dir
from importer.errors import CommandError, JournalLockedError, StopRunError
from importer.journal.prune import Pruned, PrunedJournal
from importer.text import count, parse_duration


def prune(
    keep: Annotated[
        int,
        typer.Option(min=5, help="Keep the newest N runs of each account, 5 at least.", metavar="N"),
    ] = 50,
    older_than: Annotated[
        str | None,
        typer.Option(help="Of the others, remove only runs that ended this long ago: 180d.", metavar="SPAN"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be removed.")] = False,
    yes: options.Yes = False,
) -> None:
    """Remove old runs from the journals.

    The ratings that earlier runs sent stay known.
    """
    ended_before = None if older_than is None else datetime.now(UTC) - _parse_span(older_than)
    dry_run_all = partial(_prune_all, keep, ended_before, is_dry_run=True)
    if not dry_run and not yes:
        found = dry_run_all()
        _print_counts(found, "would remove")
        if not _count_runs(found):
            return
        if not _can_ask():
            raise CommandError("there is no terminal to ask on whether to remove these runs; add --yes")
        if not typer.confirm("Remove them?", err=True):
            raise StopRunError("nothing was removed")
    pruned = dry_run_all() if dry_run else _prune_all(keep, ended_before, is_dry_run=False)
    _print_counts(pruned, "would remove" if dry_run else "removed")
    if None in pruned.values():
        raise StopRunError("a journal in use was left as it is; type the same command when its run has ended")


def _prune_all(keep: int, ended_before: datetime | None, *, is_dry_run: bool) -> dict[str, Pruned | None]:
    """Prune each account's journal; None stands for one that is in use by a run."""
    pruned: dict[str, Pruned | None] = {}
    folder = state_dir() / "journals"
    for path in sorted(folder.glob("*.sqlite3")):
        try:
            with PrunedJournal(folder, path.stem) as journal:
                pruned[path.stem] = journal.prune(keep=keep, ended_before=ended_before, is_dry_run=is_dry_run)
        except JournalLockedError:
            pruned[path.stem] = None
    return pruned


def _parse_span(text: str) -> timedelta:
    try:
        return timedelta(seconds=parse_duration(text))
    except ValueError as error:
        raise CommandError(f"--older-than: {error}") from error


def _can_ask() -> bool:
    return sys.stdin.isatty()


def _count_runs(pruned: dict[str, Pruned | None]) -> int:
    return sum(len(found.run_ids) for found in pruned.values() if found)


def _print_counts(pruned: dict[str, Pruned | None], verb: str) -> None:
    if not _count_runs(pruned):
        print("There is nothing to remove.")
    for account, found in pruned.items():
        if found is None:
            print(f"{account}: in use by a run", file=sys.stderr)
        elif found.run_ids:
            span = " to ".join(dict.fromkeys((found.run_ids[0], found.run_ids[-1])))
            freed = f"; {found.freed_bytes / 1e6:,.1f} MB freed" if found.freed_bytes else ""
            runs, rows = count(len(found.run_ids), "run"), count(found.rows, "row")
            print(f"{account}: {verb} {runs} with {rows}, {span}{freed}")
