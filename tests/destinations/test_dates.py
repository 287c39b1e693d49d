"""When a rating was given: days become noon, instants stay what they are, nothing lies in the future."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.destinations.dates import Dates
from importer.destinations.decisions import RATED, Done
from importer.destinations.trakt.api import TraktV2
from importer.model import Batch, Status
from tests.builders import build_answer, build_job

NOW = datetime(2026, 9, 1, 8, 30, 15, 250_999, UTC)
DATES = Dates(NOW)
AS_NOW = "2026-09-01T08:30:15.250Z"


@pytest.mark.parametrize(
    ("rated_at", "sent"),
    [
        pytest.param(None, None, id="no date stays none"),
        pytest.param("2014-09-01", "2014-09-01T12:00:00.000Z", id="a day is its noon"),
        pytest.param("2024-02-29", "2024-02-29T12:00:00.000Z", id="a leap day"),
        pytest.param("0214-09-01", "0214-09-01T12:00:00.000Z", id="a year of three digits keeps its zero"),
        pytest.param("2014-09-01T09:10:11Z", "2014-09-01T09:10:11.000Z", id="an instant"),
        pytest.param("2014-09-01T09:10:11.987Z", "2014-09-01T09:10:11.987Z", id="with its fraction"),
        pytest.param("2014-09-01T00:10:11+02:00", "2014-08-31T22:10:11.000Z", id="of another zone"),
        pytest.param("2026-08-31", "2026-08-31T12:00:00.000Z", id="yesterday"),
        pytest.param("2026-09-01", AS_NOW, id="today, before noon"),
        pytest.param("2026-09-01T08:30:15Z", "2026-09-01T08:30:15.000Z", id="a moment ago"),
        pytest.param("2026-09-01T08:30:16Z", AS_NOW, id="a moment ahead"),
        pytest.param("2026-09-02", AS_NOW, id="tomorrow"),
        pytest.param("9999-12-31", AS_NOW, id="the end of time"),
    ],
)
def test_what_is_sent_for_a_date(rated_at: str | None, sent: str | None) -> None:
    assert DATES.build(rated_at) == sent


@pytest.mark.parametrize(
    "day", ["2021-02-29", "2021-04-31", "2021-02-30", "2021-13-01", "2021-00-10", "2021-01-00"]
)
def test_a_day_that_no_calendar_has_is_never_sent(day: str) -> None:
    for dates in (Dates(NOW), Dates(NOW, time(12, tzinfo=ZoneInfo("Asia/Tokyo")))):
        with pytest.raises(ValueError, match=r"month|day"):
            dates.build(day)


def test_the_hour_of_a_bare_day_can_be_chosen() -> None:
    assert Dates(NOW, time(20, 15)).build("2014-09-01") == "2014-09-01T20:15:00.000Z"
    assert Dates(NOW, time(0)).build("2026-09-01") == "2026-09-01T00:00:00.000Z"


@given(st.dates(), st.times())
def test_a_day_in_utc_is_what_arithmetic_with_zones_makes_of_it(day: date, at: time) -> None:
    short, long = Dates(NOW, at.replace(tzinfo=UTC)), Dates(NOW, at.replace(tzinfo=ZoneInfo("UTC")))
    assert short.build(str(day)) == long.build(str(day)) == Dates(NOW, at).build(str(day))
    assert short.is_future(str(day)) == long.is_future(str(day))


@pytest.mark.parametrize(
    ("rated_at", "expected"),
    [
        (None, False),
        ("2026-08-31", False),
        ("2026-09-01", False),  # today, though noon is still to come
        ("2026-09-02", True),
        ("2026-09-01T08:30:15Z", False),
        ("2026-09-01T08:30:16Z", True),
        ("2026-09-01T09:30:16+02:00", False),
    ],
)
def test_which_dates_lie_in_the_future(rated_at: str | None, expected: bool) -> None:
    assert DATES.is_future(rated_at) is expected


def test_a_row_whose_date_is_moved_to_now_says_so() -> None:
    destination = TraktV2("http://127.0.0.1:1", "id", "justin", DATES)
    jobs = [build_job(1, rated_at="2026-09-02"), build_job(2, rated_at="2026-09-01")]
    answer = build_answer(201, {"added": {"movies": 2}, "not_found": {"movies": []}})
    decision = destination.interpret_response(Batch("movies", jobs), answer)
    assert isinstance(decision, Done)
    clamped, today = decision.value
    assert (clamped.status, clamped.reason) == (Status.RATED, "date_clamped")
    assert "2026-09-02" in clamped.message
    assert today == RATED


@given(
    st.dates().map(str) | st.datetimes(timezones=st.just(UTC)).map(lambda instant: instant.isoformat()),
    st.times(),
)
def test_no_date_is_sent_from_the_future_and_every_other_as_it_is(rated_at: str, time_of_day: time) -> None:
    sent = Dates(NOW, time_of_day).build(rated_at)
    assert sent is not None
    instant = datetime.fromisoformat(sent)
    assert instant <= NOW
    if instant < NOW - timedelta(days=1):
        assert sent[:10] == rated_at[:10]
