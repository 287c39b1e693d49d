"""GET /3/authentication/token/new, POST and DELETE /3/authentication/session, and the page to approve on."""

import html
import re
from datetime import UTC, datetime

from importer.sandbox.exchange import Answer, Call, NotAnObjectError, build_json, build_page, read_object
from importer.sandbox.tmdb.answers import build_status
from importer.sandbox.tmdb.options import TmdbOptions
from importer.sandbox.tmdb.sessions import Sessions

_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+")
_HEADERS = {"Content-Security-Policy": "default-src 'none'; form-action 'self'", "Cache-Control": "no-store"}
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1>{content}</body></html>
"""
_FORM = '<form method="post"><button type="submit">Approve</button></form>'


class SignIn:
    """Sign-in of the one user."""

    def __init__(self, options: TmdbOptions, sessions: Sessions, prefix: str) -> None:
        self._options = options
        self._sessions = sessions
        self._prefix = prefix

    def new_token(self, call: Call) -> Answer:
        """GET /3/authentication/token/new; a header names the page to approve on."""
        options = self._options
        token, good_until = self._sessions.new_request_token(
            options.tmdb_request_token_seconds, is_approved=options.auto_approve
        )
        moment = datetime.fromtimestamp(good_until, UTC)
        found = {"success": True, "expires_at": f"{moment:%Y-%m-%d %H:%M:%S} UTC", "request_token": token}
        host = call.headers.get("Host", "")
        page = f"http://{host if _HOST.fullmatch(host) else 'localhost'}{self._prefix}/authenticate/{token}"
        return build_json(
            200, found, headers={"Authentication-Callback": page} if options.tmdb_callback else {}
        )

    def new_session(self, call: Call) -> Answer:
        """POST /3/authentication/session/new, with an approved request token."""
        try:
            token = read_object(call).get("request_token")
        except NotAnObjectError:
            return build_status(5)
        session, code = self._sessions.open(str(token))
        return build_status(code) if code else build_json(200, {"success": True, "session_id": session})

    def end_session(self, call: Call) -> Answer:
        """DELETE /3/authentication/session; one that is unknown is not found: the sandbox's own choice."""
        try:
            session = read_object(call).get("session_id")
        except NotAnObjectError:
            return build_status(5)
        return build_json(200, {"success": True}) if self._sessions.end(str(session)) else build_status(34)

    @staticmethod
    def show_page(_call: Call) -> Answer:
        """GET /authenticate/{request_token}."""
        return _show("Let an application in", _FORM)

    def decide(self, call: Call) -> Answer:
        """POST /authenticate/{request_token}: approved."""
        if not self._sessions.approve(call.params["token"]):
            return _show("Unknown request", "", 404)
        return _show("Approved", "<p>The application is signed in.</p>")


def _show(title: str, content: str, status: int = 200) -> Answer:
    return build_page(status, _PAGE.format(title=html.escape(title), content=content), _HEADERS)
