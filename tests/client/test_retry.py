"""Patience: how long it waits between tries, and when it gives up."""

import asyncio
from collections.abc import Iterable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.client.rate_limit import Limiter
from importer.client.retry import Backoff, RetryBudget
from importer.destinations.decisions import RATED, Decision, Done, Retry, Stop
from importer.errors import StopRunError
from importer.progress import Progress
from tests.virtual_time import run_in_virtual_time

DONE = Done((RATED,))
GAVE_UP = Stop(StopRunError("gave up"))

CALM = RetryBudget(jitter=0.0, total_seconds=1e9)
"""No jitter and no total time: what is left is the verdict's own word."""


def retry(after_seconds: float = 1.0, tries: int = 6, **flags: bool) -> Retry:
    return Retry(after_seconds, "busy", tries, GAVE_UP, **flags)


def persist(
    first: Retry, answers: Iterable[Decision], budget: RetryBudget = CALM
) -> tuple[Decision, list[float], Limiter]:
    """Persist until the answers end it; also give the waits before each try."""

    async def main() -> tuple[Decision, list[float], Limiter]:
        loop = asyncio.get_running_loop()
        limiter = Limiter(None, Progress())
        left = iter(answers)
        times = [loop.time()]

        async def again(last: Retry) -> Decision:
            times.append(loop.time())
            return next(left, first)

        decision = await Backoff(limiter, budget).persist(first, again)
        return decision, [after - before for before, after in pairwise(times)], limiter

    return run_in_virtual_time(main())


def test_the_first_good_verdict_ends_it() -> None:
    decision, waits, _ = persist(retry(7), [retry(7), retry(7), DONE])
    assert decision is DONE
    assert waits == pytest.approx([7, 7, 7])


def test_tries_count_the_one_made_before() -> None:
    decision, waits, _ = persist(retry(tries=3), [])
    assert decision is GAVE_UP
    assert len(waits) == 2


def test_a_retry_without_another_try_holds_its_otherwise_at_once() -> None:
    decision, waits, _ = persist(retry(tries=1), [])
    assert decision is GAVE_UP
    assert waits == []


def test_a_growing_wait_doubles_up_to_the_longest() -> None:
    _, waits, _ = persist(retry(10, tries=8, grows=True), [])
    assert waits == pytest.approx([10, 20, 40, 80, 160, 300, 300])


def test_a_wait_the_server_asks_for_is_never_cut_to_our_longest() -> None:
    _, waits, _ = persist(retry(300, tries=4, grows=True), [])
    assert waits == pytest.approx([300, 300, 300])


def test_a_new_verdict_brings_its_own_wait_tries_and_end() -> None:
    other_end = Done(())
    other = Retry(20, "no answer", 3, other_end)
    decision, waits, _ = persist(retry(5, tries=6), [other, other])
    assert decision is other_end
    assert waits == pytest.approx([5, 20])


def test_the_last_verdict_is_handed_to_the_next_try() -> None:
    handed: list[Retry] = []
    first, second = retry(1), retry(2, unsure=True)
    left: Iterator[Decision] = iter([second, DONE])

    async def again(last: Retry) -> Decision:
        handed.append(last)
        return next(left)

    run_in_virtual_time(Backoff(Limiter(None, Progress()), CALM).persist(first, again))
    assert handed == [first, second]


def test_no_try_begins_after_the_total_time() -> None:
    decision, waits, _ = persist(retry(10, tries=10**6), [], RetryBudget(jitter=0.0, total_seconds=95))
    assert decision is GAVE_UP
    assert waits == pytest.approx([10] * 9)


def test_a_wait_beyond_the_total_time_is_not_begun() -> None:
    decision, waits, _ = persist(retry(999_999_999_999), [])
    assert decision is GAVE_UP
    assert waits == []


def test_pause_all_pauses_the_limiter_for_the_very_wait() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        limiter = Limiter(None, Progress())
        begun = loop.time()
        other_start = 0.0

        async def other_worker() -> None:
            nonlocal other_start
            await asyncio.sleep(1)
            await limiter.acquire()
            other_start = loop.time()

        async def again(_: Retry) -> Decision:
            await limiter.acquire()
            return DONE

        await asyncio.gather(Backoff(limiter, CALM).persist(retry(30, pause_all=True), again), other_worker())
        assert other_start - begun >= 30

    run_in_virtual_time(main())


def test_without_pause_all_the_others_go_on() -> None:
    _, _, limiter = persist(retry(30), [DONE])
    assert not limiter._paused_until


RETRIES = st.builds(
    retry, st.floats(0.5, 400), st.integers(2, 8), grows=st.booleans(), pause_all=st.booleans()
)


@given(RETRIES, st.lists(RETRIES, max_size=8), st.floats(0, 1))
def test_no_wait_is_shorter_than_told_and_jitter_adds_its_share_at_most(
    first: Retry, answers: list[Retry], jitter: float
) -> None:
    budget = RetryBudget(jitter=jitter, total_seconds=1e9)
    _, waits, _ = persist(first, answers, budget)
    # Beyond the list, `persist` answers with the first verdict again.
    told = [first, *answers, *[first] * len(waits)]
    for number, (decision, wait) in enumerate(zip(told, waits, strict=False)):
        least = decision.after_seconds
        if decision.grows:
            least = min(least * 2**number, max(least, budget.longest_wait_seconds))
        assert least - 1e-6 <= wait <= least * (1 + jitter) + 1e-6


def test_jitter_varies() -> None:
    _, waits, _ = persist(retry(10, tries=20), [], RetryBudget(jitter=0.5, total_seconds=1e9))
    assert len(set(waits)) > 10
