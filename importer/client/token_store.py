"""Stores a sign-in: in the system's keyring if there is a usable one, else in a private file.

One entry per sign-in host, app and, if its domain is another, address of the API: a token never travels to
a host that it was not given for. A pair from the settings (a container's) has a file of its own, named by
that pair: what it was renewed to is kept there and preferred to it, until another pair is put into the
settings. When to renew is `credentials.py`'s.

```text
open_token_store(settings, folder, account)
    a usable keyring        ->  an entry for host, app, account and a foreign API
    none                    ->  a private file in `folder`
    a pair in the settings  ->  a private file named by that pair
```
"""

import asyncio
import hashlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from filelock import FileLock

from importer.client.keyring import BoundedKeyring
from importer.destinations.sign_in import TokenSet, dump_tokens, parse_tokens
from importer.errors import StateFileError, StopRunError
from importer.files import make_private_folder, write_privately
from importer.http import is_same_site
from importer.secret import Secret
from importer.state_files import take_lock, translate_trouble

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

__all__ = ["MemoryTokenStore", "TokenSet", "TokenStore", "find_keyring", "open_key_store", "open_token_store"]

LOCK_SECONDS = 700.0
"""The wait for another process that renews the token; longer than a renewal may take."""

_LOCK_POLL_SECONDS = 0.05


class SignInSettings(Protocol):
    """The settings of a sign-in: the host, the app, and perhaps a token pair."""

    @property
    def base_url(self) -> str: ...

    @property
    def auth_url(self) -> str: ...

    @property
    def client_id(self) -> str: ...

    @property
    def access_token(self) -> Secret: ...

    @property
    def refresh_token(self) -> Secret: ...


def open_token_store(
    settings: SignInSettings,
    state_folder: Path,
    account: str = "",
    warn: Callable[[str], None] = lambda _: None,
) -> "TokenStore":
    """Open the store for the settings' host and app, with the settings' token pair if they have one.

    With such a pair (a container or a server) no keyring is used.
    """
    host = urlsplit(settings.auth_url).netloc.lower()
    given = None
    # Several people may sign in to one app.
    identity = [host, settings.client_id, *([f"account {account}"] if account else [])]
    if not is_same_site(settings.base_url, settings.auth_url):
        # Else whoever talks a user into another --base-url would get the token.
        identity.append(f"for {settings.base_url}")
    if settings.access_token:
        given = TokenSet(settings.access_token, settings.refresh_token or None, created_at=0.0)
        identity += [token.reveal() for token in (given.access_token, given.refresh_token) if token]
    keyring = None if given else BoundedKeyring(find_keyring, warn)
    return TokenStore(_name_file(state_folder, host, identity), keyring, given)


def open_key_store(
    base_url: str, state_folder: Path, account: str = "", warn: Callable[[str], None] = lambda _: None
) -> "TokenStore":
    """Open the store for the key of a service that has no tokens; a key is for its host only."""
    host = urlsplit(base_url).netloc.lower()
    identity = [host, "key", *([f"account {account}"] if account else [])]
    return TokenStore(_name_file(state_folder, host, identity), BoundedKeyring(find_keyring, warn))


def _name_file(state_folder: Path, host: str, identity: list[str]) -> Path:
    digest = hashlib.sha256("\n".join(identity).encode()).hexdigest()[:16]
    return state_folder / "tokens" / f"{re.sub(r'[^a-z0-9.]+', '-', host)}-{digest}.json"


def find_keyring() -> "KeyringBackend | None":
    """Return the system's keyring, or None if there is none that keeps secrets."""
    try:
        import keyring  # noqa: PLC0415 - slow, since it searches for backends

        backend = keyring.get_keyring()
        is_usable = backend.priority >= 1  # lower ones fail, forget, or write plain text
    except Exception:  # noqa: BLE001 - a backend is a plug-in and may fail in any way; there is the file
        return None
    return backend if is_usable else None


class TokenStore:
    """Stores one sign-in. `where` names the place for users, `trouble` why it is not the keyring."""

    def __init__(self, file: Path, keyring: BoundedKeyring | None, given: TokenSet | None = None) -> None:
        self._file = file
        self._keyring = keyring
        self._given = given
        self.where = "nowhere yet"

    @property
    def trouble(self) -> str:
        """Why the keyring was not used, in brackets; empty if it was used or there is none."""
        return self._keyring.trouble if self._keyring else ""

    @property
    def is_given(self) -> bool:
        """Whether the pair comes from the settings, or descends from one that does."""
        return self._given is not None

    async def load(self) -> TokenSet | None:
        """Return the newest pair; None if nobody is signed in. Raises StateFileError."""
        kept = await self._keyring.get(self._entry) if self._keyring else None
        in_keyring = parse_tokens((kept or "").encode(), time.time())
        in_file = self._read_file()
        if in_keyring and (in_file is None or in_file.created_at <= in_keyring.created_at):
            self.where = self._name_keyring()
            return in_keyring
        if in_file:
            self.where = self._name_file()
            return in_file
        if self._given:
            self.where = "the settings (access_token)"
        return self._given

    async def save(self, tokens: TokenSet) -> None:
        """Store the pair in place of the old one. Raises StateFileError if that fails."""
        content = dump_tokens(tokens)
        if self._keyring and await self._keyring.set(self._entry, content.decode()):
            with suppress(OSError):  # an older pair there would not be preferred
                self._file.unlink()
            self.where = self._name_keyring()
            return
        try:
            write_privately(self._file, content)
        except StateFileError as error:
            error.message += ". The new tokens are not kept: sign in again once they can be"
            raise
        if self._keyring:
            await self._keyring.delete(self._entry)
        self.where = self._name_file()

    async def forget(self) -> None:
        """Delete the pair. Raises StateFileError if the file cannot be deleted."""
        if self._keyring:
            await self._keyring.delete(self._entry)
        with translate_trouble(self._file, "remove it: remove it yourself"):
            self._file.unlink(missing_ok=True)

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Lock out other processes; waiting does not block the event loop. Raises StopRunError."""
        make_private_folder(self._file.parent)
        lock = FileLock(self._file.with_suffix(".lock"), timeout=0, mode=0o600)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + LOCK_SECONDS
        while not take_lock(lock, "keep tokens there"):
            if loop.time() >= deadline:
                raise StopRunError(
                    f"Another process uses {lock.lock_file}; end it, then type the same command."
                )
            await asyncio.sleep(_LOCK_POLL_SECONDS)
        try:
            yield
        finally:
            lock.release()

    @property
    def _entry(self) -> str:
        return self._file.stem

    def _read_file(self) -> TokenSet | None:
        with translate_trouble(self._file, "read the tokens"), suppress(FileNotFoundError):
            return parse_tokens(self._file.read_bytes(), time.time())
        return None

    def _name_keyring(self) -> str:
        return f"the system's keyring ({self._keyring.name if self._keyring else ''})"

    def _name_file(self) -> str:
        return f"the file {self._file}{self.trouble}"


class MemoryTokenStore(TokenStore):
    """Stores a sign-in in memory, for all connections of a run.

    `get_first` signs in when a token is first needed; each connection brings its own.
    """

    def __init__(self) -> None:
        super().__init__(Path(), None)
        self.get_first: Callable[[], Awaitable[TokenSet]] | None = None
        self._tokens: TokenSet | None = None
        self.where = "memory"

    async def load(self) -> TokenSet | None:
        """Return the pair, signing in the first time. Raises what `get_first` raises."""
        if self._tokens is None and self.get_first is not None:
            self._tokens = await self.get_first()
        return self._tokens

    async def save(self, tokens: TokenSet) -> None:
        """Store the pair in place of the old one."""
        self._tokens = tokens

    async def forget(self) -> None:
        """Delete the pair: the next load signs in again."""
        self._tokens = None

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Do nothing: no other process has these tokens."""
        yield
