"""What the pace learns from the server: its own words on the limit, and every 429."""

import asyncio
import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.client.rate import Rate
from importer.client.rate_limit import Limiter
from importer.progress import Progress
from tests.virtual_time import run_in_virtual_time

DATE = "Sat, 10 Oct 2020 00:00:00 GMT"
POSTS = Rate(1, 1)
GETS = Rate(250, 300, may_burst=True)


def told(limit: object = 1, period: object = 1, remaining: object = 1, **more: Any) -> dict[str, str]:
    """The header as documented, and the server's own clock."""
    quota = {"name": "X", "period": period, "limit": limit, "remaining": remaining, **more}
    return {"X-Ratelimit": json.dumps(quota), "Date": DATE}


def used_up(limit: int = 1000, period: int = 300, until: str = "2020-10-10T00:02:00Z") -> dict[str, str]:
    return told(limit, period, 0, until=until)


def starts(
    rate: Rate | None,
    lesson: Callable[[Limiter], None],
    *,
    count: int = 4,
    verb: str = "POST",
    get_rate: Rate | None = None,
) -> list[float]:
    """When requests start after a first one and what was learned from it, in seconds from then."""

    async def main() -> list[float]:
        limiter = Limiter(rate, Progress(), get_rate=get_rate)
        loop = asyncio.get_running_loop()
        (await limiter.acquire(verb)).answered()
        begun = loop.time()
        lesson(limiter)
        times = []
        for _ in range(count):
            (await limiter.acquire(verb)).answered()
            times.append(loop.time() - begun)
        return times

    return run_in_virtual_time(main())


def gap(times: list[float]) -> float:
    """The usual distance of two requests."""
    return min(later - earlier for earlier, later in pairwise(times))


def test_a_slower_limit_than_ours_is_obeyed_from_here_on() -> None:
    times = starts(Rate(10, 1), lambda limiter: limiter.adapt_to("POST", told(1, 1)))
    assert gap(times) == pytest.approx(1, abs=0.02)


def test_without_a_limit_of_our_own_the_servers_is_taken() -> None:
    times = starts(None, lambda limiter: limiter.adapt_to("POST", told(2, 1)))
    assert gap(times) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("limit", [1, 2, 1000])
def test_a_faster_limit_or_the_same_changes_nothing(limit: int) -> None:
    def say_it_often(limiter: Limiter) -> None:
        for _ in range(5):
            limiter.adapt_to("POST", told(limit, 1))

    assert starts(POSTS, say_it_often) == starts(POSTS, lambda limiter: None)


def test_a_limit_on_reading_does_not_slow_down_writing() -> None:
    times = starts(POSTS, lambda limiter: limiter.adapt_to("GET", told(1, 60)), get_rate=GETS)
    assert gap(times) == pytest.approx(1, abs=0.02)


def test_the_last_of_a_quota_pauses_until_it_is_new_by_the_servers_clock() -> None:
    # In 2026, `until` is long gone: only the server's own Date says that it lies two minutes ahead.
    times = starts(Rate(3, 1), lambda limiter: limiter.adapt_to("POST", used_up()))
    assert times[0] == pytest.approx(120, abs=0.5)


def test_progress_says_what_is_waited_for() -> None:
    async def main() -> None:
        progress = Progress()
        limiter = Limiter(POSTS, progress)
        limiter.adapt_to("POST", used_up())
        assert "quota" in progress.waiting_for
        await limiter.acquire()
        assert progress.waiting_for == ""

    run_in_virtual_time(main())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param(used_up(until="2020-10-09T23:59:00Z"), 0, id="new already"),
        pytest.param(used_up(until="2031-01-01T00:00:00Z"), 300, id="no longer than its period"),
        pytest.param(
            used_up(1, 1, until="2020-10-10T00:00:01Z"), 1, id="one a second: the turn just taken was it"
        ),
        pytest.param(told(1000, 300, 1, until="2020-10-10T00:02:00Z"), 0, id="one is left"),
    ],
)
def test_how_long_a_quota_pauses(headers: dict[str, str], seconds: float) -> None:
    times = starts(Rate(3, 1), lambda limiter: limiter.adapt_to("POST", headers))
    assert times[0] == pytest.approx(seconds, abs=0.5)


NO_LIMITS: list[Any] = [0, -1, None, "many", [], {}, "1e9", 0.5]
NO_MOMENTS: list[Any] = [None, "soon", 0, "2020-10-10T00:24:00", {}]


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "null", "[]", "1", '"x"', "{}", "[1]", "{", "\x00", '{"limit":1}', '{"period":1}'),
        *(json.dumps({"limit": limit, "period": 1}) for limit in NO_LIMITS),
        *(json.dumps({"limit": 1, "period": period}) for period in (0, -1, None, "x", 86_401, "nan", "inf")),
        *(json.dumps({"limit": 1000, "period": 300, "remaining": 0, "until": until}) for until in NO_MOMENTS),
    ],
)
def test_a_header_that_makes_no_sense_changes_nothing(text: str) -> None:
    headers = {"X-Ratelimit": text, "Date": DATE}
    assert starts(POSTS, lambda limiter: limiter.adapt_to("POST", headers)) == starts(
        POSTS, lambda limiter: None
    )


@given(
    st.text() | st.dictionaries(st.sampled_from(["limit", "period", "remaining"]), st.integers()), st.text()
)
def test_no_header_ever_raises_or_makes_us_faster(quota: Any, date: str) -> None:
    text = quota if isinstance(quota, str) else json.dumps(quota)
    times = starts(POSTS, lambda limiter: limiter.adapt_to("POST", {"X-Ratelimit": text, "Date": date}))
    assert gap(times) > 0.99


def test_429s_of_requests_in_flight_together_make_us_slower_once() -> None:
    def learn(limiter: Limiter) -> None:
        limiter.back_off("POST")
        limiter.pause(5, "429")
        limiter.back_off("POST")

    assert gap(starts(POSTS, learn)) == pytest.approx(1.1, abs=0.06)


def test_each_429_makes_us_a_tenth_slower_for_good() -> None:
    def twice(limiter: Limiter) -> None:
        limiter.back_off("POST")
        limiter.back_off("POST")

    assert gap(starts(POSTS, twice)) == pytest.approx(1.21, abs=0.02)


def test_a_429_on_reading_does_not_slow_down_writing() -> None:
    times = starts(POSTS, lambda limiter: limiter.back_off("GET"), get_rate=GETS)
    assert gap(times) == pytest.approx(1, abs=0.02)


def test_without_a_limit_a_429_slows_nobody_down() -> None:
    assert max(starts(None, lambda limiter: limiter.back_off("POST"))) < 0.01


# Reading has a budget of its own


def test_reading_does_not_wait_for_writing() -> None:
    times = starts(POSTS, lambda limiter: None, count=249, verb="GET", get_rate=GETS)
    assert max(times) < 0.01


def test_reading_beyond_its_budget_waits_as_the_budget_says() -> None:
    times = starts(POSTS, lambda limiter: None, count=252, verb="GET", get_rate=GETS)
    assert times[248] < 0.01
    assert times[250] == pytest.approx(300, abs=0.1)


def test_any_five_minutes_hold_at_most_the_budget() -> None:
    times = starts(None, lambda limiter: None, count=1200, verb="GET", get_rate=GETS)
    most = max(sum(first <= time < first + 300 for time in times) for first in times[::50])
    assert most <= 250


def test_without_a_budget_of_its_own_reading_shares_the_pace_of_writing() -> None:
    assert gap(starts(POSTS, lambda limiter: None, verb="GET")) == pytest.approx(1, abs=0.02)


def test_a_pause_holds_reading_and_writing_alike() -> None:
    for verb in ("GET", "POST"):
        times = starts(POSTS, lambda limiter: limiter.pause(60, "429"), verb=verb, get_rate=GETS)
        assert times[0] >= 60
