"""`importer runs`, `show` and `report`: what the journals say about earlier runs."""

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.streams import warn
from importer.cli.table import build_table
from importer.config.folders import state_dir
from importer.destinations.registry import is_file, is_uploaded
from importer.errors import ImporterError, OptionError
from importer.journal import RunKind
from importer.journal.history import (
    LAST,
    OwnCounts,
    PastRun,
    count_sent,
    find_run,
    list_runs,
    read_own_counts,
    read_results,
    read_taken_over,
    read_tallies,
)
from importer.journal.result_pages import ResultFilter, read_page, read_rows
from importer.journal.run_ids import short_id
from importer.model import RESULT_COLUMNS, Status
from importer.report.summary import Summary
from importer.report.summary_text import build_text
from importer.runs.destination import account_of
from importer.runs.outputs import find_outputs
from importer.runs.results_csv import write_results
from importer.text import clean, list_counts, local_time, without_place

_ANSWERS = frozenset({Status.RATED, Status.UNRATED, Status.NOT_FOUND, Status.REJECTED, Status.FAILED})
"""Without one of these no row of a run was answered."""

_HEADER = ["run", "when", "state", "from", "to", "account", "rows", "undone"]


def complete_run(incomplete: str) -> list[str]:
    """List the words for a run that begin so: the short ids, the newest first, and last."""
    with suppress(ImporterError):
        words = [LAST, *(short_id(run.run_id) for run in reversed(list_runs(state_dir() / "journals", [])))]
        return [word for word in words if word.startswith(incomplete)]
    return []


_RunId = Annotated[
    str,
    typer.Argument(
        help="The run's id, short or long, or its beginning, or last: the newest that is no undo.",
        autocompletion=complete_run,
    ),
]


def _parse_status(text: str) -> Status:
    """Take the word of the results file, or the words of the summary. Raises UsageError."""
    word = "_".join(text.lower().split())
    if word not in set(Status):
        raise OptionError("status", f"there is no such status; there are {', '.join(Status)}", text)
    return Status(word)


def runs(
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Only the newest N.", metavar="N")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the runs, the newest last."""
    problems: list[str] = []
    found = list_runs(state_dir() / "journals", problems)
    shown = found[-limit:] if limit else found
    own = read_own_counts(shown)
    if as_json:
        listed = [_as_json(run, own[run.run_id]) for run in shown]
        print(json.dumps({"total": len(found), "runs": listed, "problems": problems}, indent=2))
        return
    for problem in problems:
        warn(clean(problem, 1000))
    if not found and not problems:
        print("There are no runs yet.")
        return
    rows = [_row_of(run, own[run.run_id]) for run in shown]
    print(*build_table(_HEADER, rows, names=("from", "account")), sep="\n")


def show(
    run_id: _RunId = "last",
    *,
    status: Annotated[
        list[Status] | None,
        typer.Option(
            help="Only rows with this status: not_found. Can be repeated.",
            parser=_parse_status,
            metavar="STATUS",
        ),
    ] = None,
    reason: Annotated[
        list[str] | None,
        typer.Option(help="Only rows with this reason: bad_rating. Can be repeated.", metavar="REASON"),
    ] = None,
    search: Annotated[str, typer.Option(help="Only rows with this text in them.", metavar="TEXT")] = "",
    offset: Annotated[int, typer.Option(min=0, help="Leave out the first N.", metavar="N")] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="At most N rows.", metavar="N")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the run and its rows as JSON.")] = False,
) -> None:
    """Print the outcome of each row of a run."""
    run = _find(run_id)
    wanted = ResultFilter(status or (), reason or (), search)
    if as_json:
        page = read_page(run, wanted, offset=offset, limit=limit)
        rows = [dict(zip(RESULT_COLUMNS, cells, strict=True)) for cells in page.rows]
        facts = _as_json(run, read_own_counts([run])[run.run_id])
        counts = {"total": page.total, "matching": page.matching, "offset": page.offset}
        print(json.dumps({"run": facts} | counts | {"rows": rows}, indent=2))
        return
    head = f"{run.source} to {run.destination}, {_show_time(run.started_at)}, {_state(run)}"
    print(f"Run {run.run_id}: {clean(head, 1000)}", file=sys.stderr)
    if run.undone_by:
        print(f"importer: run {run.run_id} was {_describe_undo(run)}", file=sys.stderr)
    places = [RESULT_COLUMNS.index(name) for name in ("line", "status", "title", "rating", "message")]
    digits = len(f"{sum(run.counts.values())}")
    width = max((len(status) for status in run.counts), default=0)
    for cells in read_rows(run, wanted, offset=offset, limit=limit):
        line, is_now, title, rating, message = (cells[place] for place in places)
        rated = "" if rating is None else f", {clean(str(rating), 40)}"
        rest = f": {without_place(message, line)}" if message else ""
        print(
            f"line {line:<{digits}}  {is_now:<{width}}  {clean(str(title or '(no title)'), 80)}{rated}{rest}"
        )


def report(
    run_id: _RunId = "last",
    *,
    out: Annotated[Path | None, typer.Option(help="Also write the results file again.")] = None,
    html: options.Html = None,
    opens: options.Open = False,
    overwrite: options.Overwrite = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Print the summary of a run again."""
    if html is not None or opens:
        _write_page(run_id, html, opens=opens, overwrite=overwrite)
        if out is None and not as_json:
            return
    run = _find(run_id)
    if out is not None:
        outputs = find_outputs()
        if str(out) != "-" and not overwrite:
            outputs.check(out, "out", RESULT_COLUMNS)
        with outputs.writing(out, run_id=run.run_id):
            write_results(out, read_results(run))
    stopped = None if run.ended_at else "the run has not ended"
    summary = Summary(
        *(run.run_id, run.source, run.destination, read_tallies(run)),
        sent=count_sent(run),
        seconds=0.0,  # the pauses between its sessions are not known
        results=out,
        notes=[_describe_undo(run)] if run.undone_by else [],
        stopped=stopped,
        is_file=is_file(run.destination),
        is_uploaded=is_uploaded(run.destination),
        is_undo=run.undo_of is not None,
        taken_over=read_taken_over(run),
        follows_plan=run.kind == RunKind.PLAN,
    )
    stream = sys.stderr if str(out) == "-" else sys.stdout
    print(json.dumps(summary.as_json(), indent=2) if as_json else build_text(summary), file=stream)


def _write_page(run_id: str, html: Path | None, *, opens: bool, overwrite: bool) -> None:
    from importer.cli.html_page import find_place, write_page  # noqa: PLC0415 - only a page needs templates
    from importer.report.run_page import build_run_page  # noqa: PLC0415

    path = find_place(html)
    write_page(build_run_page(_find(run_id)), path, overwrite=overwrite, opens=opens)


def _find(run_id: str) -> PastRun:
    return find_run(state_dir() / "journals", run_id)


def _row_of(run: PastRun, own: OwnCounts) -> list[str]:
    told = [list_counts(own.counts.items()), f"{own.taken_over:,} taken over" if own.taken_over else ""]
    counts = ", ".join(filter(None, told)) or "no rows"
    undone = _describe_undo(run, short_id) if run.undone_by else ""
    begun = (short_id(run.run_id), _show_time(run.started_at), _state(run))
    return [*begun, run.source, run.destination, account_of(run), counts, undone]


def _show_time(text: str) -> str:
    try:
        return local_time(datetime.fromisoformat(text))
    except ValueError:  # of a damaged journal
        return text


def _state(run: PastRun) -> str:
    if run.is_undone:
        return "undone"
    if run.ended_at:
        return "ended"
    # Refused, say by the guard or since a plan is stale, or stopped before the first request.
    return "stopped" if run.has_changes or run.counts.keys() & _ANSWERS else "unsent"


def _as_json(run: PastRun, own: OwnCounts) -> dict[str, object]:
    return {
        "run": run.run_id,
        "short_id": short_id(run.run_id),
        "kind": run.kind,
        "state": _state(run),
        "account": run.journal.stem,
        "source": run.source,
        "destination": run.destination,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "rows": sum(run.counts.values()),
        "counts": {str(status): number for status, number in run.counts.items()},
        "taken_over": own.taken_over,
        "has_changes": run.has_changes,
        "leaves_work": run.leaves_work,
        "undo_of": run.undo_of,
        "undone_by": run.undone_by,
        "is_undone_in_part": run.undone_in_part,
    }


def _describe_undo(run: PastRun, name: Callable[[str], str] = str) -> str:
    undone_by = name(run.undone_by or "")
    undos = [f"`importer undo {undo}`" for undo in (undone_by, *map(name, run.undone_with))]
    redo = f"{', then '.join(undos)} {'redo' if undos[1:] else 'redoes'}"
    if run.undone_in_part:
        rest = f"`importer undo {name(run.run_id)}` does the rest, if it can"
        return f"undone in part by {undone_by}; {rest}; {redo} that part"
    return f"undone by {undone_by}; {redo} it"
