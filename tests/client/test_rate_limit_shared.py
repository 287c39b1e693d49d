"""The pace where threads share the process: a request leaves late, and has arrived once it is answered."""

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from importer.client.client import Client, Trace
from importer.client.pace import sharing_process
from importer.client.rate import Rate
from importer.client.rate_limit import Limiter
from importer.destinations.decisions import Done
from importer.errors import StopRunError
from importer.http import Request, Response
from importer.progress import Progress
from tests.client.test_rate_limit import most_in_one_period, now, record_starts
from tests.virtual_time import run_in_virtual_time

REQUEST = Request("POST", "http://127.0.0.1/x", "POST x")


@contextmanager
def another_thread() -> Iterator[None]:
    """Have another account at work in this process, beside that of the block."""
    begun, ended = threading.Event(), threading.Event()

    def work() -> None:
        with sharing_process():
            begun.set()
            ended.wait()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        begun.wait()
        with sharing_process():
            yield
    finally:
        ended.set()
        thread.join()


RATES = [Rate(1, 1), Rate(10, 1), Rate(20, 10), Rate(10, 1, may_burst=True)]


@pytest.mark.parametrize("rate", RATES, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_no_window_holds_more_however_late_requests_leave(rate: Rate, seed: int) -> None:
    chance = random.Random(seed)

    async def late() -> None:
        await asyncio.sleep(chance.choice([0.0, 0.01, 0.3, 2.5]) * rate.period_seconds)

    async def main() -> list[float]:
        limiter = Limiter(rate, Progress())
        return await record_starts(limiter, 40 * rate.period_seconds, arrive=late, answer=late)

    with another_thread():
        starts = run_in_virtual_time(main())
    assert len(starts) > rate.requests
    assert most_in_one_period(sorted(starts), rate) <= rate.requests


def gap_with_answers_after(seconds: float) -> float:
    async def main() -> list[float]:
        limiter = Limiter(Rate(1, 1), Progress())
        return await record_starts(limiter, 60, answer=lambda: asyncio.sleep(seconds))

    starts = run_in_virtual_time(main())
    return (starts[-1] - starts[0]) / (len(starts) - 1)


def test_one_account_alone_waits_for_no_slow_answer() -> None:
    with sharing_process(), sharing_process():  # the same thread twice is one
        assert gap_with_answers_after(0.5) == pytest.approx(1.05, abs=0.001)
    with another_thread():
        assert gap_with_answers_after(0.5) == pytest.approx(1.5, abs=0.001)
    assert gap_with_answers_after(0.5) == pytest.approx(1.05, abs=0.001)


class _Sender:
    def __init__(self) -> None:
        self.sent_at: list[float] = []

    async def send(self, request: Request) -> Response:
        del request
        self.sent_at.append(now())
        return Response(200, {}, b"")


class _Tokens:
    """Tokens that cannot be had once the turn has come."""

    is_refused = False

    async def access_token(self) -> str:
        self.is_refused = not self.is_refused
        if self.is_refused:
            return "token"
        raise StopRunError("not signed in")

    async def renew(self, stale: str) -> None:
        raise AssertionError(stale)


def test_a_turn_that_is_given_up_is_free_again() -> None:
    """Nothing is sent in it, so no answer would ever end it."""

    async def main() -> list[float]:
        sender, limiter = _Sender(), Limiter(Rate(1, 1), Progress())
        plain, signed = Client(sender, limiter), Client(sender, limiter, _Tokens())

        async def refuse() -> None:
            raise StopRunError("the journal is full")

        with pytest.raises(StopRunError, match="full"):
            await plain.attempt(REQUEST, lambda _: Done(()), Trace(), refuse)
        with pytest.raises(StopRunError, match="not signed in"):
            await signed.attempt(REQUEST._replace(needs_token=True), lambda _: Done(()), Trace())
        waiting = asyncio.create_task(plain.attempt(REQUEST, lambda _: Done(()), Trace()))
        await asyncio.sleep(0.5)
        limiter.pause(5, "over capacity (503)")  # it has no turn yet, or loses it
        await waiting
        await plain.attempt(REQUEST, lambda _: Done(()), Trace())
        return sender.sent_at

    with another_thread():
        first, second = run_in_virtual_time(main())
    assert second - first >= 1
