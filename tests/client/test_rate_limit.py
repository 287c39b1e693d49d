"""The pace: never over the limit in any window, close to it over time, and everybody's pause."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from importer.client.rate import Rate, parse_rate
from importer.client.rate_limit import Limiter
from importer.errors import OptionError
from importer.progress import Progress
from tests.virtual_time import run_in_virtual_time

RATES = [Rate(1, 1), Rate(10, 1), Rate(200, 1), Rate(1000, 1), Rate(20, 10), Rate(50, 0.1)]


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("1/s", Rate(1, 1)),
        ("20/10s", Rate(20, 10)),
        ("1000/5m", Rate(1000, 300)),
        ("1000/5min", Rate(1000, 300)),
        ("3/h", Rate(3, 3600)),
        ("5/250ms", Rate(5, 0.25)),
        ("1/1.5s", Rate(1, 1.5)),
        (" 7 / 2 s ", Rate(7, 2)),
    ],
)
def test_parse_rate(text: str, rate: Rate) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "/s", "1/", "1/d", "1/s/s", "one/s", "-1/s", "1.5/s", "1/1e3s"),
        *("0/s", "1/0s", "1/0.0s", "9999999999/s", "1/9999999s"),
    ],
)
def test_a_rate_that_is_none_says_how_to_write_one(text: str) -> None:
    with pytest.raises(OptionError, match="for example 1/s"):
        parse_rate(text)


def now() -> float:
    return asyncio.get_running_loop().time()


async def record_starts(
    limiter: Limiter,
    seconds: float,
    *,
    workers: int = 16,
    arrive: Callable[[], Awaitable[None]] | None = None,
    answer: Callable[[], Awaitable[None]] | None = None,
) -> list[float]:
    """When requests arrived, from workers that always have the next one ready; at once if nothing is said."""
    starts: list[float] = []
    end = now() + seconds

    async def work() -> None:
        while True:
            turn = await limiter.acquire()
            if now() > end:
                turn.answered()
                return
            if arrive is not None:
                await arrive()
            starts.append(now())
            if answer is not None:
                await answer()
            turn.answered()

    await asyncio.gather(*(work() for _ in range(workers)))
    return starts


def most_in_one_period(starts: list[float], rate: Rate) -> int:
    """The most starts in any window of one period."""
    most, first = 0, 0
    for last, start in enumerate(starts):
        while start - starts[first] >= rate.period_seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_no_window_holds_more_than_the_limit_and_hardly_less(rate: Rate) -> None:
    seconds = max(20.0, 200 * rate.period_seconds) if rate.requests < 1000 else 10.0
    starts = run_in_virtual_time(record_starts(Limiter(rate, Progress()), seconds))
    assert most_in_one_period(starts, rate) <= rate.requests
    assert len(starts) >= 0.98 * rate.requests * seconds / rate.period_seconds


@pytest.mark.parametrize("rate", RATES, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_no_window_holds_more_where_some_requests_are_late(rate: Rate, seed: int) -> None:
    chance = random.Random(seed)
    longest = 0.05 * min(1.0, rate.period_seconds)

    async def some_are_late() -> None:
        await asyncio.sleep(chance.choice([0.0, 0.0, longest * chance.random(), longest * 0.99]))

    async def main() -> list[float]:
        seconds = 20 * rate.period_seconds if rate.requests < 1000 else 5.0
        limiter = Limiter(rate, Progress())
        return await record_starts(limiter, seconds, workers=64, arrive=some_are_late, answer=some_are_late)

    assert most_in_one_period(sorted(run_in_virtual_time(main())), rate) <= rate.requests


@pytest.mark.parametrize(("answer_seconds", "gap"), [(0.0, 1.0), (0.02, 1.02), (0.5, 1.05), (30, 1.05)])
def test_a_slow_answer_costs_little_of_the_budget(answer_seconds: float, gap: float) -> None:
    async def main() -> list[float]:
        limiter = Limiter(Rate(1, 1), Progress())
        return await record_starts(limiter, 60, workers=64, answer=lambda: asyncio.sleep(answer_seconds))

    starts = run_in_virtual_time(main())
    assert (starts[-1] - starts[0]) / (len(starts) - 1) == pytest.approx(gap, abs=0.001)


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_an_idle_gap_saves_up_no_burst(rate: Rate) -> None:
    async def main() -> list[float]:
        limiter = Limiter(rate, Progress())
        starts = await record_starts(limiter, 2 * rate.period_seconds)
        await asyncio.sleep(10 * rate.period_seconds)
        return starts + await record_starts(limiter, 2 * rate.period_seconds)

    assert most_in_one_period(run_in_virtual_time(main()), rate) <= rate.requests


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_the_end_of_a_pause_is_no_burst_either(rate: Rate) -> None:
    async def main() -> list[float]:
        limiter = Limiter(rate, Progress())
        asyncio.get_running_loop().call_later(
            1.5 * rate.period_seconds, limiter.pause, 30 * rate.period_seconds, "rate limit (429)"
        )
        return await record_starts(limiter, 40 * rate.period_seconds)

    starts = run_in_virtual_time(main())
    assert starts[-1] - starts[0] > 35 * rate.period_seconds
    assert most_in_one_period(starts, rate) <= rate.requests


def test_without_a_rate_nobody_waits() -> None:
    async def main() -> float:
        limiter, begun = Limiter(None, Progress()), now()
        await asyncio.gather(*(limiter.acquire() for _ in range(10_000)))
        return now() - begun

    assert run_in_virtual_time(main()) < 1e-6


def starts_with_pauses(rate: Rate | None, pauses: Callable[[Limiter], None]) -> list[float]:
    """When three requests that were ready from the beginning started, in seconds from then."""

    async def main() -> list[float]:
        limiter, begun = Limiter(rate, Progress()), now()
        pauses(limiter)
        starts: list[float] = []

        async def start() -> None:
            (await limiter.acquire()).answered()
            starts.append(now() - begun)

        await asyncio.gather(start(), start(), start())
        return starts

    return run_in_virtual_time(main())


@pytest.mark.parametrize("rate", [None, Rate(1000, 1)], ids=str)
def test_a_pause_holds_everybody(rate: Rate | None) -> None:
    starts = starts_with_pauses(rate, lambda limiter: limiter.pause(60, "over capacity (503)"))
    assert starts == pytest.approx([60, 60, 60], abs=0.01)
    assert min(starts) >= 60


def test_a_longer_pause_wins_whichever_comes_first() -> None:
    def long_then_short(limiter: Limiter) -> None:
        limiter.pause(60, "long")
        limiter.pause(5, "short")

    def short_then_long(limiter: Limiter) -> None:
        limiter.pause(5, "short")
        asyncio.get_running_loop().call_later(3, limiter.pause, 57, "long")

    assert min(starts_with_pauses(None, long_then_short)) >= 60
    assert min(starts_with_pauses(None, short_then_long)) >= 60


def test_a_pause_holds_who_waits_for_his_turn_already() -> None:
    def pause_soon(limiter: Limiter) -> None:
        asyncio.get_running_loop().call_later(0.5, limiter.pause, 60, "rate limit (429)")

    first, second, third = starts_with_pauses(Rate(1, 1), pause_soon)
    assert first < 1e-6
    assert second >= 60.5
    assert third >= second + 1


def test_progress_says_what_is_waited_for_and_until_when() -> None:
    async def main() -> None:
        progress = Progress()
        limiter = Limiter(Rate(10, 1), progress)
        limiter.pause(60, "over capacity (503)")
        assert progress.waiting_for == "over capacity (503)"
        assert progress.waiting_until == now() + 60
        limiter.pause(5, "rate limit (429)")  # the shorter pause changes nothing
        assert progress.waiting_for == "over capacity (503)"
        await limiter.acquire()
        assert progress.waiting_for == ""

    run_in_virtual_time(main())
