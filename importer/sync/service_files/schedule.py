"""The schedule of a service, in a form that every scheduler supports: daily, or every 6 hours."""

from dataclasses import dataclass
from datetime import time

from importer.errors import OptionError, Remedy

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
        """Return the first five words of a crontab line, see crontab(5)."""
        hours = "*" if self.hours is None else ",".join(map(str, self.hours))
        return f"{','.join(map(str, self.minutes))} {hours} * * *"

    def _of_day(self) -> range:
        return range(self.first_minute, _DAY_MINUTES, self.period_minutes)


def build_daily(at: time) -> ServiceSchedule:
    """Build one run a day at this time."""
    return ServiceSchedule(at.hour * 60 + at.minute)


def build_periodic(seconds: float, shift_minutes: int) -> ServiceSchedule:
    """Build one with this period, shifted from the full hour so that machines do not all start at once.

    Raises UsageError for a period that divides neither an hour nor a day.
    """
    period, rest = divmod(round(seconds), 60)
    if rest or not period or (60 % period and (period % 60 or _DAY_MINUTES % period)):
        raise OptionError(
            "every",
            "a scheduler only knows periods that divide an hour or a day: "
            f"15m, 30m, 1h, 2h, 6h, 12h, 1d. {Remedy.STAY}",
        )
    shift = shift_minutes % min(period, 60)
    return ServiceSchedule(_USUAL_HOUR * 60 + shift if period == _DAY_MINUTES else shift, period)
