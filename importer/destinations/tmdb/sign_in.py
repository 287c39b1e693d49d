"""TMDB's sign-in: a request token, which a person approves on a page, becomes a session. Pure.

```text
GET    /3/authentication/token/new       {"request_token": "..."}, valid for an hour
                                         Authentication-Callback: the page to approve on
POST   /3/authentication/session/new     {"session_id": "..."}; 401, 17 while it is not approved
DELETE /3/authentication/session         the end of it
```

A session does not expire, so nothing is ever renewed.
"""

from dataclasses import dataclass, replace
from urllib.parse import quote

from importer.destinations.decisions import Decision, Done, Stop
from importer.destinations.device_code import SLOWER_SECONDS, SignInHost, read_page, start_over
from importer.destinations.policies import ask_again
from importer.destinations.sign_in import DeviceCode, Pending, TokenSet, read_revoke, read_word
from importer.destinations.tmdb.request import TmdbAccess
from importer.destinations.tmdb.trouble import (
    INVALID_KEY,
    NOT_TMDBS,
    QUESTION,
    interpret_trouble,
    read_code,
)
from importer.errors import ConnectionLostError, StopRunError
from importer.http import Request, Response, is_same_site, parse_object
from importer.secret import Secret

NOT_APPROVED = 17

SITE = "https://www.themoviedb.org"

CODE_SECONDS = 3600.0
"""How long a request token is valid (docs: create request token)."""

POLL_SECONDS = 5.0
"""TMDB names no interval: that of RFC 8628."""

_FIRST_QUESTION = replace(QUESTION, waits_for_network=False)
"""Few attempts, since a person waits at the terminal for the address."""


@dataclass(frozen=True, slots=True)
class TmdbSignIn:
    """The sign-in with a token or a key; the session of before is not sent."""

    access: TmdbAccess

    @property
    def auth_url(self) -> str:
        """The host of the API."""
        return self.access.base_url

    def build_device_code(self) -> Request:
        """Ask for a request token."""
        return self.access.build("GET", "/authentication/token/new", "authentication/token/new")

    def read_device_code(self, answer: Response | ConnectionLostError) -> Decision[DeviceCode]:
        """Read the request token and the page to approve on; there is no code to enter."""
        if isinstance(answer, ConnectionLostError) or answer.status != 200:
            return interpret_trouble(answer, self.access.secrets, _FIRST_QUESTION)
        token = read_word(parse_object(answer.body), "request_token")
        if not token:
            return ask_again(NOT_TMDBS, _FIRST_QUESTION)
        page = self._find_page(answer, token)
        if not isinstance(page, Done):
            return page
        return Done(DeviceCode(Secret(token), "", page.value, CODE_SECONDS, POLL_SECONDS, page.value))

    def _find_page(self, answer: Response, token: str) -> Done[str] | Stop:
        """Take the page that the answer names; TMDB's own is documented, too."""
        host = SignInHost(self.access.base_url, "IMPORTER_TMDB_BASE_URL", CODE_SECONDS)
        named = answer.headers.get("Authentication-Callback")
        if named is None and is_same_site(self.access.base_url, SITE):
            named = f"{SITE}/authenticate/{quote(token, safe='')}"
        missing = "The sign-in names no page to approve on: check or unset IMPORTER_TMDB_BASE_URL."
        return read_page(named, host) or Stop(StopRunError(missing))

    def build_poll(self, code: DeviceCode) -> Request:
        """Ask for the session."""
        content = {"request_token": code.device_code.reveal()}
        return self.access.build("POST", "/authentication/session/new", "authentication/session/new", content)

    def read_poll(
        self, answer: Response | ConnectionLostError, received_at: float
    ) -> Done[TokenSet | Pending] | Stop:
        """Read the session. Never a Retry: the next poll is the next attempt."""
        if isinstance(answer, Response):
            if 200 <= answer.status < 300:
                session = read_word(parse_object(answer.body), "session_id")
                found = TokenSet(Secret(session), None, received_at) if session else Pending(NOT_TMDBS)
                return Done(found)
            code = read_code(answer)
            if answer.status == 401 and code == NOT_APPROVED:
                return Done(Pending())
            if answer.status == 429:
                return Done(Pending("TMDB asks to poll more slowly (429)", SLOWER_SECONDS))
            if code is not None and code != INVALID_KEY and 400 <= answer.status < 500:
                return start_over(f"TMDB refuses this sign-in ({answer.status}, {code}).")
        decision = interpret_trouble(answer, self.access.secrets)
        return decision if isinstance(decision, Stop) else Done(Pending(decision.reason))

    def build_revoke(self, token: Secret) -> Request:
        """End a session."""
        content = {"session_id": token.reveal()}
        return self.access.build("DELETE", "/authentication/session", "authentication/session", content)

    read_revoke = staticmethod(read_revoke)
