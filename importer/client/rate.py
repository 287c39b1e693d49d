"""Limits of requests: as users write them (`20/10s`) and as servers state them in `X-Ratelimit`. Pure."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from importer.destinations.spec import LATE_SECONDS
from importer.errors import OptionError

_UNIT_SECONDS = {"": 1, "ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit of `requests` per `period_seconds`.

    `may_burst` lets them go at once while there are any left, rather than spread over the period.
    """

    requests: int
    period_seconds: float
    may_burst: bool = False
    late_seconds: float = LATE_SECONDS
    """A request has arrived when it is answered, or so long after its start, in a period of a second or more.

    Waiting for the answer alone would be safer, but slow: a server that takes a second for each answer
    would get one request in two seconds although it allows one per second.
    """


def parse_rate(text: str) -> Rate:
    """Parse `N/PERIOD`: `1/s`, `20/10s`, `1000/5m`. Raises OptionError."""
    match = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{0,6}(?:\.\d{1,3})?)\s*(ms|s|min|m|h)\s*", text)
    if match and int(match[1]) and match[2] != "0":
        period_seconds = float(match[2] or 1) * _UNIT_SECONDS[match[3]]
        if period_seconds > 0:
            return Rate(int(match[1]), period_seconds)
    raise OptionError("rate", "write it as N/PERIOD, for example 1/s, 20/10s or 1000/5m", text)


@dataclass(frozen=True, slots=True)
class Quota:
    """The limit that a server states, and how long to pause if all of it is used up."""

    rate: Rate
    pause_seconds: float


def parse_quota(headers: Mapping[str, str]) -> Quota | None:
    """Parse `X-Ratelimit` (docs: rate limiting); None if it is missing or makes no sense."""
    text = headers.get("X-Ratelimit")
    if text is None:
        return None
    with suppress(ValueError, TypeError, KeyError, OverflowError):
        stated: dict[str, Any] = orjson.loads(text)
        limit, period_seconds = int(stated["limit"]), float(stated["period"])
        if not 1 <= limit <= 1_000_000 or not 0.001 <= period_seconds <= 86_400:
            return None
        pause_seconds = _read_pause(stated, headers) if stated.get("remaining") == 0 else 0.0
        return Quota(Rate(limit, period_seconds), min(pause_seconds, period_seconds))
    return None


def _read_pause(stated: Mapping[str, Any], headers: Mapping[str, str]) -> float:
    with suppress(ValueError, TypeError, OverflowError):
        text = stated.get("until")
        until = datetime.fromisoformat(text if isinstance(text, str) else "")
        pause = until - parsedate_to_datetime(headers.get("Date", ""))  # the server's clock, not ours
        return max(0.0, pause.total_seconds())
    return 0.0
