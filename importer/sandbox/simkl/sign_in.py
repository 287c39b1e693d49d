"""POST /oauth2/device, /oauth2/token, /oauth2/revoke, and the page /pin on which a person approves.

A person's no is never told to the client: the code stays pending until it expires.
"""

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from importer.sandbox.exchange import Answer, Call, NotAnObjectError, build_json, build_page, read_object
from importer.sandbox.simkl.options import SimklOptions
from importer.sandbox.simkl.tokens import Tokens

_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+")
_HEADERS = {"Content-Security-Policy": "default-src 'none'; form-action 'self'", "Cache-Control": "no-store"}
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1>{content}</body></html>
"""
_FORM = """<form method="post"><label for="code">Code shown by the application</label>
<input id="code" name="code" value="{code}" required maxlength="20" autocomplete="off" spellcheck="false">
<button type="submit" name="action" value="approve">Approve</button>
<button type="submit" name="action" value="deny">Deny</button></form>"""


class SignIn:
    """Sign-in for one public app, on behalf of one user."""

    def __init__(self, options: SimklOptions, tokens: Tokens, prefix: str) -> None:
        self._options = options
        self._tokens = tokens
        self._prefix = prefix

    def with_body(self, method: Callable[[Call, dict[str, Any]], Answer]) -> Callable[[Call], Answer]:
        """Read a JSON body of a known app."""

        def answer(call: Call) -> Answer:
            try:
                body = read_object(call)
            except NotAnObjectError:
                return _refuse("invalid_request")
            if body.get("client_id") != self._options.simkl_client_id:
                return build_json(401, {"error": "invalid_client"})
            return method(call, body)

        return answer

    def new_code(self, call: Call, body: dict[str, Any]) -> Answer:
        """POST /oauth2/device. A missing or misspelt scope silently gives one that may only read."""
        asked = body.get("scope") if isinstance(body.get("scope"), str) else ""
        known = [word for word in str(asked).split() if word in {"media:read", "media:write"}]
        granted = self._options.simkl_scope
        device_code, user_code = self._tokens.new_code(
            " ".join(known or ["media:read"]) if granted is None else granted,
            self._options.simkl_code_life_seconds,
            is_approved=self._options.auto_approve,
        )
        host = call.headers.get("Host", "")
        page = f"http://{host if _HOST.fullmatch(host) else 'localhost'}{self._prefix}/pin"
        found = {
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?code={user_code}",
            "expires_in": self._options.simkl_code_life_seconds,
            "interval": self._options.device_interval,
        }
        return build_json(200, found)

    def exchange(self, _call: Call, body: dict[str, Any]) -> Answer:
        """POST /oauth2/token, for a code or a refresh token."""
        match body.get("grant_type"), body.get("device_code"), body.get("refresh_token"):
            case "refresh_token", _, str(refresh_token):
                renewed = self._tokens.refresh(refresh_token)
                return build_json(200, renewed) if renewed else _refuse("invalid_grant")
            case grant, str(device_code), _ if grant == _DEVICE_GRANT:
                error, scope = self._tokens.poll(device_code, self._options.device_interval)
                if error:
                    return _refuse(error)
                return build_json(200, self._tokens.issue(self._options.username, scope))
        return _refuse("invalid_request")

    def revoke(self, _call: Call, body: dict[str, Any]) -> Answer:
        """POST /oauth2/revoke: always 200."""
        self._tokens.revoke(str(body.get("token")))
        return build_json(200, {})

    def show_page(self, call: Call) -> Answer:
        """GET /pin, with the code filled in if the address has it."""
        return _show("Let an application in", _FORM.format(code=html.escape(call.query.get("code", ""))))

    def decide(self, call: Call) -> Answer:
        """POST /pin: a form with `code` and `action`, which is `approve` or `deny`."""
        form = parse_qs(call.body.decode(errors="replace"))
        code = re.sub(r"\s", "", form.get("code", [""])[0]).upper()
        if form.get("action") == ["deny"]:
            return _show("Denied", "<p>The application stays out.</p>")
        if not self._tokens.approve(code):
            return _show("Unknown code", _FORM.format(code=html.escape(code)), 404)
        return _show("Approved", "<p>The application is signed in.</p>")


def _show(title: str, content: str, status: int = 200) -> Answer:
    return build_page(status, _PAGE.format(title=title, content=content), _HEADERS)


def _refuse(error: str) -> Answer:
    return build_json(400, {"error": error, "error_description": error.replace("_", " ")})
