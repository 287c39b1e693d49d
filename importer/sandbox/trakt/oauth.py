"""The OAuth methods: device flow, refresh, revocation, and the form of the activate page.

    new_device_code -> user approves the code on /activate -> poll_device: tokens -> exchange: new tokens

Statuses and bodies as on API pages oauth/device/code, oauth/device/token, oauth/token and oauth/revoke.
"""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from importer.sandbox.exchange import Answer, Call, NotAnObjectError, build_json, build_text, read_object
from importer.sandbox.trakt.activate import build_form_page, build_result_page
from importer.sandbox.trakt.devices import Devices, DeviceState
from importer.sandbox.trakt.options import TraktOptions
from importer.sandbox.trakt.tokens import TokenPair, Tokens

_POLL_ERRORS = {
    DeviceState.PENDING: "authorization_pending",
    DeviceState.TOO_FAST: "slow_down",
    DeviceState.EXPIRED: "expired_token",
    DeviceState.DENIED: "access_denied",
}
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+")

Body = Mapping[str, Any]


class OAuth:
    """Sign-in for one application, on behalf of one user."""

    def __init__(self, options: TraktOptions, tokens: Tokens, devices: Devices) -> None:
        self._client_id = options.client_id
        self._client_secret = options.client_secret
        self._redirect_uri = options.redirect_uri
        self._json_poll_errors = options.json_poll_errors
        self._username = options.username
        self._tokens = tokens
        self._devices = devices

    def with_body(self, method: Callable[[Call, Body], Answer]) -> Callable[[Call], Answer]:
        """Read the JSON body. If that fails, the answer is the 400 of RFC 6749, section 5.2."""

        def answer(call: Call) -> Answer:
            try:
                return method(call, read_object(call))
            except NotAnObjectError as error:
                return _build_error(400, "invalid_request", str(error))

        return answer

    def new_device_code(self, call: Call, body: Body) -> Answer:
        """POST /oauth/device/code. A wrong client_id is 401, the sandbox's own choice."""
        if not _same(body.get("client_id"), self._client_id):
            return _WRONG_CLIENT
        code = self._devices.new_code()
        host = call.headers.get("Host", "")
        found = {
            "device_code": code.device_code,
            "user_code": code.user_code,
            "verification_url": f"http://{host if _HOST.fullmatch(host) else 'localhost'}/activate",
            "expires_in": self._devices.life_seconds,
            "interval": self._devices.interval_seconds,
        }
        return build_json(200, found)

    def poll_device(self, _call: Call, body: Body) -> Answer:
        """POST /oauth/device/token: tokens, or a status with the reason.

        Pending is 400, and its body is declared as JSON but is not. With `json_poll_errors` every refusal is
        400 with a JSON error (RFC 8628, section 3.5; #902 of trakt-api), otherwise a wrong client is 401, the
        sandbox's own choice.
        """
        if not self._knows(body):
            return replace(_WRONG_CLIENT, status=400) if self._json_poll_errors else _WRONG_CLIENT
        code = body.get("code")
        state = self._devices.poll(code) if isinstance(code, str) else DeviceState.UNKNOWN
        if state is DeviceState.APPROVED:
            return _build_tokens(self._tokens.issue(self._username))
        if self._json_poll_errors:
            return build_json(400, {"error": _POLL_ERRORS.get(state, "invalid_grant")})
        if state is DeviceState.TOO_FAST:
            headers = {"Retry-After": str(self._devices.interval_seconds)}
            return build_text(429, "429: polling too fast", headers)
        return Answer(state, b"" if state is not DeviceState.PENDING else b"authorization pending")

    def exchange(self, _call: Call, body: Body) -> Answer:
        """POST /oauth/token, with the grant refresh_token only: the device flow needs no other.

        A token that is unknown, used or revoked is 400 with `invalid_grant` (RFC 6749, section 5.2).
        """
        needed = ("grant_type", "refresh_token", "redirect_uri", "client_id")
        if missing := [name for name in needed if not isinstance(body.get(name), str) or not body[name]]:
            return _build_error(400, "invalid_request", f"missing: {', '.join(missing)}")
        if not self._knows(body):
            return _WRONG_CLIENT
        if body["grant_type"] != "refresh_token":
            return _build_error(400, "unsupported_grant_type", "the sandbox refreshes tokens only")
        is_own = body["redirect_uri"] == self._redirect_uri
        pair = self._tokens.refresh(body["refresh_token"]) if is_own else None
        if pair is None:
            text = "The refresh token is unknown, was used before or revoked, or is of another redirect URI."
            return _build_error(400, "invalid_grant", text)
        return _build_tokens(pair)

    def revoke(self, _call: Call, body: Body) -> Answer:
        """POST /oauth/revoke: 200, also for an unknown token (RFC 7009, section 2.2)."""
        if not self._knows(body):
            return _WRONG_CLIENT
        if isinstance(token := body.get("token"), str):
            self._tokens.revoke(token)
        return build_json(200, {})

    def show_page(self, call: Call) -> Answer:
        """GET /activate, or /activate/{code} (also ?code=) with the code filled in."""
        return build_form_page(_tidy(call.params.get("code") or call.query.get("code", "")), self._username)

    def decide(self, call: Call) -> Answer:
        """POST /activate: a form with `code` and `action`, which is `approve` or `deny`."""
        form = parse_qs(call.body.decode(errors="replace"))
        code = _tidy(form.get("code", [""])[0])
        action = form.get("action", [""])[0]
        if action not in {"approve", "deny"} or not code:
            problem = "Enter the code that your application shows, then choose Approve or Deny."
            return build_form_page(code, self._username, problem)
        state = self._devices.decide(code, approve=action == "approve")
        if state is DeviceState.UNKNOWN:
            problem = "Nobody is waiting with this code. Compare it with what your application shows."
            return build_form_page(code, self._username, problem, status=404)
        return build_result_page(state)

    def _knows(self, body: Body) -> bool:
        """Whether the client is the app. It may leave out the secret (contracts, 97f8a42)."""
        secret = body.get("client_secret")
        right_secret = secret is None or _same(secret, self._client_secret)
        return _same(body.get("client_id"), self._client_id) and right_secret


def _build_tokens(pair: TokenPair) -> Answer:
    found = {
        "access_token": pair.access_token,
        "token_type": "bearer",
        "expires_in": pair.expires_in,
        "refresh_token": pair.refresh_token,
        "scope": "public",
        "created_at": pair.created_at,
    }
    return build_json(200, found, headers={"Cache-Control": "no-store"})


def _build_error(status: int, error: str, description: str) -> Answer:
    return build_json(status, {"error": error, "error_description": description})


def _same(sent: object, right: str) -> bool:
    return isinstance(sent, str) and hmac.compare_digest(sent.encode(errors="replace"), right.encode())


def _tidy(code: str) -> str:
    """The code without the blanks, hyphens and lower case that people type."""
    return re.sub(r"[\s-]", "", code).upper()


_WRONG_CLIENT = _build_error(401, "invalid_client", "client_id or client_secret is wrong")
