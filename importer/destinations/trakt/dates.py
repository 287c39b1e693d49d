"""When a rating was given, as Trakt takes it: an instant in UTC, never in the future. Pure."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time

_REMEMBERED = 1 << 13
"""Dates of one run that are remembered: more than twenty years of days."""


@dataclass(frozen=True, slots=True)
class Dates:
    """How dates are sent. A bare day becomes `time_of_day`, in UTC unless it has a zone of its own.

    Noon keeps the day nearly everywhere.

    What Trakt does with a `rated_at` in the future is not known, so nothing later than `now` is sent.
    """

    now: datetime
    time_of_day: time = time(12)
    _known: dict[str, tuple[str, bool]] = field(default_factory=dict, repr=False, compare=False)

    def build(self, rated_at: str | None) -> str | None:
        """Build the `rated_at` to send, such as `2014-09-01T12:00:00.000Z`."""
        return None if rated_at is None else self._understand(rated_at)[0]

    def is_future(self, rated_at: str | None) -> bool:
        """Whether the row's date lies in the future; today's is today's, whatever the hour."""
        return rated_at is not None and self._understand(rated_at)[1]

    def _understand(self, rated_at: str) -> tuple[str, bool]:
        if (known := self._known.get(rated_at)) is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            instant = self._instant(rated_at)
            built = min(instant, self.now).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            is_day = len(rated_at) == len("2014-09-01")
            is_future = rated_at > self.now.date().isoformat() if is_day else instant > self.now
            known = self._known[rated_at] = (built, is_future)
        return known

    def _instant(self, rated_at: str) -> datetime:
        instant = datetime.fromisoformat(rated_at)
        if len(rated_at) == len("2014-09-01"):
            moment = datetime.combine(instant.date(), self.time_of_day)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        return instant.astimezone(UTC)
