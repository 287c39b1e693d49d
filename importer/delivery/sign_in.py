"""Signing in on a device without a browser: a code is shown, and the host polled until a person decides.

RFC 8628 as Trakt speaks it (API pages "postoauthdevicecode", "postoauthdevicetoken"; issue 3). What each
answer means stands in `destinations/trakt_oauth.py`; showing is left to the caller, keeping to the store.
"""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from importer.delivery.asking import Sender, ask, send_once
from importer.delivery.courier import Tokens
from importer.destinations.base import Answer, Retry, Stop
from importer.destinations.trakt_account import Account, Refused, build_account, read_account
from importer.destinations.trakt_activities import Activities, build_activities, read_activities
from importer.destinations.trakt_oauth import (
    DeviceCode,
    TraktApp,
    build_device_code,
    build_poll,
    build_revoke,
    read_device_code,
    read_poll,
    read_revoke,
)
from importer.destinations.trakt_tokens import TokenSet
from importer.errors import AuthorizationError
from importer.settings.secret import Secret
from importer.wire import Request

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
        verdict = read_poll(await send_once(sender, build_poll(app, code)), clock())
        if isinstance(verdict, TokenSet):
            return verdict
        if isinstance(verdict, Stop):
            raise verdict.error
        interval += verdict.slower_seconds
        pause, reason = max(interval, verdict.at_least_seconds), verdict.reason
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
