"""Where a sign-in is kept: the system's keyring when there is a usable one, else a file of the owner's alone.

One entry per sign-in host and app, so that a token never travels to a host that did not issue it. A pair
from the settings (a container's) has a file of its own, named by that pair: what it was renewed to is kept
there and preferred to it, until another pair is put into the settings. When to renew is `credentials.py`'s.
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

from filelock import FileLock, Timeout

from importer.client.keyring import BoundedKeyring
from importer.destinations.sign_in import TokenSet, dump_tokens, parse_tokens
from importer.errors import StateFileError, StopRunError
from importer.files import make_private_folder, write_privately
from importer.secret import Secret
from importer.state_files import translate_trouble

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

__all__ = ["MemoryTokenStore", "TokenSet", "TokenStore", "find_keyring", "open_token_store"]

LOCK_SECONDS = 700.0
"""How long to wait for another process that renews; longer than a renewal may take."""

_LOCK_POLL_SECONDS = 0.05


class SignInSettings(Protocol):
    """What settings say about a sign-in: the host and the app, and a token pair if they hold one."""

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
    """Open the place of the settings' host and app, for the settings' own token pair if they hold one.

    Such a pair is a container's or a server's, where no keyring is asked.
    """
    host = urlsplit(settings.auth_url).netloc.lower()
    given = None
    # Several people may sign in to one app.
    identity = [host, settings.client_id, *([f"account {account}"] if account else [])]
    if settings.access_token:
        given = TokenSet(settings.access_token, settings.refresh_token or None, created_at=0.0)
        identity += [token.reveal() for token in (given.access_token, given.refresh_token) if token]
    digest = hashlib.sha256("\n".join(identity).encode()).hexdigest()[:16]
    name = f"{re.sub(r'[^a-z0-9.]+', '-', host)}-{digest}"
    keyring = None if given else BoundedKeyring(find_keyring, warn)
    return TokenStore(state_folder / "tokens" / f"{name}.json", keyring, given)


def find_keyring() -> "KeyringBackend | None":
    """Find the system's keyring, unless there is none that keeps secrets."""
    try:
        import keyring  # noqa: PLC0415 - it looks for all backends there are, which takes a while

        backend = keyring.get_keyring()
        is_usable = backend.priority >= 1  # below are the ones that fail, that forget, that write in clear
    except Exception:  # noqa: BLE001 - a backend is a plug-in and may fail in any way; there is the file
        return None
    return backend if is_usable else None


class TokenStore:
    """Keeps one sign-in. `where` tells people in which place it is, `trouble` why not in the keyring."""

    def __init__(self, file: Path, keyring: BoundedKeyring | None, given: TokenSet | None = None) -> None:
        self._file = file
        self._keyring = keyring
        self._given = given
        self.where = "nowhere yet"

    @property
    def trouble(self) -> str:
        """Why the keyring was not used, in brackets; empty if there is none or it was used."""
        return self._keyring.trouble if self._keyring else ""

    @property
    def is_given(self) -> bool:
        """Whether the pair comes from the settings, or descends from one that does."""
        return self._given is not None

    async def load(self) -> TokenSet | None:
        """Give the newest pair; None if nobody is signed in. Raises StateFileError."""
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
        """Keep the pair instead of the one before. Raises StateFileError if there is no place to."""
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
        """Keep nothing any more. Raises StateFileError if the file stays."""
        if self._keyring:
            await self._keyring.delete(self._entry)
        with translate_trouble(self._file, "remove it: remove it yourself"):
            self._file.unlink(missing_ok=True)

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Keep every other process out, waiting for it without holding up this one. Raises StopRunError."""
        lock = FileLock(self._file.with_suffix(".lock"), mode=0o600)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + LOCK_SECONDS
        while not self._acquire(lock):
            if loop.time() >= deadline:
                raise StopRunError(
                    f"Another process holds {lock.lock_file}; end it, then type the same command."
                )
            await asyncio.sleep(_LOCK_POLL_SECONDS)
        try:
            yield
        finally:
            lock.release()

    def _acquire(self, lock: FileLock) -> bool:
        make_private_folder(self._file.parent)
        with translate_trouble(Path(lock.lock_file), "keep tokens there"):
            try:
                lock.acquire(blocking=False)
            except Timeout:
                return False
        return True

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
    """Keeps a sign-in as long as this process lives; `get_first` signs in when a token is first asked for."""

    def __init__(self, get_first: Callable[[], Awaitable[TokenSet]]) -> None:
        super().__init__(Path(), None)
        self._get_first = get_first
        self._tokens: TokenSet | None = None
        self.where = "memory"

    async def load(self) -> TokenSet | None:
        """Give the pair, after signing in the first time. Raises what `get_first` raises."""
        if self._tokens is None:
            self._tokens = await self._get_first()
        return self._tokens

    async def save(self, tokens: TokenSet) -> None:
        """Keep the pair instead of the one before."""
        self._tokens = tokens

    async def forget(self) -> None:
        """Sign in again at the next load."""
        self._tokens = None

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """No other process knows these tokens."""
        yield
