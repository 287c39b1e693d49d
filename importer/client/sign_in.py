"""Signing in on a device without a browser, and questions about the account before a run.

RFC 8628 as Trakt speaks it (API pages "postoauthdevicecode", "postoauthdevicetoken"; issue 3):

```text
importer                                     Trakt                          the person
POST oauth/device/code          ->           user code 5055CC52, 600 s
show the code                                                               opens trakt.tv/activate, types it
POST oauth/device/token  (+5 s) ->           400: not yet
POST oauth/device/token  (+5 s) ->           429: slower; from here +10 s
POST oauth/device/token (+10 s) ->           200: the tokens                has said yes
```

What each answer means stands in `destinations/trakt/sign_in.py`; showing and keeping is the caller's.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from importer.client.auth import Credentials
from importer.client.client import Client, Tokens
from importer.client.transport import HttpSender
from importer.destinations.trakt.account import (
    Account,
    Activities,
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
from importer.secret import Secret


async def sign_in(
    sender: HttpSender,
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
    client = Client.for_questions(sender)
    code = await client.request(build_device_code(app), read_device_code)
    show_code(code)
    loop = asyncio.get_running_loop()
    end = loop.time() + code.expires_in
    interval, pause, reason = code.interval, code.interval, ""
    while (seconds_left := end - loop.time()) > pause:
        show_waiting(seconds_left, reason)
        await asyncio.sleep(pause)
        found = await client.request(build_poll(app, code), lambda answer: read_poll(answer, clock()))
        if isinstance(found, TokenSet):
            return found
        interval += found.slower_seconds
        pause, reason = max(interval, found.at_least_seconds), found.reason
    raise AuthorizationError(
        "The code has expired before it was entered. To start over: `importer login trakt`."
    )


async def revoke(sender: HttpSender, app: TraktApp, token: Secret) -> bool:
    """Make the sign-in worthless at the host, if that can be reached; say whether it was."""
    return await Client.for_questions(sender).request(build_revoke(app, token), read_revoke)


async def ask_account(sender: HttpSender, tokens: Tokens, base_url: str, client_id: str) -> Account:
    """Ask whose sign-in it is. Raises StopRunError."""
    client = Client.for_questions(sender, tokens)
    return await client.request(build_account(base_url, client_id), read_account)


async def ask_activities(sender: HttpSender, tokens: Tokens, base_url: str, client_id: str) -> Activities:
    """Ask when the account's ratings last changed; empty where that is not served. Raises StopRunError."""
    client = Client.for_questions(sender, tokens)
    return await client.request(build_activities(base_url, client_id), read_activities)


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
    sender: HttpSender, credentials: Credentials, base_url: str, client_id: str
) -> AccountInfo:
    """Ask for the account and for the number of its ratings: two GETs. Raises StopRunError."""
    client = Client.for_questions(sender, credentials)
    account = await client.request(build_account(base_url, client_id), read_account)
    held = await client.request(build_count(base_url, client_id), read_count)
    return AccountInfo(account.username or account.name, account.is_vip, held, credentials.expires_at)
