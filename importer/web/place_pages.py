"""Where ratings go: the destinations with what each needs, and signing in on the page.

A key that is typed here goes to the command's standard input, and the keys of an app into the settings file,
as the command line keeps them: neither is ever in an address, in a page or in a log.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from aiohttp import web

from importer.config.folders import config_file
from importer.config.keep import add_settings
from importer.config.sources import read_tables
from importer.destinations.registry import choose, list_words
from importer.destinations.spec import DestinationSpec, SignIn
from importer.errors import SettingsError
from importer.runs.settings import load_spec_settings
from importer.secret import Secret
from importer.setting import check_word as check_key
from importer.web.drafts import Draft, find_draft
from importer.web.plan_pages import begin_plan
from importer.web.render import redirect, render
from importer.web.steps import list_steps


class Place(NamedTuple):
    """A destination as a card shows it."""

    spec: DestinationSpec
    needs: str
    accounts: Sequence[str]


_NEEDS = {
    SignIn.NONE: "nothing",
    SignIn.PASSWORD: "a user name and a password in the settings file",
    SignIn.KEY: "your key, which its site shows you",
    SignIn.APPROVAL: "a token of yours, which its site shows you, and your approval there",
    SignIn.DEVICE: "a sign-in with a code, and the keys of an app of yours",
}


def list_places() -> list[Place]:
    """List the destinations: the one to try it first, then accounts, then files."""
    tables, _, _ = read_tables(os.environ)
    accounts = (tables or {}).get("accounts", {})
    names = sorted(accounts) if isinstance(accounts, dict) else []
    found: list[Place] = []
    for spec in map(choose, list_words()):
        needs = _NEEDS[spec.sign_in if spec.local_server is None else SignIn.NONE]
        found.append(Place(spec, needs, names if spec.has_accounts else ()))
    return sorted(found, key=lambda place: (place.spec.local_server is None, place.spec.is_file))


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
        without_ids=found.get("ids", {}).get("none", 0),
    )


async def choose_place(request: web.Request) -> web.StreamResponse:
    """Take the destination; what was planned for another one is forgotten."""
    draft = find_draft(request)
    form = await request.post()
    spec = choose(str(form.get("to", "")))
    chosen = (spec.word, str(form.get("account", "")).strip() if spec.has_accounts else "")
    if chosen != (draft.to, draft.account):
        await draft.hold("run", "match", ends=("plan", "whoami", "login"))
        draft.forget("plan", "run", "whoami", "login")
        draft.to, draft.account = chosen
        draft.save()
    if spec.has_login:
        draft.command("login").forget()
        _ask_who(draft)
        return redirect(request, f"/imports/{draft.id}/account")
    return redirect(request, go_on(draft))


def go_on(draft: Draft) -> str:
    """Return the page after the sign-in: titles where rows lack ids, else the plan."""
    found = draft.command("inspect").read().output or {}
    if found.get("ids", {}).get("none") and not draft.match_file.exists():
        return f"/imports/{draft.id}/titles"
    if not draft.plan.exists():
        begin_plan(draft)
    return f"/imports/{draft.id}/plan"


# Signing in


def _ask_who(draft: Draft) -> None:
    command = draft.command("whoami")
    if not command.is_running:
        command.start("whoami", draft.to, "--json", *draft.account_words)


async def show_account(request: web.Request) -> web.StreamResponse:
    """Show who is signed in, or how to sign in."""
    draft = find_draft(request)
    spec = draft.spec
    if spec is None or not spec.has_login:
        return redirect(request, f"/imports/{draft.id}/where")
    login, who = draft.command("login").read(), draft.command("whoami").read()
    told = list(login.output_lines())
    events = {str(event.get("event")): event for event in told}
    account: Mapping[str, Any] = events.get("signed_in") or ({} if login.was_started else who.output or {})
    code = events.get("code", {}) if login.is_running else {}
    refused = events.get("refused", {}).get("reason") or ("" if account else login.problem)
    return render(
        request,
        "account.html",
        draft=draft,
        steps=list_steps(draft, "where"),
        spec=spec,
        account=account,
        code=code,
        seconds_left=_seconds_until(code.get("expires_at")),
        qr=_draw_qr(str(code.get("whole_url", ""))),
        waiting=events.get("waiting", {}).get("reason", ""),
        refused=refused,
        is_asking=who.is_running or (login.is_running and not code),
        why_not=who.problem if who.has_ended and not login.was_started else "",
        app_keys=_missing_app_keys(spec, draft.account),
    )


def _seconds_until(moment: object) -> int:
    if not isinstance(moment, str):
        return 0
    return max(0, round((datetime.fromisoformat(moment) - datetime.now(UTC)).total_seconds()))


def _draw_qr(address: str) -> str:
    """Draw the address as SVG without any style, which the policy would refuse."""
    if not address:
        return ""
    import segno  # noqa: PLC0415 - only here

    drawn = segno.make_qr(address, error="l")
    return str(drawn.svg_inline(border=2, svgclass="qr", lineclass=None, omitsize=True))


def _missing_app_keys(spec: DestinationSpec, account: str) -> Sequence[tuple[str, str, bool]]:
    """List the keys of the app that nobody has set: field, label, and whether it is a secret."""
    if spec.approval is None:
        return ()
    settings = load_spec_settings(spec, {}, needs=(), account=account).settings
    if spec.key is not None and not _name_missing(spec, account):
        return ()  # another key does as well
    return [
        (field, label, isinstance(getattr(settings, field), Secret))
        for field, label in spec.approval.app_keys.items()
        if not getattr(settings, field)
    ]


def _name_missing(spec: DestinationSpec, account: str) -> Sequence[str]:
    try:
        load_spec_settings(spec, {}, account=account)
    except SettingsError as error:
        return error.problems
    return ()


async def begin_sign_in(request: web.Request) -> web.StreamResponse:
    """Keep the app's keys if they were typed, then begin to sign in with a code or with the key."""
    draft = find_draft(request)
    spec = draft.spec
    if spec is None or not spec.has_login:
        raise web.HTTPNotFound
    form = await request.post()
    typed = {
        field: text
        for field, _, _ in _missing_app_keys(spec, draft.account)
        if (text := str(form.get(field, "")).strip())
    }
    key = str(form.get("key", "")).strip()
    if wrong := [problem for text in (*typed.values(), key) for problem in check_key(text, {})]:
        raise SettingsError([wrong[0].format(place="The key")])
    if typed:
        add_settings(config_file(), f"accounts.{draft.account}" if draft.account else spec.name, typed)
    command = draft.command("login")
    if not command.is_running:
        secret = key if spec.approval is None else None
        command.start("login", draft.to, "--json", *draft.account_words, secret=secret)
    return redirect(request, f"/imports/{draft.id}/account")


async def stop_sign_in(request: web.Request) -> web.StreamResponse:
    """End the wait for a code."""
    draft = find_draft(request)
    draft.command("login").stop()
    return redirect(request, f"/imports/{draft.id}/account")


async def leave_account(request: web.Request) -> web.StreamResponse:
    """Go on with the account that is signed in."""
    return redirect(request, go_on(find_draft(request)))
