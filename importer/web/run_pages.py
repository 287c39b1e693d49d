"""The run: how far it is, what it waits for, pause and go on.

The page only looks: the run is a process of its own, which a closed tab or an ended server does not stop.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from importer.web.commands import Said
from importer.web.drafts import Draft, find_draft, list_drafts
from importer.web.group import list_group
from importer.web.plan_pages import write_chosen
from importer.web.render import redirect, render
from importer.web.steps import list_steps

LOG = ("--log-format", "json", "--json")


def begin_run(draft: Draft, *more: str) -> None:
    """Send the plan, or write the file."""
    spec = draft.spec
    if spec is None:
        raise web.HTTPConflict(text="Choose first where the ratings go.")
    results = ("--out", draft.results.name, "--overwrite")
    command = draft.command("run")
    if command.is_running:
        return
    if spec.is_file:
        command.start("run", *draft.read_words, *draft.place_words, *results, *LOG, *more)
    elif not draft.plan.exists():
        raise web.HTTPConflict(text="There is no plan to send. Make one first.")
    else:
        command.start("run", "--plan", write_chosen(draft), *draft.account_words, *results, *LOG, *more)


async def start(request: web.Request) -> web.StreamResponse:
    """Begin to send; if `all` is said, to all destinations of this file for which there is a plan."""
    draft = find_draft(request)
    form = await request.post()
    begin_run(draft)
    for other in list_group(draft) if form.get("all") else ():
        if other.is_ready and not other.is_here:
            begin_run(other.draft)
    return redirect(request, f"/imports/{draft.id}/run")


async def go_on(request: web.Request) -> web.StreamResponse:
    """Type the same command again: it goes on where it stopped. `yes` answers its question."""
    draft = find_draft(request)
    form = await request.post()
    command = draft.command("run")
    words = [str(word) for word in command.facts.get("words", ())]
    yes = ["--yes"] if form.get("yes") else []
    if not words:
        raise web.HTTPConflict(text="Nothing was begun here.")
    if words[0] == "run":
        begin_run(draft, *yes)  # rows may have been taken out of the plan since
    elif not command.is_running:
        command.start(*(word for word in words if word not in yes), *yes)
    return redirect(request, f"/imports/{draft.id}/run")


async def stop(request: web.Request) -> web.StreamResponse:
    """Ask the run to stop; requests in flight are answered first."""
    draft = find_draft(request)
    draft.command("run").stop()
    return redirect(request, f"/imports/{draft.id}/run")


async def show_run(request: web.Request) -> web.StreamResponse:
    """Show how far the run is; when it has ended, its result."""
    draft = find_draft(request)
    said = draft.command("run").read()
    if not said.was_started:
        return redirect(request, f"/imports/{draft.id}/plan")
    if said.has_ended:
        note_end(draft, said)
        if draft.run_id and said.is_complete:
            return redirect(request, f"/runs/{draft.run_id}")
    return render(
        request,
        "run.html",
        draft=draft,
        steps=list_steps(draft, "run"),
        said=said,
        **describe_progress(said),
        verb=_verb(draft),
    )


async def show_result(request: web.Request) -> web.StreamResponse:
    """Go to the result of the newest run of this import."""
    draft = find_draft(request)
    return redirect(request, f"/runs/{draft.run_id}" if draft.run_id else f"/imports/{draft.id}/run")


def _verb(draft: Draft) -> str:
    return {"undo": "Undoing", "retry": "Sending again"}.get(_first_word(draft), "Sending")


def _first_word(draft: Draft) -> str:
    words = draft.command("run").facts.get("words") or ["run"]
    return str(words[0])


def describe_progress(said: Said) -> Mapping[str, Any]:
    """Return what is shown of a run that goes on."""
    progress = said.last("progress")
    total, done = int(progress.get("to_send") or 0), int(progress.get("done") or 0)
    return {
        "progress": progress,
        "total": total,
        "done": min(done, total) if total else done,
        "percent": min(100, 100 * done // total) if total else 0,
        "begun": said.last("run_started"),
    }


def note_end(draft: Draft, said: Said) -> None:
    """Note which run it was; if it is complete, the upload is no longer needed."""
    run_id = said.last("run_ended").get("run_id") or said.last("run_started").get("run_id") or ""
    if run_id != draft.run_id:
        draft.run_id = str(run_id)
        draft.save()
    if said.is_complete:
        draft.remove_upload()
        if draft.is_past and _first_word(draft) == "retry":
            draft.forget_corrections()


def note_ends(folder: Path) -> None:
    """Note the end of runs at which nobody has looked: their uploads are not needed, either."""
    for draft in list_drafts(folder):
        said = draft.command("run").read()
        if said.has_ended:
            note_end(draft, said)
