"""The daemon: when each sync job is due, and that it is begun then, once.

Rules: a run that is due while the machine sleeps, or while the one before still works, happens once, right
after. A cron time that summer time skips happens right after the gap; one that it doubles happens the first
time. Clocks that are set do not make a run happen twice, or never. What a run does is somebody else's.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol

from importer.errors import SettingsError, UsageError
from importer.sync.times import Calendar

HEARTBEAT_SECONDS = 30.0
"""How long the daemon trusts its own patience: a clock may be set, and a sleep is not counted by timers."""

SET_BACK = timedelta(seconds=1)
"""A clock that seems to go back by less is none that was set."""


class Schedule(Protocol):
    """When runs are due. All moments are aware."""

    def first(self, now: datetime) -> datetime:
        """When a job that never ran is due."""
        ...

    def after(self, moment: datetime) -> datetime:
        """Give the first moment after this one."""
        ...

    def after_setback(self, last: datetime, now: datetime) -> datetime:
        """When the next run is due although the last one seems to lie in the future."""
        ...


@dataclass(frozen=True, slots=True)
class Interval:
    """So much time from one run's begin to the next."""

    every: timedelta

    def first(self, now: datetime) -> datetime:
        """At once."""
        return now

    def after(self, moment: datetime) -> datetime:
        """Give the moment plus the interval."""
        return moment + self.every

    def after_setback(self, last: datetime, now: datetime) -> datetime:
        """Count anew: how long ago the last run really was, nobody knows."""
        del last
        return now + self.every


@dataclass(frozen=True, slots=True)
class WallClock:
    """The times of a crontab line on the wall clock of a zone."""

    calendar: Calendar
    zone: tzinfo

    def first(self, now: datetime) -> datetime:
        """The first time that the line names."""
        return self.after(now)

    def after(self, moment: datetime) -> datetime:
        """Give the first instant after the moment that shows one of the line's times."""
        wall = moment.astimezone(self.zone).replace(tzinfo=None, microsecond=0)
        while True:
            found = self.calendar.next_at(wall)
            assert found is not None, "a line that names no time is refused when it is read"
            instant = find_instant(found, self.zone)
            if instant > moment:
                return instant
            wall = found + timedelta(seconds=1)

    def after_setback(self, last: datetime, now: datetime) -> datetime:
        """Give the next time, unless the last run was that very one."""
        sooner = self.after(now)
        return sooner if sooner < last else self.after(last)


def find_instant(wall: datetime, zone: tzinfo) -> datetime:
    """Find when a naive wall clock time is: of two instants the first, and in a gap the gap's end."""
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    # In a gap both readings miss the time: one lies before the change of the clocks, one after it.
    before, after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), instant
    offset_after = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset_after:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)


def next_run(rhythm: Schedule, last: datetime | None, now: datetime) -> datetime:
    """When a job is due whose last run was due at `last`; a moment in the past means at once."""
    if last is None:
        return rhythm.first(now)
    return rhythm.after_setback(last, now) if now < last - SET_BACK else rhythm.after(last)


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """A job's rhythm, and when its last run began as far as that is known."""

    rhythm: Schedule
    last: datetime | None = None


@dataclass(slots=True)
class _Entry:
    rhythm: Schedule
    last: datetime | None
    nominal: datetime
    """When it is due by its rhythm; `due` is a little later."""
    due: datetime
    task: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        return self.task is not None and not self.task.done()


def show_moment(moment: datetime) -> str:
    """Word a moment as the clock on the wall here shows it, with its offset."""
    return moment.astimezone().isoformat(" ", "seconds")


class Daemon:
    """Begins jobs when they are due, each in a task of its own, until it is told to stop.

    `load` reads the jobs, also when `reload` is called; `begin` runs one of them and must not raise, and ends
    it in good order when it is cancelled. `tell` is given what a person should know.
    """

    def __init__(
        self,
        load: Callable[[], Mapping[str, ScheduledJob]],
        begin: Callable[[str], Awaitable[None]],
        tell: Callable[[str], None],
        *,
        jitter_seconds: float = 0.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._load = load
        self._begin = begin
        self._tell = tell
        self._jitter_seconds = jitter_seconds
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._gone: list[asyncio.Task[None]] = []
        """Runs of jobs that a reload has removed: they still come to their end."""
        self._wake = asyncio.Event()
        self._is_stopping = False
        self._reloads = False

    def reload(self) -> None:
        """Read the jobs again, at the next turn of the loop."""
        self._reloads = True
        self._wake.set()

    def stop(self) -> None:
        """Begin nothing any more and end what runs; a second time ends it faster."""
        self._is_stopping = True
        for task in self._tasks():
            task.cancel()
        self._wake.set()

    def due(self) -> dict[str, datetime]:
        """When each job is due next, or was when it runs now."""
        return {name: entry.due for name, entry in self._entries.items()}

    async def run(self) -> None:
        """Work until `stop`. Raises UsageError if the jobs cannot be read at the start."""
        seen = self._clock()
        self._take(self._load(), seen)
        for name, entry in self._entries.items():
            if entry.due > seen:
                self._tell(f"{name} is due at {show_moment(entry.due)}")
        while not self._is_stopping:
            now = self._clock()
            if now < seen - SET_BACK:
                self._reckon_anew(now)
            seen = now
            self._begin_due(now)
            await self._wait(now)
            if self._reloads:
                self._reloads = False
                self._load_again()
        if tasks := self._tasks():
            await asyncio.wait(tasks)

    def _tasks(self) -> list[asyncio.Task[None]]:
        running = [entry.task for entry in self._entries.values() if entry.task is not None]
        return [task for task in (*running, *self._gone) if not task.done()]

    def _load_again(self) -> None:
        try:
            timed = self._load()
        except UsageError as error:
            for problem in error.problems if isinstance(error, SettingsError) else [str(error)]:
                self._tell(problem)
            self._tell("the settings stay as they were; mend the file, then send SIGHUP again")
            return
        self._take(timed, self._clock())
        self._tell(f"read the settings again: {len(timed)} jobs")

    def _take(self, timed: Mapping[str, ScheduledJob], now: datetime) -> None:
        """Plan the jobs; one that was there before keeps its last run, and what is running goes on."""
        before, self._entries = self._entries, {}
        for name, job in timed.items():
            old = before.pop(name, None)
            entry = _Entry(job.rhythm, old.last if old else job.last, now, now, old.task if old else None)
            if old is not None and old.rhythm == job.rhythm:
                entry.nominal, entry.due = old.nominal, old.due
            else:
                self._plan(entry, now)
            self._entries[name] = entry
        self._gone += [entry.task for entry in before.values() if entry.task is not None]

    def _plan(self, entry: _Entry, now: datetime) -> None:
        entry.nominal = entry.due = next_run(entry.rhythm, entry.last, now)
        if entry.nominal <= now:
            return
        # Never beyond the run after it, or one of the two would be lost.
        room = (entry.rhythm.after(entry.nominal) - entry.nominal).total_seconds() / 10
        seconds = random.uniform(0, min(self._jitter_seconds, room))  # noqa: S311 - nobody is to be fooled
        entry.due = entry.nominal + timedelta(seconds=seconds)

    def _reckon_anew(self, now: datetime) -> None:
        """The clock was set back: what was planned for the old future may be too late now."""
        for entry in self._entries.values():
            planned = entry.nominal, entry.due
            self._plan(entry, now)
            if planned[1] < entry.due:
                entry.nominal, entry.due = planned

    def _begin_due(self, now: datetime) -> None:
        for name, entry in self._entries.items():
            if entry.due > now or entry.is_running:
                continue
            is_late = entry.rhythm.after(entry.nominal) <= now
            entry.last = now if is_late else entry.nominal
            self._plan(entry, now)
            entry.task = asyncio.create_task(self._begin_one(name))

    async def _begin_one(self, name: str) -> None:
        try:
            await self._begin(name)
        finally:
            self._wake.set()

    async def _wait(self, now: datetime) -> None:
        waiting = [entry.due for entry in self._entries.values() if not entry.is_running]
        seconds = min([HEARTBEAT_SECONDS, *((due - now).total_seconds() for due in waiting)])
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), max(0.0, seconds))
        self._wake.clear()
