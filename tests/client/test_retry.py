"""Retries: how long it waits between attempts, and when it gives up."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.client.rate_limit import Limiter
from importer.client.retry import RetryBudget, RetryLoop
from importer.destinations.decisions import RATED, BatchDecision, Done, Effect, Retry, RetryPolicy
from importer.errors import StopRunError, UnreachableError
from importer.progress import Progress
from tests.virtual_time import run_in_virtual_time

DONE = Done((RATED,))
CALM = RetryBudget(jitter=0.0, total_seconds=1e9)
"""No jitter and no total time: what is left is the decision's own word."""


def retry(
    first_wait_seconds: float = 1.0,
    attempts: int = 6,
    *,
    exponential: bool = False,
    pauses_all_workers: bool = False,
) -> Retry:
    policy = RetryPolicy(
        attempts=attempts,
        first_wait_seconds=first_wait_seconds,
        exponential=exponential,
        pauses_all_workers=pauses_all_workers,
    )
    return Retry("busy", policy)


def run(
    first: Retry, answers: Iterable[BatchDecision], budget: RetryBudget = CALM
) -> tuple[BatchDecision, list[float], Limiter]:
    """Retry until the answers end it; also give the waits before each attempt."""

    async def main() -> tuple[BatchDecision, list[float], Limiter]:
        loop = asyncio.get_running_loop()
        limiter = Limiter(None, Progress())
        left = iter(answers)
        times = [loop.time()]

        async def again(last: Retry) -> BatchDecision:
            times.append(loop.time())
            return next(left, first)

        decision = await RetryLoop(limiter, budget).run(first, again)
        return decision, [after - before for before, after in pairwise(times)], limiter

    return run_in_virtual_time(main())


def test_the_first_good_decision_ends_it() -> None:
    decision, waits, _ = run(retry(7), [retry(7), retry(7), DONE])
    assert decision is DONE
    assert waits == pytest.approx([7, 7, 7])


def test_attempts_count_the_one_made_before() -> None:
    decision, waits, _ = run(retry(attempts=3), [])
    assert isinstance(decision, Retry)
    assert len(waits) == 2


def test_a_retry_without_another_attempt_is_used_up_at_once() -> None:
    decision, waits, _ = run(retry(attempts=1), [])
    assert isinstance(decision, Retry)
    assert waits == []


def test_a_growing_wait_doubles_up_to_the_longest() -> None:
    _, waits, _ = run(retry(10, attempts=8, exponential=True), [])
    assert waits == pytest.approx([10, 20, 40, 80, 160, 300, 300])


def test_a_wait_the_server_asks_for_is_never_cut_to_our_longest() -> None:
    _, waits, _ = run(retry(300, attempts=4, exponential=True), [])
    assert waits == pytest.approx([300, 300, 300])
    _, waits, _ = run(replace(retry(10, attempts=4, exponential=True), wait_seconds=400), [])
    assert waits == pytest.approx([400, 400, 400])


def unreachable(**facts: Any) -> Retry:
    policy = RetryPolicy(attempts=6, first_wait_seconds=1, exponential=True, error=UnreachableError)
    return Retry("no network", replace(policy, **facts))


def test_a_lost_network_is_waited_for_as_long_as_was_said() -> None:
    patient = replace(CALM, network_seconds=600)
    decision, waits, _ = run(unreachable(), [], patient)
    assert isinstance(decision, Retry)
    assert sum(waits) == pytest.approx(600)
    assert max(waits) == pytest.approx(30), "it may come back at any moment"
    decision, waits, _ = run(unreachable(), [unreachable()] * 15 + [DONE], patient)
    assert decision is DONE


def test_without_it_the_attempts_are_the_limit() -> None:
    decision, waits, _ = run(unreachable(), [])
    assert isinstance(decision, Retry)
    assert waits == pytest.approx([1, 2, 4, 8, 16])


@pytest.mark.parametrize(
    ("seconds", "expected"), [(5, [1, 2, 2]), (3, [1, 2]), (0.5, [0.5]), (40, [1, 2, 4, 8, 16, 9])]
)
def test_a_wait_ends_when_it_is_over_and_the_last_attempt_is_made_then(
    seconds: float, expected: Sequence[float]
) -> None:
    decision, waits, _ = run(unreachable(), [], RetryBudget(jitter=0.5, network_seconds=seconds))
    assert isinstance(decision, Retry)
    assert sum(waits) == pytest.approx(seconds)
    _, waits, _ = run(unreachable(), [], replace(CALM, network_seconds=seconds))
    assert waits == pytest.approx(expected)


def test_a_network_is_waited_for_from_when_it_was_lost() -> None:
    busy = replace(retry(100), policy=replace(retry(100).policy, counts=False))
    decision, waits, _ = run(busy, [unreachable()] * 9, replace(CALM, network_seconds=5))
    assert isinstance(decision, Retry)
    assert waits == pytest.approx([100, 2, 3])


def test_a_minor_question_waits_for_no_network() -> None:
    _, waits, _ = run(
        unreachable(attempts=2, waits_for_network=False), [], replace(CALM, network_seconds=600)
    )
    assert len(waits) == 1


def test_a_server_that_answers_wrongly_is_not_waited_for() -> None:
    _, waits, _ = run(unreachable(error=StopRunError), [], replace(CALM, network_seconds=600))
    assert len(waits) == 5


def test_a_long_wait_is_not_cut_by_the_time_of_a_request() -> None:
    budget = RetryBudget(jitter=0.0, total_seconds=100, network_seconds=600)
    _, waits, _ = run(unreachable(), [], budget)
    assert sum(waits) == pytest.approx(600)


async def answer_done(_: Retry) -> BatchDecision:
    return DONE


def test_the_wait_says_which_try_comes_next_and_how_many_wait() -> None:
    seen = []

    async def main() -> None:
        limiter = Limiter(None, progress := Progress())

        loops = [RetryLoop(limiter, CALM).run(retry(5, attempts=6), answer_done) for _ in range(2)]
        tasks = [asyncio.create_task(loop) for loop in loops]
        await asyncio.sleep(1)
        seen.append((progress.waiting_for, progress.waiting_detail, progress.waiting_requests))
        await asyncio.gather(*tasks)
        seen.append((progress.waiting_for, progress.waiting_detail, progress.waiting_requests))

    run_in_virtual_time(main())
    assert seen == [("busy", "try 2 of 6", 2), ("", "", 0)]


def test_a_wait_for_the_network_says_when_it_is_given_up() -> None:
    seen = []

    async def main() -> None:
        limiter = Limiter(None, progress := Progress())

        budget = replace(CALM, network_seconds=600)
        task = asyncio.create_task(RetryLoop(limiter, budget).run(unreachable(), answer_done))
        await asyncio.sleep(0.5)
        seen.append((progress.waiting_for, progress.waiting_detail))
        await task

    run_in_virtual_time(main())
    assert seen == [("no network", "try 2, given up in 10 min 00 s")]


def test_a_new_decision_brings_its_own_wait_attempts_and_end() -> None:
    other = Retry("no answer", RetryPolicy(attempts=3, first_wait_seconds=20))
    decision, waits, _ = run(retry(5, attempts=6), [other, other])
    assert decision is other
    assert waits == pytest.approx([5, 20])


def test_the_last_decision_is_handed_to_the_next_try() -> None:
    handed: list[Retry] = []
    first, second = retry(1), replace(retry(2), effect=Effect.UNKNOWN)
    left: Iterator[BatchDecision] = iter([second, DONE])

    async def again(last: Retry) -> BatchDecision:
        handed.append(last)
        return next(left)

    run_in_virtual_time(RetryLoop(Limiter(None, Progress()), CALM).run(first, again))
    assert handed == [first, second]


def test_no_try_begins_after_the_total_time() -> None:
    decision, waits, _ = run(retry(10, attempts=10**6), [], RetryBudget(jitter=0.0, total_seconds=95))
    assert isinstance(decision, Retry)
    assert waits == pytest.approx([10] * 9)


def test_a_wait_beyond_the_total_time_is_not_begun() -> None:
    decision, waits, _ = run(retry(999_999_999_999), [])
    assert isinstance(decision, Retry)
    assert waits == []


def test_pauses_all_workers_pauses_the_limiter_for_the_very_wait() -> None:
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

        async def again(_: Retry) -> BatchDecision:
            await limiter.acquire()
            return DONE

        await asyncio.gather(
            RetryLoop(limiter, CALM).run(retry(30, pauses_all_workers=True), again), other_worker()
        )
        assert other_start - begun >= 30

    run_in_virtual_time(main())


def test_without_it_the_others_go_on() -> None:
    _, _, limiter = run(retry(30), [DONE])
    assert not limiter._paused_until


RETRIES = st.builds(
    retry, st.floats(0.5, 400), st.integers(2, 8), exponential=st.booleans(), pauses_all_workers=st.booleans()
)


@given(RETRIES, st.lists(RETRIES, max_size=8), st.floats(0, 1))
def test_no_wait_is_shorter_than_told_and_jitter_adds_its_share_at_most(
    first: Retry, answers: list[Retry], jitter: float
) -> None:
    budget = RetryBudget(jitter=jitter, total_seconds=1e9)
    _, waits, _ = run(first, answers, budget)
    # Beyond the list, `run` answers with the first decision again.
    told = [first, *answers, *[first] * len(waits)]
    for number, (decision, wait) in enumerate(zip(told, waits, strict=False)):
        least = decision.seconds
        if decision.grows:
            least = min(least * 2**number, max(least, budget.longest_wait_seconds))
        assert least - 1e-6 <= wait <= least * (1 + jitter) + 1e-6


def test_jitter_varies() -> None:
    _, waits, _ = run(retry(10, attempts=20), [], RetryBudget(jitter=0.5, total_seconds=1e9))
    assert len(set(waits)) > 10
