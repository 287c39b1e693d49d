"""The system's keyring with a timeout of 10 s: it may wait for a person to unlock it, or never answer.

```text
await keyring.get("entry")      the secret; None if there is none, or if the keyring cannot be used
      no answer in 10 s         sets `trouble`, calls `warn`, and the keyring is not used any more
```

Each question runs in a daemon thread: one that hangs in the desktop's bus cannot be ended, and must not keep
this process from ending.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from importer.config.folders import APP

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

KEYRING_SECONDS = 10.0

_Result = TypeVar("_Result")


class BoundedKeyring:
    """Asks the backend that `find` returns, if any. `trouble` is why it was not used."""

    def __init__(self, find: "Callable[[], KeyringBackend | None]", warn: Callable[[str], None]) -> None:
        self._find = find
        self._warn = warn
        self._backend: KeyringBackend | None = None
        self._is_asked = True
        self.trouble = ""

    @property
    def name(self) -> str:
        """The backend's own name."""
        return str(self._backend.name) if self._backend else ""

    async def get(self, entry: str) -> str | None:
        """Return the secret of an entry; None if there is none or the keyring cannot be used."""
        return await self._ask(lambda backend: backend.get_password(APP, entry))

    async def set(self, entry: str, secret: str) -> bool:
        """Store a secret; return whether that succeeded."""

        def keep(backend: "KeyringBackend") -> bool:
            backend.set_password(APP, entry, secret)
            return True

        return bool(await self._ask(keep))

    async def delete(self, entry: str) -> None:
        """Remove an entry, if it is there."""

        def remove(backend: "KeyringBackend") -> None:
            if backend.get_password(APP, entry) is not None:
                backend.delete_password(APP, entry)

        await self._ask(remove)

    async def _ask(self, question: "Callable[[KeyringBackend], _Result]") -> _Result | None:
        if not self._is_asked:
            return None
        answer: Future[_Result | None] = Future()
        answer.set_running_or_notify_cancel()
        Thread(target=self._answer, args=(question, answer), daemon=True).start()
        try:
            async with asyncio.timeout(KEYRING_SECONDS):
                return await asyncio.wrap_future(answer)
        except TimeoutError:
            self._is_asked = False
            problem = f"the keyring gave no answer within {KEYRING_SECONDS:.0f} s"
            self.trouble = f" ({problem})"
            self._warn(f"{problem}: the file is used instead. Unlock the keyring, or sign in without it")
        except Exception as error:  # noqa: BLE001 - a backend is a plug-in and may fail in any way
            self.trouble = f" (the keyring cannot be used: {type(error).__name__})"
        return None

    def _answer(
        self, question: "Callable[[KeyringBackend], _Result]", answer: Future[_Result | None]
    ) -> None:
        try:
            if self._backend is None:
                self._backend = self._find()  # tries all backends, and may call the desktop's bus
            if self._backend is None:
                self._is_asked = False
            answer.set_result(None if self._backend is None else question(self._backend))
        except BaseException as error:  # noqa: BLE001 - the caller gets it
            answer.set_exception(error)
