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
from importer.text import duration

T = TypeVar("T")

_LONGEST_FOR_NETWORK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class RetryBudget:
    """Limits for one request: `longest_wait_seconds` of a single wait, `total_seconds` for all attempts."""

    longest_wait_seconds: float = 300.0
    total_seconds: float = 900.0
    network_seconds: float = 0.0
    """So long a lost network is waited for, whatever the number of attempts; 0 is as long as these take.

    The last attempt is made as this time ends.
    """
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
            waits_alone = self._report(state, used_up)

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
            wait=lambda state: self._wait_seconds(state, used_up.network_seconds_left(state)),
            stop=used_up,
            before_sleep=report,
            retry_error_callback=_last_retry,
        )
        return await retrying(repeat)

    def _wait_seconds(self, state: RetryCallState, network_seconds_left: float | None) -> float:
        """Return the server's wait, never shortened, or a growing one, plus jitter."""
        retry = _last_retry(state)
        seconds = retry.seconds
        if retry.grows:
            longest = max(seconds, self._budget.longest_wait_seconds)
            if network_seconds_left is not None:
                longest = min(longest, _LONGEST_FOR_NETWORK_SECONDS)  # it may come back at any moment
            seconds = wait_exponential(multiplier=seconds, max=longest)(state)
        seconds += wait_random(0, seconds * self._budget.jitter)(state)
        return seconds if network_seconds_left is None else min(seconds, network_seconds_left)

    def _report(self, state: RetryCallState, used_up: "_UsedUp") -> bool:
        """Show the wait; return whether this request waits alone."""
        retry = _last_retry(state)
        if retry.policy.pauses_all_workers:
            self._limiter.pause(state.upcoming_sleep, retry.reason)
            return False
        next_try, left = used_up.next_try, used_up.network_seconds_left(state)
        if left is not None:
            detail = f"try {next_try:,}, given up in {duration(left)}"
        else:
            detail = f"try {next_try:,} of {retry.policy.attempts:,}" if retry.policy.counts else ""
        self._limiter.report_wait(state.upcoming_sleep, retry.reason, detail)
        return True


class _UsedUp(stop_base):
    """Stops after the policy's number of attempts that count, or when the time of the budget is over."""

    def __init__(self, budget: RetryBudget) -> None:
        self._attempts = 0
        self._budget = budget
        self._lost_at: float | None = None
        """When the network was lost, in seconds since the retries began; None while it is there."""

    @property
    def next_try(self) -> int:
        """The number of the next attempt."""
        return self._attempts + 1

    def __call__(self, retry_state: RetryCallState) -> bool:
        retry = _last_retry(retry_state)
        self._attempts += retry.policy.counts
        are_used_up = retry.policy.counts and self._attempts >= retry.policy.attempts
        if (left := self.network_seconds_left(retry_state)) is not None:
            return left <= 0
        return are_used_up or stop_before_delay(self._budget.total_seconds)(retry_state)

    def network_seconds_left(self, state: RetryCallState) -> float | None:
        """Return how long a lost network is still waited for; None if it is not, or as attempts say."""
        policy, elapsed = _last_retry(state).policy, state.seconds_since_start or 0.0
        is_lost = policy.waits_for_network and issubclass(policy.error, UnreachableError)
        if not is_lost or not self._budget.network_seconds:
            self._lost_at = None
            return None
        if self._lost_at is None:
            self._lost_at = elapsed
        return max(0.0, self._lost_at + self._budget.network_seconds - elapsed)


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
