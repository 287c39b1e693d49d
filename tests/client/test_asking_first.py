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


async def refuse() -> None:
    raise REFUSAL


async def test_a_refused_request_does_not_leave() -> None:
    async with serve(answers(http(b"{}"))) as request, Transport(1) as transport:
        with asking_first(refuse), pytest.raises(StopRunError, match="lease has ended"):
            await transport.send(request)
        assert (await transport.send(request)).status == 200, "outside of the block nothing is asked"


async def test_a_request_waits_for_its_permission() -> None:
    may_send, asked = asyncio.Event(), 0

    async def wait() -> None:
        nonlocal asked
        asked += 1
        await may_send.wait()

    async with serve(answers(http(b"{}"))) as request, Transport(1) as transport:
        with asking_first(wait):
            sending = asyncio.create_task(transport.send(request))
        await asyncio.sleep(0)
        assert (asked, sending.done()) == (1, False)
        may_send.set()
        assert (await sending).status == 200


async def test_what_did_not_leave_cannot_have_arrived() -> None:
    async with Transport(1) as transport:
        client, trace = Client(transport, Limiter(None, Progress())), Trace()

        def read(_: object) -> Done[Response]:
            raise AssertionError("there is no answer")

        with asking_first(refuse), pytest.raises(StopRunError):
            await client.attempt(Request("POST", "http://127.0.0.1:1", "POST x", b""), read, trace)
    assert trace.effect is Effect.NONE


def test_another_thread_asks_nobody() -> None:
    async def send() -> int:
        async with serve(answers(http(b"{}"))) as request, Transport(1) as transport:
            return (await transport.send(request)).status

    with asking_first(refuse), ThreadPoolExecutor(1) as others:
        assert others.submit(asyncio.run, send()).result() == 200
