"""A limiter that takes over from another one: the look at an account, then the sending."""

import asyncio
from itertools import pairwise

from importer.client.rate_limit import Limiter, Rate
from importer.progress import Progress
from tests.virtual_time import run_in_virtual_time


def test_no_two_requests_fall_into_one_second_where_one_limiter_takes_over_from_another() -> None:
    async def main() -> list[float]:
        starts = []
        for continues in (False, True):
            limiter = Limiter(Rate(1, 1), Progress(), continues=continues)
            for _ in range(3):
                await limiter.acquire()
                starts.append(asyncio.get_running_loop().time())
        return starts

    starts = run_in_virtual_time(main())
    assert all(later - earlier > 1 for earlier, later in pairwise(starts))
