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
from importer.destinations.decisions import Answer, Decision, Retry, Stop
from importer.errors import ConnectionLostError
from importer.http import Request, Response


@dataclass(frozen=True, slots=True)
class RetryBudget:
    """How long to go on: waits grow to `longest_wait_seconds`, and `total_seconds` ends one request."""

    longest_wait_seconds: float = 300.0
    total_seconds: float = 900.0
    jitter: float = 0.1
    """Up to this share is added to every wait, so that many clients do not come back as one."""


class Backoff:
    """Repeats one request for as long as the verdicts and the patience allow."""

    def __init__(self, limiter: Limiter, budget: RetryBudget | None = None) -> None:
        self._limiter = limiter
        self._patience = budget or RetryBudget()

    async def persist(self, first: Retry, again: Callable[[Retry], Awaitable[Decision]]) -> Decision:
        """Call `again` with the last verdict until one is no Retry; else return its `otherwise`."""
        if first.is_attempt and first.tries <= 1:
            return first.otherwise
        last = first
        begun = False

        async def repeat() -> Decision:
            nonlocal last, begun
            if not begun:
                begun = True  # the first attempt was made before; tenacity only counts it
                return first
            self._limiter.say_going_on()
            decision = await again(last)
            if isinstance(decision, Retry):
                last = decision
            return decision

        retrying = AsyncRetrying(
            retry=retry_if_result(lambda decision: isinstance(decision, Retry)),
            wait=self._wait_seconds,
            stop=_TriesUsedUp() | stop_before_delay(self._patience.total_seconds),
            before_sleep=self._announce,
            retry_error_callback=_end,
        )
        return await retrying(repeat)

    def _wait_seconds(self, state: RetryCallState) -> float:
        """The server's wait, or a growing one, never shortened, plus jitter."""
        decision = _verdict_of(state)
        seconds = decision.after_seconds
        if decision.grows:
            longest = max(seconds, self._patience.longest_wait_seconds)
            seconds = wait_exponential(multiplier=seconds, max=longest)(state)
        return seconds + wait_random(0, seconds * self._patience.jitter)(state)

    def _announce(self, state: RetryCallState) -> None:
        decision = _verdict_of(state)
        if decision.pause_all:
            self._limiter.pause(state.upcoming_sleep, decision.reason)
        else:
            self._limiter.say_waiting(state.upcoming_sleep, decision.reason)


class _TriesUsedUp(stop_base):
    """The verdict's own number of tries, of those that count; the total time is the patience's."""

    def __init__(self) -> None:
        self._tries = 0

    def __call__(self, retry_state: RetryCallState) -> bool:
        decision = _verdict_of(retry_state)
        self._tries += decision.is_attempt
        return decision.is_attempt and self._tries >= decision.tries


def _verdict_of(state: RetryCallState) -> Retry:
    assert state.outcome is not None
    decision = state.outcome.result()
    assert isinstance(decision, Retry)
    return decision


def _end(state: RetryCallState) -> Decision:
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
        decision = await attempt()
        if isinstance(decision, Stop):
            raise decision.error
        if not isinstance(decision, Retry):
            return decision
        tries += decision.is_attempt
        seconds = decision.after_seconds
        if decision.grows:
            seconds = max(seconds, min(seconds * 2**waits, LONGEST_WAIT_SECONDS))
        if tries >= decision.tries or waited + seconds > PATIENCE_SECONDS:
            assert isinstance(decision.otherwise, Stop), "outside of batches only a Stop ends a Retry"
            raise decision.otherwise.error
        await asyncio.sleep(seconds)
        waits += 1
        waited += seconds


async def shield_until_done(work: Coroutine[Any, Any, _Found]) -> _Found:
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
