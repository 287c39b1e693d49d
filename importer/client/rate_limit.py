"""Limits the requests of one account: turns for each request, and pauses for all.

`pace.py` has the budgets, and says why no window ever has a request too many.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from importer.client.pace import Pace, Window, build_pace
from importer.client.rate import Rate, parse_quota
from importer.progress import Progress, Traffic, WaitRecord

_SLOWER = 1.1
"""Each 429 makes the rest of the run slower by this factor: our limit seems to be too high."""


class Turn(Protocol):
    """The permission to send one request."""

    def leaves(self) -> None:
        """Report that the request is sent now, some time after its turn came."""
        ...

    def answered(self) -> None:
        """Report that the request was answered, so that it has arrived, or that it will not be sent."""
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
        before: dict[str, Pace | Window] = continues._paces if continues else {}
        self._paces: dict[str, Pace | Window] = {
            verb: build_pace(each, before.get(verb), continues=True, used=0 if get_rate else used)
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
            turn.answered()

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
        """Go a tenth slower from here on, after a 429; those of requests in flight with it say no more."""
        if self._paused_until > asyncio.get_running_loop().time():
            return
        rate = self._rates.get(self._budget_of(verb))
        if rate is not None:
            self._set_rate(verb, replace(rate, period_seconds=rate.period_seconds * _SLOWER))

    def _set_rate(self, verb: str, rate: Rate) -> None:
        budget = self._budget_of(verb)
        self._rates[budget] = rate
        self._paces[budget] = build_pace(rate, self._paces.get(budget))
        self._new.add(budget)

    def _budget_of(self, verb: str) -> str:
        return verb if verb in self._rates else "POST"

    def report_wait(self, seconds: float, reason: str, detail: str = "") -> None:
        """Show why one request waits, with details such as `try 4 of 6`; the others go on."""
        self._note(seconds, reason)
        self._progress.waiting_requests += 1
        if not self._progress.waiting_for:
            self._progress.waiting_for = reason
            self._progress.waiting_detail = detail
            self._progress.waiting_until = asyncio.get_running_loop().time() + seconds

    def clear_wait(self, *, is_alone: bool = True) -> None:
        """Stop showing a wait, that of one request or of all, unless there is a pause for all."""
        if is_alone:
            self._progress.waiting_requests = max(0, self._progress.waiting_requests - 1)
        if not self._paused_until:
            self._progress.waiting_for = self._progress.waiting_detail = ""

    def pause(self, seconds: float, reason: str) -> None:
        """Start no request for `seconds`; a longer pause that has begun stays."""
        until = asyncio.get_running_loop().time() + seconds
        if until > self._paused_until:
            self._note(seconds, reason)
            self._paused_until = until
            self._progress.is_paused = True
            self._progress.waiting_for = reason
            self._progress.waiting_detail = ""
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


class _NobodyCounts:
    """The turn of a limiter without a rate."""

    def leaves(self) -> None:
        pass

    def answered(self) -> None:
        pass


_NOBODY_COUNTS = _NobodyCounts()
