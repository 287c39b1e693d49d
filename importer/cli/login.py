"""`importer login`, `logout` and `whoami`: sign-in from the terminal; the code is entered in any browser.

For the destinations whose spec has a device flow; `key_entry.py` is for those with a key. App keys come from
settings or a prompt, never from flags, which every user of a machine can read.

```text
importer login trakt                 login trakt --account ada           whoami, logout
  settings: [trakt] + the prompt       [accounts.ada] + the prompt         the same settings
  device code > poll > TokenStore      a token of its own                  TokenStore > server
```
"""

import asyncio
import json
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.advice import explain
from importer.cli.app_keys import Service, keep_keys, load_or_prompt, load_service
from importer.cli.groups import spread
from importer.cli.key_entry import KeyEntry
from importer.cli.next_step import command_line
from importer.cli.sign_in_events import SignInEvents, SignInJson, SignInLines, as_facts, telling_refusal
from importer.cli.streams import warn
from importer.client.auth import Credentials
from importer.client.sign_in import ask_account, revoke, sign_in
from importer.client.transport import Transport
from importer.config.keep import make_named_file
from importer.config.sources import name_variable
from importer.destinations.registry import check_word, choose, list_sign_ins
from importer.destinations.sign_in import Account
from importer.errors import AuthorizationError, OptionError, Remedy, SettingsError, StopRunError
from importer.interrupts import translate_interrupts
from importer.runs.rules import DestinationOptions


def _parse_to(text: str) -> str:
    return check_word(text, list_sign_ins())


_FIRST = list_sign_ins()[0]
_To = Annotated[
    str,
    typer.Argument(help="Where to.", parser=_parse_to, metavar="|".join(list_sign_ins())),
]
_AuthUrl = Annotated[str | None, typer.Option(help="Which host signs users in.", metavar="URL")]


@spread
def login(
    *,
    to: _To = _FIRST,
    at: options.AccountOptions,
    auth_url: _AuthUrl = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON object for each event, one a line.")
    ] = False,
) -> None:
    """Sign in with a code on a web page, or with a key.

    Every later run uses, and renews, what is stored.
    """
    with telling_refusal(as_json=as_json):
        _login(to, at, auth_url, as_json=as_json)


def _login(to: str, at: DestinationOptions, auth_url: str | None, *, as_json: bool) -> None:
    flags = at.flags | {"auth_url": auth_url}
    events: SignInEvents = SignInJson() if as_json else SignInLines()
    if (made := make_named_file()) is not None:
        warn(f"made the settings file {made}, which IMPORTER_CONFIG_FILE names")
    spec = choose(to)
    if spec.approval is None:
        entry = _find_key_entry(to, at, auth_url)
        assert entry is not None
        with _naming(to, at.account):
            entry.login(events)
        if not as_json:
            _print_next(to, at, entry.section, flags)
        return
    service, asked = load_or_prompt(to, flags, at.account, asks=sys.stdin.isatty() and not as_json)
    if spec.key is not None:
        with _naming(to, at.account):
            KeyEntry(spec, spec.key, at, service.loaded).login(events)
    else:
        if service.settings.access_token:
            warn("your settings have a token pair (access_token), which runs use first; remove it")
        with _naming(to, at.account), translate_interrupts("no run was begun", "signs in from the start"):
            asyncio.run(_sign_in(service.without_tokens(), events))
    if asked:
        keep_keys(service, asked)
    if not as_json:
        _print_next(to, at, service.section, flags)


def _print_next(to: str, at: DestinationOptions, section: str, flags: Mapping[str, object]) -> None:
    if named := [f"{name_variable(section, name)}={value}" for name, value in flags.items() if value]:
        print(f"Every run must go to the same place; set: {' '.join(named)}")
    account = ("--account", at.account) if at.account else ()
    print(f"Next: {command_line('run', 'FILE', '--to', to, *account)}")


@spread
def logout(*, to: _To = _FIRST, at: options.AccountOptions, auth_url: _AuthUrl = None) -> None:
    """Revoke the sign-in and delete its tokens.

    The tokens are deleted here even if the server cannot be reached.
    """
    with _naming(to, at.account):
        if (entry := _find_key_entry(to, at, auth_url, needs=())) is not None:
            entry.logout()
            return
        asyncio.run(
            _sign_out(load_service(to, at.flags | {"auth_url": auth_url}, at.account, needs=["client_id"]))
        )


@spread
def whoami(
    *,
    to: _To = _FIRST,
    at: options.AccountOptions,
    auth_url: _AuthUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """Show who is signed in, and until when.

    Also shows where the tokens are kept. Exit code 3 if nobody is signed in.
    """
    with _naming(to, at.account):
        if (entry := _find_key_entry(to, at, auth_url)) is not None:
            entry.whoami(as_json=as_json)
            return
        service = load_service(to, at.flags | {"auth_url": auth_url}, at.account)
        asyncio.run(_print_account(service, as_json=as_json))


def _find_key_entry(
    to: str, at: DestinationOptions, auth_url: str | None, needs: Collection[str] | None = None
) -> KeyEntry | None:
    """Open the key of a service that has no device flow. Raises OptionError and SettingsError."""
    spec = choose(to)
    if spec.key is None:
        return None
    if auth_url:
        raise OptionError("auth_url", f"{to} has a key, and no host that signs users in", auth_url)
    return KeyEntry.open(spec, spec.key, at, needs)


@contextmanager
def _naming(to: str, account: str) -> Iterator[None]:
    """Say in errors about a sign-in how to sign in: to which service, and as whom."""
    try:
        yield
    except SettingsError as error:  # who asks about a sign-in does not look for another way to send
        command = f"`importer login {to}{f' --account {account}' if account else ''}` asks for it."
        problems = [problem.replace(Remedy.UPLOAD_FILE, command) for problem in error.problems]
        raise SettingsError(problems, error.remedy) from None
    except AuthorizationError as error:
        error.name_sign_in(to, account)
        raise


async def _sign_in(service: Service, events: SignInEvents) -> None:
    store, flow = service.open_store(), service.build_flow()
    async with store.locked():
        pass  # fail before anything is asked if tokens cannot be stored
    async with Transport(1) as transport:
        try:
            tokens = await sign_in(transport, flow, events.code, events.waiting)
        finally:
            events.ended()
        async with store.locked():
            await store.save(tokens)
        events.kept("Signed in. The tokens are", store.where)
        credentials = Credentials(transport, flow, store)
        try:
            account = await ask_account(transport, credentials, service.build_account_api())
        except StopRunError as error:  # the sign-in is complete; the warning says what may stop a run
            warn(explain(error))
            events.signed_in(None, "")
        else:
            events.signed_in(account, _describe(account))


async def _sign_out(service: Service) -> None:
    store, host = service.open_store(), service.settings.auth_url
    async with store.locked(), Transport(1) as transport:
        tokens = await store.load()
        where = store.where
        if tokens is None:
            print(f"Nobody is signed in at {host}{store.trouble}; there is nothing to forget.")
            return
        is_revoked = await revoke(transport, service.build_flow(), tokens.access_token)
        await store.forget()
    if is_revoked:
        print(f"Signed out: revoked at {host}, and forgotten in {where}.")
    else:
        print(f"Forgotten in {where}. {host} could not be asked to revoke the sign-in;")
        print(f"to do that, {service.device.by_hand}.")
    if store.trouble:
        warn(f"something may be left{store.trouble}")
    if service.settings.access_token:
        warn("your settings still have a token pair (access_token, refresh_token): remove it")


async def _print_account(service: Service, *, as_json: bool) -> None:
    store = service.open_store()
    async with Transport(1) as transport:
        credentials = Credentials(transport, service.build_flow(), store)
        account = await ask_account(transport, credentials, service.build_account_api())
    if as_json:
        until = credentials.expires_at
        valid = None if until is None else datetime.fromtimestamp(until, UTC).isoformat(timespec="seconds")
        print(json.dumps(as_facts(account) | {"token_valid_until": valid, "kept_in": store.where}, indent=2))
        return
    print(_describe(account))
    if credentials.expires_at is None:
        print("token valid until: not known, since it comes from the settings")
    else:
        print(f"token valid until: {_local_time(credentials.expires_at)}, then renewed automatically")
    print(f"tokens kept in:    {store.where}")


def _describe(account: Account) -> str:
    names = account.username or account.name
    if account.name and account.name != names:
        names += f" ({account.name})"
    return names + (", VIP" if account.is_vip else ", not VIP")


def _local_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().isoformat(sep=" ", timespec="minutes")
