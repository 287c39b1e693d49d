"""The interface of a service's sign-in and account: tokens, codes, questions. Pure.

```text
device code   build_device_code -> read_device_code: DeviceCode      polled in client/sign_in.py
poll          build_poll        -> read_poll: TokenSet or Pending
renewal       build_refresh     -> read_refresh: TokenSet, or RefreshRefused: forget the old pair
end           build_revoke      -> read_revoke: whether it was revoked
```

A service with a device flow (RFC 8628) implements `DeviceFlow` and `AccountApi`; its spec builds both from
the settings. One whose sign-in never has to be renewed implements `ApprovalFlow`.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import orjson

from importer.destinations.decisions import Decision, Done, Stop
from importer.errors import AuthorizationError, ConnectionLostError
from importer.http import Request, Response, parse_object
from importer.secret import Secret

MARGIN_SECONDS = 600.0
"""A token is renewed this long before it expires, if it lives long enough; clients use 2 to 10 minutes."""


is_plain_word = re.compile(r"[a-z_]{1,60}").fullmatch
"""Whether an error's name may be quoted: it cannot be a token, whatever a server puts there."""


@dataclass(frozen=True, slots=True)
class TokenSet:
    """An access token and its refresh token, which works once. `expires_in` is None if not known."""

    access_token: Secret
    refresh_token: Secret | None
    created_at: float
    expires_in: float | None = None

    @property
    def expires_at(self) -> float | None:
        """When the access token expires, from `created_at + expires_in`; None if that is not known.

        Trakt changed the usual life from 3 months to 24 hours to 7 days within 2025 and 2026.
        """
        return None if self.expires_in is None else self.created_at + self.expires_in

    @property
    def margin_seconds(self) -> float:
        """How long before its expiry to renew it: at most half its life."""
        return min(MARGIN_SECONDS, (self.expires_in or 0.0) / 2)


def parse_tokens(body: bytes, received_at: float) -> TokenSet | None:
    """Parse a token set; `received_at` (seconds since the epoch) is used if it has no `created_at`."""
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
    """Write a token set in the API's own form, for the token store."""
    return orjson.dumps(
        {
            "access_token": tokens.access_token.reveal(),
            "refresh_token": tokens.refresh_token.reveal() if tokens.refresh_token else None,
            "created_at": tokens.created_at,
            "expires_in": tokens.expires_in,
        }
    )


def read_word(content: Mapping[str, Any], key: str) -> str:
    """Return a text that is safe in a header; empty if there is none."""
    value = content.get(key)
    is_word = isinstance(value, str) and value.isascii() and value.isprintable() and " " not in value
    return str(value) if is_word else ""


def read_seconds(content: Mapping[str, Any], key: str) -> float | None:
    """Return a plausible time or duration in seconds; None if there is none."""
    value = content.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < 1e11 and math.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """The code to show (`user_code`, `verification_url`) and the one to poll with.

    Without a `user_code`, the person approves on the page and enters nothing.
    """

    device_code: Secret
    user_code: str
    verification_url: str
    expires_in: float
    interval: float
    whole_url: str = ""
    """The page with the code filled in, if the service names it."""

    @property
    def link(self) -> str:
        """The page with the code filled in, for a link or a picture."""
        return self.whole_url or f"{self.verification_url.rstrip('/')}/{self.user_code}"


def read_revoke(answer: Response | ConnectionLostError) -> Done[bool]:
    """Whether the service has revoked the token."""
    return Done(isinstance(answer, Response) and 200 <= answer.status < 300)


@dataclass(frozen=True, slots=True)
class Pending:
    """No decision yet: poll again after the interval, longer by `slower_seconds` from now on."""

    reason: str = ""
    slower_seconds: float = 0.0
    at_least_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class RefreshRefused:
    """The tokens no longer work: forget them."""

    error: AuthorizationError


class ApprovalFlow(Protocol):
    """The sign-in of one app on one host, which a person approves on a page."""

    @property
    def auth_url(self) -> str:
        """The host that signs users in."""
        ...

    def build_device_code(self) -> Request:
        """Ask for a code that people enter at the service's page."""
        ...

    def read_device_code(self, answer: Response | ConnectionLostError, /) -> Decision[DeviceCode]:
        """Read the code, the page to enter it on, and how long it is valid."""
        ...

    def build_poll(self, code: DeviceCode) -> Request:
        """Ask whether the person has decided."""
        ...

    def read_poll(
        self, answer: Response | ConnectionLostError, received_at: float, /
    ) -> Done[TokenSet | Pending] | Stop:
        """Read whether the person has decided. Never a Retry: the next poll is the next attempt."""
        ...

    def build_revoke(self, token: Secret) -> Request:
        """Revoke a token."""
        ...

    def read_revoke(self, answer: Response | ConnectionLostError, /) -> Done[bool]:
        """Read whether it was revoked."""
        ...


class DeviceFlow(ApprovalFlow, Protocol):
    """A sign-in whose tokens are renewed."""

    def build_refresh(self, refresh_token: Secret) -> Request:
        """Trade the refresh token, which works once, for a new pair."""
        ...

    def read_refresh(
        self, answer: Response | ConnectionLostError, received_at: float, /
    ) -> Decision[TokenSet | RefreshRefused]:
        """Read the new pair, or that the sign-in has ended."""
        ...


class DayQuota(NamedTuple):
    """How many requests the service allows in a day, those of other programs included."""

    requests: int
    whose: str
    """Such as `a free account`."""
    reset: str
    """When there are new ones."""
    besides: int = 0
    """What a run needs beside its batches: for reading, and for questions."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account behind a token. `cap` is how many ratings it may hold, if there is a limit.

    Without `is_cap_stated` that is only what is usual for such accounts.
    """

    username: str
    name: str
    is_vip: bool = False
    cap: int | None = None
    is_cap_stated: bool = False
    day_quota: DayQuota | None = None
    """How many requests a day has, if there is such a limit and it is known."""


Activities = Mapping[str, str]
"""When ratings of each kind last changed, in the server's format. Equal to an earlier answer: no change."""


class AccountApi(Protocol):
    """Questions about the account behind a token."""

    def build_account(self) -> Request:
        """Ask for the owner of the token."""
        ...

    def read_account(self, answer: Response | ConnectionLostError, /) -> Decision[Account]:
        """Read the owner of the token."""
        ...

    def build_count(self) -> Request | None:
        """Ask how many ratings the account has; None if the service cannot be asked that."""
        ...

    def read_count(self, answer: Response | ConnectionLostError, /) -> Decision[int | None]:
        """Read the number; None if the answer does not have it."""
        ...

    def build_activities(self) -> Request:
        """Ask when the account's ratings last changed."""
        ...

    def read_activities(self, answer: Response | ConnectionLostError, /) -> Decision[Activities]:
        """Read the times; empty unless the answer has all of them."""
        ...
