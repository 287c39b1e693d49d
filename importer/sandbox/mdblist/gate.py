"""Checks every request: the key, which counts only in the address, and the limits of its account.

    key -> requests of the day -> requests of the window -> the method
    403    429, until midnight    429, until there is room

A request with a wrong key, and one that a limit refuses, does not count: the sandbox's own choice.
"""

import hmac
import math
from collections.abc import Callable

from importer.sandbox.exchange import Answer, Call, Pace, build_json
from importer.sandbox.mdblist.options import MdblistOptions
from importer.sandbox.quota import Quota, parse_quota

_DAY_SECONDS = 86_400


class Gate:
    """The key and the limits of the one account."""

    def __init__(self, options: MdblistOptions, clock: Callable[[], float]) -> None:
        self._key = options.mdblist_key.encode()
        self._tells_wait = options.mdblist_retry_after
        self._day_limit = options.mdblist_day_limit
        self._clock = clock
        self._day, self._used = 0, 0
        self._writes = _build_quota(options.mdblist_write_rate)
        self._reads = _build_quota(options.mdblist_read_rate)

    def admit(self, method: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        """Let in whoever has the key."""

        def answer(call: Call) -> Answer:
            return method(call) if self._has_key(call) else build_json(403, {"detail": "Invalid API key!"})

        return answer

    def pace_writing(self, call: Call, arrived: float) -> Pace:
        """The limits of a POST."""
        return self._pace(call, arrived, self._writes)

    def pace_reading(self, call: Call, arrived: float) -> Pace:
        """The limits of a GET."""
        return self._pace(call, arrived, self._reads)

    def _has_key(self, call: Call) -> bool:
        return hmac.compare_digest(call.query.get("apikey", "").encode(errors="replace"), self._key)

    def _pace(self, call: Call, arrived: float, window: Quota | None) -> Pace:
        if not self._has_key(call):
            return Pace()
        now = self._clock()
        day, into_day = divmod(now, _DAY_SECONDS)
        if day != self._day:
            self._day, self._used = int(day), 0
        if self._day_limit is not None and self._used >= self._day_limit:
            return self._refuse(_DAY_SECONDS - into_day, now)
        wait_seconds = window.wait_seconds(arrived) if window else 0
        if wait_seconds:
            return self._refuse(wait_seconds, now)
        self._used += 1
        return Pace(headers=self._describe(_DAY_SECONDS - into_day, now))

    def _refuse(self, wait_seconds: float, now: float) -> Pace:
        wait = {"Retry-After": str(math.ceil(wait_seconds))} if self._tells_wait else {}
        headers = self._describe(wait_seconds, now, remaining=0) | wait
        return Pace(build_json(429, {"error": "API Limit Reached!"}, headers=headers))

    def _describe(self, wait_seconds: float, now: float, remaining: int | None = None) -> dict[str, str]:
        if self._day_limit is None:
            return {}
        left = max(0, self._day_limit - self._used) if remaining is None else remaining
        return {
            "X-RateLimit-Limit": str(self._day_limit),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": str(math.ceil(now + wait_seconds)),
        }


def _build_quota(rate: str | None) -> Quota | None:
    return parse_quota(rate) if rate else None
