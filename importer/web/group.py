"""One file to several destinations: an import for each of them, side by side.

```text
web/3f9a.../draft.json    {"to": "trakt", "group": "c0ffee..."}     a plan, a run and a result of its own
web/77b1.../draft.json    {"to": "simkl", "group": "c0ffee..."}     the same file, read the same way
```

Each is planned, sent, paused and undone by itself, as each run of `importer run --to trakt --to simkl` is.
"""

import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from importer.files import make_private_folder
from importer.web.commands import Said
from importer.web.drafts import Draft, list_drafts, new_draft


class Member(NamedTuple):
    """One of the destinations: how it is called, how far it is, and the page that shows it."""

    draft: Draft
    title: str
    state: str
    page: str
    is_here: bool
    is_ready: bool
    """Whether it can be sent, and nobody has begun to."""


def list_group(draft: Draft) -> list[Member]:
    """List the destinations of the same file; empty if there is only one."""
    found = find_group(draft)
    return [_describe(each, is_here=each.id == draft.id) for each in found] if len(found) > 1 else []


def find_group(draft: Draft) -> list[Draft]:
    """Find the imports of the same file, this one among them, in the order in which they were made."""
    if not draft.group:
        return [draft]
    others = (each for each in list_drafts(draft.folder.parent) if each.id != draft.id)
    found = [draft, *(each for each in others if each.group == draft.group and each.to)]
    return sorted(found, key=lambda each: each.made_at)


def _describe(draft: Draft, *, is_here: bool) -> Member:
    assert draft.spec is not None
    title = draft.spec.title + (f", {draft.account}" if draft.account else "")
    run, plan = draft.command("run").read(), draft.command("plan").read()
    has_counts = draft.copies_account or (draft.spec.is_file and plan.output is not None)
    is_planned = not plan.is_running and (draft.plan.exists() or has_counts)
    state, page = "no plan yet", "account" if draft.spec.has_login else "titles"
    if run.was_started:
        state, page = _name_run(run), "run"
    elif plan.is_running:
        state, page = "being planned", "plan"
    elif is_planned:
        state, page = "planned", "plan"
    elif plan.was_started:
        state, page = "not planned", "plan"
    is_ready = is_planned and not run.was_started
    return Member(draft, title, state, f"/imports/{draft.id}/{page}", is_here, is_ready)


def _name_run(run: Said) -> str:
    if not run.is_running:
        return "ended" if run.is_complete else "stopped"
    progress = run.last("progress")
    total, done = int(progress.get("to_send") or 0), int(progress.get("done") or 0)
    return f"sending, {min(100, 100 * done // total)} %" if total else "beginning"


def spread_out(draft: Draft, places: Sequence[tuple[str, str]]) -> list[Draft]:
    """Make an import for each other place, with its account; return the others.

    Those of places that are not wanted any more are removed, unless something of them was sent.
    """
    own = (draft.to, draft.account)
    known = {(each.to, each.account): each for each in find_group(draft) if each.id != draft.id}
    for place, other in known.items():
        if place == own or place not in places:
            _leave(other)
    group = (draft.group or secrets.token_hex(8)) if len(places) > 1 else ""
    if group != draft.group:
        draft.group = group
        draft.save()
    return [known.get(place) or _copy(draft, *place) for place in places if place != own]


def _leave(draft: Draft) -> None:
    """Take an import out of its group, and away if nothing of it was begun."""
    if not draft.is_busy and not draft.command("run").was_started:
        draft.remove()
    else:
        draft.group = ""
        draft.save()


def _copy(draft: Draft, to: str, account: str) -> Draft:
    folder = new_draft(draft.folder.parent).folder
    now = datetime.now(UTC).isoformat()
    made = replace(draft, folder=folder, to=to, account=account, made_at=now, left_out=[], run_id="")
    if draft.is_upload and draft.file:
        _link(draft, made, draft.file)
    make_private_folder(folder / "said")
    for said in (draft.folder / "said").glob("inspect.*"):
        shutil.copy2(said, folder / "said")
    copy_titles(draft, made)
    made.save()
    return made


def _link(draft: Draft, made: Draft, name: str) -> None:
    try:
        os.link(draft.folder / name, made.folder / name)
    except OSError:  # a file system without links
        shutil.copy2(draft.folder / name, made.folder / name)


def copy_titles(draft: Draft, other: Draft) -> None:
    """Let another import of the group have the titles that were chosen here; `other` is not saved."""
    if draft.match_file.exists():
        shutil.copy2(draft.match_file, other.match_file)
        other.skipped, other.choices = [*draft.skipped], [*draft.choices]
