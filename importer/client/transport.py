"""The network: sends one request and reads its whole answer.

Every failure of a connection becomes a `ConnectionLostError`; answers are interpreted elsewhere.
Redirects are never followed, so that credentials only go to the host they are meant for.

```text
a proxy only as HTTP_PROXY, HTTPS_PROXY or ALL_PROXY say (NO_PROXY excepts hosts), never for 127.0.0.1
asking_first(gate)          in the block, nothing leaves before `gate.may_send()`, which may refuse it
```
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from importer.client.proxies import Proxies
from importer.http import Request, Response

if TYPE_CHECKING:
    from importer.client.connections import Connections

READ_SECONDS = 60.0
"""The longest wait for the next bytes of an answer; v1 clients waited 60 to 90 s."""

TOTAL_SECONDS = 600.0
"""The longest time for a whole answer, even if bytes keep coming."""


class Gate(Protocol):
    """Whoever is asked before each request of a thread, and sees each answer."""

    async def may_send(self) -> None:
        """Wait as long as nothing may be sent. Raises StopRunError if nothing may be sent any more."""
        ...

    def answered(self, response: Response) -> None:
        """An answer has come."""
        ...


_GATE: ContextVar[Gate | None] = ContextVar("gate", default=None)


@contextmanager
def asking_first(gate: Gate) -> Iterator[None]:
    """Let every transport of this thread ask right before each request, while the block lasts."""
    before = _GATE.set(gate)
    try:
        yield
    finally:
        _GATE.reset(before)


class HttpSender(Protocol):
    """Sends a request: the transport, or a substitute in tests."""

    async def send(self, request: Request) -> Response:
        """Send once. Raises ConnectionLostError; StopRunError if it may not be sent, and did not leave."""
        ...


class Transport:
    """A pool of kept-alive connections. An async context manager; `send` is safe to call concurrently."""

    def __init__(
        self,
        connections: int,
        *,
        read_seconds: float = READ_SECONDS,
        check_address: Callable[[str], None] | None = None,
    ) -> None:
        """`check_address` gets every IP address before it is connected to; an OSError refuses it.

        A proxy chooses the address itself. Raises SettingsError for a proxy
        that cannot be used.
        """
        self._most = connections
        self._read_seconds = read_seconds
        self._check_address = check_address
        self._proxies = Proxies.from_environment()
        self._connections: Connections | None = None

    async def __aenter__(self) -> Self:
        # Loads aiohttp: half of the time that a command without a request takes to start.
        from importer.client.connections import Connections  # noqa: PLC0415

        self._connections = Connections(self._most, self._read_seconds, self._proxies, self._check_address)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connections is not None:
            await self._connections.close()

    async def send(self, request: Request) -> Response:
        """Send and read the whole answer. Raises ConnectionLostError, whose text holds no secret."""
        return await self._ask_and_send(request, TOTAL_SECONDS)

    async def save(self, request: Request, write: Callable[[bytes], None]) -> Response:
        """Send as `send` does, but hand the body of a 200 to `write`, piece by piece, whatever its size."""
        return await self._ask_and_send(request, math.inf, write)

    async def _ask_and_send(
        self, request: Request, total_seconds: float, write: Callable[[bytes], None] | None = None
    ) -> Response:
        assert self._connections is not None, "send() outside of `async with`"
        gate = _GATE.get()
        if gate is None:
            return await self._connections.exchange(request, total_seconds, write)
        await gate.may_send()
        response = await self._connections.exchange(request, total_seconds, write)
        gate.answered(response)
        return response
