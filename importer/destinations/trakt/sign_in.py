"""Trakt's sign-in: builds the requests that get, renew and revoke tokens, and reads the answers. Pure.

Sources: docs.trakt.tv/reference, pages "postoauthdevicecode", "postoauthdevicetoken",
"postoauthtoken", "postoauthrevoke"; RFC 8628 (device flow) and RFC 6749, 5.2 and 6; issue 3.
"""

from dataclasses import dataclass, field, replace

import orjson

from importer.destinations.decisions import Decision, Done, Retry, RetryPolicy, Stop
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
    read_word,
)
from importer.destinations.trakt.request import build_request
from importer.destinations.trakt.settings import APPS_PAGE, DEVICE_REDIRECT
from importer.destinations.trakt.trouble import (
    HASTY_QUESTION,
    NOT_TRAKTS,
    QUESTION,
    explain_forbidden,
    interpret_trouble,
)
from importer.errors import AuthorizationError, ConnectionLostError, Remedy, StopRunError
from importer.http import (
    Request,
    Response,
    is_web_page,
    parse_object,
    read_retry_after,
)
from importer.secret import Secret

_FIRST_QUESTION = replace(QUESTION, waits_for_network=False)
"""Few attempts, since a person waits at the terminal for the code."""

_RENEWAL = replace(HASTY_QUESTION, waits_for_network=True)
"""Without a connection nothing was sent, so the refresh token is not spent."""

DEFAULT_CODE_SECONDS = 600.0
"""How long a code is valid if the answer does not say; the API page's example."""


def read_device_code(answer: Response | ConnectionLostError, auth_url: str) -> Decision[DeviceCode]:
    """Read the code, the page of this host's to enter it on, and how long it is valid."""
    if isinstance(answer, ConnectionLostError) or answer.status != 200:
        return _interpret_trouble(answer, _FIRST_QUESTION)
    content = parse_object(answer.body)
    host = SignInHost(auth_url, "IMPORTER_TRAKT_AUTH_URL", DEFAULT_CODE_SECONDS)
    return read_code(content, content.get("verification_url"), host=host) or ask_again(NOT_TRAKTS, QUESTION)


def read_poll(answer: Response | ConnectionLostError, received_at: float) -> Done[TokenSet | Pending] | Stop:
    """Read whether the person has decided, as the API page's table of status codes says.

    Never a Retry: the next poll is the next attempt.
    """
    if isinstance(answer, Response):
        match answer.status:
            case 200 | 201:
                return Done(parse_tokens(answer.body, received_at) or Pending(NOT_TRAKTS))
            case 400:
                return _read_poll_error(read_word(parse_object(answer.body), "error"))
            case 404:
                return start_over("Trakt does not know this sign-in (404).")
            case 409:
                return start_over("This code was used already (409).")
            case 410:
                return start_over("The code has expired (410).")
            case 418:
                return _declined()
            case 429:
                return _poll_more_slowly("429", read_retry_after(answer.headers) or 0.0)
    decision = _interpret_trouble(answer, QUESTION)
    return decision if isinstance(decision, Stop) else Done(Pending(decision.reason))


def _read_poll_error(error: str) -> Done[TokenSet | Pending] | Stop:
    """Read the word in a 400, if there is one (RFC 8628, 3.5): as a rule its body is no JSON."""
    match error:
        case "" | "authorization_pending":
            return Done(Pending())
        case "slow_down":
            return _poll_more_slowly(error)
        case "access_denied":
            return _declined()
        case "expired_token":
            return start_over("The code has expired (expired_token).")
        case "invalid_client" | "unauthorized_client":
            return _wrong_app()
    word = error if is_plain_word(error) else "400"
    return start_over(f"Trakt refuses this sign-in ({word}).")


def _poll_more_slowly(why: str, at_least_seconds: float = 0.0) -> Done[TokenSet | Pending]:
    return Done(Pending(f"Trakt asks to poll more slowly ({why})", SLOWER_SECONDS, at_least_seconds))


def _declined() -> Stop:
    return Stop(AuthorizationError("You declined the sign-in on Trakt's page; nothing was stored."))


def read_refresh(
    answer: Response | ConnectionLostError, received_at: float, redirect_uri: str = DEVICE_REDIRECT
) -> Decision[TokenSet | RefreshRefused]:
    """Read the new pair, or that the old one no longer works.

    Only `invalid_grant` means that; then the tokens are forgotten. An empty body and an error about a
    missing grant type were seen, too, when the token had only expired (issues #888, #471): signing in again
    helps, but the tokens are kept. A web page comes from a proxy, a gateway or a captcha.
    """
    if isinstance(answer, ConnectionLostError):
        return _interpret_trouble(answer, _RENEWAL)
    status = answer.status
    if status in {200, 201}:
        tokens = parse_tokens(answer.body, received_at)
        return Done(tokens) if tokens else ask_again(NOT_TRAKTS, HASTY_QUESTION)
    if status in {400, 401} and is_web_page(answer):
        return Stop(
            StopRunError(
                f"A web page came instead of Trakt's answer about the sign-in (HTTP {status}): a proxy, a "
                "gateway or a captcha stands between. The sign-in is kept. Try again later or from another "
                "network."
            )
        )
    if status == 403 and not is_web_page(answer):
        return Stop(AuthorizationError(str(explain_forbidden(answer)), Remedy.SIGN_IN))
    if status in {400, 401}:
        reason = parse_object(answer.body).get("error")
        if reason == "invalid_client":
            return _wrong_app()  # the tokens may still be valid
        problem = f"The sign-in cannot be renewed ({status}): {_explain_refusal(redirect_uri)}"
        error = AuthorizationError(problem, Remedy.SIGN_IN)
        return Done(RefreshRefused(error)) if reason == "invalid_grant" else Stop(error)
    return _interpret_trouble(answer, HASTY_QUESTION)


def _explain_refusal(redirect_uri: str) -> str:
    """Explain `invalid_grant` (guides "vip-methods", "authentication-oauth"; #691, #888, #897)."""
    return (
        "its refresh token is spent, revoked or too old. Other causes: another app was connected since, and "
        "a free account holds one; the app is gone, since only VIP members keep theirs; or the app's page "
        f"names another redirect URI than {redirect_uri}, then set IMPORTER_TRAKT_REDIRECT_URI"
    )


def _interpret_trouble(answer: Response | ConnectionLostError, policy: RetryPolicy) -> Retry | Stop:
    if isinstance(answer, Response) and 300 <= answer.status < 500 and answer.status not in {403, 423, 429}:
        if answer.status in {400, 401} and not is_web_page(answer):
            return _wrong_app()
        where = f"There is no sign-in at this address (HTTP {answer.status})"
        return Stop(StopRunError(f"{where}: check or unset IMPORTER_TRAKT_AUTH_URL."))
    return interpret_trouble(answer, policy)


def _wrong_app() -> Stop:
    return Stop(
        AuthorizationError(
            "Trakt does not accept the app: compare IMPORTER_TRAKT_CLIENT_ID and "
            f"IMPORTER_TRAKT_CLIENT_SECRET with your app's page ({APPS_PAGE}), then start over",
            Remedy.SIGN_IN,
        )
    )


@dataclass(frozen=True, slots=True)
class TraktApp:
    """The app a Trakt user has registered, and the host that signs its users in."""

    auth_url: str
    client_id: str = field(repr=False)
    client_secret: Secret
    """Empty for an app without one, as new ones may be (contracts of October 2026)."""
    redirect_uri: str = DEVICE_REDIRECT
    """The app's own; a refresh must name it."""

    def build_device_code(self) -> Request:
        """Ask for a code (API page "postoauthdevicecode")."""
        return self._post("oauth/device/code", {"client_id": self.client_id})

    def build_poll(self, code: DeviceCode) -> Request:
        """Ask whether the person has decided (API page "postoauthdevicetoken")."""
        return self._post("oauth/device/token", {"code": code.device_code.reveal(), **self._credentials()})

    def build_refresh(self, refresh_token: Secret) -> Request:
        """Trade the refresh token, which works once, for a new pair (API page "postoauthtoken")."""
        grant = {
            "refresh_token": refresh_token.reveal(),
            "redirect_uri": self.redirect_uri,
            "grant_type": "refresh_token",
        }
        return self._post("oauth/token", grant | self._credentials())

    def build_revoke(self, token: Secret) -> Request:
        """Revoke a token (API page "postoauthrevoke")."""
        return self._post("oauth/revoke", {"token": token.reveal(), **self._credentials()})

    def _post(self, method: str, content: dict[str, str]) -> Request:
        return build_request("POST", self.auth_url, f"/{method}", self.client_id, orjson.dumps(content))

    def _credentials(self) -> dict[str, str]:
        secret = {"client_secret": self.client_secret.reveal()} if self.client_secret else {}
        return {"client_id": self.client_id, **secret}

    def read_device_code(self, answer: Response | ConnectionLostError) -> Decision[DeviceCode]:
        """See `read_device_code`."""
        return read_device_code(answer, self.auth_url)

    def read_refresh(
        self, answer: Response | ConnectionLostError, received_at: float
    ) -> Decision[TokenSet | RefreshRefused]:
        """See `read_refresh`."""
        return read_refresh(answer, received_at, self.redirect_uri)

    read_poll = staticmethod(read_poll)
    read_revoke = staticmethod(read_revoke)
