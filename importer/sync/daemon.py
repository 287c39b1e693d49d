"""The daemon: begins each sync job when it is due, once.

Several rules meet in `Daemon._begin_due`. A job at `0 3 * * *`, over five days:

```text
day 1  03:01  due at 03:00 plus a jitter of 1 minute. Begins. `last` = 03:00, the nominal time: with an
              interval, each run would otherwise be later than the one before. Planned: day 2, 03:00.
day 2  01:00  The machine falls asleep.
day 4  09:30  It wakes up: the run of day 2 is due, and the one after it (day 3) has passed as well, so this
              run is late. `last` = now: with day 2, 03:00 the runs of days 3 and 4 would follow at once.
              Begins once. Planned: day 5, 03:00.
       09:31  The run ends: the network is not up yet. Tried again at 09:36, 09:46, 10:06 ...; that changes
              neither `last` nor the plan.
day 5  03:00  The run of day 4 still works. Nothing begins; as soon as it ends, day 5 does.
```

A clock that is set back makes no run happen twice, and one that was far ahead delays no run. `schedule.py`
knows when a job is due, `begin` what a run does.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from importer.errors import SettingsError, StateFileError, UsageError
from importer.sync.schedule import SET_BACK, Schedule, ScheduledJob, next_run, show_moment

HEARTBEAT_SECONDS = 30.0
"""The longest wait until the clock is read again: it may be set, and timers stop while the machine sleeps."""

FIRST_RETRY = timedelta(minutes=5)
LONGEST_RETRY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class JobEnd:
    """The end of a run, for the daemon."""

    exit_code: int
    retry_soon: bool = False
    """Whether another attempt in a few minutes may succeed."""
    is_off: bool = False
    """Whether the job is switched off, and nothing ran."""


@dataclass(slots=True)
class _Entry:
    schedule: Schedule
    last: datetime | None
    nominal: datetime
    """The scheduled time; `due` is a little later."""
    due: datetime
    task: asyncio.Task[None] | None = None
    retry_at: datetime | None = None
    retry_pause: timedelta = FIRST_RETRY

    @property
    def is_running(self) -> bool:
        return self.task is not None and not self.task.done()

    @property
    def next(self) -> datetime:
        return self.due if self.retry_at is None else min(self.due, self.retry_at)


class Daemon:
    """Begins jobs when they are due, each in a task of its own, until `stop` is called.

    `load` reads the jobs, also after `reload`. `begin` runs one of them; it must not raise, and it ends the
    run in good order when it is cancelled. `ended` learns how that run ended and when the next one is due,
    unless the daemon is stopping. `report` gets what people should know.
    """

    def __init__(
        self,
        load: Callable[[], Mapping[str, ScheduledJob]],
        begin: Callable[[str], Awaitable[JobEnd]],
        ended: Callable[[str, JobEnd, datetime], None],
        report: Callable[[str], None],
        *,
        jitter_seconds: float = 0.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._load = load
        self._begin = begin
        self._ended = ended
        self._report = report
        self._jitter_seconds = jitter_seconds
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._removed: list[asyncio.Task[None]] = []
        """Runs of jobs that a reload removed; they are not interrupted."""
        self._wake = asyncio.Event()
        self._is_stopping = False
        self._reloads = False

    def reload(self) -> None:
        """Read the jobs again, in the next round of the loop."""
        self._reloads = True
        self._wake.set()

    def stop(self) -> None:
        """Begin no more runs and end the running ones; a second call ends them faster."""
        self._is_stopping = True
        for task in self._tasks():
            task.cancel()
        self._wake.set()

    def due(self) -> dict[str, datetime]:
        """Return when each job begins next."""
        return {name: entry.next for name, entry in self._entries.items()}

    async def run(self) -> None:
        """Run until `stop`. Raises UsageError if the jobs cannot be read at the start."""
        seen = self._clock()
        self._plan_all(self._load(), seen)
        for name, entry in self._entries.items():
            if entry.due > seen:
                self._report(f"{name} is due at {show_moment(entry.due)}")
        while not self._is_stopping:
            now = self._clock()
            if now < seen - SET_BACK:
                self._plan_after_setback(now)
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
        return [task for task in (*running, *self._removed) if not task.done()]

    def _load_again(self) -> None:
        try:
            jobs = self._load()
        except (UsageError, StateFileError) as error:
            for problem in error.problems if isinstance(error, SettingsError) else [str(error)]:
                self._report(problem)
            self._report("the settings stay as they were; correct the file, then send SIGHUP again")
            return
        self._plan_all(jobs, self._clock())
        self._report(f"read the settings again: {len(jobs)} jobs")

    def _plan_all(self, jobs: Mapping[str, ScheduledJob], now: datetime) -> None:
        """Plan the jobs; a job from before keeps its last run, and running jobs go on."""
        before, self._entries = self._entries, {}
        for name, job in jobs.items():
            old = before.pop(name, None)
            entry = _Entry(job.schedule, old.last if old else job.last, now, now, old.task if old else None)
            if old is not None and old.schedule == job.schedule:
                entry = old
            else:
                self._plan(entry, now)
            self._entries[name] = entry
        self._removed += [entry.task for entry in before.values() if entry.task is not None]

    def _plan(self, entry: _Entry, now: datetime) -> None:
        entry.nominal = entry.due = next_run(entry.schedule, entry.last, now)
        if entry.nominal <= now:
            return
        # Never later than the next run, or one of the two would be lost.
        room = (entry.schedule.after(entry.nominal) - entry.nominal).total_seconds() / 10
        seconds = random.uniform(0, min(self._jitter_seconds, room))  # noqa: S311 - no secret depends on it
        entry.due = entry.nominal + timedelta(seconds=seconds)

    def _plan_after_setback(self, now: datetime) -> None:
        """Plan again the jobs whose planned time is too late since the clock was set back."""
        for entry in self._entries.values():
            planned = entry.nominal, entry.due
            self._plan(entry, now)
            if planned[1] < entry.due:
                entry.nominal, entry.due = planned
            if entry.retry_at is not None:
                entry.retry_at = min(entry.retry_at, now + entry.retry_pause)

    def _begin_due(self, now: datetime) -> None:
        """Begin the jobs that are due; the module's docstring shows the cases."""
        for name, entry in self._entries.items():
            if entry.next > now or entry.is_running:
                continue
            if entry.due <= now:
                is_late = entry.schedule.after(entry.nominal) <= now
                entry.last = now if is_late else entry.nominal
                self._plan(entry, now)
            entry.retry_at = None
            entry.task = asyncio.create_task(self._begin_one(name, entry))

    async def _begin_one(self, name: str, entry: _Entry) -> None:
        try:
            end = await self._begin(name)
            if end.retry_soon:
                entry.retry_at = self._clock() + entry.retry_pause
                entry.retry_pause = min(2 * entry.retry_pause, LONGEST_RETRY)
            else:
                entry.retry_pause = FIRST_RETRY
            if name in self._entries and not self._is_stopping:
                self._ended(name, end, self._entries[name].next)
        finally:
            self._wake.set()

    async def _wait(self, now: datetime) -> None:
        waiting = [entry.next for entry in self._entries.values() if not entry.is_running]
        seconds = min([HEARTBEAT_SECONDS, *((due - now).total_seconds() for due in waiting)])
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), max(0.0, seconds))
        self._wake.clear()
