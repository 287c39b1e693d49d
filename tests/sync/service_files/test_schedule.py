"""Times that every scheduler can say: equally far apart, midnight included."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import UsageError
from importer.sync.service_files.schedule import ServiceSchedule, build_daily, build_periodic
from importer.sync.times import parse_cron

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC).replace(tzinfo=None)
PERIODS = [1, 5, 15, 30, 60, 120, 360, 720, 1440]


def moments(schedule: ServiceSchedule, days: int) -> list[datetime]:
    """The runs of some days, as a crontab would have them."""
    calendar = parse_cron(schedule.as_cron())
    found: list[datetime] = []
    moment = calendar.next_at(MIDNIGHT)
    while moment is not None and moment < MIDNIGHT + timedelta(days=days):
        found.append(moment)
        moment = calendar.next_at(moment + timedelta(minutes=1))
    return found


@pytest.mark.parametrize(("at", "cron"), [(time(3), "0 3 * * *"), (time(23, 59), "59 23 * * *")])
def test_once_a_day_is_at_that_very_time(at: time, cron: str) -> None:
    assert build_daily(at).as_cron() == cron
    assert build_daily(at).is_daily


@given(period=st.sampled_from(PERIODS[1:]), shift=st.integers(0, 2**32 - 1))
def test_runs_are_equally_far_apart(period: int, shift: int) -> None:
    schedule = build_periodic(period * 60, shift)
    found = moments(schedule, 2)
    assert len(found) == 2 * 1440 // period
    assert {after - before for before, after in pairwise(found)} == {timedelta(minutes=period)}
    assert found[0] == MIDNIGHT + timedelta(minutes=schedule.first_minute)


@pytest.mark.parametrize("seconds", [0, 1, 59, 61, 90, 7 * 60, 90 * 60, 7 * 3600, 2 * 86400])
def test_what_a_scheduler_cannot_say_is_refused(seconds: int) -> None:
    with pytest.raises(UsageError, match="divide an hour or a day"):
        build_periodic(seconds, 0)


def test_not_all_the_world_asks_at_the_full_hour() -> None:
    assert len({build_periodic(3600, shift).first_minute for shift in range(60)}) == 60
    assert all(180 <= build_periodic(86400, shift).first_minute < 240 for shift in range(60))
