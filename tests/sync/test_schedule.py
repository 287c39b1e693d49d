"""The daemon under clocks that sleep, jump and keep summer time: each run once, none lost."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import SettingsError
from importer.sync.schedule import Daemon, Interval, Schedule, ScheduledJob, WallClock, find_instant, next_run
from importer.sync.times import parse_cron
from tests.virtual_time import run_in_virtual_time

BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # its summer time is half an hour
APIA = ZoneInfo("Pacific/Apia")  # it has left out the 30th of December 2011
HOURS = timedelta(hours=1)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def wall_clock(line: str, zone: ZoneInfo = BERLIN) -> WallClock:
    return WallClock(parse_cron(line), zone)


def local(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    """An instant as UTC: Python calls no two zones' readings of a doubled hour equal."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def runs_between(rhythm: Schedule, first: datetime, last: datetime) -> Iterator[datetime]:
    moment = first
    while (moment := rhythm.after(moment)) <= last:
        yield moment


class TestSummerTime:
    def test_a_skipped_time_runs_right_after_the_gap_and_once(self) -> None:
        found = list(
            runs_between(wall_clock("30 2 * * *"), local("2026-03-28 12:00"), local("2026-03-30 12:00"))
        )
        assert found == [local("2026-03-29 03:00"), local("2026-03-30 02:30")]

    def test_several_skipped_times_are_one_run(self) -> None:
        line = wall_clock("*/10 2 * * *")
        found = list(runs_between(line, local("2026-03-29 00:00"), local("2026-03-29 12:00")))
        assert found == [local("2026-03-29 03:00")]

    def test_a_doubled_time_runs_the_first_time_only(self) -> None:
        found = list(
            runs_between(wall_clock("30 2 * * *"), local("2026-10-24 12:00"), local("2026-10-26 12:00"))
        )
        assert found == [local("2026-10-25 02:30", fold=0), local("2026-10-26 02:30")]
        assert found[0].astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    def test_in_the_doubled_hour_nothing_is_due_a_second_time(self) -> None:
        second = local("2026-10-25 02:10", fold=1)
        assert wall_clock("30 2 * * *").after(second) == local("2026-10-26 02:30")

    def test_half_an_hour_and_a_whole_day(self) -> None:
        spring = list(
            runs_between(
                wall_clock("15 2 * * *", LORD_HOWE),
                local("2026-10-03 12:00", LORD_HOWE),
                local("2026-10-04 12:00", LORD_HOWE),
            )
        )
        assert spring == [local("2026-10-04 02:30", LORD_HOWE)]
        left_out = wall_clock("0 9 * * *", APIA).after(local("2011-12-29 10:00", APIA))
        assert left_out == local("2011-12-31 00:00", APIA)

    @given(
        minutes=st.integers(0, 60 * 24 * 365),
        zone=st.sampled_from([BERLIN, LORD_HOWE, ZoneInfo("America/New_York"), ZoneInfo("UTC")]),
    )
    def test_the_instant_is_the_first_that_shows_the_time_or_a_later_one(
        self, minutes: int, zone: ZoneInfo
    ) -> None:
        wall = datetime(2026, 1, 1) + timedelta(minutes=minutes)  # noqa: DTZ001 - what a clock shows
        found = find_instant(wall, zone)
        assert found.astimezone(zone).replace(tzinfo=None) >= wall
        # Every quarter of an hour of the three hours before still shows an earlier time.
        for quarters in range(1, 12):
            before = found - timedelta(minutes=15 * quarters)
            assert before.astimezone(zone).replace(tzinfo=None) < wall

    @given(
        start=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),  # noqa: DTZ001
        hour=st.integers(0, 23),
        minute=st.integers(0, 59),
    )
    def test_a_daily_run_happens_once_on_every_day_of_the_year(
        self, start: datetime, hour: int, minute: int
    ) -> None:
        line = wall_clock(f"{minute} {hour} * * *")
        first = line.after(start.replace(tzinfo=BERLIN))
        days = [first, *islice(runs_between(line, first, first + 400 * 24 * HOURS), 30)]
        dates = [day.astimezone(BERLIN).date() for day in days]
        assert dates == [dates[0] + timedelta(days=count) for count in range(31)]


class TestNextRun:
    def test_a_job_that_never_ran(self) -> None:
        assert next_run(Interval(6 * HOURS), None, NOON) == NOON
        assert next_run(wall_clock("0 3 * * *"), None, NOON) == local("2026-11-24 03:00")

    def test_what_was_due_while_nobody_was_there_is_due_now(self) -> None:
        assert next_run(Interval(6 * HOURS), NOON - 20 * HOURS, NOON) <= NOON
        assert next_run(wall_clock("0 3 * * *"), local("2026-11-20 03:00"), NOON) <= NOON

    def test_what_ran_a_moment_ago_is_not_due_again_because_the_clock_was_set_back(self) -> None:
        last = local("2026-11-24 03:00")
        again = next_run(wall_clock("0 3 * * *"), last, last - HOURS / 2)
        assert again == local("2026-11-25 03:00")

    def test_a_run_in_a_future_that_was_none_holds_up_nothing(self) -> None:
        wrong = NOON + 30 * 24 * HOURS
        assert next_run(wall_clock("0 3 * * *"), wrong, NOON) == local("2026-11-24 03:00")
        assert next_run(Interval(6 * HOURS), wrong, NOON) == NOON + 6 * HOURS


class World:
    """A machine whose clock can be set and which can sleep; jobs note when they begin."""

    def __init__(self, start: datetime, *, run_seconds: float = 60.0) -> None:
        self._start = start
        self._set_by = timedelta()
        self._run_seconds = run_seconds
        self.begun: list[tuple[str, datetime]] = []
        self.said: list[str] = []
        self.at_work = 0
        self.most_at_work: dict[str, int] = {}
        self.timed: Mapping[str, ScheduledJob] | SettingsError = {}
        self.cancelled = 0

    def now(self) -> datetime:
        elapsed = timedelta(seconds=asyncio.get_running_loop().time() - 1000.0)
        return self._start + self._set_by + elapsed

    def set_clock(self, by: timedelta) -> None:
        """Also what a sleep looks like: the clock has gone on, and no timer has."""
        self._set_by += by

    async def begin(self, name: str) -> None:
        self.begun.append((name, self.now()))
        self.most_at_work[name] = self.most_at_work.get(name, 0) + 1
        assert self.most_at_work[name] == 1, "a job runs beside itself"
        try:
            await asyncio.sleep(self._run_seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
        finally:
            self.most_at_work[name] -= 1

    def load(self) -> Mapping[str, ScheduledJob]:
        if isinstance(self.timed, SettingsError):
            raise self.timed
        return self.timed

    def live(
        self,
        timed: Mapping[str, ScheduledJob],
        hours: float,
        *events: tuple[float, Callable[[Daemon], Any]],
        **more: Any,
    ) -> list[datetime]:
        """Let the daemon work for so many hours of its timers, with events at some of them."""
        self.timed = timed

        async def work() -> None:
            daemon = Daemon(self.load, self.begin, self.said.append, clock=self.now, **more)
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

    @pytest.mark.parametrize("rhythm", [wall_clock("0 3 * * *"), Interval(24 * HOURS)])
    def test_a_clock_that_was_wrong_for_a_while_loses_no_night(self, rhythm: Schedule) -> None:
        world = World(NOON)
        events = (
            (1.0, lambda _: world.set_clock(timedelta(days=30))),
            (2.0, lambda _: world.set_clock(-timedelta(days=30))),
        )
        world.live({"a": ScheduledJob(rhythm, NOON - HOURS)}, 24 * 5, *events)
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

    def test_when_jobs_are_due_is_told_at_the_start(self) -> None:
        world = World(NOON)
        world.live({"a": ScheduledJob(Interval(HOURS)), "b": ScheduledJob(wall_clock("0 3 * * *"))}, 0.1)
        [said] = world.said
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


class TestReload:
    def test_jobs_come_and_go_and_a_running_one_ends_by_itself(self) -> None:
        world = World(NOON, run_seconds=1800)

        def change(daemon: Daemon) -> None:
            world.timed = {"b": ScheduledJob(Interval(HOURS))}
            daemon.reload()

        world.live({"a": ScheduledJob(Interval(HOURS))}, 2.1, (0.25, change))
        assert [name for name, _ in world.begun] == ["a", "b", "b"]
        assert world.cancelled == 0
        assert "read the settings again: 1 jobs" in world.said

    def test_a_job_that_stays_is_not_begun_anew(self) -> None:
        world = World(NOON)
        reload = (1.5, lambda daemon: daemon.reload())
        begun = world.live(
            {"a": ScheduledJob(Interval(6 * HOURS)), "b": ScheduledJob(wall_clock("0 3 * * *"))}, 7, reload
        )
        assert [roughly(moment) for moment in begun] == [NOON, NOON + 6 * HOURS]

    def test_broken_settings_are_told_and_the_old_ones_kept(self) -> None:
        world = World(NOON)

        def break_them(daemon: Daemon) -> None:
            world.timed = SettingsError(["source in [jobs.a] is missing.", "something else."])
            daemon.reload()

        begun = world.live({"a": ScheduledJob(Interval(HOURS))}, 3.5, (1.5, break_them))
        assert len(begun) == 4
        assert world.said[:2] == ["source in [jobs.a] is missing.", "something else."]
        assert "stay as they were" in world.said[2]

    def test_at_the_start_they_must_make_sense(self) -> None:
        world = World(NOON)
        with pytest.raises(SettingsError):
            world.live(SettingsError(["no"]), 1)  # type: ignore[arg-type]
