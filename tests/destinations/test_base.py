"""What every destination may rest on: comparing with what the account holds, and reading Retry-After."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.destinations.titles import AccountRating, AccountRatings, is_stored, title_keys
from importer.http import read_retry_after
from importer.model import MediaKind, RatingJob
from tests.builders import build_job

HEAT = build_job(title="Heat", year=1995, imdb_id="tt0113277", tmdb_id=949)


def ratings(job: RatingJob, held: AccountRating) -> AccountRatings:
    return dict.fromkeys(title_keys(job), held)


def test_a_title_has_a_key_for_each_id_or_else_one_for_its_name() -> None:
    assert title_keys(HEAT) == ["movie:imdb:tt0113277", "movie:tmdb:949"]
    assert title_keys(HEAT._replace(imdb_id=None, tmdb_id=None)) == ["movie:heat:1995"]


def test_a_title_without_year_has_no_key_by_name() -> None:
    assert title_keys(build_job(title="Heat")) == []


def test_an_episodes_keys_hold_its_number() -> None:
    job = build_job(kind=MediaKind.EPISODE, tvdb_id=79126, season=0, episode=3)
    assert title_keys(job) == ["episode:tvdb:79126/0/3"]


@pytest.mark.parametrize(
    ("rating", "held", "is_there"),
    [
        (8, AccountRating(8), True),
        (8, AccountRating(8, "love"), True),
        ("love", AccountRating(8, "love"), True),
        ("love", AccountRating("love", "love"), True),
        (8, AccountRating(7), False),
        (8, AccountRating("love", "love"), False),
        ("hate", AccountRating(8, "love"), False),
        (0, AccountRating(8), False),
    ],
)
def test_a_rating_is_held_when_the_account_shows_it_in_either_form(
    rating: int | str, held: AccountRating, is_there: bool
) -> None:
    assert is_stored(HEAT._replace(rating=rating), ratings(HEAT, held)) is is_there


def test_a_rating_is_found_by_any_one_key() -> None:
    by_tmdb_only = {"movie:tmdb:949": AccountRating(8)}
    assert is_stored(HEAT, by_tmdb_only)


def test_a_title_the_account_does_not_hold() -> None:
    assert not is_stored(HEAT, {})
    assert is_stored(HEAT._replace(rating=0), {})  # nothing to remove is a removal come true


def test_a_movie_and_a_show_of_one_name_are_two_titles() -> None:
    show = build_job(kind=MediaKind.SHOW, title="Fargo", year=2014)
    assert not is_stored(show, ratings(show._replace(kind=MediaKind.MOVIE), AccountRating(8)))


DATE = "Wed, 21 Oct 2015 07:28:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, None, id="absent"),
        pytest.param({"Retry-After": ""}, None, id="empty"),
        pytest.param({"Retry-After": " 120 "}, 120, id="seconds"),
        pytest.param({"Retry-After": "0"}, 0, id="nothing to wait for"),
        pytest.param({"Retry-After": "1.5"}, 1.5, id="decimals, though not allowed"),
        pytest.param({"Retry-After": "-1"}, None, id="negative"),
        pytest.param({"Retry-After": "soon"}, None, id="junk"),
        pytest.param({"Retry-After": "1e9"}, None, id="no plain number"),
        pytest.param({"Retry-After": "9" * 5000}, 999_999_999_999, id="huge"),
        pytest.param(
            {"Retry-After": "Wed, 21 Oct 2015 07:30:00 GMT", "Date": DATE},
            120,
            id="a date, by the server's clock",
        ),
        pytest.param(
            {"Retry-After": "Wed, 21 Oct 2015 09:29:00 +0200", "Date": DATE}, 60, id="a date in another zone"
        ),
        pytest.param({"Retry-After": "Wed, 21 Oct 2015 07:27:00 GMT", "Date": DATE}, 0, id="a date gone by"),
        pytest.param({"Retry-After": DATE}, None, id="a date without the server's own"),
        pytest.param({"Retry-After": DATE, "Date": "junk"}, None, id="a date and junk"),
        pytest.param(
            {"Retry-After": "Wed, 21 Oct 99999999999999999999 07:28:00 GMT", "Date": DATE},
            None,
            id="a year beyond all calendars",
        ),
        pytest.param(
            {"Retry-After": "Wed, 21 Oct 2015 07:30:00 -0000", "Date": DATE}, None, id="a date without zone"
        ),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert read_retry_after(headers) == seconds


DATE_LIKE = st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ ([+-]\d+|GMT)", fullmatch=True)


@given(st.text() | DATE_LIKE, st.text() | DATE_LIKE)
def test_any_retry_after_is_a_wait_or_nothing(text: str, date: str) -> None:
    seconds = read_retry_after({"Retry-After": text, "Date": date})
    assert seconds is None or 0 <= seconds < float("inf")
