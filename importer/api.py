"""The importer for other Python programs; docs/python.md shows it at work.

    export = open_export("ratings.csv")
    report = await run(export, to="trakt")
    failed = [each for each in read_outcomes(report.results) if not each.status.is_success]

What waits is a coroutine, and works in a thread of its own: cancelled, it ends the run in good order first.
Settings, sign-ins and journals are those of the command line. Every error is an `ImporterError`.
"""

import csv
from collections.abc import Iterator
from os import PathLike, fspath
from pathlib import Path
from typing import NamedTuple

from importer.config.folders import state_dir
from importer.destinations.registry import DEFAULT, choose, find, find_source
from importer.errors import UsageError
from importer.files import restore
from importer.interrupts import StopRequest
from importer.journal.history import find_undoable
from importer.model import Status
from importer.plans.make import made_plan
from importer.plans.report import Plan
from importer.readers import ReadOptions
from importer.report.inspect_file import inspect_file
from importer.report.inspection import Inspection
from importer.runs.account_export import AccountExport
from importer.runs.again import ChangesOfRun
from importer.runs.launch import RunRequest, open_run
from importer.runs.outputs import find_outputs, name_plan, name_undo
from importer.runs.prompts import Observer, Prompts, Unattended
from importer.runs.rules import DestinationOptions, Match, RunRules, SendOptions
from importer.runs.run_report import RunReport
from importer.runs.sources import ExportFile
from importer.runs.stop import wait_in_thread

__all__ = ["RowResult", "inspect", "open_account", "open_export", "plan", "read_outcomes", "run", "undo"]


class RowResult(NamedTuple):
    """What became of one row of a file."""

    row: int
    line: int
    status: Status
    reason: str
    message: str
    title: str
    rating: str


def open_export(
    file: str | PathLike[str], options: ReadOptions | None = None, *, match: Match | None = None
) -> ExportFile:
    """Name an export to read; it is opened when it is inspected, planned or run.

    With `Match.CERTAIN` rows without ids are looked up then, and get the ids of titles that are certain.
    """
    return ExportFile(fspath(file), options or ReadOptions(), match=match)


def open_account(name: str, *, account: str = "") -> AccountExport:
    """Name an account whose ratings are to be read, such as `trakt`. Raises UsageError."""
    return AccountExport(find_source(name), account)


def inspect(export: ExportFile, *, to: str = DEFAULT) -> Inspection:
    """Return what the file has and which rows would be sent. Asks no server. Raises UsageError."""
    return inspect_file(export, choose(to), DestinationOptions(), Unattended())


async def plan(
    export: ExportFile | AccountExport,
    *,
    to: str = DEFAULT,
    out: Path | None = None,
    overwrite: bool = False,
    at: DestinationOptions | None = None,
    rules: RunRules | None = None,
) -> Plan:
    """Compare the file with the account, and write down what a run would do. Sends nothing.

    The plan of `ratings.csv` is `ratings.plan.csv` unless `out` says otherwise.
    """
    rules = rules or RunRules.for_plan()
    out = out or name_plan(export.name, find_outputs())
    wanted = RunRequest(
        export, choose(to), at or DestinationOptions(), rules, results=out, overwrites=overwrite
    )
    stop = StopRequest()

    def work() -> Plan:
        with open_run(wanted, stop=stop) as opened, made_plan(opened) as (made, _):
            return made

    return await wait_in_thread(work, stop)


async def run(  # noqa: PLR0913 - all by name, each optional
    export: ExportFile | AccountExport,
    *,
    to: str = DEFAULT,
    at: DestinationOptions | None = None,
    rules: RunRules | None = None,
    options: SendOptions | None = None,
    results: Path = Path("results.csv"),
    overwrite: bool = False,
    prompts: Prompts | None = None,
    observer: Observer | None = None,
) -> RunReport:
    """Import the file, and write what became of every row to `results`.

    Nobody is asked unless `prompts` are given. A run that stopped early is no exception: see
    `RunReport.stopped_by`.
    """
    wanted = RunRequest(
        export,
        choose(to),
        at or DestinationOptions(),
        rules or RunRules.for_import(),
        options or SendOptions(),
        results,
        overwrite,
    )
    return await _execute(wanted, prompts, observer)


async def undo(
    run_id: str,
    *,
    at: DestinationOptions | None = None,
    results: Path | None = None,
    overwrite: bool = False,
    force: bool = False,
    prompts: Prompts | None = None,
) -> RunReport:
    """Restore the ratings from before a run. What was changed since then is left alone without `force`.

    The results are written to `undo-RUN.csv` unless `results` says otherwise.
    """
    past = find_undoable(state_dir() / "journals", run_id)
    spec = find(past.destination)
    if spec is None or spec.is_file:
        raise UsageError(f"{past.run_id} went to {past.destination}, where nothing can be undone")
    rules = RunRules.for_undo(past, force=force)
    what = ChangesOfRun(past, force)
    at = at or DestinationOptions()
    wanted = RunRequest(
        what, spec, at, rules, results=results or name_undo(past.run_id), overwrites=overwrite
    )
    return await _execute(wanted, prompts, None)


def read_outcomes(results: Path) -> Iterator[RowResult]:
    """Read a results file, a row of the export each, in their order."""
    with results.open(newline="", encoding="utf-8") as file:
        for cells in csv.DictReader(file):
            found = RowResult._make(restore(cells[name]) for name in RowResult._fields)
            yield found._replace(row=int(found.row), line=int(found.line), status=Status(found.status))


async def _execute(wanted: RunRequest, prompts: Prompts | None, observer: Observer | None) -> RunReport:
    stop = StopRequest()

    def work() -> RunReport:
        with open_run(wanted, prompts, observer, stop) as opened:
            return opened.execute()

    return await wait_in_thread(work, stop)
