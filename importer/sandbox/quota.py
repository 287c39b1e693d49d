"""Rate limits (N/PERIOD), and `busiest_window`, with which tests measure the rate the server has seen."""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_RATE = re.compile(r"(\d+)/(.+)")


def parse_duration_seconds(text: str) -> float:
    """`200ms`, `5s`, `1.5m`, `1h` in seconds."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"not a duration: {text!r} (examples: 200ms, 5s, 1m)")
    return float(match[1]) * _SECONDS[match[2]]


@dataclass(slots=True)
class Quota:
    """`limit` requests in every window of `period_seconds`; a refused request does not count."""

    limit: int
    period_seconds: float
    _allowed: deque[float] = field(default_factory=deque, repr=False)

    def wait_seconds(self, arrived: float) -> float:
        """0 if the request that arrived now is allowed, else the time until there is room again."""
        while self._allowed and self._allowed[0] <= arrived - self.period_seconds:
            self._allowed.popleft()
        if len(self._allowed) < self.limit:
            self._allowed.append(arrived)
            return 0
        return self._allowed[0] + self.period_seconds - arrived

    @property
    def remaining(self) -> int:
        """The number of requests there was still room for at the last call of `wait_seconds`."""
        return self.limit - len(self._allowed)


def parse_quota(text: str) -> Quota:
    """`1/s`, `20/10s`, `1000/5m`: that many requests in every such period. Raises ValueError."""
    match = _RATE.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise ValueError(f"not a rate: {text!r} (examples: 1/s, 20/10s, 1000/5m)")
    period = match[2] if match[2][0].isdigit() else f"1{match[2]}"
    try:
        seconds = parse_duration_seconds(period)
    except ValueError as error:
        raise ValueError(f"not a rate: {text!r} (examples: 1/s, 20/10s, 1000/5m)") from error
    if seconds == 0:
        raise ValueError(f"a rate needs a period: {text!r}")
    return Quota(int(match[1]), seconds)


def busiest_window(arrivals: Iterable[float], seconds: float = 1.0) -> int:
    """The most arrivals in any window of that length, wherever it starts.

    The window is half open: two requests exactly `seconds` apart never share one.
    """
    most = 0
    window: deque[float] = deque()
    for moment in sorted(arrivals):
        window.append(moment)
        while window[0] <= moment - seconds:
            window.popleft()
        most = max(most, len(window))
    return most
