"""The network: sends one request, reads one whole answer. Only home of aiohttp's client.

Every way a connection can fail becomes a `ConnectionLostError`; what an answer means is not decided here.
Redirects are never followed: a POST with credentials goes to the host it was meant for or nowhere.
"""

import asyncio
import socket
from collections.abc import Callable
from importlib.metadata import version
from types import TracebackType
from typing import Protocol, Self

import aiohttp

from importer.errors import ConnectionLostError, Loss
from importer.http import Request, Response

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
"""How long to wait for the next bytes of an answer; v1 clients waited 60 to 90 s."""

TOTAL_SECONDS = 600.0
"""How long a whole answer may take, however steadily its bytes drip in."""

ANSWER_LIMIT_BYTES = 64 * 1024 * 1024
"""No answer of these APIs is larger; more is refused rather than kept in memory."""

USER_AGENT = f"rating-importer/{version('rating-importer')} (+https://pypi.org/project/rating-importer)"


class HttpSender(Protocol):
    """What sends a request: the transport, or a test's stand-in."""

    async def send(self, request: Request) -> Response:
        """Send once. Raises ConnectionLostError."""
        ...


class Transport:
    """A pool of kept-alive connections. An async context manager; `send` is safe to call concurrently."""

    def __init__(
        self,
        connections: int,
        *,
        read_seconds: float = READ_SECONDS,
        answer_limit: int = ANSWER_LIMIT_BYTES,
        check_address: Callable[[str], None] | None = None,
    ) -> None:
        """`check_address` gets every IP address before it is connected to; an OSError refuses it."""
        self._connections = connections
        self._check_address = check_address
        self._answer_limit = answer_limit
        self._timeout = aiohttp.ClientTimeout(
            total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=read_seconds
        )
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, socket_factory=self._make_socket),
            timeout=self._timeout,
            headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, request: Request) -> Response:
        """Send and read the whole answer. Raises ConnectionLostError, whose text holds no secret."""
        assert self._session is not None, "send() outside of `async with`"
        try:
            async with self._session.request(
                request.method,
                request.url,
                data=request.body,
                headers=request.headers,
                allow_redirects=False,
            ) as answer:
                return Response(answer.status, answer.headers, await self._read(answer))
        # The library's messages may quote the URL, which holds the key: only their kind is kept.
        except aiohttp.ClientConnectorCertificateError as error:
            raise _lost(Loss.CERTIFICATE, error) from None
        except aiohttp.ClientConnectorSSLError as error:
            raise _lost(Loss.CERTIFICATE, error) from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise _lost(Loss.REFUSED, error) from None
        except TimeoutError as error:
            raise _lost(Loss.TIMEOUT, error) from None
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise _lost(Loss.DROPPED, error) from None

    def _make_socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, place = address
        if self._check_address is not None:
            self._check_address(place[0])
        return socket.socket(family, kind, protocol)

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        length = answer.content_length
        if length is not None and length <= self._answer_limit and "Content-Encoding" not in answer.headers:
            return await answer.read()
        pieces, size = [], 0
        async for piece in answer.content.iter_any():
            size += len(piece)
            if size > self._answer_limit:
                answer.close()
                limit = f"over {self._answer_limit // 1024 // 1024} MiB"
                raise ConnectionLostError(Loss.TOO_LARGE, limit)
            pieces.append(piece)
        return b"".join(pieces)


def _lost(loss: Loss, error: BaseException) -> ConnectionLostError:
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.strerror:
        return ConnectionLostError(loss, error.os_error.strerror)
    return ConnectionLostError(loss, type(error).__name__)
