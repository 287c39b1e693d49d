"""Signing in on a device without a browser: a code is shown, and the host polled until a person decides.

RFC 8628 as Trakt speaks it (API pages "postoauthdevicecode", "postoauthdevicetoken"; issue 3). What each
answer means stands in `destinations/trakt_oauth.py`; showing is left to the caller, keeping to the store.

A look at the account before anything is sent: whose it is, what it holds, how long the sign-in lasts.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from importer.client.auth import Credentials
from importer.client.executor import Tokens
from importer.client.retry import Sender, ask, send_once
from importer.destinations.decisions import Answer, Retry, Stop
from importer.destinations.trakt.account import (
    Account,
    Activities,
    Refused,
    build_account,
    build_activities,
    build_count,
    read_account,
    read_activities,
    read_count,
)
from importer.destinations.trakt.sign_in import (
    DeviceCode,
    TokenSet,
    TraktApp,
    build_device_code,
    build_poll,
    build_revoke,
    read_device_code,
    read_poll,
    read_revoke,
)
from importer.errors import AuthorizationError
from importer.http import Request
from importer.secret import Secret

_Found = TypeVar("_Found")


async def sign_in(
    sender: Sender,
    app: TraktApp,
    show_code: Callable[[DeviceCode], None],
    show_waiting: Callable[[float, str], None] = lambda _seconds_left, _reason: None,
    *,
    clock: Callable[[], float] = time.time,
) -> TokenSet:
    """Ask for a code, have it shown, and poll until it is approved. Raises StopRunError if it is not.

    `show_waiting` is called before each poll with the seconds the code still holds, and with the reason
    if something other than the person is being waited for.
    """

    async def attempt() -> DeviceCode | Retry | Stop:
        return read_device_code(await send_once(sender, build_device_code(app)))

    code = await ask(attempt)
    show_code(code)
    loop = asyncio.get_running_loop()
    end = loop.time() + code.expires_in
    interval, pause, reason = code.interval, code.interval, ""
    while (seconds_left := end - loop.time()) > pause:
        show_waiting(seconds_left, reason)
        await asyncio.sleep(pause)
        decision = read_poll(await send_once(sender, build_poll(app, code)), clock())
        if isinstance(decision, TokenSet):
            return decision
        if isinstance(decision, Stop):
            raise decision.error
        interval += decision.slower_seconds
        pause, reason = max(interval, decision.at_least_seconds), decision.reason
    raise AuthorizationError(
        "The code has expired before it was entered. To start over: `importer login trakt`."
    )


async def revoke(sender: Sender, app: TraktApp, token: Secret) -> bool:
    """Make the sign-in worthless at the host, if that can be reached; say whether it was."""
    return read_revoke(await send_once(sender, build_revoke(app, token)))


async def ask_account(sender: Sender, credentials: Tokens, base_url: str, client_id: str) -> Account:
    """Ask whose sign-in it is. Raises StopRunError."""
    return await ask_signed_in(sender, credentials, partial(build_account, base_url, client_id), read_account)


async def ask_activities(sender: Sender, credentials: Tokens, base_url: str, client_id: str) -> Activities:
    """Ask when the account's ratings last changed; empty where that is not served. Raises StopRunError."""
    return await ask_signed_in(
        sender, credentials, partial(build_activities, base_url, client_id), read_activities
    )


async def ask_signed_in(
    sender: Sender,
    credentials: Tokens,
    build: Callable[[str], Request],
    read: Callable[[Answer], _Found | Refused | Retry | Stop],
) -> _Found:
    """Ask as the signed-in user, renewing the token once if it is refused. Raises StopRunError."""

    async def attempt() -> _Found | Refused | Retry | Stop:
        return read(await send_once(sender, build(token)))

    token = await credentials.access_token()
    found: _Found | Refused = await ask(attempt)
    if isinstance(found, Refused):
        await credentials.renew(token)
        token = await credentials.access_token()
        found = await ask(attempt)
    if isinstance(found, Refused):
        raise found.error
    return found


FREE_CAP = 10_000


VIP_CAP = 20_000
"""How many ratings an account may hold (announced for 2026: forum thread 101592)."""


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """What is known of the account. `held` None: Trakt did not say how many ratings there are."""

    username: str
    is_vip: bool
    held: int | None
    token_expires_at: float | None
    """Seconds since the epoch; None when the token's end is not known."""

    @property
    def cap(self) -> int:
        """How many ratings the account may hold."""
        return VIP_CAP if self.is_vip else FREE_CAP


async def account_info(
    sender: Sender, credentials: Credentials, base_url: str, client_id: str
) -> AccountInfo:
    """Ask for the account and for the number of its ratings: two GETs. Raises StopRunError."""
    account = await ask_account(sender, credentials, base_url, client_id)
    token = await credentials.access_token()

    async def count() -> int | Retry | Stop | None:
        return read_count(await send_once(sender, build_count(base_url, client_id, token)))

    held = await ask(count)
    return AccountInfo(account.username or account.name, account.is_vip, held, credentials.expires_at)
