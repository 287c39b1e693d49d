"""The keys, the password and the sessions of one server: see guard.py for who asks for what."""

import hmac
import ipaddress
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from aiohttp import web

from importer.secret import Secret
from importer.web.patience import Patience

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
_MOST_SESSIONS = 20


@dataclass(slots=True)
class Access:
    """The key and the sessions of one server."""

    port: int
    names: Collection[str] = LOCAL_NAMES
    """The hosts, without the port, that the page is asked by."""
    takes_numbers: bool = False
    """Whether any address in numbers will do: a foreign name cannot be pointed at one."""
    password: Secret | None = None
    """Set if the page listens elsewhere than on this machine; then there is no key."""
    on_new_key: Callable[[str], None] = lambda _: None
    """Called with the next key when one was used."""
    patience: Patience = field(default_factory=Patience)
    key: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    _sessions: dict[str, str] = field(default_factory=dict, repr=False)
    """The token of each session's forms."""

    @property
    def cookie(self) -> str:
        """The cookie's name."""
        return f"importer-{self.port}"

    def knows_host(self, host: str) -> bool:
        """Whether the page may be asked by this Host."""
        name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
        name = (name or host).lower()
        if self.password is None and port != str(self.port):
            return False  # behind a proxy, or in a container, another port may lead here
        return name in self.names or (self.takes_numbers and _is_number(name))

    def use_key(self, key: str) -> str | None:
        """Open a session for the key, which is then used up; None if it is not the key."""
        if self.password is not None or not is_same(key, self.key):
            return None
        self.key = secrets.token_urlsafe(32)
        session = self._open_session()
        self.on_new_key(self.key)
        return session

    def use_password(self, given: str, address: str) -> str | None:
        """Open a session for the password; None if it is wrong. Raises HTTPTooManyRequests."""
        if left := self.patience.seconds_left(address):
            raise web.HTTPTooManyRequests(
                text="Too many wrong passwords from your address. Wait a moment, then try again.",
                headers={"Retry-After": str(int(left) + 1)},
            )
        expected = "" if self.password is None else self.password.reveal()
        if not expected or not is_same(given, expected):
            self.patience.note_wrong(address)
            return None
        self.patience.note_right(address)
        return self._open_session()

    def token_of(self, session: str) -> str | None:
        """Return the token of the session's forms; None if there is no such session."""
        return self._sessions.get(session)

    def close_session(self, session: str) -> None:
        """Forget the session."""
        self._sessions.pop(session, None)

    def _open_session(self) -> str:
        while len(self._sessions) >= _MOST_SESSIONS:
            self._sessions.pop(next(iter(self._sessions)))
        session = secrets.token_urlsafe(32)
        self._sessions[session] = secrets.token_urlsafe(32)
        return session


ACCESS = web.AppKey("access", Access)


def session_of(request: web.Request) -> str:
    """Return the session that the browser's cookie names; there need not be one."""
    return request.cookies.get(request.app[ACCESS].cookie, "")


def token_of(request: web.Request) -> str | None:
    """Return the token of the forms that the browser gets; None for a stranger."""
    return request.app[ACCESS].token_of(session_of(request))


def is_same(given: str, expected: str) -> bool:
    """Compare secrets in a time that tells nothing; what was given may be no proper text."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
