"""The pace: never more requests in a period than the limit, and everybody's pause. Only home of aiolimiter.

`AsyncLimiter(R, 1)` would let 2R - 1 requests through in its first second. A small bucket that leaks a
touch slower than R keeps any window of one period within R, as the server sees it, at 99 % of the budget.
"""

import asyncio
import re
from dataclasses import dataclass

from aiolimiter import AsyncLimiter

from importer.errors import SettingsError
from importer.progress import Progress

_HEADROOM = 1.007
"""How much slower than the limit we go, so that jitter on the way cannot squeeze two windows into one."""

_BURST_SECONDS = 0.003
"""How much late time may be caught up at once (of a period of a second or more); timers are that coarse."""

_UNIT_SECONDS = {"": 1, "ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit of `requests` per `period_seconds`."""

    requests: int
    period_seconds: float


def parse_rate(text: str) -> Rate:
    """Parse `N/PERIOD`: `1/s`, `20/10s`, `1000/5m`. Raises SettingsError."""
    match = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{0,6}(?:\.\d{1,3})?)\s*(ms|s|min|m|h)\s*", text)
    if match and int(match[1]) and match[2] != "0":
        period_seconds = float(match[2] or 1) * _UNIT_SECONDS[match[3]]
        if period_seconds > 0:
            return Rate(int(match[1]), period_seconds)
    raise SettingsError([f"--rate {text!r}: write it as N/PERIOD, for example 1/s, 20/10s or 1000/5m"])


class Limiter:
    """Paces the requests of one account. Without a rate only the pauses count."""

    def __init__(self, rate: Rate | None, progress: Progress) -> None:
        self._progress = progress
        self._paused_until = 0.0
        self._limiter: AsyncLimiter | None = None
        if rate is not None:
            leak_per_second = rate.requests / rate.period_seconds / _HEADROOM
            bucket = 1 + _BURST_SECONDS * min(1.0, rate.period_seconds) * leak_per_second
            self._limiter = AsyncLimiter(bucket, bucket / leak_per_second)

    async def acquire(self) -> None:
        """Wait until the next request may start."""
        while True:
            if self._paused_until:
                await self._wait_out_pause()
            if self._limiter is not None:
                await self._limiter.acquire()
            # A pause that began while this request waited for its turn holds for it too, and costs it the
            # turn: else all who waited would start at once when the pause ends.
            if not self._paused_until:
                return

    def pause(self, seconds: float, reason: str) -> None:
        """Let nobody start a request for `seconds`; a longer pause that already holds stays."""
        until = asyncio.get_running_loop().time() + seconds
        if until > self._paused_until:
            self._paused_until = until
            self._progress.waiting_for = reason
            self._progress.waiting_until = until

    async def _wait_out_pause(self) -> None:
        loop = asyncio.get_running_loop()
        while (seconds := self._paused_until - loop.time()) > 0:  # noqa: ASYNC110 - it may be prolonged
            await asyncio.sleep(seconds)
        self._paused_until = 0.0
        self._progress.waiting_for = ""
