"""Patience: asks again, later and later, until a verdict is no `Retry` any more. Only home of tenacity.

The first attempt of a request never comes here: the happy path pays nothing for the sad one.

A question outside of the stream of ratings: asked again as its verdicts say, under no rating limiter.

For a sign-in, a look-up or a download. What an answer means is decided by the pure rules in `destinations/`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_result,
    stop_before_delay,
    wait_exponential,
    wait_random,
)
from tenacity.stop import stop_base

from importer.client.rate_limit import Limiter
from importer.destinations.decisions import Answer, Retry, Stop, Verdict
from importer.errors import ConnectionLostError
from importer.http import Request, Response


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on: waits grow to `longest_wait_seconds`, and `total_seconds` ends one request."""

    longest_wait_seconds: float = 300.0
    total_seconds: float = 900.0
    jitter: float = 0.1
    """Up to this share is added to every wait, so that many clients do not come back as one."""


class Backoff:
    """Repeats one request for as long as the verdicts and the patience allow."""

    def __init__(self, limiter: Limiter, patience: Patience | None = None) -> None:
        self._limiter = limiter
        self._patience = patience or Patience()

    async def persist(self, first: Retry, again: Callable[[Retry], Awaitable[Verdict]]) -> Verdict:
        """Call `again` with the last verdict until one is no Retry; else return its `otherwise`."""
        if first.is_attempt and first.tries <= 1:
            return first.otherwise
        last = first
        begun = False

        async def repeat() -> Verdict:
            nonlocal last, begun
            if not begun:
                begun = True  # the first attempt was made before; tenacity only counts it
                return first
            self._limiter.say_going_on()
            verdict = await again(last)
            if isinstance(verdict, Retry):
                last = verdict
            return verdict

        retrying = AsyncRetrying(
            retry=retry_if_result(lambda verdict: isinstance(verdict, Retry)),
            wait=self._wait_seconds,
            stop=_TriesUsedUp() | stop_before_delay(self._patience.total_seconds),
            before_sleep=self._announce,
            retry_error_callback=_end,
        )
        return await retrying(repeat)

    def _wait_seconds(self, state: RetryCallState) -> float:
        """The server's wait, or a growing one, never shortened, plus jitter."""
        verdict = _verdict_of(state)
        seconds = verdict.after_seconds
        if verdict.grows:
            longest = max(seconds, self._patience.longest_wait_seconds)
            seconds = wait_exponential(multiplier=seconds, max=longest)(state)
        return seconds + wait_random(0, seconds * self._patience.jitter)(state)

    def _announce(self, state: RetryCallState) -> None:
        verdict = _verdict_of(state)
        if verdict.pause_all:
            self._limiter.pause(state.upcoming_sleep, verdict.reason)
        else:
            self._limiter.say_waiting(state.upcoming_sleep, verdict.reason)


class _TriesUsedUp(stop_base):
    """The verdict's own number of tries, of those that count; the total time is the patience's."""

    def __init__(self) -> None:
        self._tries = 0

    def __call__(self, retry_state: RetryCallState) -> bool:
        verdict = _verdict_of(retry_state)
        self._tries += verdict.is_attempt
        return verdict.is_attempt and self._tries >= verdict.tries


def _verdict_of(state: RetryCallState) -> Retry:
    assert state.outcome is not None
    verdict = state.outcome.result()
    assert isinstance(verdict, Retry)
    return verdict


def _end(state: RetryCallState) -> Verdict:
    return _verdict_of(state).otherwise


PATIENCE_SECONDS = 600.0
"""How long one question may wait in all, however often the server asks to slow down."""


LONGEST_WAIT_SECONDS = 300.0
"""Where a growing wait stops growing."""


_Found = TypeVar("_Found")


class Sender(Protocol):
    """What sends a request: the transport, or a test's stand-in."""

    async def send(self, request: Request) -> Response:
        """Send once. Raises ConnectionLostError."""
        ...


async def send_once(sender: Sender, request: Request) -> Answer:
    """Send, and give the answer or the way it got lost."""
    try:
        return await sender.send(request)
    except ConnectionLostError as loss:
        return loss


async def ask(attempt: Callable[[], Awaitable[_Found | Retry | Stop]]) -> _Found:
    """Attempt until there is something better than a Retry. Raises the StopRunError of a Stop."""
    tries = waits = 0
    waited = 0.0
    while True:
        verdict = await attempt()
        if isinstance(verdict, Stop):
            raise verdict.error
        if not isinstance(verdict, Retry):
            return verdict
        tries += verdict.is_attempt
        seconds = verdict.after_seconds
        if verdict.grows:
            seconds = max(seconds, min(seconds * 2**waits, LONGEST_WAIT_SECONDS))
        if tries >= verdict.tries or waited + seconds > PATIENCE_SECONDS:
            assert isinstance(verdict.otherwise, Stop), "outside of batches only a Stop ends a Retry"
            raise verdict.otherwise.error
        await asyncio.sleep(seconds)
        waits += 1
        waited += seconds


async def see_through(work: Coroutine[Any, Any, _Found]) -> _Found:
    """Bring work to its end although the caller is cancelled meanwhile; only then is the caller, too.

    A second cancellation is obeyed at once.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # looked at, so that nobody complains that it was not
        raise
