"""Signing in on the page: to the account that ratings go to, or to the one that they come from.

```text
/imports/3f9a.../account     the destination:  said/login.*         said/whoami.*
/imports/3f9a.../source      the source:       said/source-login.*  said/source-whoami.*
```

A key that is typed here goes to the command's standard input, and the keys of an app into the settings file,
as the command line keeps them: neither is ever in an address, in a page or in a log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from importer.config.folders import config_file
from importer.config.keep import add_settings
from importer.destinations.spec import DestinationSpec, SignIn
from importer.errors import SettingsError
from importer.runs.settings import load_spec_settings
from importer.secret import Secret
from importer.setting import check_word as check_key
from importer.web.commands import Command
from importer.web.drafts import Draft, find_draft
from importer.web.plan_pages import begin_plan
from importer.web.render import redirect, render
from importer.web.steps import list_steps

SIDES = "{side:account|source}"
"""The part of an address that says which account."""

_NEEDS = {
    SignIn.NONE: "nothing",
    SignIn.PASSWORD: "a user name and a password in the settings file",
    SignIn.KEY: "your key, which its site shows you",
    SignIn.APPROVAL: "a token of yours, which its site shows you, and your approval there",
    SignIn.DEVICE: "a sign-in with a code, and the keys of an app of yours",
}


def name_needs(spec: DestinationSpec) -> str:
    """Name what somebody must have to use this account."""
    return _NEEDS[spec.sign_in if spec.local_server is None else SignIn.NONE]


@dataclass(frozen=True, slots=True)
class Side:
    """The account that the ratings go to, or that they come from."""

    draft: Draft
    spec: DestinationSpec
    account: str
    is_source: bool

    @property
    def place(self) -> str:
        """The address of its page."""
        return f"/imports/{self.draft.id}/{'source' if self.is_source else 'account'}"

    @property
    def login(self) -> Command:
        """The command that signs in."""
        return self.draft.command("source-login" if self.is_source else "login")

    @property
    def who(self) -> Command:
        """The command that asks who is signed in."""
        return self.draft.command("source-whoami" if self.is_source else "whoami")

    @property
    def words(self) -> Sequence[str]:
        """What both commands are told."""
        return [self.spec.word, "--json", *([f"--account={self.account}"] if self.account else [])]

    def ask_who(self) -> None:
        """Begin to ask who is signed in; an earlier sign-in is forgotten."""
        self.login.forget()
        if not self.who.is_running:
            self.who.start("whoami", *self.words)


def source_of(draft: Draft) -> Side | None:
    """Return the account that the ratings come from; None if they come from a file."""
    spec = draft.source_spec
    return Side(draft, spec, draft.source_account, is_source=True) if spec is not None else None


def target_of(draft: Draft) -> Side | None:
    """Return the account that the ratings go to; None if nobody has said, or it is a file."""
    return Side(draft, draft.spec, draft.account, is_source=False) if draft.spec is not None else None


def begin_sign_in_or_go_on(draft: Draft) -> str:
    """Return the page after the choice of a destination: its sign-in, if it has one, or what comes then."""
    side = target_of(draft)
    if side is None or not side.spec.has_login:
        return go_on(draft)
    side.ask_who()
    return side.place


def go_on(draft: Draft) -> str:
    """Return the page after the sign-in: titles where rows lack ids, else the plan."""
    found = draft.command("inspect").read().output or {}
    if found.get("ids", {}).get("none") and not draft.match_file.exists():
        return f"/imports/{draft.id}/titles"
    if not draft.plan.exists():
        begin_plan(draft)
    return f"/imports/{draft.id}/plan"


def _find_side(request: web.Request) -> Side | None:
    draft = find_draft(request)
    return source_of(draft) if request.match_info["side"] == "source" else target_of(draft)


def _find_login(request: web.Request) -> Side:
    """Find an account that one can sign in to. Raises HTTPNotFound."""
    side = _find_side(request)
    if side is None or not side.spec.has_login:
        raise web.HTTPNotFound
    return side


async def show_account(request: web.Request) -> web.StreamResponse:
    """Show who is signed in, or how to sign in."""
    side = _find_side(request)
    if side is None or not (side.spec.has_login or side.is_source):
        return redirect(request, f"/imports/{find_draft(request).id}/where")
    login, who = side.login.read(), side.who.read()
    told = list(login.output_lines())
    events = {str(event.get("event")): event for event in told}
    account: Mapping[str, Any] = events.get("signed_in") or ({} if login.was_started else who.output or {})
    code = events.get("code", {}) if login.is_running else {}
    refused = events.get("refused", {}).get("reason") or ("" if account else login.problem)
    return render(
        request,
        "account.html",
        draft=side.draft,
        side=side,
        steps=list_steps(side.draft, "file" if side.is_source else "where"),
        spec=side.spec,
        needs=name_needs(side.spec),
        account=account,
        code=code,
        seconds_left=_seconds_until(code.get("expires_at")),
        qr=_draw_qr(str(code.get("whole_url", ""))),
        waiting=events.get("waiting", {}).get("reason", ""),
        refused=refused,
        is_asking=who.is_running or (login.is_running and not code),
        why_not=who.problem if who.has_ended and not login.was_started else "",
        app_keys=_missing_app_keys(side),
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


def _missing_app_keys(side: Side) -> Sequence[tuple[str, str, bool]]:
    """List the keys of the app that nobody has set: field, label, and whether it is a secret."""
    spec = side.spec
    if spec.approval is None:
        return ()
    settings = load_spec_settings(spec, {}, needs=(), account=side.account).settings
    if spec.key is not None and not _name_missing(side):
        return ()  # another key does as well
    return [
        (field, label, isinstance(getattr(settings, field), Secret))
        for field, label in spec.approval.app_keys.items()
        if not getattr(settings, field)
    ]


def _name_missing(side: Side) -> Sequence[str]:
    try:
        load_spec_settings(side.spec, {}, account=side.account)
    except SettingsError as error:
        return error.problems
    return ()


async def begin_sign_in(request: web.Request) -> web.StreamResponse:
    """Keep the app's keys if they were typed, then begin to sign in with a code or with the key."""
    side = _find_login(request)
    form = await request.post()
    typed = {
        field: text for field, _, _ in _missing_app_keys(side) if (text := str(form.get(field, "")).strip())
    }
    key = str(form.get("key", "")).strip()
    if wrong := [problem for text in (*typed.values(), key) for problem in check_key(text, {})]:
        raise SettingsError([wrong[0].format(place="The key")])
    if typed:
        section = f"accounts.{side.account}" if side.account else side.spec.name
        add_settings(config_file(), section, typed)
    if not side.login.is_running:
        side.login.start("login", *side.words, secret=key if side.spec.approval is None else None)
    return redirect(request, side.place)


async def stop_sign_in(request: web.Request) -> web.StreamResponse:
    """End the wait for a code."""
    side = _find_login(request)
    side.login.stop()
    return redirect(request, side.place)


async def leave_account(request: web.Request) -> web.StreamResponse:
    """Go on with the account that is signed in."""
    draft = find_draft(request)
    is_source = request.match_info["side"] == "source"
    return redirect(request, f"/imports/{draft.id}/where" if is_source else go_on(draft))
