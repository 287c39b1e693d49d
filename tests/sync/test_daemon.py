"""The daemon under clocks that sleep and jump: each run once, none lost."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import SettingsError
from importer.sync.daemon import Daemon, JobEnd
from importer.sync.schedule import Interval, Schedule, ScheduledJob
from tests.sync.test_schedule import HOURS, NOON, local, wall_clock
from tests.virtual_time import run_in_virtual_time


class World:
    """A machine whose clock can be set and which can sleep; jobs note when they begin."""

    def __init__(self, start: datetime, *, run_seconds: float = 60.0) -> None:
        self._start = start
        self._set_by = timedelta()
        self._run_seconds = run_seconds
        self.begun: list[tuple[str, datetime]] = []
        self.reported: list[str] = []
        self.at_work = 0
        self.most_at_work: dict[str, int] = {}
        self.jobs: Mapping[str, ScheduledJob] | SettingsError = {}
        self.ends: list[JobEnd] = []
        self.cancelled = 0
        self.next: list[datetime] = []

    def now(self) -> datetime:
        elapsed = timedelta(seconds=asyncio.get_running_loop().time() - 1000.0)
        return self._start + self._set_by + elapsed

    def set_clock(self, by: timedelta) -> None:
        """Also what a sleep looks like: the clock has gone on, and no timer has."""
        self._set_by += by

    async def begin(self, name: str) -> JobEnd:
        self.begun.append((name, self.now()))
        self.most_at_work[name] = self.most_at_work.get(name, 0) + 1
        assert self.most_at_work[name] == 1, "a job runs beside itself"
        try:
            await asyncio.sleep(self._run_seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
        finally:
            self.most_at_work[name] -= 1
        return self.ends.pop(0) if self.ends else JobEnd(0)

    def note_end(self, name: str, end: JobEnd, due: datetime) -> None:
        self.next.append(due)

    def load(self) -> Mapping[str, ScheduledJob]:
        if isinstance(self.jobs, SettingsError):
            raise self.jobs
        return self.jobs

    def live(
        self,
        jobs: Mapping[str, ScheduledJob],
        hours: float,
        *events: tuple[float, Callable[[Daemon], Any]],
        **more: Any,
    ) -> list[datetime]:
        """Let the daemon work for so many hours of its timers, with events at some of them."""
        self.jobs = jobs

        async def work() -> None:
            daemon = Daemon(
                self.load, self.begin, self.note_end, self.reported.append, clock=self.now, **more
            )
            running = asyncio.create_task(daemon.run())
            done = 0.0
            for at, event in events:
                await asyncio.sleep((at - done) * 3600)
                done = at
                event(daemon)
            await asyncio.sleep((hours - done) * 3600)
            daemon.stop()
            await running

        run_in_virtual_time(work())
        return [moment for _, moment in self.begun]


def roughly(moment: datetime) -> datetime:
    """To the minute, as far as the daemon's own heartbeat may miss a moment."""
    return moment.replace(second=0, microsecond=0)


class TestDaemon:
    def test_every_six_hours_from_now_on(self) -> None:
        begun = World(NOON).live({"a": ScheduledJob(Interval(6 * HOURS))}, 25)
        assert [roughly(moment) for moment in begun] == [NOON + count * 6 * HOURS for count in range(5)]

    def test_several_jobs_go_side_by_side(self) -> None:
        world = World(NOON, run_seconds=1800)
        world.live({"a": ScheduledJob(Interval(HOURS)), "b": ScheduledJob(Interval(2 * HOURS))}, 4.5)
        assert [name for name, _ in world.begun].count("a") == 5
        assert [name for name, _ in world.begun].count("b") == 3

    def test_a_long_run_is_not_overtaken_and_what_was_missed_is_one_run(self) -> None:
        world = World(NOON, run_seconds=3.5 * 3600)
        begun = world.live({"a": ScheduledJob(Interval(HOURS))}, 8)
        assert [roughly(moment) for moment in begun] == [NOON, NOON + 3.5 * HOURS, NOON + 7 * HOURS]

    def test_what_was_due_before_the_daemon_began_is_caught_up_once(self) -> None:
        last = local("2026-11-19 03:00")
        begun = World(NOON).live({"a": ScheduledJob(wall_clock("0 3 * * *"), last)}, 20)
        assert [roughly(moment) for moment in begun] == [NOON, local("2026-11-24 03:00")]

    def test_a_sleep_over_several_nights_is_caught_up_once(self) -> None:
        world = World(NOON)
        sleep = (1.0, lambda _: world.set_clock(timedelta(days=3)))
        begun = world.live({"a": ScheduledJob(wall_clock("0 3 * * *"))}, 20, sleep)
        awake = NOON + HOURS + timedelta(days=3)
        assert begun[0] - awake < timedelta(minutes=1)
        assert [roughly(moment) for moment in begun[1:]] == [local("2026-11-27 03:00")]

    def test_a_clock_set_back_over_the_time_of_the_run_does_not_double_it(self) -> None:
        world = World(local("2026-11-24 02:00"))
        back = (1.2, lambda _: world.set_clock(-HOURS))  # at 3:12 it becomes 2:12 again
        begun = world.live({"a": ScheduledJob(wall_clock("0 3 * * *"))}, 28, back)
        assert [roughly(moment) for moment in begun] == [local("2026-11-24 03:00"), local("2026-11-25 03:00")]

    @pytest.mark.parametrize("schedule", [wall_clock("0 3 * * *"), Interval(24 * HOURS)])
    def test_a_clock_that_was_wrong_for_a_while_loses_no_night(self, schedule: Schedule) -> None:
        world = World(NOON)
        events = (
            (1.0, lambda _: world.set_clock(timedelta(days=30))),
            (2.0, lambda _: world.set_clock(-timedelta(days=30))),
        )
        world.live({"a": ScheduledJob(schedule, NOON - HOURS)}, 24 * 5, *events)
        after = [moment for _, moment in world.begun if moment < NOON + timedelta(days=6)]
        gaps = [later - earlier for earlier, later in pairwise(after)]
        assert len(after) >= 4
        assert all(gap <= timedelta(hours=24, minutes=2) for gap in gaps)
        assert all(gap >= timedelta(hours=23, minutes=58) for gap in gaps)

    def test_summer_time_begins_while_it_waits(self) -> None:
        begun = World(local("2026-03-28 20:00")).live({"a": ScheduledJob(wall_clock("30 2 * * *"))}, 36)
        assert [roughly(moment) for moment in begun] == [local("2026-03-29 03:00"), local("2026-03-30 02:30")]

    @given(
        jumps=st.lists(st.tuples(st.floats(0.1, 20), st.integers(-300, 300)), max_size=6),
        minutes=st.integers(1, 120),
    )
    def test_whatever_the_clock_does_runs_never_overlap_and_go_on(
        self, jumps: list[tuple[float, int]], minutes: int
    ) -> None:
        world = World(NOON, run_seconds=minutes * 60)
        at = 0.0
        events = []
        for after, by in jumps:
            at += after
            events.append((at, lambda _, by=by: world.set_clock(timedelta(minutes=by))))
        world.live({"a": ScheduledJob(wall_clock("0 * * * *"))}, at + 30, *events)
        assert world.begun[-1][1] >= world._start + world._set_by + timedelta(hours=at + 26)

    def test_when_jobs_are_due_is_reported_at_the_start(self) -> None:
        world = World(NOON)
        world.live({"a": ScheduledJob(Interval(HOURS)), "b": ScheduledJob(wall_clock("0 3 * * *"))}, 0.1)
        [said] = world.reported
        assert said.startswith("b is due at 2026-11-2")

    def test_jitter_comes_later_never_earlier_and_never_takes_a_run_away(self) -> None:
        world = World(NOON)
        begun = world.live({"a": ScheduledJob(Interval(HOURS))}, 100, jitter_seconds=9999)
        lateness = [(moment - NOON - count * HOURS).total_seconds() for count, moment in enumerate(begun)]
        assert len(begun) == 100
        assert all(0 <= seconds <= 361 for seconds in lateness)
        assert len({round(seconds) for seconds in lateness}) > 20

    def test_stopping_ends_what_runs_in_good_order(self) -> None:
        world = World(NOON, run_seconds=9999)
        world.live({"a": ScheduledJob(Interval(HOURS)), "b": ScheduledJob(wall_clock("0 3 1 1 *"))}, 0.5)
        assert world.cancelled == 1
        assert [name for name, _ in world.begun] == ["a"]


class TestRetry:
    """A run that may well succeed in a few minutes, once the network is up."""

    def test_it_is_tried_again_in_minutes_at_growing_pauses(self) -> None:
        world = World(NOON, run_seconds=0)
        world.ends = [JobEnd(3, retry_soon=True)] * 3
        begun = world.live({"a": ScheduledJob(wall_clock("0 3 * * *"), local("2026-11-22 03:00"))}, 20)
        minutes = [(moment - NOON) / timedelta(minutes=1) for moment in begun[:-1]]
        assert [round(each) for each in minutes] == [0, 5, 15, 35]
        assert roughly(begun[-1]) == local("2026-11-24 03:00")
        assert roughly(world.next[0]) == NOON + timedelta(minutes=5)

    def test_it_is_tried_once_an_hour_at_least_and_every_schedule_goes_on(self) -> None:
        world = World(NOON, run_seconds=0)
        world.ends = [JobEnd(3, retry_soon=True)] * 999
        begun = world.live({"a": ScheduledJob(Interval(24 * HOURS))}, 48.5)
        assert max(later - earlier for earlier, later in pairwise(begun)) <= timedelta(minutes=61)
        assert NOON + 24 * HOURS in map(roughly, begun)

    def test_the_pause_is_short_again_after_a_good_run(self) -> None:
        world = World(NOON, run_seconds=0)
        failed, good = JobEnd(3, retry_soon=True), JobEnd(0)
        world.ends = [failed, failed, good, failed]
        begun = world.live({"a": ScheduledJob(Interval(6 * HOURS))}, 7)
        minutes = [round((moment - NOON) / timedelta(minutes=1)) for moment in begun]
        assert minutes == [0, 5, 15, 360, 365]

    def test_a_clock_set_back_does_not_put_it_off(self) -> None:
        world = World(NOON, run_seconds=0)
        world.ends = [JobEnd(3, retry_soon=True)]
        back = (0.02, lambda _: world.set_clock(-24 * HOURS))
        begun = world.live({"a": ScheduledJob(wall_clock("0 3 * * *"), NOON - 30 * HOURS)}, 0.3, back)
        assert len(begun) == 2


class TestReload:
    def test_jobs_come_and_go_and_a_running_one_ends_by_itself(self) -> None:
        world = World(NOON, run_seconds=1800)

        def change(daemon: Daemon) -> None:
            world.jobs = {"b": ScheduledJob(Interval(HOURS))}
            daemon.reload()

        world.live({"a": ScheduledJob(Interval(HOURS))}, 2.1, (0.25, change))
        assert [name for name, _ in world.begun] == ["a", "b", "b"]
        assert world.cancelled == 0
        assert "read the settings again: 1 jobs" in world.reported

    def test_a_job_that_stays_is_not_begun_anew(self) -> None:
        world = World(NOON)
        reload = (1.5, lambda daemon: daemon.reload())
        begun = world.live(
            {"a": ScheduledJob(Interval(6 * HOURS)), "b": ScheduledJob(wall_clock("0 3 * * *"))}, 7, reload
        )
        assert [roughly(moment) for moment in begun] == [NOON, NOON + 6 * HOURS]

    def test_broken_settings_are_reported_and_the_old_ones_kept(self) -> None:
        world = World(NOON)

        def break_them(daemon: Daemon) -> None:
            world.jobs = SettingsError(["source in [jobs.a] is missing.", "something else."])
            daemon.reload()

        begun = world.live({"a": ScheduledJob(Interval(HOURS))}, 3.5, (1.5, break_them))
        assert len(begun) == 4
        assert world.reported[:2] == ["source in [jobs.a] is missing.", "something else."]
        assert "stay as they were" in world.reported[2]

    def test_at_the_start_they_must_make_sense(self) -> None:
        world = World(NOON)
        with pytest.raises(SettingsError):
            world.live(SettingsError(["no"]), 1)  # type: ignore[arg-type]
