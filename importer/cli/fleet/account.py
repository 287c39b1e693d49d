"""`importer fleet show`, `results`, `journal`, `resume` and `remove`: one account of the fleet."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options, past
from importer.cli.next_step import command_line
from importer.cli.table import build_table
from importer.errors import AlreadyUndoneError, OptionError, Remedy, UsageError
from importer.files import check_place
from importer.fleet.depot import Account, Depot, State
from importer.fleet.inspecting import read_journal, saved_state
from importer.fleet.opening import open_depot
from importer.fleet.overview import MEANINGS
from importer.fleet.overview import as_json as describe
from importer.fleet.saved import JOURNALS
from importer.fleet.settings import load_fleet
from importer.journal.history import list_runs
from importer.journal.run_ids import short_id
from importer.text import clean, list_counts, local_time

Name = Annotated[str, typer.Argument(help="The account's name.", metavar="NAME")]

_RunId = Annotated[
    str, typer.Option("--run", help="A run of `fleet show`; usually the newest.", metavar="RUN")
]


def _open() -> Depot:
    return open_depot(load_fleet().depot.reveal())


@contextmanager
def naming_runs(name: str) -> Iterator[None]:
    """Name the command of the fleet where an error about a run would name that of a single account."""
    try:
        yield
    except AlreadyUndoneError as error:
        redo = command_line("fleet", "undo", name, short_id(error.undone_by))
        raise UsageError(f"{name}: {error.message}. To redo what it did: `{redo}`") from None
    except UsageError as error:
        if error.remedy is not Remedy.LIST_RUNS:
            raise
        runs = command_line("fleet", "show", name)
        raise UsageError(f"{name}: {error.message}. `{runs}` lists its runs") from None


def show(name: Name, *, as_json: options.AsJson = False) -> None:
    """Show an account: its state, its keys, its last turn, its runs."""
    with _open() as depot:
        account = depot.get(name)
        has_runs = depot.copy_of(name) is not None
        if as_json:
            print(json.dumps(describe(account), indent=2))
            return
        print(*_show(account), sep="\n")
        if has_runs:
            with saved_state(depot, name) as folder:
                print("", *_show_runs(folder), sep="\n")


def _show(account: Account) -> Iterator[str]:
    yield f"{account.name}: {str(account.state).replace('_', ' ')}, {_explain(account)}"
    for key, value in account.keys.items():
        yield f"  {clean(key)} = {clean(str(value), 1000)}"
    yield f"  due at {local_time(account.due_at)}"
    if account.held_until is not None:
        yield f"  with {clean(account.holder) or 'a worker'} until {local_time(account.held_until)}"
    if account.deaths:
        yield f"  workers that died with it: {account.deaths}"
    if account.last is not None and account.ended_at is not None:
        counts = list_counts(account.last.counts.items()) or "nothing changed"
        yield f"  last turn {local_time(account.ended_at)}, exit code {account.last.exit_code}: {counts}"
        if account.last.message:
            yield f"  {clean(account.last.message, 1000)}"


def _explain(account: Account) -> str:
    if account.state is not State.SET_ASIDE:
        return MEANINGS[account.state] + (f" ({clean(account.note, 1000)})" if account.note else "")
    resume = command_line("fleet", "resume", account.name)
    return f"for {clean(account.note, 1000)}. `{resume}` makes it due"


def _show_runs(folder: Path) -> Iterator[str]:
    rows = [
        [
            short_id(run.run_id),
            local_time(datetime.fromisoformat(run.started_at)),
            run.source if run.undo_of else Path(run.source).name,
            list_counts(run.counts.items()) or "no rows",
            f"by {short_id(run.undone_by)}" if run.undone_by else "",
        ]
        for run in list_runs(folder / JOURNALS, [])
    ]
    return build_table(["run", "when", "from", "rows", "undone"], rows, names=("from",))


def results(
    name: Name,
    *,
    run: _RunId = "last",
    out: Annotated[
        Path, typer.Option("--out", help="The results file; - is standard output.", metavar="FILE")
    ] = Path("-"),
    overwrite: options.Overwrite = False,
) -> None:
    """Write the results of an account: a line for each row."""
    if str(out) != "-":
        check_place(out, "out")
    with _open() as depot, saved_state(depot, name), naming_runs(name):
        past.report(run, out=out, overwrite=overwrite)


def journal(
    name: Name,
    *,
    out: Annotated[Path, typer.Option("--out", help="The file to write; it must be new.", metavar="FILE")],
) -> None:
    """Write the journal of an account, an SQLite file."""
    check_place(out, "out")
    if out.exists():
        raise OptionError("out", "it exists already, and is left as it is; name a new file", out)
    with _open() as depot:
        content = read_journal(depot, name)
    with out.open("xb") as file:
        file.write(content)


def resume(name: Name) -> None:
    """Make an account due now, also one that was set aside."""
    with _open() as depot:
        depot.resume(name)
    print(f"{name} is due.")


def remove(name: Name, *, yes: options.Yes = False) -> None:
    """Forget an account, its sign-in and its journal; ratings stay."""
    with _open() as depot:
        depot.get(name)
        if not yes:
            problem = f"{name}: with its journal goes what its imports can be undone by; ratings stay"
            raise UsageError(problem, Remedy.ASK_NOTHING)
        depot.remove(name)
    print(f"{name} is forgotten.")
