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
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from importer import setting
from importer.cli import options
from importer.cli.advice import explain, spell
from importer.cli.device_code import clear_line, show_code, show_waiting
from importer.cli.groups import spread
from importer.cli.key_entry import KeyEntry
from importer.client.auth import Credentials
from importer.client.sign_in import ask_account, revoke, sign_in
from importer.client.token_store import TokenStore, open_token_store
from importer.client.transport import Transport
from importer.config.folders import config_file, state_dir
from importer.config.keep import add_settings
from importer.config.sources import Loaded, name_variable
from importer.destinations.registry import check_word, choose, list_sign_ins
from importer.destinations.sign_in import Account, AccountApi, DeviceFlow
from importer.destinations.spec import DestinationSpec, DeviceSignIn
from importer.errors import AuthorizationError, OptionError, SettingsError, StateFileError, StopRunError
from importer.runs.rules import DestinationOptions
from importer.runs.settings import load_spec_settings
from importer.secret import Secret


def _parse_to(text: str) -> str:
    return check_word(text, list_sign_ins())


_FIRST = list_sign_ins()[0]
_To = Annotated[
    str,
    typer.Argument(help="Where to.", parser=_parse_to, metavar="|".join(list_sign_ins())),
]
_AuthUrl = Annotated[str | None, typer.Option(help="Which host signs users in.", metavar="URL")]


@spread
def login(*, to: _To = _FIRST, at: options.AccountOptions, auth_url: _AuthUrl = None) -> None:
    """Sign in with a code on a web page, or with a key.

    Every later run uses, and renews, what is stored.
    """
    flags = at.flags | {"auth_url": auth_url}
    if (entry := _find_key_entry(to, at, auth_url)) is not None:
        with _naming(to, at.account):
            entry.login()
        _print_next(to, at, entry.section, flags)
        return
    service, asked = _load_or_prompt(to, flags, at.account)
    if service.settings.access_token:
        _warn("your settings have a token pair (access_token), which runs use first; remove it")
    with _naming(to, at.account):
        asyncio.run(_sign_in(service.without_tokens()))
    if asked:
        _keep(service, asked)
    _print_next(to, at, service.section, flags)


def _print_next(to: str, at: DestinationOptions, section: str, flags: Mapping[str, object]) -> None:
    if named := [f"{name_variable(section, name)}={value}" for name, value in flags.items() if value]:
        print(f"Every run must go to the same place; set: {' '.join(named)}")
    print(f"Next: importer run FILE --to {to}{f' --account {at.account}' if at.account else ''}")


@spread
def logout(*, to: _To = _FIRST, at: options.AccountOptions, auth_url: _AuthUrl = None) -> None:
    """Revoke the sign-in and delete its tokens.

    The tokens are deleted here even if the server cannot be reached.
    """
    with _naming(to, at.account):
        if (entry := _find_key_entry(to, at, auth_url)) is not None:
            entry.logout()
            return
        asyncio.run(_sign_out(_load(to, at.flags | {"auth_url": auth_url}, at.account, needs=["client_id"])))


@spread
def whoami(*, to: _To = _FIRST, at: options.AccountOptions, auth_url: _AuthUrl = None) -> None:
    """Show who is signed in, and until when.

    Also shows where the tokens are kept. Exit code 3 if nobody is signed in.
    """
    with _naming(to, at.account):
        if (entry := _find_key_entry(to, at, auth_url)) is not None:
            entry.whoami()
            return
        asyncio.run(_print_account(_load(to, at.flags | {"auth_url": auth_url}, at.account)))


def _find_key_entry(to: str, at: DestinationOptions, auth_url: str | None) -> KeyEntry | None:
    """Open the key of a service that has no device flow. Raises OptionError and SettingsError."""
    spec = choose(to)
    if spec.key is None:
        return None
    if auth_url:
        raise OptionError("auth_url", f"{to} has a key, and no host that signs users in", auth_url)
    return KeyEntry.open(spec, spec.key, at)


@contextmanager
def _naming(to: str, account: str) -> Iterator[None]:
    """Add the account's name to errors about its sign-in."""
    try:
        yield
    except AuthorizationError as error:
        error.name_sign_in(to, account)
        raise


@dataclass(frozen=True, slots=True)
class _Service:
    """A service, with its settings."""

    spec: DestinationSpec
    loaded: Loaded[Any]

    @property
    def settings(self) -> Any:
        return self.loaded.settings

    @property
    def section(self) -> str:
        return f"accounts.{self.loaded.account}" if self.loaded.account else self.spec.name

    @property
    def device(self) -> DeviceSignIn:
        assert self.spec.device is not None
        return self.spec.device

    def given(self, **values: object) -> "_Service":
        return replace(self, loaded=replace(self.loaded, settings=replace(self.settings, **values)))

    def without_tokens(self) -> "_Service":
        """Signing in makes a pair of its own; one from the settings stays as it is."""
        return self.given(access_token=Secret(""), refresh_token=Secret(""))

    def build_flow(self) -> DeviceFlow:
        return self.device.build_flow(self.settings)

    def build_account_api(self) -> AccountApi:
        return self.device.build_account_api(self.settings)

    def open_store(self) -> TokenStore:
        return open_token_store(self.settings, state_dir(), self.loaded.account)

    def describe_keys(self, asked: Collection[str]) -> str:
        """Say where to put the keys that were asked for."""
        keys = {key: name for key, name in self.device.app_keys.items() if key in asked}
        names = " and ".join(f"the {name.lower()}" for name in keys.values())
        variables = " and ".join(name_variable(self.section, key) for key in keys)
        return (
            f"Every run needs {names}, too. Put them into the variables\n{variables},\n"
            f"or as {' and '.join(keys)} into [{self.section}] of {config_file()}"
        )


def _load(
    to: str, flags: Mapping[str, object], account: str, needs: Collection[str] | None = None
) -> _Service:
    spec = choose(to)
    loaded = load_spec_settings(spec, flags, needs=needs, account=account)
    for warning in loaded.warnings:
        _warn(warning)
    return _Service(spec, loaded)


def _load_or_prompt(to: str, flags: Mapping[str, object], account: str) -> tuple[_Service, dict[str, str]]:
    """Load the settings; on a terminal, ask for the app's keys if none is set. Returns the typed ones, too.

    An app whose first key is set and whose secret is not has no secret.
    """
    service = _load(to, flags, account, needs=() if sys.stdin.isatty() else None)
    keys = service.device.app_keys
    missing = [key for key in keys if not getattr(service.settings, key)]
    asked: dict[str, str] = {}
    if missing[:1] != list(keys)[:1]:
        return service, asked
    print(spell(service.device.where_keys_are))
    for key in missing:
        is_secret = isinstance(getattr(service.settings, key), Secret)
        text = _prompt(keys[key], hidden=is_secret)
        service = service.given(**{key: Secret(text) if is_secret else text})
        if text:
            asked[key] = text
    return service, asked


def _prompt(what: str, *, hidden: bool = False) -> str:
    """Ask for a key on the terminal; a hidden one may be left empty."""
    more: dict[str, Any] = {"default": "", "show_default": False} if hidden else {}
    label = f"{what} (Enter if there is none)" if hidden else what
    while True:
        text: str = typer.prompt(label, hide_input=hidden, err=True, **more).strip()
        wrong = list(setting.check_word(text, {}))
        if not wrong:
            return text
        _warn(wrong[0].format(place=what))


def _keep(service: _Service, asked: Mapping[str, str]) -> None:
    """Write the typed keys into the settings file, so that they are asked for once."""
    try:
        add_settings(config_file(), service.section, asked)
    except (SettingsError, StateFileError, OSError) as error:
        _warn(error.message if isinstance(error, StateFileError) else str(error))
        print(service.describe_keys(asked))
    else:
        names = " and ".join(f"the {service.device.app_keys[key].lower()}" for key in asked)
        print(f"Kept {names} in [{service.section}] of {config_file()}, which only you can read.")


async def _sign_in(service: _Service) -> None:
    store, flow = service.open_store(), service.build_flow()
    async with store.locked():
        pass  # fail before anything is asked if tokens cannot be stored
    async with Transport(1) as transport:
        try:
            tokens = await sign_in(transport, flow, show_code, show_waiting)
        finally:
            clear_line()
        async with store.locked():
            await store.save(tokens)
        print(f"Signed in. The tokens are kept in {store.where}.")
        credentials = Credentials(transport, flow, store)
        try:
            account = await ask_account(transport, credentials, service.build_account_api())
        except StopRunError as error:  # the sign-in is complete; the warning says what may stop a run
            _warn(explain(error))
        else:
            print(f"Account: {_describe(account)}")


async def _sign_out(service: _Service) -> None:
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
        _warn(f"something may be left{store.trouble}")
    if service.settings.access_token:
        _warn("your settings still have a token pair (access_token, refresh_token): remove it")


async def _print_account(service: _Service) -> None:
    store = service.open_store()
    async with Transport(1) as transport:
        credentials = Credentials(transport, service.build_flow(), store)
        account = await ask_account(transport, credentials, service.build_account_api())
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


def _warn(text: str) -> None:
    print(f"importer: {text}", file=sys.stderr)
