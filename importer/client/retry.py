"""Retries: repeats a request, with growing waits, while the decision is a `Retry`. Only home of tenacity.

The first attempt of a request does not come here, since it should not pay for the others: an AsyncRetrying
costs some 165 µs even if it succeeds at once; row a of docs/performance.md allows 90 µs for a whole row.

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
from importer.errors import UnreachableError

T = TypeVar("T")

_LONGEST_FOR_NETWORK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class RetryBudget:
    """Limits for one request: `longest_wait_seconds` of a single wait, `total_seconds` for all attempts."""

    longest_wait_seconds: float = 300.0
    total_seconds: float = 900.0
    network_seconds: float = 0.0
    """So long a lost network is waited for, whatever the number of attempts; 0 is as long as these take."""
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
        begun = waits_alone = False
        used_up = _UsedUp(self._budget)

        def report(state: RetryCallState) -> None:
            nonlocal waits_alone
            waits_alone = self._report(state, used_up.next_try)

        async def repeat() -> Decision[T]:
            nonlocal last, begun
            if not begun:
                begun = True  # the first attempt was made before; tenacity only counts it
                return first
            self._limiter.clear_wait(is_alone=waits_alone)
            decision = await again(last)
            if isinstance(decision, Retry):
                last = decision
            return decision

        retrying = AsyncRetrying(
            retry=retry_if_result(lambda decision: isinstance(decision, Retry)),
            wait=self._wait_seconds,
            stop=used_up,
            before_sleep=report,
            retry_error_callback=_last_retry,
        )
        return await retrying(repeat)

    def _wait_seconds(self, state: RetryCallState) -> float:
        """Return the server's wait, never shortened, or a growing one, plus jitter."""
        retry = _last_retry(state)
        seconds = retry.seconds
        if retry.grows:
            longest = max(seconds, self._budget.longest_wait_seconds)
            if _waits_for_network(retry, self._budget):
                longest = min(longest, _LONGEST_FOR_NETWORK_SECONDS)  # it may come back at any moment
            seconds = wait_exponential(multiplier=seconds, max=longest)(state)
        return seconds + wait_random(0, seconds * self._budget.jitter)(state)

    def _report(self, state: RetryCallState, next_try: int) -> bool:
        """Show the wait; return whether this request waits alone."""
        retry = _last_retry(state)
        if retry.policy.pauses_all_workers:
            self._limiter.pause(state.upcoming_sleep, retry.reason)
            return False
        is_counted = retry.policy.counts and next_try <= retry.policy.attempts
        detail = f"try {next_try:,} of {retry.policy.attempts:,}" if is_counted else ""
        self._limiter.report_wait(state.upcoming_sleep, retry.reason, detail)
        return True


def _waits_for_network(retry: Retry, budget: RetryBudget) -> bool:
    return budget.network_seconds > 0 and issubclass(retry.policy.error, UnreachableError)


class _UsedUp(stop_base):
    """Stops after the policy's number of attempts that count, or when the time of the budget is over."""

    def __init__(self, budget: RetryBudget) -> None:
        self._attempts = 0
        self._budget = budget

    @property
    def next_try(self) -> int:
        """The number of the next attempt."""
        return self._attempts + 1

    def __call__(self, retry_state: RetryCallState) -> bool:
        retry = _last_retry(retry_state)
        self._attempts += retry.policy.counts
        are_used_up = retry.policy.counts and self._attempts >= retry.policy.attempts
        if _waits_for_network(retry, self._budget):
            longest = max(self._budget.total_seconds, self._budget.network_seconds)
            is_over = stop_before_delay(self._budget.network_seconds)(retry_state)
            return (are_used_up and is_over) or stop_before_delay(longest)(retry_state)
        return are_used_up or stop_before_delay(self._budget.total_seconds)(retry_state)


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
