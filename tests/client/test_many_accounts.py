"""64 accounts in the threads of one process, each at its limit: the server, which counts, refuses none.

Real threads and a real line, since it is their being late that matters. A slow machine makes the test slower
and not wrong.
"""

import asyncio
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from importer.client.client import Client, Trace
from importer.client.pace import sharing_process
from importer.client.rate import Rate
from importer.client.rate_limit import Limiter
from importer.client.transport import Transport
from importer.destinations.decisions import Decision, Done
from importer.errors import ConnectionLostError
from importer.http import Request, Response
from importer.interrupts import run_in_loop
from importer.progress import Progress

ACCOUNTS = 64
REQUESTS = 4
PERIOD_SECONDS = 0.1
"""A tenth of Trakt's, and so ten times the load: 640 requests a second are more than the process can do."""


class Counting(asyncio.Protocol):
    """Answers 429 to a request that arrives less than a period after the one before of its account."""

    def __init__(self, last: dict[str, float], answers: Counter[str]) -> None:
        self._last = last
        self._answers = answers
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            account = head.split(b" ", 2)[1].decode()
            now = time.monotonic()
            status = "429 Too Many" if now - self._last[account] < PERIOD_SECONDS else "201 Created"
            self._last[account] = now
            self._answers[status] += 1
            self._transport.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())


@contextmanager
def counting_server() -> Iterator[tuple[str, Counter[str]]]:
    last: dict[str, float] = defaultdict(float)
    answers: Counter[str] = Counter()
    loop, ready = asyncio.new_event_loop(), threading.Event()
    ports: list[int] = []

    until = asyncio.Event()

    async def serve() -> None:
        server = await loop.create_server(lambda: Counting(last, answers), "127.0.0.1", 0, backlog=1000)
        async with server:
            ports.append(server.sockets[0].getsockname()[1])
            ready.set()
            await until.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait()
    try:
        yield f"http://127.0.0.1:{ports[0]}", answers
    finally:
        loop.call_soon_threadsafe(until.set)
        thread.join()
        loop.close()


def read(answer: Response | ConnectionLostError) -> Decision[None]:
    assert not isinstance(answer, ConnectionLostError), answer
    return Done(None)


async def send(url: str) -> None:
    limiter = Limiter(Rate(1, PERIOD_SECONDS), Progress())
    async with Transport(REQUESTS) as transport:
        client = Client(transport, limiter)
        request = Request("POST", url, "POST sync/ratings", b"")
        await asyncio.gather(*(client.attempt(request, read, Trace()) for _ in range(REQUESTS)))


def test_no_request_of_many_accounts_is_one_too_many() -> None:
    may_begin = threading.Barrier(ACCOUNTS)

    def work(url: str) -> None:
        with sharing_process():
            may_begin.wait()
            run_in_loop(send(url))

    with counting_server() as (url, answers):
        threads = [threading.Thread(target=work, args=(f"{url}/{number}",)) for number in range(ACCOUNTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == {"201 Created": ACCOUNTS * REQUESTS}
