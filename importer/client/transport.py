"""The network: sends one request and reads its whole answer. Only home of aiohttp's client.

Every failure of a connection becomes a `ConnectionLostError`; answers are interpreted elsewhere.
Redirects are never followed, so that credentials only go to the host they are meant for.

```text
a proxy only as HTTP_PROXY, HTTPS_PROXY or ALL_PROXY say (NO_PROXY excepts hosts), never for 127.0.0.1
connection dropped          the next requests open new connections, one for each that may be idle
dropped for the third time  this server does not keep connections alive: each request opens one from here on
asking_first(gate)          in the block, nothing leaves before `gate.may_send()`, which may refuse it
```
"""

import asyncio
import math
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.metadata import version
from types import TracebackType
from typing import Protocol, Self

import aiohttp
from aiohttp import http_exceptions

from importer import limits
from importer.client.deadlines import Deadlines
from importer.client.proxies import Proxies
from importer.errors import ConnectionLostError, Loss
from importer.http import Request, Response

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
"""The longest wait for the next bytes of an answer; v1 clients waited 60 to 90 s."""

TOTAL_SECONDS = 600.0
"""The longest time for a whole answer, even if bytes keep coming."""

HEADER_LIMIT_BYTES = 128 * 1024
MOST_HEADERS = 500
"""As browsers take them, but no more in all than a body. Trakt's `Cache-Tag` is 11.5 kB for 250 episodes, and
aiohttp's own limit for a header is 8 kB."""

_DROPS_TO_DISTRUST = 3

USER_AGENT = f"rating-importer/{version('rating-importer')} (+https://pypi.org/project/rating-importer)"


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
        self._connections = connections
        self._check_address = check_address
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_SECONDS, sock_read=read_seconds
        )
        self._deadlines = Deadlines()
        self._session: aiohttp.ClientSession | None = None
        self._unshared: aiohttp.ClientSession | None = None
        self._proxied: aiohttp.ClientSession | None = None
        self._drops = self._unshared_left = 0
        self._proxies = Proxies.from_environment()

    async def __aenter__(self) -> Self:
        self._session = self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in (self._session, self._unshared, self._proxied):
            if session is not None:
                await session.close()

    def _open(self, *, keep_alive: bool = True, checks: bool = True) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._connections,
                force_close=not keep_alive,
                socket_factory=self._make_socket if checks else None,
            ),
            timeout=self._timeout,
            headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=HEADER_LIMIT_BYTES,
            max_field_size=HEADER_LIMIT_BYTES,
            max_headers=MOST_HEADERS,
        )

    async def send(self, request: Request) -> Response:
        """Send and read the whole answer. Raises ConnectionLostError, whose text holds no secret."""
        return await self._ask_and_send(request, _read, TOTAL_SECONDS)

    async def save(self, request: Request, write: Callable[[bytes], None]) -> Response:
        """Send as `send` does, but hand the body of a 200 to `write`, piece by piece, whatever its size."""

        async def read(answer: aiohttp.ClientResponse, limit: int) -> bytes:
            if answer.status != 200:
                return await _read(answer, limit)
            async for piece in answer.content.iter_any():
                write(piece)
            return b""

        return await self._ask_and_send(request, read, math.inf)

    async def _ask_and_send(
        self,
        request: Request,
        read: Callable[[aiohttp.ClientResponse, int], Awaitable[bytes]],
        total_seconds: float,
    ) -> Response:
        gate = _GATE.get()
        if gate is None:
            return await self._send(request, read, total_seconds)
        await gate.may_send()
        response = await self._send(request, read, total_seconds)
        gate.answered(response)
        return response

    async def _send(
        self,
        request: Request,
        read: Callable[[aiohttp.ClientResponse, int], Awaitable[bytes]],
        total_seconds: float,
    ) -> Response:
        proxy = self._proxies.find(request.url) if self._proxies else None
        session = self._choose_session(proxy)
        try:
            with self._deadlines.within(total_seconds):
                answer = await session.request(
                    request.method,
                    request.url,
                    data=request.body,
                    headers=request.headers,
                    allow_redirects=False,
                    proxy=proxy,
                )
                try:
                    return Response(answer.status, answer.headers, await read(answer, request.answer_limit))
                finally:
                    answer.release()
        # The library's messages may quote the URL, which has the key: only the error's type is shown.
        except aiohttp.ClientConnectorCertificateError as error:
            raise _lost(Loss.CERTIFICATE, error) from None
        except aiohttp.ClientConnectorSSLError as error:
            raise _lost(Loss.CERTIFICATE, error) from None
        except (aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError) as error:
            raise ConnectionLostError(Loss.REFUSED, _describe_proxy_error(error)) from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise _lost(Loss.REFUSED, error) from None
        except TimeoutError as error:
            raise _lost(Loss.TIMEOUT, error) from None
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            loss = _classify(error)
            if loss is Loss.DROPPED:
                self._distrust_idle_connections()
            raise _lost(loss, error) from None

    def _choose_session(self, proxy: str | None) -> aiohttp.ClientSession:
        assert self._session is not None, "send() outside of `async with`"
        if proxy is not None:
            self._proxied = self._proxied or self._open(checks=False)
            return self._proxied
        return self._take_unshared() if self._unshared_left else self._session

    def _distrust_idle_connections(self) -> None:
        """Open new connections: a server that silently closed one idle connection may have closed all."""
        self._drops += 1
        self._unshared_left = self._connections

    def _take_unshared(self) -> aiohttp.ClientSession:
        if self._drops < _DROPS_TO_DISTRUST:
            self._unshared_left -= 1
        if self._unshared is None:
            self._unshared = self._open(keep_alive=False)
        return self._unshared

    def _make_socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, place = address
        if self._check_address is not None:
            self._check_address(place[0])
        return socket.socket(family, kind, protocol)


async def _read(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    length, content = answer.content_length, answer.content
    if length is not None and length <= limit and "Content-Encoding" not in answer.headers:
        # Most answers come in one piece, head and body: all of it is here.
        return content.read_nowait() if content.is_eof() else await content.read()
    pieces, size = [], 0
    async for piece in content.iter_any():
        size += len(piece)
        if size > limit:
            answer.close()
            raise ConnectionLostError(Loss.TOO_LARGE, f"over {limit // limits.MIB} MiB")
        pieces.append(piece)
    return b"".join(pieces)


def _describe_proxy_error(error: aiohttp.ClientProxyConnectionError | aiohttp.ClientHttpProxyError) -> str:
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy answers {error.status}; it is set by HTTPS_PROXY, HTTP_PROXY or ALL_PROXY"
    return "the proxy cannot be reached; it is set by HTTPS_PROXY, HTTP_PROXY or ALL_PROXY"


def _classify(error: BaseException) -> Loss:
    """Find the kind of failure in the causes of the library's error."""
    for cause in _causes(error):
        match cause:
            case http_exceptions.LineTooLong():
                return Loss.HEADERS_TOO_LARGE
            case http_exceptions.ContentEncodingError():
                return Loss.ENCODING
            case http_exceptions.ContentLengthError() | http_exceptions.TransferEncodingError():
                return Loss.CUT_SHORT
            case http_exceptions.BadHttpMessage(message="Too many headers received"):
                return Loss.HEADERS_TOO_LARGE
            case http_exceptions.BadHttpMessage():
                return Loss.NOT_HTTP
    return Loss.CUT_SHORT if isinstance(error, aiohttp.ClientPayloadError) else Loss.DROPPED


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _lost(loss: Loss, error: BaseException) -> ConnectionLostError:
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.strerror:
        return ConnectionLostError(loss, error.os_error.strerror)
    return ConnectionLostError(loss, type(error).__name__)
