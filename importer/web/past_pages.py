"""What runs came to: the history, a run's counts and rows, corrections that are sent again, and undo.

```text
/runs/20261130-...                     counts, reasons, rows: from the journal, of any run on this machine
web/run-20261130-.../x.results.csv     its rows with the corrections of the user; `importer retry` sends them
web/run-20261130-.../said/preview.*    what an undo would do, before it is done
```
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from importer.config.folders import state_dir
from importer.destinations.registry import find
from importer.files import make_private_folder
from importer.journal import RunKind
from importer.journal.history import PastRun, list_runs, read_own_counts, read_results, read_tallies
from importer.model import CORRECTABLE, RESULT_COLUMNS, TRANSIENT, MediaKind, Status
from importer.report.remedies import find_remedy
from importer.report.summary_text import MEANINGS
from importer.runs.outputs import find_outputs, name_what_was_read
from importer.runs.results_csv import write_results
from importer.runs.results_reader import find_mistake
from importer.web.drafts import FOLDER, Draft, list_drafts, load_draft
from importer.web.group import Member, list_group
from importer.web.remedies import find_remedy_here, sends_again
from importer.web.render import name_source, redirect, render
from importer.web.rows import Table, Wanted, keep_table, read_table, rewrite
from importer.web.run_pages import LOG

FILTERS = ("status", "reason", "kind")
EDITED = ("title", "year", "kind", "imdb_id", "tmdb_id", "season", "episode", "rating", "rated_at")
"""The cells of a row that can be corrected on the page."""

_MAY_CORRECT = CORRECTABLE | TRANSIENT | {Status.UNSUPPORTED, Status.SKIPPED}
_RUNS_PER_PAGE = 100


async def show_runs(request: web.Request) -> web.StreamResponse:
    """List the runs, the newest first."""
    problems: list[str] = []
    found = await asyncio.to_thread(list_runs, _journals(), problems)
    page = request.query.get("page", "1")
    first = (max(1, int(page) if page.isdecimal() and len(page) < 9 else 1) - 1) * _RUNS_PER_PAGE
    shown = found[::-1][first : first + _RUNS_PER_PAGE]
    return render(
        request,
        "runs.html",
        runs=shown,
        own=await asyncio.to_thread(read_own_counts, shown),
        problems=problems,
        next_page=first // _RUNS_PER_PAGE + 2 if len(found) > first + _RUNS_PER_PAGE else None,
    )


def _journals() -> Path:
    return state_dir() / "journals"


async def find_past(request: web.Request) -> PastRun:
    """Return the run of an address. Raises HTTPNotFound."""
    wanted = request.match_info["run"]
    runs = await asyncio.to_thread(list_runs, _journals(), [])
    found = next((run for run in runs if run.run_id == wanted), None)
    if found is None:
        raise web.HTTPNotFound(text="No journal on this machine has this run.")
    return found


def desk_of(folder: Path, run: PastRun, *, makes: bool = False) -> Draft:
    """Return where a run's corrections are; if it is to be made, it is."""
    place = folder / f"run-{run.run_id}"
    if (place / "draft.json").exists():
        return load_draft(folder, place.name)
    name = f"{name_source(name_what_was_read(run.source)).removesuffix('.csv')}.csv"
    desk = Draft(place, name=name, is_upload=False)
    if makes:
        account = next((each.account for each in _drafts_of(folder, run)), "")
        make_private_folder(place)
        desk.account = account
        desk.save()
    return desk


def _list_group(folder: Path, run_id: str) -> Sequence[Member]:
    """List the destinations of the run's file; corrections that were sent again are of the same file."""
    found = [draft for draft in list_drafts(folder) if draft.run_id == run_id]
    if imports := [draft for draft in found if not draft.is_past]:
        return list_group(imports[0])
    older = (draft.id.removeprefix("run-") for draft in found)
    return next((_list_group(folder, each) for each in older if each != run_id), [])


def _drafts_of(folder: Path, run: PastRun) -> Sequence[Draft]:
    return [draft for draft in list_drafts(folder) if draft.run_id == run.run_id]


async def show_result(request: web.Request) -> web.StreamResponse:
    """Show what a run came to."""
    return await _show_result(request, await find_past(request))


async def _show_result(
    request: web.Request, run: PastRun, refused: str = "", typed: Mapping[str, str] | None = None
) -> web.StreamResponse:
    """Show it, perhaps with a correction that was refused: why, and what was typed."""
    spec = find(run.destination)
    desk = desk_of(request.app[FOLDER], run)
    drafts = _drafts_of(request.app[FOLDER], run)
    misses = [each for each in await asyncio.to_thread(read_tallies, run) if not each.status.is_success]
    return render(
        request,
        "result.html",
        400 if refused else 200,
        run=run,
        spec=spec,
        misses=misses,
        missed=sum(each.count for each in misses),
        rows=sum(run.counts.values()),
        own=(await asyncio.to_thread(read_own_counts, [run]))[run.run_id],
        may_undo=run.has_changes and not run.is_undone and spec is not None and not spec.is_file,
        is_undo=run.kind == RunKind.UNDO,
        may_retry=bool(run.counts.keys() & _MAY_CORRECT) and sends_again(run),
        transient=sum(run.counts.get(status, 0) for status in TRANSIENT),
        files=[path.name for draft in drafts for path in written_files(draft)],
        draft_id=drafts[0].id if drafts else "",
        group=_list_group(request.app[FOLDER], run.run_id),
        find_remedy=find_remedy_here if sends_again(run) else find_remedy,
        refused=refused,
        **await _describe_rows(request, run, desk, typed),
    )


async def show_result_rows(request: web.Request) -> web.StreamResponse:
    """Show a page of the rows, as a part of the page."""
    run = await find_past(request)
    desk = desk_of(request.app[FOLDER], run)
    return render(request, "result_rows.html", run=run, **await _describe_rows(request, run, desk))


async def _describe_rows(
    request: web.Request, run: PastRun, desk: Draft, typed: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    table = await asyncio.to_thread(_read_rows, run, desk)
    wanted = Wanted.of(request, FILTERS)
    typed = typed or {}
    edit = typed.get("row", request.query.get("edit", ""))
    return {
        "wanted": wanted,
        "view": table.view(wanted),
        "statuses": {status: run.counts[status] for status in Status if status in run.counts},
        "meanings": MEANINGS,
        "reasons": [reason for reason in table.counts("reason") if reason],
        "kinds": [kind for kind in table.counts("kind") if kind],
        "edit": edit,
        "typed": typed,
        "fields": EDITED,
        "media_kinds": list(MediaKind),
        "may_correct": _MAY_CORRECT if sends_again(run) else frozenset(),
        "corrected": set(desk.left_out),
    }


def _read_rows(run: PastRun, desk: Draft) -> Table:
    if desk.results.exists():
        return read_table(desk.results, RESULT_COLUMNS)
    key = (run.run_id, run.ended_at, tuple(sorted(run.counts.items())))
    return keep_table(key, lambda: Table(RESULT_COLUMNS, read_results(run)))


# Downloads


async def download(request: web.Request) -> web.StreamResponse:
    """Give the results file of the run, as it stands in the journal."""
    run = await find_past(request)
    desk = desk_of(request.app[FOLDER], run, makes=True)
    path = desk.folder / "download.csv"
    await asyncio.to_thread(lambda: write_results(path, read_results(run)))
    return _attach(path, "results.csv")


def written_files(draft: Draft) -> list[Path]:
    """List the files to upload that a run wrote."""
    spec = draft.spec
    if spec is None or spec.file is None:
        return []
    usual = Path(spec.file.usual_name)
    return sorted(draft.folder.glob(f"*{usual.stem}*{usual.suffix}"))


async def download_written(request: web.Request) -> web.StreamResponse:
    """Give a file to upload."""
    draft = load_draft(request.app[FOLDER], request.match_info["draft"])
    path = next((each for each in written_files(draft) if each.name == request.match_info["file"]), None)
    if path is None:
        raise web.HTTPNotFound
    return _attach(path, path.name)


def _attach(path: Path, name: str) -> web.StreamResponse:
    kind = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return web.FileResponse(path, headers=kind)


# Correct and send again


async def correct(request: web.Request) -> web.StreamResponse:
    """Write corrected cells into the copy of the results that is sent again."""
    run = await find_past(request)
    form = await request.post()
    row = str(form.get("row", ""))
    desk = desk_of(request.app[FOLDER], run, makes=True)
    table = await asyncio.to_thread(_read_rows, run, desk)
    cells = table.find(row)
    if cells is None or Status(cells["status"]) not in _MAY_CORRECT or desk.is_busy:
        raise web.HTTPConflict(text="This row cannot be corrected here.")
    # A cell is shown shortened and made safe; what nobody has changed stays as it is in the file.
    given = {name: str(form[name]).strip() for name in EDITED if name in form}
    changes = {name: text for name, text in given.items() if text != cells[name].strip()}
    if mistake := await asyncio.to_thread(find_mistake, {**cells, **changes}):
        return await _show_result(request, run, mistake, {**given, "row": row})
    if changes:
        await _copy_results(run, desk)
        await asyncio.to_thread(rewrite, desk.results, desk.results, RESULT_COLUMNS, {int(row): changes})
        desk.left_out = sorted({*desk.left_out, int(row)})
        desk.save()
    query = {name: value for name, value in request.query.items() if name != "edit"}
    return redirect(request, str(request.rel_url.with_path(f"/runs/{run.run_id}").with_query(query)))


async def _copy_results(run: PastRun, desk: Draft) -> None:
    """Make the copy that holds the corrections, unless there is one."""
    if not desk.results.exists():
        # `retry` compares it with the run that wrote it, to know what was corrected.
        with find_outputs().writing(desk.results, run_id=run.run_id):
            await asyncio.to_thread(lambda: write_results(desk.results, read_results(run)))


async def retry(request: web.Request) -> web.StreamResponse:
    """Send again what failed, and what was corrected."""
    run = await find_past(request)
    spec = find(run.destination)
    desk = desk_of(request.app[FOLDER], run, makes=True)
    if spec is None or spec.is_file:
        raise web.HTTPConflict(text="This run wrote a file; import the corrected file instead.")
    await _copy_results(run, desk)
    every = ["--all"] if desk.left_out else []
    words = ("retry", desk.results.name, *every, "--to", *spec.typed, *desk.account_words)
    if not desk.command("run").is_running:
        desk.command("run").start(*words, "--out", "retried.csv", "--overwrite", *LOG)
    return redirect(request, f"/imports/{desk.id}/run")


# Undo


async def preview_undo(request: web.Request) -> web.StreamResponse:
    """Begin to count what an undo would do; nothing is changed."""
    run = await find_past(request)
    desk = desk_of(request.app[FOLDER], run, makes=True)
    command = desk.command("preview")
    if not command.is_running:
        command.start("undo", run.run_id, "--dry-run", *desk.account_words, *LOG)
    return redirect(request, f"/runs/{run.run_id}/undo")


async def show_undo(request: web.Request) -> web.StreamResponse:
    """Show what an undo would do, and ask."""
    run = await find_past(request)
    desk = desk_of(request.app[FOLDER], run)
    said = desk.command("preview").read()
    if not said.was_started:
        return redirect(request, f"/runs/{run.run_id}")
    return render(request, "undo.html", run=run, said=said, found=said.output, problem=said.problem)


async def undo(request: web.Request) -> web.StreamResponse:
    """Undo the run, as the preview has shown."""
    run = await find_past(request)
    desk = desk_of(request.app[FOLDER], run, makes=True)
    if not desk.command("preview").was_started:
        return redirect(request, f"/runs/{run.run_id}")
    command = desk.command("run")
    if not command.is_running:
        command.start("undo", run.run_id, *desk.account_words, "--out", "undo.csv", "--overwrite", *LOG)
    desk.command("preview").forget()
    return redirect(request, f"/imports/{desk.id}/run")
