"""When a job runs, in a form that every scheduler can say: at a time of day, and again every so often."""

from dataclasses import dataclass
from datetime import time

from importer.errors import UsageError

_DAY_MINUTES = 24 * 60
_USUAL_HOUR = 3


@dataclass(frozen=True, slots=True)
class ServiceSchedule:
    """Local times: every `period_minutes`, which divides the hour or the day, `first_minute` into the day."""

    first_minute: int
    period_minutes: int = _DAY_MINUTES

    @property
    def minutes(self) -> list[int]:
        """The minutes of the hour."""
        return sorted({minute % 60 for minute in self._of_day()})

    @property
    def hours(self) -> list[int] | None:
        """The hours of the day; None for every hour."""
        return None if self.period_minutes <= 60 else [minute // 60 for minute in self._of_day()]

    @property
    def is_daily(self) -> bool:
        """Whether there is one run a day."""
        return self.period_minutes == _DAY_MINUTES

    def as_cron(self) -> str:
        """Give it as the first five words of a crontab's line, see crontab(5)."""
        hours = "*" if self.hours is None else ",".join(map(str, self.hours))
        return f"{','.join(map(str, self.minutes))} {hours} * * *"

    def _of_day(self) -> range:
        return range(self.first_minute, _DAY_MINUTES, self.period_minutes)


def build_daily(at: time) -> ServiceSchedule:
    """Once a day at this time."""
    return ServiceSchedule(at.hour * 60 + at.minute)


def build_periodic(seconds: float, shift_minutes: int) -> ServiceSchedule:
    """Every so often, shifted from the full hour: not all the world shall ask at once. Raises UsageError."""
    period, rest = divmod(round(seconds), 60)
    if rest or not period or (60 % period and (period % 60 or _DAY_MINUTES % period)):
        raise UsageError(
            "--every: a scheduler can say what divides an hour or a day: 15m, 30m, 1h, 2h, 6h, 12h, 1d. "
            "`importer sync --every` knows every other span"
        )
    shift = shift_minutes % min(period, 60)
    return ServiceSchedule(_USUAL_HOUR * 60 + shift if period == _DAY_MINUTES else shift, period)
