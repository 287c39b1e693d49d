"""When a job is due, whatever summer time does to the clock."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from importer.sync.schedule import Interval, Schedule, WallClock, find_instant, next_run
from importer.sync.times import parse_cron

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


def runs_between(schedule: Schedule, first: datetime, last: datetime) -> Iterator[datetime]:
    moment = first
    while (moment := schedule.after(moment)) <= last:
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
