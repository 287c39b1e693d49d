"""The rate limit: never more requests in a period than allowed, and pauses for all. Only home of aiolimiter.

Two rules together, for a limit of R requests in a period. Neither alone holds at the server:

```text
AsyncLimiter(20, 10) for 20/10s    20 at once, then one every 0.5 s: 39 of them in the first 10 s
a small bucket alone               evenly spread here; a busy network squeezes them: 21 arrive within 10 s
the second rule                    request 21 starts 10 s after request 1 has arrived: never in its window
```

The second rule costs the time of an answer, 50 ms of a second at most (docs/performance.md: rows d, 0.997 to
1.010 of the limit are used, with no excess in any window, fixed or sliding). The first keeps bursts small.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from aiolimiter import AsyncLimiter

from importer.client.rate import Rate, parse_quota
from importer.progress import Progress, Traffic, WaitRecord

_BURST_SECONDS = 0.05
"""The lateness that may be caught up at once (for a period of a second or more)."""

_ARRIVAL_SECONDS = 0.05
"""A request has arrived when it is answered, or this long after its start (for a period of a second or more).

Waiting for the answer alone would be safer, but slow: a server that takes a second for each answer
would get one request in two seconds although it allows one per second.
"""

_SLOWER = 1.1
"""Each 429 makes the rest of the run slower by this factor: our limit seems to be too high."""


class Turn(Protocol):
    """The permission to send one request."""

    def leaves(self) -> None:
        """Report that the request is sent now, some time after its turn came."""
        ...

    def answered(self) -> None:
        """Report that the request was answered, so that it has arrived."""
        ...


class Limiter:
    """Limits the requests of one account. Without a rate there are only pauses.

    `get_rate` is a budget of its own for reading; without it, reading and writing share one. A limiter that
    `continues` another of the same account begins with the budget that is left; so many requests were `used`
    a moment ago without a limiter.
    """

    def __init__(
        self,
        rate: Rate | None,
        progress: Progress,
        *,
        get_rate: Rate | None = None,
        continues: "Limiter | None" = None,
        used: int = 0,
    ) -> None:
        self._progress = progress
        self._paused_until = 0.0
        self._rates = {"POST": rate, "GET": get_rate} if get_rate else {"POST": rate}
        before: dict[str, _Pace | _Window] = continues._paces if continues else {}
        self._paces: dict[str, _Pace | _Window] = {
            verb: _build_pace(each, before.get(verb), continues=True, used=0 if get_rate else used)
            for verb, each in self._rates.items()
            if each
        }
        self._new = set(self._paces) if continues and get_rate is None else set()

    async def acquire(self, verb: str = "POST") -> "Turn":
        """Wait until the next request may start."""
        turn: Turn = _NOBODY_COUNTS
        while True:
            if self._paused_until:
                await self._wait_out_pause()
            budget = self._budget_of(verb)
            pace = self._paces.get(budget)
            if pace is not None:
                if budget in self._new:
                    self._new.remove(budget)
                    await pace.use_up()
                if seconds := pace.wait_seconds():
                    self.report_wait(seconds, "the requests of this period are used up")
                turn = await pace.acquire()
                if seconds:
                    self.clear_wait()
            # A pause that began while this request waited for its turn applies to it too, and it loses the
            # turn: otherwise all waiting requests would start together after the pause.
            if not self._paused_until:
                return turn

    def adapt_to(self, verb: str, headers: Mapping[str, str]) -> None:
        """Slow down to the limit in `X-Ratelimit` (docs: rate limiting); never speed up."""
        quota = parse_quota(headers)
        if quota is None:
            return
        rate = self._rates.get(self._budget_of(verb))
        stated = quota.rate
        if rate is None or stated.requests / stated.period_seconds < rate.requests / rate.period_seconds:
            self._set_rate(verb, stated)
        if quota.pause_seconds and stated.requests > 1:
            self.pause(quota.pause_seconds, "the quota of this period is used up")

    def back_off(self, verb: str) -> None:
        """Go a tenth slower from here on, after a 429."""
        rate = self._rates.get(self._budget_of(verb))
        if rate is not None:
            self._set_rate(verb, replace(rate, period_seconds=rate.period_seconds * _SLOWER))

    def _set_rate(self, verb: str, rate: Rate) -> None:
        budget = self._budget_of(verb)
        self._rates[budget] = rate
        self._paces[budget] = _build_pace(rate, self._paces.get(budget))
        self._new.add(budget)

    def _budget_of(self, verb: str) -> str:
        return verb if verb in self._rates else "POST"

    def report_wait(self, seconds: float, reason: str) -> None:
        """Show why one request waits; the others go on."""
        self._note(seconds, reason)
        if not self._progress.waiting_for:
            self._progress.waiting_for = reason
            self._progress.waiting_until = asyncio.get_running_loop().time() + seconds

    def clear_wait(self) -> None:
        """Stop showing a wait, unless there is a pause for all."""
        if not self._paused_until:
            self._progress.waiting_for = ""

    def pause(self, seconds: float, reason: str) -> None:
        """Start no request for `seconds`; a longer pause that has begun stays."""
        until = asyncio.get_running_loop().time() + seconds
        if until > self._paused_until:
            self._note(seconds, reason)
            self._paused_until = until
            self._progress.is_paused = True
            self._progress.waiting_for = reason
            self._progress.waiting_until = until

    @property
    def traffic(self) -> Traffic | None:
        """Where requests and waits are noted, if anywhere."""
        return self._progress.traffic

    def _note(self, seconds: float, reason: str) -> None:
        if self.traffic is not None:
            self.traffic.waits.append(WaitRecord(time.time(), seconds, reason))

    async def _wait_out_pause(self) -> None:
        loop = asyncio.get_running_loop()
        while (seconds := self._paused_until - loop.time()) > 0:  # noqa: ASYNC110 - it may be prolonged
            await asyncio.sleep(seconds)
        self._paused_until = 0.0
        self._progress.is_paused = False
        self._progress.waiting_for = ""


class _Window:
    """A budget without spreading: a request waits until the R-th before it arrived a period ago."""

    def __init__(self, rate: Rate, arrivals: "Iterable[_Arrival]" = ()) -> None:
        self._period_seconds = rate.period_seconds
        self._most = rate.requests
        self.arrivals = deque(arrivals, maxlen=rate.requests)

    async def use_up(self) -> None:
        """Do nothing: earlier requests are in the window."""

    def wait_seconds(self) -> float:
        """Return how long the next request has to wait."""
        if len(self.arrivals) < self._most:
            return 0.0
        return max(0.0, self.arrivals[0].at + self._period_seconds - time.monotonic())

    async def acquire(self) -> "_Arrival":
        """Wait for a place in the window."""
        while seconds := self.wait_seconds():  # noqa: ASYNC110 - another task may take the place
            await asyncio.sleep(seconds)
        arrival = _Arrival()
        arrival.leaves()
        self.arrivals.append(arrival)
        return arrival


@dataclass(slots=True)
class _Arrival:
    """The latest time at which a request has arrived."""

    at: float = 0.0

    def leaves(self) -> None:
        self.at = time.monotonic() + _ARRIVAL_SECONDS

    def answered(self) -> None:
        self.at = min(self.at, time.monotonic())


def _build_pace(
    rate: Rate, before: "_Pace | _Window | None", *, continues: bool = False, used: int = 0
) -> "_Pace | _Window":
    if rate.may_burst:
        return _Window(rate, before.arrivals if isinstance(before, _Window) else ())
    ends = before.ends if continues and isinstance(before, _Pace) else []
    return _Pace(rate, [*ends, *[time.monotonic() + rate.period_seconds] * used])


class _Pace:
    """A budget that spreads its requests evenly.

    The places of requests before it are free again at `ends`, on the monotonic clock.
    """

    def __init__(self, rate: Rate, ends: Iterable[float] = ()) -> None:
        self._period_seconds = rate.period_seconds
        unit = min(1.0, rate.period_seconds)
        per_second = rate.requests / rate.period_seconds
        size = 1 + _BURST_SECONDS * unit * per_second
        self._bucket = AsyncLimiter(size, size / per_second)
        self._arrival_seconds = _ARRIVAL_SECONDS * unit
        now = time.monotonic()
        last = sorted(end for end in ends if end > now)[-rate.requests :]
        self._free = asyncio.Semaphore(rate.requests - len(last))
        self._taken: set[_Place] = set()
        for end in last:
            self._take(end, end - now)

    @property
    def ends(self) -> list[float]:
        """When the places that are taken will be free again."""
        return [place.free_at for place in self._taken]

    async def use_up(self) -> None:
        """Empty the new bucket: its content was used before."""
        await self._bucket.acquire(self._bucket.max_rate)

    def wait_seconds(self) -> float:
        """Return 0: the waits are short and even."""
        return 0.0

    async def acquire(self) -> "_Place":
        """Wait for a turn, and then for a place among the requests of one period."""
        await self._bucket.acquire()
        await self._free.acquire()
        return self._take(self.next_end(), self._period_seconds)

    def next_end(self, *, is_answered: bool = False) -> float:
        """When the place of a request is free again that leaves now, or has just been answered."""
        return time.monotonic() + self._period_seconds + (0 if is_answered else self._arrival_seconds)

    def _take(self, free_at: float, wait_seconds: float) -> "_Place":
        place = _Place(self, free_at)
        self._taken.add(place)
        place.loop.call_later(wait_seconds, place.end)
        return place

    def release(self, place: "_Place") -> None:
        """Take a place back."""
        self._taken.discard(place)
        self._free.release()


class _Place:
    """A place among the requests of one period: free again a period after the request arrived."""

    __slots__ = ("_pace", "free_at", "loop")

    def __init__(self, pace: _Pace, free_at: float) -> None:
        self._pace = pace
        self.free_at = free_at
        self.loop = asyncio.get_running_loop()

    def leaves(self) -> None:
        self.free_at = self._pace.next_end()

    def answered(self) -> None:
        self.free_at = min(self.free_at, self._pace.next_end(is_answered=True))

    def end(self) -> None:
        # Checked again: uvloop's timers fire early by as long as its loop was busy when they were set.
        left_seconds = self.free_at - time.monotonic()
        if left_seconds > 0:
            self.loop.call_later(left_seconds, self.end)
        else:
            self._pace.release(self)


class _NobodyCounts:
    """The turn of a limiter without a rate."""

    def leaves(self) -> None:
        pass

    def answered(self) -> None:
        pass


_NOBODY_COUNTS = _NobodyCounts()
