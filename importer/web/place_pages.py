"""Where ratings go: the destinations with what each needs."""

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

from aiohttp import web
from multidict import MultiDictProxy

from importer.config.tables import read_tables
from importer.destinations.registry import choose, find_source, list_sources, list_words
from importer.destinations.spec import DestinationSpec
from importer.errors import UsageError
from importer.runs.places import Place as RunPlace
from importer.runs.places import PlaceOptions, share_out
from importer.runs.rules import DestinationOptions
from importer.web.account_pages import begin_sign_in_or_go_on, name_needs, source_of
from importer.web.drafts import FOLDER, find_draft, new_draft
from importer.web.group import find_group, spread_out
from importer.web.render import redirect, render
from importer.web.steps import list_steps


class Place(NamedTuple):
    """A destination as a card shows it."""

    spec: DestinationSpec
    needs: str
    accounts: Sequence[str]

    @property
    def labels(self) -> Sequence[tuple[str, str]]:
        """It, and each account there: as it is typed, and as people call it."""
        title = "The sandbox on this machine" if self.spec.local_server else self.spec.title
        named = [(f"{self.spec.word}:{name}", f"{title}, account {name}") for name in self.accounts]
        return [(self.spec.word, title), *named]


def list_places() -> list[Place]:
    """List the destinations: the one to try it first, then accounts, then files."""
    names = _list_accounts()
    specs = map(choose, list_words())
    found = [Place(spec, name_needs(spec), names if spec.has_accounts else ()) for spec in specs]
    return sorted(found, key=lambda place: (place.spec.local_server is None, place.spec.is_file))


def _list_accounts() -> list[str]:
    """List the accounts of the settings file that have a name."""
    tables, _, _ = read_tables(os.environ)
    accounts = (tables or {}).get("accounts", {})
    return sorted(accounts) if isinstance(accounts, dict) else []


def list_origins() -> list[tuple[str, str]]:
    """List the accounts whose ratings can be taken along: each as it is typed, and as people call it."""
    names = _list_accounts()
    specs = map(find_source, list_sources())
    places = (Place(spec, "", names if spec.has_accounts else ()) for spec in specs)
    return [label for place in places for label in place.labels]


async def take_account(request: web.Request) -> web.StreamResponse:
    """Take an account as the source of a new import."""
    form = await request.post()
    word, _, account = str(form.get("from", "")).partition(":")
    spec = find_source(word)
    draft = new_draft(request.app[FOLDER])
    draft.name, draft.is_upload = f"My ratings at {spec.title}", False
    draft.source, draft.source_account = spec.word, account
    draft.save()
    if (side := source_of(draft)) is not None and spec.has_login:
        side.ask_who()
    return redirect(request, f"/imports/{draft.id}/source")


async def show_places(request: web.Request) -> web.StreamResponse:
    """Show where the ratings can go."""
    draft = find_draft(request)
    found = draft.command("inspect").read().output or {}
    return render(
        request,
        "where.html",
        draft=draft,
        steps=list_steps(draft, "where"),
        places=list_places(),
        labels=[label for place in list_places() for label in place.labels],
        group=[f"{each.to}:{each.account}".strip(":") for each in find_group(draft)],
        without_ids=found.get("ids", {}).get("none", 0),
    )


async def choose_place(request: web.Request) -> web.StreamResponse:
    """Take the destination, or several; what was planned for another one is forgotten."""
    draft = find_draft(request)
    places = _read_places(await request.post())
    chosen = next((place for place in places if _key(place) == (draft.to, draft.account)), places[0])
    if _key(chosen) != (draft.to, draft.account):
        await draft.hold("run", "match", ends=("plan", "whoami", "login"))
        draft.forget("plan", "run", "whoami", "login")
        draft.to, draft.account = _key(chosen)
        draft.save()
    for other in spread_out(draft, [_key(place) for place in places]):
        if not other.plan.exists() and not other.is_busy and not other.command("run").was_started:
            begin_sign_in_or_go_on(other)
    return redirect(request, begin_sign_in_or_go_on(draft))


def _read_places(form: MultiDictProxy[Any]) -> Sequence[RunPlace]:
    """Read which destinations a form chooses. Raises UsageError."""
    labels = [str(label) for label in form.getall("to", [])]
    if not labels:
        raise UsageError("Choose at least one destination.")
    if account := str(form.get("account", "")).strip():
        labels[0] += f":{account}"
    wanted = PlaceOptions(tuple(labels))
    share_out(wanted, DestinationOptions())  # they must go together
    return wanted.places


def _key(place: RunPlace) -> tuple[str, str]:
    return place.spec.word, place.account if place.spec.has_accounts else ""
