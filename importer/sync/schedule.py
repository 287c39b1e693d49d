"""Schedules of sync jobs: an interval after the last run, or the times of a crontab line.

```text
Interval(6h)             last run 12:00            ->  18:00
WallClock("30 2 * * *")  last run 28 March, 02:30  ->  29 March, 03:00 (summer time skips 02:30)
                         last run 24 October       ->  25 October, 02:30 (the first of two)
```

`daemon.py` begins the runs.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol

from importer.sync.times import Calendar, local_zone, parse_cron
from importer.text import parse_duration

SET_BACK = timedelta(seconds=1)
"""A clock that goes back by less was not set back."""


class Schedule(Protocol):
    """The times at which runs are due. All datetimes are aware."""

    def first(self, now: datetime) -> datetime:
        """Return when a job that never ran is due."""
        ...

    def after(self, moment: datetime) -> datetime:
        """Return the first moment after this one."""
        ...

    def after_setback(self, last: datetime, now: datetime) -> datetime:
        """Return when the next run is due if the last one is in the future, since the clock was set back."""
        ...


@dataclass(frozen=True, slots=True)
class Interval:
    """A fixed time from the start of one run to the start of the next."""

    every: timedelta

    def first(self, now: datetime) -> datetime:
        """Return `now`."""
        return now

    def after(self, moment: datetime) -> datetime:
        """Return the moment plus the interval."""
        return moment + self.every

    def after_setback(self, last: datetime, now: datetime) -> datetime:
        """Count from `now`: the real time since the last run is not known."""
        del last
        return now + self.every


@dataclass(frozen=True, slots=True)
class WallClock:
    """The times of a crontab line on the wall clock of a zone."""

    calendar: Calendar
    zone: tzinfo

    def first(self, now: datetime) -> datetime:
        """Return the next time that the line names."""
        return self.after(now)

    def after(self, moment: datetime) -> datetime:
        """Return the first instant after the moment that shows one of the line's times."""
        wall = moment.astimezone(self.zone).replace(tzinfo=None, microsecond=0)
        while True:
            found = self.calendar.next_at(wall)
            assert found is not None, "a line that names no time is refused when it is read"
            instant = find_instant(found, self.zone)
            if instant > moment:
                return instant
            wall = found + timedelta(seconds=1)

    def after_setback(self, last: datetime, now: datetime) -> datetime:
        """Return the next time of the line, unless that was the last run."""
        sooner = self.after(now)
        return sooner if sooner < last else self.after(last)


def build_schedule(every: str, cron: str) -> Schedule | None:
    """Build a schedule from `6h` or from a crontab line; None if both are empty. Raises ValueError."""
    if cron:
        return WallClock(parse_cron(cron), local_zone())
    return Interval(timedelta(seconds=parse_duration(every))) if every else None


def find_instant(wall: datetime, zone: tzinfo) -> datetime:
    """Return the instant of a naive wall clock time: the first of two, or the end of a gap."""
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    # In a gap both readings miss the time: one is before the change of the clocks, one after it.
    before, after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), instant
    offset_after = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset_after:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)


def next_run(schedule: Schedule, last: datetime | None, now: datetime) -> datetime:
    """Return when a job is due whose last run was due at `last`; a time in the past means now."""
    if last is None:
        return schedule.first(now)
    return schedule.after_setback(last, now) if now < last - SET_BACK else schedule.after(last)


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """A job's schedule, and the start of its last run if known."""

    schedule: Schedule
    last: datetime | None = None


def show_moment(moment: datetime) -> str:
    """Format a time in the local zone, with its offset: `2026-03-29 03:00:00+02:00`."""
    return moment.astimezone().isoformat(" ", "seconds")
