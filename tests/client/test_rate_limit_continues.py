"""A limiter that takes over from another one: the look at an account, then the sending."""

import asyncio
from itertools import pairwise

from importer.client.rate import Rate
from importer.client.rate_limit import Limiter
from importer.progress import Progress
from tests.virtual_time import run_in_virtual_time


def test_no_two_requests_fall_into_one_second_where_one_limiter_takes_over_from_another() -> None:
    async def main() -> list[float]:
        starts = []
        limiter: Limiter | None = None
        for _ in range(2):
            limiter = Limiter(Rate(1, 1), Progress(), continues=limiter)
            for _ in range(3):
                await limiter.acquire()
                starts.append(asyncio.get_running_loop().time())
        return starts

    starts = run_in_virtual_time(main())
    assert all(later - earlier > 1 for earlier, later in pairwise(starts))


def test_what_one_limiter_has_read_counts_for_the_next_one() -> None:
    async def main() -> list[float]:
        starts = []
        limiter: Limiter | None = None
        for requests in (200, 60):
            limiter = Limiter(
                Rate(1, 1), Progress(), get_rate=Rate(250, 300, may_burst=True), continues=limiter
            )
            for _ in range(requests):
                await limiter.acquire("GET")
                starts.append(asyncio.get_running_loop().time())
        return starts

    first, *_ = starts = run_in_virtual_time(main())
    assert starts[249] - first < 0.01
    assert starts[250] - first >= 300


def count_busiest_second(starts: list[float]) -> int:
    return max(sum(begin <= other < begin + 1 for other in starts) for begin in starts)


def test_two_limiters_of_one_account_share_each_second() -> None:
    async def main() -> list[float]:
        starts = []
        limiter: Limiter | None = None
        for _ in range(3):
            limiter = Limiter(Rate(40, 1), Progress(), continues=limiter)
            for _ in range(30):
                turn = await limiter.acquire()
                starts.append(asyncio.get_running_loop().time())
                turn.answered()
        return starts

    assert count_busiest_second(run_in_virtual_time(main())) <= 40


def test_what_was_asked_before_without_a_limiter_counts() -> None:
    async def main() -> list[float]:
        starts = [asyncio.get_running_loop().time()] * 2
        limiter = Limiter(Rate(40, 1), Progress(), used=2)
        for _ in range(100):
            turn = await limiter.acquire()
            starts.append(asyncio.get_running_loop().time())
            turn.answered()
        return starts

    assert count_busiest_second(run_in_virtual_time(main())) <= 40
