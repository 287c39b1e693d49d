"""The network: whole answers, and every way to get none; with a pretended server and with real sockets."""

import asyncio
import gzip
import socket
import ssl
import struct
import traceback
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, TypeAlias

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from aioresponses import CallbackResult, aioresponses
from yarl import URL

from importer.client.transport import Transport
from importer.destinations.decisions import Stop, interpret_loss
from importer.errors import ConnectionLostError, Loss
from importer.http import Request, Response

KEY = "s3cr3t-k3y"
HOST = "http://127.0.0.1:1"
URL_WITH_KEY = f"{HOST}/rate/movie/{KEY}"
REQUEST = Request("POST", URL_WITH_KEY, "POST rate/movie", b'{"rating":8}', {"trakt-api-version": "2"})


async def send(request: Request = REQUEST, **options: Any) -> Response:
    async with Transport(2, **options) as transport:
        return await transport.send(request)


async def lose(request: Request = REQUEST, **options: Any) -> ConnectionLostError:
    with pytest.raises(ConnectionLostError) as caught:
        await send(request, **options)
    return caught.value


# With a pretended server


class Answer(aiohttp.ClientResponse):
    """aioresponses 0.7.9 does not know the argument that aiohttp 3.14 added; without it, it cannot answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("stream_writer", SimpleNamespace(output_size=0))
        super().__init__(*args, **kwargs)


@pytest.fixture
def server() -> Iterator[aioresponses]:
    with aioresponses() as mock:
        yield mock


async def test_an_answer_comes_back_whole(server: aioresponses) -> None:
    server.post(URL_WITH_KEY, body=b'{"status":"success"}', headers={"X-Seen": "1"}, response_class=Answer)
    response = await send()
    assert (response.status, response.body) == (200, b'{"status":"success"}')
    assert response.headers["x-seen"] == "1"  # names are matched without regard to case


async def test_the_request_goes_out_as_it_was_built(server: aioresponses) -> None:
    seen: dict[str, Any] = {}

    def look(url: URL, **kwargs: Any) -> CallbackResult:
        seen.update(kwargs)
        return CallbackResult(body=b"{}", response_class=Answer)

    server.post(URL_WITH_KEY, callback=look)
    await send()
    assert (seen["data"].decode(), seen["data"].content_type) == ('{"rating":8}', "application/json")
    assert seen["headers"]["trakt-api-version"] == "2"
    assert seen["allow_redirects"] is False


@pytest.mark.parametrize("status", [201, 204, 302, 400, 401, 404, 420, 429, 500, 503, 520])
async def test_any_status_is_an_answer(server: aioresponses, status: int) -> None:
    server.post(URL_WITH_KEY, status=status, body=b"<html>", response_class=Answer)
    response = await send()
    assert (response.status, response.body) == (status, b"<html>")


def connection_key() -> ConnectionKey:
    return ConnectionKey("127.0.0.1", 1, True, True, None, None, None)


def certificate_error() -> ssl.SSLCertVerificationError:
    return ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate")


LOSSES: list[tuple[Exception, Loss]] = [
    (aiohttp.ClientConnectorCertificateError(connection_key(), certificate_error()), Loss.CERTIFICATE),
    (aiohttp.ClientConnectorSSLError(connection_key(), ssl.SSLError(1, "wrong version")), Loss.CERTIFICATE),
    (aiohttp.ClientConnectorError(connection_key(), OSError(111, "refused")), Loss.REFUSED),
    (aiohttp.ClientConnectorDNSError(connection_key(), OSError(-2, "no such name")), Loss.REFUSED),
    (aiohttp.ConnectionTimeoutError(f"Connection timeout to host {URL_WITH_KEY}"), Loss.REFUSED),
    (aiohttp.SocketTimeoutError(f"Timeout on reading {URL_WITH_KEY}"), Loss.TIMEOUT),
    (aiohttp.ServerTimeoutError(), Loss.TIMEOUT),
    (TimeoutError(), Loss.TIMEOUT),
    (aiohttp.ServerDisconnectedError(), Loss.DROPPED),
    (aiohttp.ClientOSError(104, "reset"), Loss.DROPPED),
    (aiohttp.ClientConnectionResetError("closing transport"), Loss.DROPPED),
    (aiohttp.ClientPayloadError(f"not completed {URL_WITH_KEY}"), Loss.CUT_SHORT),
    (aiohttp.InvalidURL(URL_WITH_KEY), Loss.ADDRESS),
    (UnicodeError(f"label empty or too long {URL_WITH_KEY}"), Loss.ADDRESS),
    (ConnectionResetError(104, "reset"), Loss.DROPPED),
    (BrokenPipeError(), Loss.DROPPED),
    (asyncio.IncompleteReadError(b"", 10), Loss.DROPPED),
]


@pytest.mark.parametrize(("error", "loss"), LOSSES, ids=lambda value: type(value).__name__)
async def test_every_failure_is_a_loss_that_tells_no_secret(
    server: aioresponses, error: Exception, loss: Loss
) -> None:
    server.post(URL_WITH_KEY, exception=error)
    lost = await lose()
    assert lost.loss is loss
    assert lost.detail
    assert KEY not in "".join(traceback.format_exception(lost))


def client_errors(
    kind: type[aiohttp.ClientError] = aiohttp.ClientError,
) -> Iterator[type[aiohttp.ClientError]]:
    yield kind
    for derived in kind.__subclasses__():
        yield from client_errors(derived)


@pytest.mark.parametrize("kind", sorted(set(client_errors()), key=str), ids=lambda kind: kind.__name__)
async def test_no_error_of_the_library_gets_past(
    server: aioresponses, kind: type[aiohttp.ClientError]
) -> None:
    error = kind.__new__(kind)
    error._os_error = OSError(1, "as connector errors have")  # type: ignore[attr-defined]
    error.status = 407  # type: ignore[attr-defined]
    server.post(URL_WITH_KEY, exception=error)
    assert (await lose()).loss in Loss


@pytest.mark.parametrize("host", ["a..b", "1.2.3.4.5", "a" * 64, "ü" * 64, "a\u2024\u2024b"])
async def test_a_host_that_is_no_name_is_a_loss_that_is_not_tried_again(host: str) -> None:
    async with Transport(1) as transport:
        with pytest.raises(ConnectionLostError) as caught:
            await transport.send(Request("GET", f"https://{host}/{KEY}", "GET x"))
    assert caught.value.loss is Loss.ADDRESS
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert isinstance(interpret_loss(caught.value, "Trakt"), Stop)


async def test_a_bug_is_no_loss(server: aioresponses) -> None:
    server.post(URL_WITH_KEY, exception=ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await send()


async def test_cancelling_is_no_loss(server: aioresponses) -> None:
    server.post(URL_WITH_KEY, exception=asyncio.CancelledError())
    with pytest.raises(asyncio.CancelledError):
        await send()


# With real sockets

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter


@asynccontextmanager
async def serve(answer: Callable[[Reader, Writer], Awaitable[None]]) -> AsyncIterator[Request]:
    """A server on a free port that answers each connection with `answer`; gives a request to it."""

    async def converse(reader: Reader, writer: Writer) -> None:
        try:
            await answer(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(converse, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        yield Request("POST", f"http://127.0.0.1:{port}/rate/movie/{KEY}", "POST rate/movie", b"{}")


async def read_request(reader: Reader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    return head + await reader.readexactly(2)


def answers(*parts: bytes) -> Callable[[Reader, Writer], Awaitable[None]]:
    async def answer(reader: Reader, writer: Writer) -> None:
        await read_request(reader)
        for part in parts:
            writer.write(part)
        await writer.drain()

    return answer


def http(body: bytes, *headers: str, length: int | None = None) -> bytes:
    lines = [
        "HTTP/1.1 200 OK",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + body


async def test_over_a_real_socket_body_and_headers_arrive() -> None:
    seen = b""

    async def answer(reader: Reader, writer: Writer) -> None:
        nonlocal seen
        seen = await read_request(reader)
        writer.write(http(b"[]"))

    async with serve(answer) as request:
        assert (await send(request)).body == b"[]"
    assert seen.startswith(f"POST /rate/movie/{KEY} HTTP/1.1\r\n".encode())
    assert b"\r\nUser-Agent: rating-importer/" in seen
    assert b"\r\nAccept: application/json\r\n" in seen
    assert b"\r\nContent-Type: application/json\r\n" in seen
    assert seen.endswith(b"\r\n\r\n{}")


async def test_a_connection_is_used_again() -> None:
    connections = 0

    async def answer(reader: Reader, writer: Writer) -> None:
        nonlocal connections
        connections += 1
        for _ in range(3):
            await read_request(reader)
            writer.write(http(b"{}"))

    async with serve(answer) as request, Transport(2) as transport:
        for _ in range(3):
            await transport.send(request)
    assert connections == 1


async def test_a_redirect_is_not_followed() -> None:
    requests = 0

    async def answer(reader: Reader, writer: Writer) -> None:
        nonlocal requests
        requests += 1
        await read_request(reader)
        writer.write(b"HTTP/1.1 307 Elsewhere\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")

    async with serve(answer) as request:
        response = await send(request)
    assert (response.status, response.headers["Location"]) == (307, "/elsewhere")
    assert requests == 1


async def test_cookies_are_not_kept() -> None:
    seen: list[bytes] = []

    async def answer(reader: Reader, writer: Writer) -> None:
        for _ in range(2):
            seen.append(await read_request(reader))
            writer.write(http(b"{}", "Set-Cookie: who=you"))

    async with serve(answer) as request, Transport(1) as transport:
        await transport.send(request)
        await transport.send(request)
    assert b"cookie" not in seen[1].lower()


async def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        lost = await lose(Request("POST", f"http://127.0.0.1:{port}/{KEY}", "POST"))
    assert str(lost) == "could not connect: Connection refused"
    assert KEY not in "".join(traceback.format_exception(lost))


async def test_the_connection_is_reset() -> None:
    async def reset(reader: Reader, writer: Writer) -> None:
        await read_request(reader)
        writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )

    async with serve(reset) as request:
        lost = await lose(request)
    assert lost.loss is Loss.DROPPED
    assert KEY not in "".join(traceback.format_exception(lost))


@pytest.mark.parametrize(
    ("answer", "loss"),
    [
        pytest.param([], Loss.DROPPED, id="closed without a word"),
        pytest.param([http(b'{"status":', length=100)], Loss.CUT_SHORT, id="half an answer"),
        pytest.param(
            [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"],
            Loss.CUT_SHORT,
            id="half a chunk",
        ),
        pytest.param([b"HTTP/1.1 200"], Loss.DROPPED, id="half a status line"),
        pytest.param([b"SSH-2.0-OpenSSH_9.6\r\n"], Loss.NOT_HTTP, id="another protocol"),
        pytest.param(
            [http(b"no gzip", "Content-Encoding: gzip")], Loss.ENCODING, id="a body that is not what it says"
        ),
        pytest.param([http(b"{}", "Content-Encoding: br")], Loss.ENCODING, id="an encoding nobody asked for"),
        pytest.param(
            [b"HTTP/1.1 200 OK\r\nX: ", b"x" * 150_000, b"\r\n\r\n"],
            Loss.HEADERS_TOO_LARGE,
            id="an endless header",
        ),
        pytest.param(
            [b"HTTP/1.1 200 OK\r\n", b"X: 1\r\n" * 1_500, b"\r\n"],
            Loss.HEADERS_TOO_LARGE,
            id="endless headers",
        ),
    ],
)
async def test_an_answer_that_breaks_off_or_makes_no_sense_is_named_for_what_it_is(
    answer: list[bytes], loss: Loss
) -> None:
    async with serve(answers(*answer)) as request:
        lost = await lose(request)
    assert lost.loss is loss
    assert KEY not in "".join(traceback.format_exception(lost))


async def test_headers_as_large_as_browsers_take_are_read() -> None:
    tags = f"Cache-Tag: {','.join(f'episode-{number}' for number in range(5_000))}"
    async with serve(answers(http(b"[]", tags, *[f"X-{number}: 1" for number in range(300)]))) as request:
        response = await send(request)
    assert response.body == b"[]"
    assert len(response.headers["Cache-Tag"]) > 50_000


class Forgetful:
    """Keeps connections alive for so many requests each, and closes them then without saying so."""

    def __init__(self, requests: int) -> None:
        self._requests = requests
        self.connections = self.answered = 0

    async def answer(self, reader: Reader, writer: Writer) -> None:
        self.connections += 1
        for _ in range(self._requests):
            await read_request(reader)
            self.answered += 1
            writer.write(http(b"{}"))
        await read_request(reader)  # and hangs up instead of answering


async def try_to_send(transport: Transport, request: Request) -> bool:
    try:
        await transport.send(request)
    except ConnectionLostError as lost:
        return lost.loss is not Loss.DROPPED
    return True


async def test_after_a_dropped_connection_the_next_try_uses_a_fresh_one() -> None:
    server = Forgetful(requests=1)
    async with serve(server.answer) as request, Transport(4) as transport:
        assert await asyncio.gather(*[try_to_send(transport, request) for _ in range(4)]) == [True] * 4
        assert not await try_to_send(transport, request)
        # Three more idle connections are as dead as that one; none of them is used.
        assert [await try_to_send(transport, request) for _ in range(4)] == [True] * 4
        assert (server.connections, server.answered) == (8, 8)


async def test_a_server_that_drops_again_and_again_gets_a_connection_for_each_request() -> None:
    server = Forgetful(requests=1)
    async with serve(server.answer) as request, Transport(1) as transport:
        got = [await try_to_send(transport, request) for _ in range(30)]
    assert got.count(False) == 3
    assert got[-20:] == [True] * 20


@pytest.mark.parametrize("begun", [b"", http(b'{"status":', length=100)], ids=["no answer", "half an answer"])
async def test_an_answer_that_does_not_come_in_time(begun: bytes) -> None:
    asked = asyncio.Event()

    async def hang(reader: Reader, writer: Writer) -> None:
        await answers(begun)(reader, writer)
        asked.set()
        await reader.read()  # until the client hangs up

    async with serve(hang) as request:
        lost = await lose(request, read_seconds=0.05)
    assert asked.is_set()
    assert lost.loss is Loss.TIMEOUT


async def test_tls_with_a_server_that_speaks_none() -> None:
    async def answer(reader: Reader, writer: Writer) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with serve(answer) as request:
        lost = await lose(Request("POST", request.url.replace("http:", "https:"), "POST"))
    assert lost.loss is Loss.CERTIFICATE


MIB = 1024 * 1024


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param([http(b"x" * (MIB + 1))], id="as announced"),
        pytest.param([b"HTTP/1.1 200 OK\r\n\r\n", b"x" * (MIB + 1)], id="of unknown length"),
        pytest.param(
            [
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"100001\r\n",
                b"x" * (MIB + 1),
                b"\r\n0\r\n\r\n",
            ],
            id="in chunks",
        ),
    ],
)
async def test_an_answer_beyond_the_limit_is_refused(answer: list[bytes]) -> None:
    async with serve(answers(*answer)) as request:
        lost = await lose(request._replace(answer_limit=MIB))
    assert lost.loss is Loss.TOO_LARGE


async def test_an_answer_of_just_the_limit_is_taken() -> None:
    async with serve(answers(http(b"x" * MIB))) as request:
        assert len((await send(request._replace(answer_limit=MIB))).body) == MIB


async def test_a_compressed_answer_is_unpacked() -> None:
    body = gzip.compress(b"[]" * 100)
    async with serve(answers(http(body, "Content-Encoding: gzip"))) as request:
        assert (await send(request)).body == b"[]" * 100


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_a_compressed_answer_without_its_end_is_cut_short(
    encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    """As a cache keeps it that lost its connection: the length is that of the part."""
    body = pack(b"Const,Your Rating\n" + b"".join(b"tt%07d,10\n" % row for row in range(2000)))
    for length in (1, 12, len(body) // 2, len(body) - 9, len(body) - 1):
        async with serve(answers(http(body[:length], f"Content-Encoding: {encoding}"))) as request:
            assert (await lose(request)).loss is Loss.CUT_SHORT
            with pytest.raises(ConnectionLostError, match="cut"):
                async with Transport(1) as transport:
                    await transport.save(request, lambda _: None)


async def test_streams_one_after_the_other_are_one_answer() -> None:
    two = gzip.compress(b"[1,") + gzip.compress(b"2]")
    for body in (two, gzip.compress(b"[1,2]") + bytes(9), zlib.compress(b"[1,2]")):
        async with serve(answers(http(body, "Content-Encoding: GZIP"))) as request:
            assert (await send(request)).body == b"[1,2]"


async def test_streams_without_end_are_refused() -> None:
    body = gzip.compress(b"") * 2000
    async with serve(answers(http(body, "Content-Encoding: gzip"))) as request:
        assert (await lose(request)).loss is Loss.ENCODING


async def test_a_small_answer_that_unpacks_to_a_huge_one_is_refused_before_it_fills_the_memory() -> None:
    bomb = gzip.compress(bytes(128 * MIB))
    async with serve(answers(http(bomb, "Content-Encoding: gzip"))) as request:
        tracemalloc.start()
        try:
            lost = await lose(request._replace(answer_limit=MIB))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert lost.loss is Loss.TOO_LARGE
    assert peak < 16 * MIB
