"""Simkl's sign-in, auth V2: builds the requests about tokens, and reads the answers. Pure.

Sources: Simkl's docs, pages on auth V2 (2026-09-18); RFC 8628 (device flow) and RFC 6749. The app is a public
client without a secret. Three things are Simkl's own:

```text
a scope that is missing or misspelt     tokens come, but they may only read: so the granted scope is checked
a person's "no"                         is never told: the code stays pending until it expires
a renewal                               ends the old access token at once; the refresh token stays the same
```
"""

from dataclasses import dataclass, field, replace

import orjson

from importer.destinations.decisions import Decision, Done, RefreshToken, Retry, Stop
from importer.destinations.device_code import SLOWER_SECONDS, SignInHost, read_code, start_over
from importer.destinations.policies import ask_again
from importer.destinations.sign_in import (
    DeviceCode,
    Pending,
    RefreshRefused,
    TokenSet,
    is_plain_word,
    parse_tokens,
    read_revoke,
)
from importer.destinations.simkl.request import build_request
from importer.destinations.simkl.trouble import (
    HASTY_QUESTION,
    NOT_SIMKLS,
    QUESTION,
    interpret_trouble,
    read_error,
    refuse_app,
)
from importer.errors import AuthorizationError, ConnectionLostError, Remedy
from importer.http import Request, Response, is_web_page, parse_object
from importer.secret import Secret

SCOPE = "media:read media:write"
WRITING = "media:write"

_FIRST_QUESTION = replace(QUESTION, waits_for_network=False)
"""Few attempts, since a person waits at the terminal for the code."""

_RENEWAL = replace(HASTY_QUESTION, waits_for_network=True)

DEFAULT_CODE_SECONDS = 900.0
"""How long a code is valid if the answer does not say; the docs' example."""


def read_device_code(answer: Response | ConnectionLostError, auth_url: str) -> Decision[DeviceCode]:
    """Read the code, the page to enter it on, and how long it is valid."""
    if isinstance(answer, ConnectionLostError) or answer.status != 200:
        return _interpret_trouble(answer, first=True)
    content = parse_object(answer.body)
    host = SignInHost(auth_url, "IMPORTER_SIMKL_BASE_URL", DEFAULT_CODE_SECONDS)
    url, whole = content.get("verification_uri"), content.get("verification_uri_complete")
    return read_code(content, url, whole, host=host) or ask_again(NOT_SIMKLS, QUESTION)


def read_poll(answer: Response | ConnectionLostError, received_at: float) -> Done[TokenSet | Pending] | Stop:
    """Read whether the person has approved. Never a Retry: the next poll is the next attempt."""
    if isinstance(answer, Response):
        if answer.status in {200, 201}:
            return _read_grant(answer, received_at)
        if answer.status == 400:
            return _read_poll_error(read_error(answer))
    decision = _interpret_trouble(answer)
    return decision if isinstance(decision, Stop) else Done(Pending(decision.reason))


def _read_grant(answer: Response, received_at: float) -> Done[TokenSet | Pending] | Stop:
    tokens = parse_tokens(answer.body, received_at)
    scope = parse_object(answer.body).get("scope")
    # Without a scope in the answer it is the one that was asked for (RFC 6749, 5.1).
    if tokens and isinstance(scope, str) and WRITING not in scope.split():
        problem = "Simkl lets this sign-in read but not rate; nothing was stored"
        return Stop(AuthorizationError(problem, Remedy.START_OVER))
    return Done(tokens or Pending(NOT_SIMKLS))


def _read_poll_error(error: str) -> Done[TokenSet | Pending] | Stop:
    match error:
        case "" | "authorization_pending":
            return Done(Pending())
        case "slow_down":
            return Done(Pending("Simkl asks to poll more slowly (slow_down)", SLOWER_SECONDS))
        case "access_denied":
            return Stop(AuthorizationError("You declined the sign-in on Simkl's page; nothing was stored."))
        case "expired_token":
            return start_over("The code has expired (expired_token).")
        case "invalid_client" | "unauthorized_client":
            return refuse_app()
    word = error if is_plain_word(error) else "400"
    return start_over(f"Simkl refuses this sign-in ({word}).")


def read_refresh(
    answer: Response | ConnectionLostError, received_at: float
) -> Decision[TokenSet | RefreshRefused]:
    """Read the new access token, or that the refresh token no longer works: only `invalid_grant` says so."""
    if isinstance(answer, ConnectionLostError):
        decision = interpret_trouble(answer, _RENEWAL)
        return decision if not isinstance(decision, RefreshToken) else refuse_app()
    if answer.status in {200, 201}:
        tokens = parse_tokens(answer.body, received_at)
        return Done(tokens) if tokens else ask_again(NOT_SIMKLS, HASTY_QUESTION)
    error = read_error(answer)
    if answer.status in {400, 401} and error == "invalid_grant":
        problem = f"The sign-in cannot be renewed ({answer.status}): it is too old or was revoked"
        return Done(RefreshRefused(AuthorizationError(problem, Remedy.SIGN_IN)))
    if answer.status == 400 and error != "rate_limit" and not is_web_page(answer):
        problem = "The sign-in cannot be renewed (400)"
        return Stop(AuthorizationError(problem, Remedy.SIGN_IN))
    return _interpret_trouble(answer)


def _interpret_trouble(answer: Response | ConnectionLostError, *, first: bool = False) -> Retry | Stop:
    """Decide on trouble of the sign-in itself: a refusal there is about the app, not about a token."""
    if isinstance(answer, Response) and answer.status in {400, 401, 403}:
        is_lock, is_page = read_error(answer) == "rate_limit", is_web_page(answer)
        if not (is_lock or is_page):
            return refuse_app()
    decision = interpret_trouble(answer, _FIRST_QUESTION if first else HASTY_QUESTION)
    return refuse_app() if isinstance(decision, RefreshToken) else decision


@dataclass(frozen=True, slots=True)
class SimklApp:
    """The app a Simkl user has registered, and the host that signs its users in."""

    auth_url: str
    client_id: str = field(repr=False)

    def build_device_code(self) -> Request:
        """Ask for a code, with the scope that rating needs."""
        return self._post("oauth2/device", {"scope": SCOPE})

    def build_poll(self, code: DeviceCode) -> Request:
        """Ask whether the person has approved."""
        grant_type = "urn:ietf:params:oauth:grant-type:device_code"
        return self._post(
            "oauth2/token", {"grant_type": grant_type, "device_code": code.device_code.reveal()}
        )

    def build_refresh(self, refresh_token: Secret) -> Request:
        """Trade the refresh token for a new access token."""
        return self._post(
            "oauth2/token", {"grant_type": "refresh_token", "refresh_token": refresh_token.reveal()}
        )

    def build_revoke(self, token: Secret) -> Request:
        """Revoke a token."""
        return self._post("oauth2/revoke", {"token": token.reveal()})

    def _post(self, method: str, content: dict[str, str]) -> Request:
        body = orjson.dumps({"client_id": self.client_id, **content})
        return build_request("POST", self.auth_url, f"/{method}", self.client_id, body)

    def read_device_code(self, answer: Response | ConnectionLostError) -> Decision[DeviceCode]:
        """See `read_device_code`."""
        return read_device_code(answer, self.auth_url)

    read_poll = staticmethod(read_poll)
    read_refresh = staticmethod(read_refresh)
    read_revoke = staticmethod(read_revoke)
