"""Retries: sends again, later and later, until a decision is no `Retry` any more. Only home of tenacity.

The first attempt of a request never comes here: the happy path pays nothing for the sad one. An AsyncRetrying
costs some 165 µs though it succeeds at once; row a of docs/performance.md allows 76 µs for all of a row.

```text
first attempt      500: Retry(SERVER_ERROR: 4 attempts, first wait 2 s, exponential)
wait 2 s, second   429: Retry(RATE_LIMIT: counts=False, wait 12.9 s)    all workers wait
wait 12.9 s        500: Retry(SERVER_ERROR)                             the second attempt that counts
wait 8 s, third    201: Done                                            the loop ends
```
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

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
from importer.destinations.decisions import Decision, Retry

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryBudget:
    """How long to go on: waits grow to `longest_wait_seconds`, and `total_seconds` ends one request."""

    longest_wait_seconds: float = 300.0
    total_seconds: float = 900.0
    jitter: float = 0.1
    """Up to this share is added to every wait, so that many clients do not come back as one."""


QUESTION_BUDGET = RetryBudget(total_seconds=600.0, jitter=0.0)
"""For a sign-in or another question that is asked once, by one person."""


class RetryLoop:
    """Repeats one request for as long as its decisions and the budget allow."""

    def __init__(self, limiter: Limiter, budget: RetryBudget) -> None:
        self._limiter = limiter
        self._budget = budget

    async def run(self, first: Retry, again: Callable[[Retry], Awaitable[Decision[T]]]) -> Decision[T]:
        """Call `again` with the last Retry until it gives another decision.

        Returns the last Retry when its attempts, or the time, are used up.
        """
        if first.policy.counts and first.policy.attempts <= 1:
            return first
        last = first
        begun = False

        async def repeat() -> Decision[T]:
            nonlocal last, begun
            if not begun:
                begun = True  # the first attempt was made before; tenacity only counts it
                return first
            self._limiter.clear_wait()
            decision = await again(last)
            if isinstance(decision, Retry):
                last = decision
            return decision

        retrying = AsyncRetrying(
            retry=retry_if_result(lambda decision: isinstance(decision, Retry)),
            wait=self._wait_seconds,
            stop=_AttemptsUsedUp() | stop_before_delay(self._budget.total_seconds),
            before_sleep=self._report,
            retry_error_callback=_last_retry,
        )
        return await retrying(repeat)

    def _wait_seconds(self, state: RetryCallState) -> float:
        """The server's wait, or a growing one, never shortened, plus jitter."""
        retry = _last_retry(state)
        seconds = retry.seconds
        if retry.grows:
            longest = max(seconds, self._budget.longest_wait_seconds)
            seconds = wait_exponential(multiplier=seconds, max=longest)(state)
        return seconds + wait_random(0, seconds * self._budget.jitter)(state)

    def _report(self, state: RetryCallState) -> None:
        retry = _last_retry(state)
        if retry.policy.pauses_all_workers:
            self._limiter.pause(state.upcoming_sleep, retry.reason)
        else:
            self._limiter.report_wait(state.upcoming_sleep, retry.reason)


class _AttemptsUsedUp(stop_base):
    """The policy's own number of attempts, of those that count; the total time is the budget's."""

    def __init__(self) -> None:
        self._attempts = 0

    def __call__(self, retry_state: RetryCallState) -> bool:
        policy = _last_retry(retry_state).policy
        self._attempts += policy.counts
        return policy.counts and self._attempts >= policy.attempts


def _last_retry(state: RetryCallState) -> Retry:
    assert state.outcome is not None
    decision = state.outcome.result()
    assert isinstance(decision, Retry)
    return decision


async def shield_until_done(work: Coroutine[Any, Any, T]) -> T:
    """Finish the work although the caller is cancelled meanwhile; only then is the caller cancelled, too.

    A second cancellation is obeyed at once.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # retrieved, or asyncio logs that it never was
        raise
