"""The tests' own clock: what rests on it is worth no more than it is."""

import asyncio
import time

import pytest
from aiolimiter import AsyncLimiter
from tenacity import AsyncRetrying, retry_if_result, stop_before_delay, wait_fixed

from tests.virtual_time import run_in_virtual_time


def now() -> float:
    return asyncio.get_running_loop().time()


def test_sleeps_pass_at_once_and_in_order() -> None:
    woken: list[tuple[str, float]] = []

    async def sleep(name: str, seconds: float) -> None:
        begun = now()
        await asyncio.sleep(seconds)
        woken.append((name, now() - begun))

    async def main() -> None:
        await asyncio.gather(sleep("long", 3600), sleep("short", 60), sleep("none", 0))

    run_in_virtual_time(main())
    assert [name for name, _ in woken] == ["none", "short", "long"]
    assert [seconds for _, seconds in woken] == pytest.approx([0, 60, 3600], abs=1e-6)


def test_timeouts_count_virtual_seconds() -> None:
    async def main() -> None:
        async with asyncio.timeout(600):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        run_in_virtual_time(main())


def test_aiolimiter_paces_by_the_virtual_clock() -> None:
    async def main() -> float:
        limiter, begun = AsyncLimiter(1, 10), now()
        for _ in range(7):
            await limiter.acquire()
        return now() - begun

    assert run_in_virtual_time(main()) == pytest.approx(60)


def test_tenacity_measures_the_virtual_clock() -> None:
    async def main() -> int:
        retrying = AsyncRetrying(
            retry=retry_if_result(lambda _: True),
            wait=wait_fixed(10),
            stop=stop_before_delay(60),
            retry_error_callback=lambda state: state.attempt_number,
        )
        return await retrying(never_well)

    assert run_in_virtual_time(main()) == 6


async def never_well() -> int:
    return 0


def test_a_test_that_waits_for_nothing_says_so_instead_of_hanging() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="stuck"):
        run_in_virtual_time(main())


def test_the_real_clock_is_back_afterwards() -> None:
    before = time.monotonic

    async def main() -> None:
        await asyncio.sleep(1)

    run_in_virtual_time(main())
    assert time.monotonic is before
