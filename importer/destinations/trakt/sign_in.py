"""Trakt's sign-in: tokens, the requests that get, renew and revoke them, and what their answers mean. Pure.

```text
device code   build_device_code -> read_device_code: DeviceCode      polled in client/sign_in.py
poll          build_poll        -> read_poll: TokenSet or Pending
renewal       build_refresh     -> read_refresh: TokenSet, or RefreshRefused: forget the old pair
end           build_revoke      -> read_revoke: whether it was revoked
```

Sources: docs.trakt.tv/reference, pages "postoauthdevicecode", "postoauthdevicetoken",
"postoauthtoken", "postoauthrevoke"; RFC 8628 (device flow) and RFC 6749, 5.2 and 6; issue 3.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

import orjson

from importer.destinations.decisions import Decision, Done, Retry, RetryPolicy, Stop
from importer.destinations.trakt.request import build_request
from importer.destinations.trakt.trouble import (
    HASTY_QUESTION,
    NOT_TRAKTS,
    QUESTION,
    SIGN_IN_AGAIN,
    ask_again,
    explain_forbidden,
    interpret_trouble,
    is_block_page,
)
from importer.errors import AuthorizationError, ConnectionLostError, StopRunError
from importer.http import Request, Response, parse_object, read_retry_after, split_url
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


SLOWER_SECONDS = 5.0
"""What a 429 adds to the polling interval (RFC 8628, 3.5, `slow_down`)."""


DEFAULT_INTERVAL_SECONDS = 5.0
"""The polling interval when the answer names none (RFC 8628, 3.2)."""


DEFAULT_CODE_SECONDS = 600.0
"""How long a code holds when the answer does not say; the API page's example."""


_REDIRECT = "urn:ietf:wg:oauth:2.0:oob"
"""What device apps put into the field `redirect_uri`, which a refresh must have."""


@dataclass(frozen=True, slots=True)
class TraktApp:
    """The app a Trakt user has registered, and the host that signs its users in."""

    auth_url: str
    client_id: str = field(repr=False)
    client_secret: Secret


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


def build_device_code(app: TraktApp) -> Request:
    """Ask for a code (API page "postoauthdevicecode")."""
    return _post(app, "oauth/device/code", {"client_id": app.client_id})


def build_poll(app: TraktApp, code: DeviceCode) -> Request:
    """Ask whether the person has decided (API page "postoauthdevicetoken")."""
    return _post(app, "oauth/device/token", {"code": code.device_code.reveal(), **_credentials(app)})


def build_refresh(app: TraktApp, refresh_token: Secret) -> Request:
    """Trade the refresh token, which works once, for a new pair (API page "postoauthtoken")."""
    grant = {
        "refresh_token": refresh_token.reveal(),
        "redirect_uri": _REDIRECT,
        "grant_type": "refresh_token",
    }
    return _post(app, "oauth/token", grant | _credentials(app))


def build_revoke(app: TraktApp, token: Secret) -> Request:
    """Make a token worthless (API page "postoauthrevoke")."""
    return _post(app, "oauth/revoke", {"token": token.reveal(), **_credentials(app)})


def read_device_code(answer: Response | ConnectionLostError) -> Decision[DeviceCode]:
    """Read the code, where it is to be entered, and how long it holds."""
    if isinstance(answer, ConnectionLostError) or answer.status != 200:
        return _interpret_trouble(answer, QUESTION)
    content = parse_object(answer.body)
    device_code, user_code = read_word(content, "device_code"), content.get("user_code")
    url = content.get("verification_url")
    if not device_code or not _is_shown_safely(user_code) or not _is_shown_safely(url) or not split_url(url):
        return ask_again(NOT_TRAKTS, QUESTION)
    return Done(
        DeviceCode(
            Secret(device_code),
            user_code,
            url,
            read_seconds(content, "expires_in") or DEFAULT_CODE_SECONDS,
            read_seconds(content, "interval") or DEFAULT_INTERVAL_SECONDS,
        )
    )


def read_poll(answer: Response | ConnectionLostError, received_at: float) -> Done[TokenSet | Pending] | Stop:
    """Read whether the person has decided, as the API page's table of status codes says.

    Never a Retry: the next poll is the next attempt.
    """
    if isinstance(answer, Response):
        match answer.status:
            case 200 | 201:
                return Done(parse_tokens(answer.body, received_at) or Pending(NOT_TRAKTS))
            case 400:
                return Done(Pending())  # the normal answer; its body is no JSON and is not looked at
            case 404:
                return _start_over("Trakt does not know this sign-in (404).")
            case 409:
                return _start_over("This code was used already (409).")
            case 410:
                return _start_over("The code has expired (410).")
            case 418:
                return Stop(
                    AuthorizationError("You declined the sign-in on Trakt's page; nothing was stored.")
                )
            case 429:
                seconds = read_retry_after(answer.headers) or 0.0
                return Done(Pending("Trakt asks to poll more slowly (429)", SLOWER_SECONDS, seconds))
    decision = _interpret_trouble(answer, QUESTION)
    return decision if isinstance(decision, Stop) else Done(Pending(decision.reason))


def read_refresh(
    answer: Response | ConnectionLostError, received_at: float
) -> Decision[TokenSet | RefreshRefused]:
    """Read the new pair, or that there will be none.

    A refused refresh token is 400 today and was 401 before, with `invalid_grant` or with an empty body;
    a 400 may even complain of a grant type that was sent when the token is merely too old.
    """
    if isinstance(answer, ConnectionLostError):
        return _interpret_trouble(answer, HASTY_QUESTION)
    if answer.status in {200, 201}:
        tokens = parse_tokens(answer.body, received_at)
        return Done(tokens) if tokens else ask_again(NOT_TRAKTS, HASTY_QUESTION)
    if answer.status == 403 and not is_block_page(answer):
        return Done(RefreshRefused(AuthorizationError(f"{explain_forbidden(answer)} {SIGN_IN_AGAIN}")))
    if answer.status in {400, 401}:
        if parse_object(answer.body).get("error") == "invalid_client":
            return _wrong_app()  # says nothing about the tokens, which may still be good
        why = "its refresh token is spent, revoked or too old"
        error = f"The sign-in cannot be renewed ({answer.status}): {why}. {SIGN_IN_AGAIN}"
        return Done(RefreshRefused(AuthorizationError(error)))
    return _interpret_trouble(answer, HASTY_QUESTION)


def read_revoke(answer: Response | ConnectionLostError) -> Done[bool]:
    """Whether Trakt has revoked the token."""
    return Done(isinstance(answer, Response) and 200 <= answer.status < 300)


def _post(app: TraktApp, method: str, content: dict[str, str]) -> Request:
    return build_request("POST", app.auth_url, f"/{method}", app.client_id, orjson.dumps(content))


def _credentials(app: TraktApp) -> dict[str, str]:
    return {"client_id": app.client_id, "client_secret": app.client_secret.reveal()}


def _interpret_trouble(answer: Response | ConnectionLostError, policy: RetryPolicy) -> Retry | Stop:
    if isinstance(answer, Response) and 300 <= answer.status < 500 and answer.status not in {403, 423, 429}:
        if answer.status in {400, 401} and not is_block_page(answer):
            return _wrong_app()
        where = f"There is no sign-in at this address (HTTP {answer.status})"
        return Stop(StopRunError(f"{where}: check or unset IMPORTER_TRAKT_AUTH_URL."))
    return interpret_trouble(answer, policy)


def _start_over(what: str) -> Stop:
    return Stop(AuthorizationError(f"{what} To start over: `importer login trakt`."))


def _wrong_app() -> Stop:
    return Stop(
        AuthorizationError(
            "Trakt does not accept the app: compare IMPORTER_TRAKT_CLIENT_ID and "
            "IMPORTER_TRAKT_CLIENT_SECRET with your app's page on Trakt, then run `importer login trakt`."
        )
    )


def _is_shown_safely(value: Any) -> TypeGuard[str]:
    """Whether a terminal may show it: no control characters, no empty or endless text."""
    return isinstance(value, str) and 0 < len(value) <= 500 and value.isprintable()
