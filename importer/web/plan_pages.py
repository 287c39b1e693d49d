"""The plan: every row with what would become of it. Rows are taken out, or put back, before they are sent."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from multidict import MultiDictProxy

from importer.model import NEEDS_ID
from importer.plans.model import PLAN_COLUMNS, Action
from importer.plans.report import MEANINGS
from importer.runs.conflicts import OnConflict
from importer.web.drafts import Draft, find_draft
from importer.web.render import redirect, render
from importer.web.rows import Table, Wanted, read_table, rewrite
from importer.web.steps import list_steps

FILTERS = ("action", "reason", "kind")
NOT_SENT = str(Action.SKIPPED)
"""The action of a row that the user takes out: its results say that the plan wanted it so."""


def begin_plan(draft: Draft) -> None:
    """Begin to compare the file with the account; for a file to upload its rows are counted."""
    spec = draft.spec
    assert spec is not None
    if not draft.has_file:
        raise web.HTTPGone(text="The file was removed after its run. Drop it again to plan anew.")
    draft.forget("plan")
    draft.save()
    log = ("--log-format", "json", "--quiet")
    if draft.copies_account:
        return
    if spec.is_file:
        draft.command("plan").start("inspect", *draft.read_words, *draft.place_words, "--json")
        return
    policy = ["--on-conflict", draft.on_conflict] if draft.on_conflict else []
    out = ("--out", draft.plan.name, "--overwrite")
    draft.command("plan").start("plan", *draft.read_words, *draft.place_words, *policy, *out, *log)


async def make_plan(request: web.Request) -> web.StreamResponse:
    """Make the plan anew, perhaps with another rule for other ratings."""
    draft = find_draft(request)
    form = await request.post()
    await draft.hold("run", ends=("plan",))
    policy = str(form.get("on_conflict", draft.on_conflict))
    draft.on_conflict = policy if policy in set(OnConflict) - {OnConflict.ASK} else ""
    begin_plan(draft)
    return redirect(request, f"/imports/{draft.id}/plan")


async def show_plan(request: web.Request) -> web.StreamResponse:
    """Show the plan, or how far it is."""
    draft = find_draft(request)
    if draft.spec is None:
        return redirect(request, f"/imports/{draft.id}/where")
    said = draft.command("plan").read()
    values: dict[str, Any] = {
        "draft": draft,
        "steps": list_steps(draft, "plan"),
        "spec": draft.spec,
        "said": said,
        "progress": said.last("progress"),
        "problem": said.problem,
        "policies": [each for each in OnConflict if each is not OnConflict.ASK],
        "found": said.output if draft.spec.is_file else None,
        "head": said.last("planned"),
        "has_plan": False,
    }
    if not said.is_running and draft.plan.exists():
        values |= await _describe_rows(request, draft)
    return render(request, "plan.html", **values)


async def show_rows(request: web.Request) -> web.StreamResponse:
    """Show a page of the plan's rows, as a part of the page."""
    return await _show_rows(request, find_draft(request))


async def _show_rows(request: web.Request, draft: Draft, row: int | None = None) -> web.StreamResponse:
    values = await _describe_rows(request, draft, row)
    return render(request, "plan_rows.html", draft=draft, **values)


async def _describe_rows(request: web.Request, draft: Draft, row: int | None = None) -> Mapping[str, Any]:
    """Describe the page that is asked for, or that which has this row."""
    table = await asyncio.to_thread(read_table, draft.plan, PLAN_COLUMNS)
    wanted = Wanted.of(request, FILTERS)
    if row is not None:
        wanted = table.turn_to(row, wanted)
    actions, sent = table.counts("action"), _find_sent(table)
    return {
        "has_plan": True,
        "wanted": wanted,
        "view": table.view(wanted),
        "actions": {action: actions[action] for action in Action if action in actions},
        "meanings": MEANINGS,
        "reasons": [reason for reason in table.counts("reason") if reason],
        "kinds": [kind for kind in table.counts("kind") if kind],
        "left_out": set(draft.left_out),
        "to_send": len(sent.difference(draft.left_out)),
        "takeable": len(sent.intersection(table.numbers(wanted))) if wanted.is_part else 0,
        "without_ids": 0 if draft.source else table.count_where(reason=NEEDS_ID),
        "sent_actions": {str(action) for action in Action if action.is_sent},
    }


def _find_sent(table: Table) -> frozenset[int]:
    """Find the rows that would be sent."""
    by_action = (Wanted(filters={"action": action}) for action in Action if action.is_sent)
    found: frozenset[int] = table.keep(
        ("sent",), lambda: frozenset(number for wanted in by_action for number in table.numbers(wanted))
    )
    return found


async def take_out(request: web.Request) -> web.StreamResponse:
    """Take rows out of the plan, or put them back: one, or all that a filter shows."""
    draft = find_draft(request)
    form = await request.post()
    table = await asyncio.to_thread(read_table, draft.plan, PLAN_COLUMNS)
    await draft.hold("run", "plan")
    row = _read_row(form)
    numbers = set(table.numbers(Wanted.of(request, FILTERS))) if row is None else {row}
    numbers &= _find_sent(table)  # the others say why they do not go, and go on saying it
    out = set(draft.left_out)
    draft.left_out = sorted(out - numbers if form.get("back") else out | numbers)
    draft.save()
    if "HX-Request" in request.headers:
        return await _show_rows(request, draft, row)
    query = request.query_string
    return redirect(request, f"/imports/{draft.id}/plan{'?' if query else ''}{query}")


def _read_row(form: MultiDictProxy[Any]) -> int | None:
    """Read the row that is taken out; none, if all are that a filter shows."""
    if "row" not in form:
        return None
    row = str(form.getall("row")[-1])  # that of the button; the field before it is empty
    if not (row.isdecimal() and len(row) < 12):
        raise web.HTTPConflict(text="There is no such row.")
    return int(row)


def write_chosen(draft: Draft) -> str:
    """Write the plan that is sent, and return its name."""
    if not draft.left_out:
        return draft.plan.name
    changes = {row: {"action": NOT_SENT} for row in draft.left_out}
    rewrite(draft.plan, draft.chosen_plan, PLAN_COLUMNS, changes)
    return draft.chosen_plan.name
