"""Dates of ratings as they are sent: an instant in UTC, never in the future. Pure."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from functools import lru_cache

_REMEMBERED = 1 << 13
"""The size of the cache of dates in one run: more than twenty years of days."""


# The days that every month has: of a 29th, only arithmetic tells whether there is one.
_match_day = re.compile(r"[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])").fullmatch


@lru_cache(maxsize=2)
def _day_of(now: datetime) -> str:
    return now.date().isoformat()


@lru_cache(maxsize=2)
def _ending(time_of_day: time) -> str:
    return f"T{time_of_day.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


@dataclass(frozen=True, slots=True)
class Dates:
    """Converts dates for sending. A day without a time gets `time_of_day`, in UTC unless that has a zone.

    Noon is the same day in nearly all zones.

    No service documents what it does with a future date, so nothing later than `now` is sent.
    """

    now: datetime
    time_of_day: time = time(12)
    _known: dict[str, tuple[str, bool]] = field(default_factory=dict, repr=False, compare=False)

    def build(self, rated_at: str | None) -> str | None:
        """Build the `rated_at` to send, such as `2014-09-01T12:00:00.000Z`."""
        return None if rated_at is None else (self._known.get(rated_at) or self._understand(rated_at))[0]

    def is_future(self, rated_at: str | None) -> bool:
        """Whether the row's date is in the future; today is not, at any hour."""
        return rated_at is not None and (self._known.get(rated_at) or self._understand(rated_at))[1]

    def _understand(self, rated_at: str) -> tuple[str, bool]:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        understood = self._known[rated_at] = self._read_past_day(rated_at) or self._read(rated_at)
        return understood

    def _read_past_day(self, rated_at: str) -> tuple[str, bool] | None:
        """Read nearly every date without arithmetic: it is a day before today, and its time is in UTC."""
        is_utc = self.time_of_day.tzinfo in {None, UTC}
        if not is_utc or not _match_day(rated_at) or rated_at >= _day_of(self.now):
            return None
        return rated_at + _ending(self.time_of_day), False

    def _read(self, rated_at: str) -> tuple[str, bool]:
        instant = self._instant(rated_at)
        built = min(instant, self.now).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        is_day = len(rated_at) == len("2014-09-01")
        return built, rated_at > _day_of(self.now) if is_day else instant > self.now

    def _instant(self, rated_at: str) -> datetime:
        instant = datetime.fromisoformat(rated_at)
        if len(rated_at) == len("2014-09-01"):
            moment = datetime.combine(instant.date(), self.time_of_day)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        return instant.astimezone(UTC)


def read_instant(value: object) -> str | None:
    """Return the date of an answer if it is a valid instant, since an undo may send it back.

    All services give dates in UTC, so one without a zone is in UTC, too.
    """
    if not isinstance(value, str) or len(value) <= len("2014-09-01"):
        return None
    try:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is UTC:  # a short cut for nearly all of them
            return value
        instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return value if instant.tzinfo is not None else f"{value}Z"
