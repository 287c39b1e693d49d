"""Every request of a thread asks first, whichever transport it leaves by; other threads do not."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from importer.client.client import Client, Trace
from importer.client.rate_limit import Limiter
from importer.client.transport import Transport, asking_first
from importer.destinations.decisions import Done, Effect
from importer.errors import StopRunError
from importer.http import Request, Response
from importer.progress import Progress
from tests.client.test_transport import answers, http, serve

REFUSAL = StopRunError("the lease has ended")


class Gate:
    """Lets requests leave once it is open; shut for good, it refuses them."""

    def __init__(self, *, is_shut: bool = False) -> None:
        self.is_shut = is_shut
        self.opens = asyncio.Event()
        self.asked = 0
        self.seen: list[int] = []

    async def may_send(self) -> None:
        self.asked += 1
        if self.is_shut:
            raise REFUSAL
        await self.opens.wait()

    def answered(self, response: Response) -> None:
        self.seen.append(response.status)


async def test_a_refused_request_does_not_leave() -> None:
    async with serve(answers(http(b"{}"))) as request, Transport(1) as transport:
        with asking_first(Gate(is_shut=True)), pytest.raises(StopRunError, match="lease has ended"):
            await transport.send(request)
        assert (await transport.send(request)).status == 200, "outside of the block nothing is asked"


async def test_a_request_waits_for_its_permission() -> None:
    gate = Gate()
    async with serve(answers(http(b"{}"))) as request, Transport(1) as transport:
        with asking_first(gate):
            sending = asyncio.create_task(transport.send(request))
        await asyncio.sleep(0)
        assert (gate.asked, sending.done()) == (1, False)
        gate.opens.set()
        assert (await sending).status == 200
    assert gate.seen == [200]


async def test_what_did_not_leave_cannot_have_arrived() -> None:
    async with Transport(1) as transport:
        client, trace = Client(transport, Limiter(None, Progress())), Trace()

        def read(_: object) -> Done[Response]:
            raise AssertionError("there is no answer")

        with asking_first(Gate(is_shut=True)), pytest.raises(StopRunError):
            await client.attempt(Request("POST", "http://127.0.0.1:1", "POST x", b""), read, trace)
    assert trace.effect is Effect.NONE


def test_another_thread_asks_nobody() -> None:
    async def send() -> int:
        async with serve(answers(http(b"{}"))) as request, Transport(1) as transport:
            return (await transport.send(request)).status

    with asking_first(Gate(is_shut=True)), ThreadPoolExecutor(1) as others:
        assert others.submit(asyncio.run, send()).result() == 200
