"""The zone that crontab lines are meant in, from TZ in each of its forms."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.sync.schedule import build_schedule
from importer.sync.times import local_zone, parse_posix_zone

BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"


@pytest.fixture
def zone_is() -> Iterator[Callable[[str], None]]:
    """Sets TZ, for the C library as well."""

    def set_to(text: str) -> None:
        patch.setenv("TZ", text)
        time.tzset()

    with pytest.MonkeyPatch.context() as patch:
        yield set_to
    time.tzset()


@given(st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)))  # noqa: DTZ001 - what a clock shows
def test_a_zone_with_its_rules_is_that_zone(wall: datetime) -> None:
    ours = wall.replace(tzinfo=parse_posix_zone(BERLIN))
    assert ours.utcoffset() == wall.replace(tzinfo=ZoneInfo("Europe/Berlin")).utcoffset()


@pytest.mark.parametrize(
    ("text", "hours"),
    [("UTC0", 0), ("JST-9", 9), ("<+0330>-3:30", 3.5), ("EST5EDT,M3.2.0,M11.1.0", -4), ("XXX4", -4)],
)
def test_the_forms_that_posix_knows(text: str, hours: float) -> None:
    moment = datetime(2026, 7, 1, tzinfo=UTC).astimezone(parse_posix_zone(text))
    assert moment.utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize("text", [BERLIN, f":{BERLIN}"])
def test_a_crontab_line_is_meant_in_it(zone_is: Callable[[str], None], text: str) -> None:
    zone_is(text)
    schedule = build_schedule("", "0 3 * * *")
    assert schedule is not None
    due = schedule.first(datetime(2026, 7, 1, 12, tzinfo=UTC))
    assert due == datetime(2026, 7, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["Europe/Berlin", ":Europe/Berlin"])
def test_a_name_is_a_zone_of_the_system(zone_is: Callable[[str], None], text: str) -> None:
    zone_is(text)
    assert local_zone() == ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize("text", ["Europe/Berlni", "CET-1CEST", "\N{SNOWMAN}3", "5"])
def test_what_makes_no_sense_is_refused_rather_than_taken_for_utc(
    zone_is: Callable[[str], None], text: str
) -> None:
    zone_is(text)
    with pytest.raises(ValueError, match="is no time zone; name one like Europe/Berlin"):
        local_zone()
