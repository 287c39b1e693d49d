"""The steps of an import, as the head of each page shows them."""

from typing import NamedTuple

from importer.web.drafts import Draft
from importer.web.group import Member, list_group


class Step(NamedTuple):
    """A step: whether it can be opened, and whether it is the one that is shown."""

    word: str
    title: str
    is_open: bool
    is_here: bool


_TITLES = {
    "file": "File",
    "where": "Where to",
    "titles": "Titles",
    "plan": "Plan",
    "run": "Run",
    "result": "Result",
}


class Steps(NamedTuple):
    """The steps of an import, and the other destinations of its file."""

    shown: list[Step]
    group: list[Member]


def list_steps(draft: Draft, here: str) -> Steps:
    """List the steps of an import."""
    has_place = bool(draft.to)
    open_ones = {
        "file": True,
        "where": bool(draft.source) or draft.command("inspect").read().output is not None,
        "titles": has_place and not draft.source and (draft.has_file or draft.match_file.exists()),
        "plan": has_place and (draft.plan.exists() or draft.has_file),
        "run": draft.command("run").was_started,
        "result": bool(draft.run_id),
    }
    shown = [Step(word, title, open_ones[word], word == here) for word, title in _TITLES.items()]
    return Steps(shown, list_group(draft))
