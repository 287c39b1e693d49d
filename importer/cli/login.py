"""`importer login`, `logout` and `whoami`: a Trakt sign-in from the terminal, without a browser of its own.

Shows what the sign-in in `delivery/` needs a person for. App keys come from settings or a prompt, never
from flags, which every user of a machine can read.
"""

import asyncio
import io
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from importer.cli import options
from importer.client.auth import Credentials
from importer.client.sign_in import ask_account, revoke, sign_in
from importer.client.token_store import TokenStore, open_token_store
from importer.client.transport import Transport
from importer.config.folders import config_file, state_dir
from importer.config.sources import as_variable
from importer.destinations.trakt.account import Account
from importer.destinations.trakt.settings import TraktSettings, load_trakt
from importer.destinations.trakt.sign_in import DeviceCode, TraktApp
from importer.errors import StopRunError
from importer.secret import Secret


class Service(StrEnum):
    """What one can sign in to."""

    TRAKT = "trakt"


_To = Annotated[Service, typer.Argument(help="Where to; there is one so far.", metavar="trakt")]
_BaseUrl = Annotated[str | None, typer.Option(help="Where the API is served.", metavar="URL")]
_AuthUrl = Annotated[str | None, typer.Option(help="Which host signs users in.", metavar="URL")]
_InsecureHttp = Annotated[
    bool, typer.Option("--insecure-http", help="Allow plain http to a host that is not this machine.")
]


def login(
    to: _To = Service.TRAKT,
    base_url: _BaseUrl = None,
    auth_url: _AuthUrl = None,
    insecure_http: _InsecureHttp = False,
    account: options.Account = "",
) -> None:
    """Sign in by entering a code on a web page.

    Every later run uses and renews the tokens that are stored.
    """
    del to  # there is one so far
    flags = {"base_url": base_url, "auth_url": auth_url, "insecure_http": insecure_http}
    settings, is_prompted = _load_or_prompt(flags, account)
    if settings.access_token is not None:
        _warn("your settings hold a token pair (access_token), which runs prefer to this sign-in; remove it")
    # Signing in makes a pair of its own; one from the settings stays as it is.
    asyncio.run(_sign_in(replace(settings, access_token=None, refresh_token=None)))
    if is_prompted:
        section = f"accounts.{account}" if account else "trakt"
        print(
            "Every run needs the client id and the client secret, too. Put them into the variables\n"
            f"{_variable(account, 'client_id')} and {_variable(account, 'client_secret')},\n"
            f"or as client_id and client_secret into [{section}] of {_toml()}"
        )
    if named := [f"{_variable(account, name)}={value}" for name, value in flags.items() if value]:
        print(f"Every run must go to the same place; set: {' '.join(named)}")
    print(f"Next: importer run FILE --to trakt{f' --account {account}' if account else ''}")


def logout(
    to: _To = Service.TRAKT,
    base_url: _BaseUrl = None,
    auth_url: _AuthUrl = None,
    insecure_http: _InsecureHttp = False,
    account: options.Account = "",
) -> None:
    """Revoke the sign-in and delete its tokens.

    The tokens are deleted here even if the server cannot be reached.
    """
    del to
    flags = {"base_url": base_url, "auth_url": auth_url, "insecure_http": insecure_http}
    asyncio.run(_sign_out(_load(flags, ("client_id",), account)))


def whoami(
    to: _To = Service.TRAKT,
    base_url: _BaseUrl = None,
    auth_url: _AuthUrl = None,
    insecure_http: _InsecureHttp = False,
    account: options.Account = "",
) -> None:
    """Show who is signed in, and until when.

    Also shows where the tokens are kept. Exit code 3 if nobody is signed in.
    """
    del to
    flags = {"base_url": base_url, "auth_url": auth_url, "insecure_http": insecure_http}
    asyncio.run(_tell_who(_load(flags, ("client_id", "client_secret"), account)))


def _load(flags: Mapping[str, object], needs: tuple[str, ...], account: str) -> TraktSettings:
    settings = load_trakt(flags, needs=needs, account=account)
    for warning in settings.warnings:
        _warn(warning)
    return settings


def _load_or_prompt(flags: Mapping[str, object], account: str) -> tuple[TraktSettings, bool]:
    """Load the settings; on a terminal, ask for the app's keys where they are not given."""
    asks = sys.stdin.isatty()
    settings = _load(flags, () if asks else ("client_id", "client_secret"), account)
    is_prompted = not settings.client_id or not settings.client_secret.reveal()
    if not settings.client_id:
        print("Signing in needs an app of yours: its page on Trakt (Settings, API apps) shows two keys.")
        print("Only VIP members can create one; without, `importer run FILE --to trakt-file` remains.")
        settings = replace(settings, client_id=_prompt("Client id"))
    if not settings.client_secret.reveal():
        settings = replace(settings, client_secret=Secret(_prompt("Client secret", hidden=True)))
    return settings, is_prompted


def _prompt(what: str, *, hidden: bool = False) -> str:
    text: str = typer.prompt(what, hide_input=hidden, err=True)
    return text.strip()


async def _sign_in(settings: TraktSettings) -> None:
    store, app = _open_store(settings), _app(settings)
    async with store.locked():
        pass  # whether tokens can be kept at all is known before anybody is asked for anything
    async with Transport(1) as transport:
        try:
            tokens = await sign_in(transport, app, _show_code, _show_waiting)
        finally:
            _clear_line()
        async with store.locked():
            await store.save(tokens)
        print(f"Signed in. The tokens are kept in {store.where}.")
        credentials = Credentials(transport, app, store)
        try:
            account = await ask_account(transport, credentials, settings.base_url, settings.client_id)
        except StopRunError as error:  # the sign-in stands; what may stand in a run's way is told
            _warn(str(error))
        else:
            print(f"Account: {_describe(account)}")


async def _sign_out(settings: TraktSettings) -> None:
    store = _open_store(settings)
    async with store.locked(), Transport(1) as transport:
        tokens = await store.load()
        where = store.where
        if tokens is None:
            print(f"Nobody is signed in at {settings.auth_url}{store.trouble}; there is nothing to forget.")
            return
        is_revoked = await revoke(transport, _app(settings), tokens.access_token)
        await store.forget()
    if is_revoked:
        print(f"Signed out: revoked at {settings.auth_url}, and forgotten in {where}.")
    else:
        print(f"Forgotten in {where}. {settings.auth_url} could not be asked to revoke the sign-in;")
        print("to do that, remove the app on Trakt's own site (Settings, Connected apps).")
    if store.trouble:
        _warn(f"something may be left{store.trouble}")
    if settings.access_token is not None:
        _warn("your settings still hold a token pair (access_token, refresh_token): remove it")


async def _tell_who(settings: TraktSettings) -> None:
    store = _open_store(settings)
    async with Transport(1) as transport:
        credentials = Credentials(transport, _app(settings), store)
        account = await ask_account(transport, credentials, settings.base_url, settings.client_id)
    print(_describe(account))
    if credentials.expires_at is None:
        print("token valid until: not known; it comes from the settings")
    else:
        print(f"token valid until: {_local_time(credentials.expires_at)}, then renewed by itself")
    print(f"tokens kept in:    {store.where}")


def _open_store(settings: TraktSettings) -> TokenStore:
    return open_token_store(settings, state_dir())


def _app(settings: TraktSettings) -> TraktApp:
    return TraktApp(settings.auth_url, settings.client_id, settings.client_secret)


def _show_code(code: DeviceCode) -> None:
    print(f"Open      {code.verification_url}")
    print(f"and enter {code.user_code}")
    if sys.stdout.isatty():
        _print_qr(f"{code.verification_url.rstrip('/')}/{code.user_code}")
    minutes = max(1, round(code.expires_in / 60))
    print(f"Waiting for your decision there; the code holds for {minutes} min.", flush=True)


def _print_qr(url: str) -> None:
    """Print the page with the code filled in, for a phone's camera, where the terminal can show it."""
    import segno  # noqa: PLC0415 - only who looks at a terminal pays for it

    code = segno.make_qr(url, error="l")
    picture = io.StringIO()
    code.terminal(picture, compact=True, border=2)
    try:
        picture.getvalue().encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return
    if code.symbol_size(border=2)[0] <= shutil.get_terminal_size().columns:
        print(picture.getvalue())


def _show_waiting(seconds_left: float, reason: str) -> None:
    if sys.stdout.isatty():
        minutes, seconds = divmod(round(seconds_left), 60)
        print(f"\r\x1b[K{minutes}:{seconds:02} left  {reason}", end="", flush=True)
    elif reason:
        _warn(f"still waiting: {reason}")


def _clear_line() -> None:
    if sys.stdout.isatty():
        print("\r\x1b[K", end="")


def _describe(account: Account) -> str:
    names = account.username or account.name
    if account.name and account.name != names:
        names += f" ({account.name})"
    return names + (", VIP" if account.is_vip else ", not VIP")


def _local_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().isoformat(sep=" ", timespec="minutes")


def _variable(account: str, field: str) -> str:
    return f"IMPORTER_{f'ACCOUNTS_{as_variable(account)}' if account else 'TRAKT'}_{field.upper()}"


def _toml() -> str:
    return str(config_file())


def _warn(text: str) -> None:
    print(f"importer: {text}", file=sys.stderr)
