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

The service's `DeviceFlow` interprets the answers; the caller shows the code and stores the tokens.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from importer.client.auth import Credentials, KeyInRequest
from importer.client.client import Client, Tokens
from importer.client.transport import HttpSender
from importer.destinations.sign_in import (
    Account,
    AccountApi,
    Activities,
    ApprovalFlow,
    DayQuota,
    DeviceCode,
    TokenSet,
)
from importer.errors import AuthorizationError, Remedy
from importer.secret import Secret


async def sign_in(
    sender: HttpSender,
    app: ApprovalFlow,
    show_code: Callable[[DeviceCode], None],
    show_waiting: Callable[[float, str], None] = lambda _seconds_left, _reason: None,
    *,
    clock: Callable[[], float] = time.time,
) -> TokenSet:
    """Ask for a code, have it shown, and poll until it is approved. Raises StopRunError if it is not.

    `show_waiting` is called before each poll with the seconds left for the code, and with the reason
    if something other than the person is being waited for.
    """
    client = Client.for_questions(sender)
    code = await client.request(app.build_device_code(), app.read_device_code)
    show_code(code)
    loop = asyncio.get_running_loop()
    end = loop.time() + code.expires_in
    interval, pause, reason = code.interval, code.interval, ""
    while (seconds_left := end - loop.time()) > pause:
        show_waiting(seconds_left, reason)
        await asyncio.sleep(pause)
        found = await client.request(app.build_poll(code), lambda answer: app.read_poll(answer, clock()))
        if isinstance(found, TokenSet):
            return found
        interval += found.slower_seconds
        pause, reason = max(interval, found.at_least_seconds), found.reason
    raise AuthorizationError("The code has expired before it was entered", Remedy.START_OVER)


async def revoke(sender: HttpSender, app: ApprovalFlow, token: Secret) -> bool:
    """Revoke the token; return whether the host did so."""
    return await Client.for_questions(sender).request(app.build_revoke(token), app.read_revoke)


async def ask_account(sender: HttpSender, tokens: Tokens, api: AccountApi) -> Account:
    """Return the account that is signed in. Raises StopRunError."""
    return await Client.for_questions(sender, tokens).request(api.build_account(), api.read_account)


async def ask_activities(sender: HttpSender, tokens: Tokens, api: AccountApi) -> Activities:
    """Return when the account's ratings last changed; empty if the host does not say. Raises StopRunError."""
    return await Client.for_questions(sender, tokens).request(api.build_activities(), api.read_activities)


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """Facts about the signed-in account. `rating_count` is None if the service gives no number."""

    username: str
    is_vip: bool
    rating_count: int | None
    token_expires_at: float | None
    """Seconds since the epoch; None when the token's end is not known."""
    cap: int | None = None
    """The account's limit of ratings, if there is one."""
    is_cap_stated: bool = False
    """Whether the service stated this account's limit; if not, `cap` is the usual one."""
    day_quota: DayQuota | None = None
    """How many requests a day has, if there is such a limit."""

    @property
    def stated_cap(self) -> int | None:
        """The limit, if the service stated it."""
        return self.cap if self.is_cap_stated else None


async def account_info(
    sender: HttpSender, credentials: Credentials | KeyInRequest, api: AccountApi
) -> AccountInfo:
    """Return facts about the account and the number of its ratings: two GETs at most. Raises StopRunError."""
    client = Client.for_questions(sender, credentials)
    account = await client.request(api.build_account(), api.read_account)
    count = api.build_count()
    rating_count = None if count is None else await client.request(count, api.read_count)
    username = account.username or account.name
    return AccountInfo(
        username,
        account.is_vip,
        rating_count,
        credentials.expires_at,
        account.cap,
        account.is_cap_stated,
        account.day_quota,
    )
