"""Where a sign-in is kept: the system's keyring when there is a usable one, else a file of the owner's alone.

One entry per sign-in host and app, so that a token never travels to a host that did not issue it. A pair
from the settings (a container's) has an entry of its own, named by that pair: what it was renewed to is kept
there and preferred to it, until another pair is put into the settings. When to renew is `credentials.py`'s.
"""

import asyncio
import hashlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from importer.config.folders import APP
from importer.destinations.sign_in import TokenSet, dump_tokens, parse_tokens
from importer.errors import Remedy, StopRunError
from importer.files import make_private_folder, write_privately
from importer.secret import Secret

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

__all__ = ["MemoryTokenStore", "TokenSet", "TokenStore", "find_keyring", "open_token_store"]

LOCK_SECONDS = 700.0
"""How long to wait for another process that renews; longer than a renewal may take."""

_LOCK_POLL_SECONDS = 0.05

_Result = TypeVar("_Result")


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


def open_token_store(settings: SignInSettings, state_folder: Path, account: str = "") -> "TokenStore":
    """Open the place of the settings' host and app, for the settings' own token pair if they hold one."""
    host = urlsplit(settings.auth_url).netloc.lower()
    given = None
    # Several people may sign in to one app.
    identity = [host, settings.client_id, *([f"account {account}"] if account else [])]
    if settings.access_token:
        given = TokenSet(settings.access_token, settings.refresh_token or None, created_at=0.0)
        identity += [token.reveal() for token in (given.access_token, given.refresh_token) if token]
    digest = hashlib.sha256("\n".join(identity).encode()).hexdigest()[:16]
    name = f"{re.sub(r'[^a-z0-9.]+', '-', host)}-{digest}"
    return TokenStore(state_folder / "tokens" / f"{name}.json", find_keyring(), given)


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

    def __init__(self, file: Path, keyring: "KeyringBackend | None", given: TokenSet | None = None) -> None:
        self._file = file
        self._keyring = keyring
        self._given = given
        self.trouble = ""
        self.where = "nowhere yet"

    @property
    def is_given(self) -> bool:
        """Whether the pair comes from the settings, or descends from one that does."""
        return self._given is not None

    async def load(self) -> TokenSet | None:
        """Give the newest pair; None if nobody is signed in."""
        in_keyring = parse_tokens((await self._ask_keyring(self._get) or "").encode(), time.time())
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
        """Keep the pair instead of the one before. Raises StopRunError if there is no place to."""
        content = dump_tokens(tokens)
        if await self._ask_keyring(lambda backend: self._set(backend, content.decode())):
            with suppress(OSError):  # an older pair there would not be preferred
                self._file.unlink()
            self.where = self._name_keyring()
            return
        try:
            write_privately(self._file, content)
        except OSError as error:
            problem = f"The new tokens cannot be kept in {self._file} ({error.strerror or error})"
            raise StopRunError(
                f"{problem}. Make room or name another folder with IMPORTER_STATE_DIR, then start over",
                Remedy.SIGN_IN,
            ) from None
        await self._ask_keyring(self._delete)
        self.where = self._name_file()

    async def forget(self) -> None:
        """Keep nothing any more. Raises StopRunError if the file stays."""
        await self._ask_keyring(self._delete)
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            raise StopRunError(f"{self._file} cannot be removed ({error.strerror}): remove it.") from None

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
        try:
            make_private_folder(self._file.parent)
            lock.acquire(blocking=False)
        except Timeout:
            return False
        except OSError as error:
            problem = f"Tokens cannot be kept in {self._file.parent} ({error.strerror or error})"
            raise StopRunError(f"{problem}. Name another folder with IMPORTER_STATE_DIR.") from None
        return True

    async def _ask_keyring(self, call: "Callable[[KeyringBackend], _Result]") -> _Result | None:
        """Call the keyring in a thread, for it may ask the user to unlock it; None if it cannot."""
        if self._keyring is None:
            return None
        try:
            return await asyncio.to_thread(call, self._keyring)
        except Exception as error:  # noqa: BLE001 - a backend is a plug-in and may fail in any way
            self.trouble = f" (the keyring cannot be used: {type(error).__name__})"
            return None

    def _get(self, backend: "KeyringBackend") -> str | None:
        return backend.get_password(APP, self._file.stem)

    def _set(self, backend: "KeyringBackend", content: str) -> bool:
        backend.set_password(APP, self._file.stem, content)
        return True

    def _delete(self, backend: "KeyringBackend") -> None:
        if self._get(backend) is not None:
            backend.delete_password(APP, self._file.stem)

    def _read_file(self) -> TokenSet | None:
        try:
            return parse_tokens(self._file.read_bytes(), time.time())
        except OSError:
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
