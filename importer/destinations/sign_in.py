"""What a sign-in and an account are, whichever service they belong to: tokens, codes, questions. Pure.

```text
device code   build_device_code -> read_device_code: DeviceCode      polled in client/sign_in.py
poll          build_poll        -> read_poll: TokenSet or Pending
renewal       build_refresh     -> read_refresh: TokenSet, or RefreshRefused: forget the old pair
end           build_revoke      -> read_revoke: whether it was revoked
```

A service with a device flow (RFC 8628) gives a `DeviceFlow` and an `AccountApi`; its spec says how they are
built from the settings.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from importer.destinations.decisions import Decision, Done, Stop
from importer.errors import AuthorizationError, ConnectionLostError
from importer.http import Request, Response, parse_object
from importer.secret import Secret

MARGIN_SECONDS = 600.0
"""How long before its end a token is renewed, if it lives long enough; clients use 2 to 10 minutes."""


@dataclass(frozen=True, slots=True)
class TokenSet:
    """An access token and what renews it, once. `expires_in` None: nobody told (a container's pair)."""

    access_token: Secret
    refresh_token: Secret | None
    created_at: float
    expires_in: float | None = None

    @property
    def expires_at(self) -> float | None:
        """When the access token ends: nothing but `created_at + expires_in` tells.

        The usual life went from 3 months to 24 hours to 7 days within 2025 and 2026.
        """
        return None if self.expires_in is None else self.created_at + self.expires_in

    @property
    def margin_seconds(self) -> float:
        """How long before its end to renew it: never more than half its life."""
        return min(MARGIN_SECONDS, (self.expires_in or 0.0) / 2)


def parse_tokens(body: bytes, received_at: float) -> TokenSet | None:
    """Parse a token set; `received_at` (seconds since the epoch) counts where it names no `created_at`."""
    content = parse_object(body)
    access_token, refresh_token = read_word(content, "access_token"), read_word(content, "refresh_token")
    if not access_token:
        return None
    return TokenSet(
        Secret(access_token),
        Secret(refresh_token) if refresh_token else None,
        read_seconds(content, "created_at") or received_at,
        read_seconds(content, "expires_in"),
    )


def dump_tokens(tokens: TokenSet) -> bytes:
    """Write a token set in the API's own form, for the store only."""
    return orjson.dumps(
        {
            "access_token": tokens.access_token.reveal(),
            "refresh_token": tokens.refresh_token.reveal() if tokens.refresh_token else None,
            "created_at": tokens.created_at,
            "expires_in": tokens.expires_in,
        }
    )


def read_word(content: Mapping[str, Any], key: str) -> str:
    """A text that may travel in a header; empty if there is none."""
    value = content.get(key)
    is_word = isinstance(value, str) and value.isascii() and value.isprintable() and " " not in value
    return str(value) if is_word else ""


def read_seconds(content: Mapping[str, Any], key: str) -> float | None:
    """A time or a duration that makes sense; None if there is none."""
    value = content.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < 1e11 and math.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What to show a person (`user_code`, `verification_url`) and what to poll with."""

    device_code: Secret
    user_code: str
    verification_url: str
    expires_in: float
    interval: float


@dataclass(frozen=True, slots=True)
class Pending:
    """No decision yet: poll again after the interval, which grows by `slower_seconds` from now on."""

    reason: str = ""
    slower_seconds: float = 0.0
    at_least_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class RefreshRefused:
    """The tokens are of no use any more: forget them."""

    error: AuthorizationError


class DeviceFlow(Protocol):
    """The sign-in of one app at one host."""

    @property
    def auth_url(self) -> str:
        """The host that signs users in."""
        ...

    def build_device_code(self) -> Request:
        """Ask for a code that people enter at the service's page."""
        ...

    def read_device_code(self, answer: Response | ConnectionLostError, /) -> Decision[DeviceCode]:
        """Read the code, where it is to be entered, and how long it holds."""
        ...

    def build_poll(self, code: DeviceCode) -> Request:
        """Ask whether the person has decided."""
        ...

    def read_poll(
        self, answer: Response | ConnectionLostError, received_at: float, /
    ) -> Done[TokenSet | Pending] | Stop:
        """Read whether the person has decided. Never a Retry: the next poll is the next attempt."""
        ...

    def build_refresh(self, refresh_token: Secret) -> Request:
        """Trade the refresh token, which works once, for a new pair."""
        ...

    def read_refresh(
        self, answer: Response | ConnectionLostError, received_at: float, /
    ) -> Decision[TokenSet | RefreshRefused]:
        """Read the new pair, or that there will be none."""
        ...

    def build_revoke(self, token: Secret) -> Request:
        """Make a token worthless."""
        ...

    def read_revoke(self, answer: Response | ConnectionLostError, /) -> Done[bool]:
        """Read whether it is."""
        ...


@dataclass(frozen=True, slots=True)
class Account:
    """The account behind a token. `cap` is how many ratings it may hold, if there is a limit.

    Without `is_cap_told` that is only what is usual for such accounts.
    """

    username: str
    name: str
    is_vip: bool = False
    cap: int | None = None
    is_cap_told: bool = False


Activities = Mapping[str, str]
"""When ratings of each kind last changed, as the server words it. Equal to an earlier answer: no change."""


class AccountApi(Protocol):
    """What can be asked of the account behind a token."""

    def build_account(self) -> Request:
        """Ask whose the token is."""
        ...

    def read_account(self, answer: Response | ConnectionLostError, /) -> Decision[Account]:
        """Read whose the token is."""
        ...

    def build_count(self) -> Request:
        """Ask how many ratings the account holds."""
        ...

    def read_count(self, answer: Response | ConnectionLostError, /) -> Decision[int | None]:
        """Read how many; None if the answer does not say."""
        ...

    def build_activities(self) -> Request:
        """Ask when the account's ratings last changed."""
        ...

    def read_activities(self, answer: Response | ConnectionLostError, /) -> Decision[Activities]:
        """Read the moments; none of them where the answer does not have them all."""
        ...
