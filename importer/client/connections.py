"""Connections to a server, each for many requests. Only home of aiohttp's client.

```text
connection dropped          the next requests open new connections, one for each that may be idle
dropped for the third time  this server does not keep connections alive: each request opens one from here on
```
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from importlib.metadata import version

import aiohttp
from aiohttp import http_exceptions

from importer import limits
from importer.client.deadlines import Deadlines
from importer.client.proxies import Proxies
from importer.client.unpacking import ACCEPTED, Unpacking
from importer.errors import ConnectionLostError, Loss
from importer.http import Request, Response, explain_socket_error

CONNECT_SECONDS = 10.0

HEADER_LIMIT_BYTES = 128 * 1024
MOST_HEADERS = 500
"""As browsers take them, but no more in all than a body. Trakt's `Cache-Tag` is 11.5 kB for 250 episodes, and
aiohttp's own limit for a header is 8 kB."""

_DROPS_TO_DISTRUST = 3

_PROXY_LOCKED = 407
_PROXY_BUSY = frozenset({408, 429})

USER_AGENT = f"rating-importer/{version('rating-importer')} (+https://pypi.org/project/rating-importer)"


class Connections:
    """The connections of one transport, within a running event loop."""

    def __init__(
        self,
        most: int,
        read_seconds: float,
        proxies: Proxies,
        check_address: Callable[[str], None] | None,
    ) -> None:
        """See `Transport`. At most `most` are open at once."""
        self._most = most
        self._proxies = proxies
        self._check_address = check_address
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_SECONDS, sock_read=read_seconds
        )
        self._deadlines = Deadlines()
        self._session = self._open()
        self._unshared: aiohttp.ClientSession | None = None
        self._proxied: aiohttp.ClientSession | None = None
        self._drops = self._unshared_left = 0

    async def close(self) -> None:
        """Close all of them."""
        for session in (self._session, self._unshared, self._proxied):
            if session is not None:
                await session.close()

    def _open(self, *, keep_alive: bool = True, checks: bool = True) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._most,
                force_close=not keep_alive,
                socket_factory=self._make_socket if checks else None,
            ),
            timeout=self._timeout,
            headers={"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": ACCEPTED},
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=HEADER_LIMIT_BYTES,
            max_field_size=HEADER_LIMIT_BYTES,
            max_headers=MOST_HEADERS,
        )

    async def exchange(
        self, request: Request, total_seconds: float, write: Callable[[bytes], None] | None
    ) -> Response:
        """Send a request and read its answer: the body of a 200 into `write`, where there is one.

        Raises ConnectionLostError, whose text holds no secret.
        """
        proxy = self._proxies.find(request.url) if self._proxies else None
        session, body = self._choose_session(proxy), request.body
        try:
            with self._deadlines.within(total_seconds):
                answer = await session.request(
                    request.method,
                    request.url,
                    data=None
                    if body is None
                    else aiohttp.BytesPayload(body, content_type="application/json"),
                    headers=request.headers,
                    allow_redirects=False,
                    proxy=proxy,
                )
                try:
                    if proxy is not None and answer.status == _PROXY_LOCKED:
                        raise self._describe_refusal(request.url, answer.status)
                    return Response(answer.status, answer.headers, await _read(answer, request, write))
                finally:
                    answer.release()
        # The library's messages may quote the URL, which has the key: only the error's type is shown.
        except (aiohttp.InvalidURL, UnicodeError) as error:  # its host is no name that can be looked up
            raise _lost(Loss.ADDRESS, error) from None
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
            raise _lost(Loss.CERTIFICATE, error) from None
        except aiohttp.ClientProxyConnectionError:
            told = f"the proxy cannot be reached; it is set by {self._proxies.name_setting(request.url)}"
            raise ConnectionLostError(Loss.REFUSED, told) from None
        except aiohttp.ClientHttpProxyError as error:
            raise self._describe_refusal(request.url, error.status) from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise _lost(Loss.REFUSED, error) from None
        except TimeoutError as error:
            raise _lost(Loss.TIMEOUT, error) from None
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            loss = _classify(error)
            if loss is Loss.DROPPED:
                self._distrust_idle_connections()
            raise _lost(loss, error) from None

    def _describe_refusal(self, url: str, status: int) -> ConnectionLostError:
        """Say what the proxy's own answer means, and what sets it."""
        setting = self._proxies.name_setting(url)
        if status == _PROXY_LOCKED:
            told = f"it asks for a name and a password; write {setting} as http://NAME:PASSWORD@HOST:PORT"
            if "@" in (self._proxies.find(url) or ""):
                told = f"it does not accept the name and the password in {setting}"
            return ConnectionLostError(Loss.PROXY, told)
        if 400 <= status < 500 and status not in _PROXY_BUSY:
            return ConnectionLostError(Loss.PROXY, f"it answers {status}; it is set by {setting}")
        return ConnectionLostError(Loss.REFUSED, f"the proxy answers {status}; it is set by {setting}")

    def _choose_session(self, proxy: str | None) -> aiohttp.ClientSession:
        if proxy is not None:
            self._proxied = self._proxied or self._open(checks=False)
            return self._proxied
        return self._take_unshared() if self._unshared_left else self._session

    def _distrust_idle_connections(self) -> None:
        """Open new connections: a server that silently closed one idle connection may have closed all."""
        self._drops += 1
        self._unshared_left = self._most

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


async def _read(
    answer: aiohttp.ClientResponse, request: Request, write: Callable[[bytes], None] | None
) -> bytes:
    content, limit = answer.content, request.answer_limit
    if write is not None and answer.status == 200:
        async for piece in _unpack(answer):
            write(piece)
        return b""
    if "Content-Encoding" not in answer.headers:
        # Most answers come in one piece, head and body: all of it is here.
        if content.is_eof() and content.total_bytes <= limit:
            return content.read_nowait()
        if (length := answer.content_length) is not None and length <= limit:
            return await content.read()
    pieces, size = [], 0
    async for piece in _unpack(answer):
        size += len(piece)
        if size > limit:
            answer.close()
            raise ConnectionLostError(Loss.TOO_LARGE, f"over {limit // limits.MIB} MiB")
        pieces.append(piece)
    return b"".join(pieces)


async def _unpack(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    unpacking = Unpacking.of(answer.headers)
    async for packed in answer.content.iter_any():
        for piece in [packed] if unpacking is None else unpacking.unpack(packed):
            yield piece
    if unpacking is not None:
        yield unpacking.finish()


def _classify(error: BaseException) -> Loss:
    """Find the kind of failure in the causes of the library's error."""
    for cause in _causes(error):
        match cause:
            case http_exceptions.LineTooLong():
                return Loss.HEADERS_TOO_LARGE
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
        return ConnectionLostError(loss, explain_socket_error(error.os_error))
    return ConnectionLostError(loss, type(error).__name__)
