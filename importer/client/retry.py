"""Retries: repeats a request, with growing waits, while the decision is a `Retry`. Only home of tenacity.

The first attempt of a request does not come here, since it should not pay for the others: an AsyncRetrying
costs some 165 µs even if it succeeds at once; row a of docs/performance.md allows 76 µs for a whole row.

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
    """Limits for one request: `longest_wait_seconds` of a single wait, `total_seconds` for all attempts."""

    longest_wait_seconds: float = 300.0
    total_seconds: float = 900.0
    jitter: float = 0.1
    """Up to this share is added to every wait, so that many clients do not come back at once."""


QUESTION_BUDGET = RetryBudget(total_seconds=600.0, jitter=0.0)
"""For a sign-in or another single question of one person."""


class RetryLoop:
    """Repeats one request while its decisions and the budget allow it."""

    def __init__(self, limiter: Limiter, budget: RetryBudget) -> None:
        self._limiter = limiter
        self._budget = budget

    async def run(self, first: Retry, again: Callable[[Retry], Awaitable[Decision[T]]]) -> Decision[T]:
        """Call `again` with the last Retry until it returns another decision.

        Returns the last Retry if its attempts or the time are used up.
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
        """Return the server's wait, never shortened, or a growing one, plus jitter."""
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
    """Stops after the policy's number of attempts that count; the budget limits the time."""

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
    """Finish the work even if the caller is cancelled meanwhile; then cancel the caller.

    A second cancellation takes effect at once.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # retrieved, or asyncio logs that it never was
        raise
