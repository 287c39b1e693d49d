"""Requests to MDBList and the pages of its ratings, against what its schema and its samples say.

The data below are parts of these papers in our own form; nothing of the importer made them.
"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.destinations.dates import Dates
from importer.destinations.decisions import Done, Retry, Stop
from importer.destinations.mdblist.account import MdblistAccount
from importer.destinations.mdblist.api import Mdblist
from importer.destinations.sign_in import Account
from importer.destinations.titles import PageQuery, RatingsPage, find_rating
from importer.errors import AuthorizationError
from importer.http import Request
from importer.model import MediaKind, RatingJob, Status
from tests.builders import build_answer, build_batch, build_job

BASE, KEY = "https://api.mdblist.com", "k3y/+ä"
MDBLIST = Mdblist(BASE, KEY, "ada", Dates(datetime(2026, 9, 1, tzinfo=UTC)), love=10, hate=1)
ACCOUNT = MdblistAccount(BASE, KEY)

# From the schema: the arrays, the ids, the fields of an entry, and the parts that nest in a show.
ARRAYS = {"movies", "shows"}
IDS = {"imdb", "tmdb", "tvdb", "trakt", "mdblist", "kitsu"}
FIELDS: dict[str, Any] = {"ids": dict, "rating": int, "rated_at": str, "number": int}
NESTED = {"shows": "seasons", "seasons": "episodes"}
METHODS = {
    ("POST", "/sync/ratings"),
    ("POST", "/sync/ratings/remove"),
    ("GET", "/sync/ratings"),
    ("GET", "/sync/last_activities"),
    ("GET", "/user"),
}
MOST_ENTRIES = 200


def check_request(request: Request) -> dict[str, Any]:
    """Check a request against the papers; return its body."""
    parts = urlsplit(request.url)
    assert request.url.startswith(f"{BASE}/")
    assert (request.method, parts.path) in METHODS
    assert parse_qs(parts.query)["apikey"] == [KEY]
    assert not {"Authorization", "apikey"} & request.headers.keys()
    assert KEY not in request.label + repr(request)
    assert not request.needs_token
    if request.method == "GET":
        return {}
    body: dict[str, Any] = orjson.loads(request.body or b"")
    assert len(body) == 1
    assert body.keys() <= ARRAYS
    for array, entries in body.items():
        check_entries(array, entries, rated=not parts.path.endswith("remove"))
    return body


def check_entries(array: str, entries: list[dict[str, Any]], *, rated: bool) -> None:
    assert 0 < len(entries) <= MOST_ENTRIES
    nested = NESTED.get(array, "")
    for entry in entries:
        own = {name: value for name, value in entry.items() if name != nested}
        assert own.keys() <= FIELDS.keys()
        assert all(type(value) is FIELDS[name] for name, value in own.items())
        assert ("ids" in entry) == (array in ARRAYS)
        assert set(entry.get("ids", {"imdb"})) <= IDS
        # A title's own rating and its parts are never in one entry.
        assert ("rating" in entry) == (rated and nested not in entry)
        if nested in entry:
            check_entries(nested, entry[nested], rated=rated)


def build(*jobs: RatingJob) -> dict[str, Any]:
    kinds = {MDBLIST.request_kind(job) for job in jobs}
    assert len(kinds) == 1
    return check_request(MDBLIST.build_request(build_batch(*jobs, method=kinds.pop())))


def episode(row: int, season: int, number: int, **ids: Any) -> RatingJob:
    return build_job(row, kind=MediaKind.EPISODE, season=season, episode=number, **ids)


class TestRequests:
    def test_a_movie_with_all_its_ids_and_its_date(self) -> None:
        job = build_job(imdb_id="tt0113277", tmdb_id=949, tvdb_id=5, trakt_id=7, rated_at="2024-05-01")
        ids = {"imdb": "tt0113277", "tmdb": 949, "tvdb": 5, "trakt": 7}
        entry = {"ids": ids, "rating": 8, "rated_at": "2024-05-01T12:00:00.000Z"}
        assert build(job) == {"movies": [entry]}

    def test_episodes_are_nested_in_their_seasons_and_shows_in_the_order_of_the_rows(self) -> None:
        body = build(
            episode(1, 5, 14, tvdb_id=81189, rating=10),
            episode(2, 1, 1, tvdb_id=79126),
            episode(3, 5, 15, tvdb_id=81189, rating=9),
            episode(4, 0, 1, tvdb_id=81189, rated_at="2024-05-01T01:02:03Z"),
        )
        fifth = {"number": 5, "episodes": [{"number": 14, "rating": 10}, {"number": 15, "rating": 9}]}
        special = {"number": 1, "rating": 8, "rated_at": "2024-05-01T01:02:03.000Z"}
        assert body == {
            "shows": [
                {"ids": {"tvdb": 81189}, "seasons": [fifth, {"number": 0, "episodes": [special]}]},
                {
                    "ids": {"tvdb": 79126},
                    "seasons": [{"number": 1, "episodes": [{"number": 1, "rating": 8}]}],
                },
            ]
        }

    def test_seasons_are_nested_in_their_shows(self) -> None:
        jobs = [
            build_job(row, kind=MediaKind.SEASON, tvdb_id=81189, season=row, rating=row) for row in (1, 2)
        ]
        seasons = [{"number": 1, "rating": 1}, {"number": 2, "rating": 2}]
        assert build(*jobs) == {"shows": [{"ids": {"tvdb": 81189}, "seasons": seasons}]}

    def test_the_later_of_two_ratings_comes_later(self) -> None:
        body = build(*(episode(row, 1, 1, tvdb_id=1, rating=row) for row in (3, 4)))
        assert [each["rating"] for each in body["shows"][0]["seasons"][0]["episodes"]] == [3, 4]

    def test_a_removal_has_ids_and_numbers_only(self) -> None:
        assert build(build_job(tmdb_id=949, rating=0, rated_at="2024-05-01")) == {
            "movies": [{"ids": {"tmdb": 949}}]
        }
        assert build(episode(1, 5, 14, tvdb_id=81189, rating=0)) == {
            "shows": [{"ids": {"tvdb": 81189}, "seasons": [{"number": 5, "episodes": [{"number": 14}]}]}]
        }

    def test_love_and_hate_are_numbers(self) -> None:
        body = build(build_job(1, rating="love"), build_job(2, rating="hate"))
        assert [each["rating"] for each in body["movies"]] == [10, 1]
        assert MDBLIST.as_stored(build_job(1, rating="love")).rating == 10

    @given(
        st.lists(
            st.builds(
                build_job,
                row=st.integers(1, 99),
                kind=st.sampled_from([kind for kind in MediaKind if kind is not MediaKind.UNKNOWN]),
                rating=st.integers(0, 10) | st.sampled_from(["love", "hate"]),
                season=st.integers(0, 3),
                episode=st.integers(1, 3),
                tmdb_id=st.integers(1, 4),
                rated_at=st.sampled_from([None, "2024-05-01", "2031-01-01T00:00:00Z"]),
            ),
            min_size=1,
            max_size=MOST_ENTRIES,
        )
    )
    def test_all_that_is_sent_is_what_the_schema_says(self, jobs: list[RatingJob]) -> None:
        batches: dict[str, list[RatingJob]] = {}
        for job in jobs:
            if job.kind in {MediaKind.MOVIE, MediaKind.SHOW}:
                job = job._replace(season=None, episode=None)  # noqa: PLW2901
            elif job.kind is MediaKind.SEASON:
                job = job._replace(episode=None)  # noqa: PLW2901
            assert MDBLIST.check(job) is None
            batches.setdefault(MDBLIST.request_kind(job), []).append(job)
        for batch in batches.values():
            build(*batch)

    def test_questions(self) -> None:
        for request in (ACCOUNT.build_account(), ACCOUNT.build_count(), ACCOUNT.build_activities()):
            check_request(request)
        assert MDBLIST.build_credentials_check() == ACCOUNT.build_account()


class TestCheck:
    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"kind": MediaKind.EPISODE}, "needs_show_and_number"),
            ({"kind": MediaKind.EPISODE, "season": 1}, "needs_show_and_number"),
            ({"kind": MediaKind.SEASON}, "needs_show_and_number"),
            ({"title": "Heat", "year": 1995}, "needs_id"),
            ({"kind": MediaKind.UNKNOWN}, "unknown_type"),
            ({"rating": "7.5"}, "half_step"),
        ],
    )
    def test_what_cannot_be_sent_is_told(self, fields: dict[str, Any], reason: str) -> None:
        outcome = MDBLIST.check(build_job(**fields))
        assert outcome is not None
        assert outcome.reason == reason
        assert outcome.status in {Status.UNSUPPORTED, Status.INVALID}

    def test_love_without_a_number_is_told(self) -> None:
        plain = Mdblist(BASE, KEY, "ada", Dates(datetime(2026, 9, 1, tzinfo=UTC)))
        outcome = plain.check(build_job(rating="love"))
        assert outcome is not None
        assert outcome.reason == "love_or_hate"


HEAT = {"title": "Heat", "year": 1995, "ids": {"imdb": "tt0113277", "tmdb": 949, "tvdb": None, "kitsu": None}}
SHOW = {"title": "Breaking Bad", "year": 2008, "ids": {"imdb": "tt0903747", "tvdb": "81189"}}
PAGE: dict[str, Any] = {
    "movies": [{"rating": 9.0, "rated_at": "2025-10-21T14:00:00Z", "movie": HEAT}],
    "shows": [{"rating": 8, "rated_at": None, "show": SHOW}],
    "seasons": [{"rating": 7, "rated_at": "2025-10-21", "season": {"number": 5, "show": SHOW}}],
    "episodes": [
        {"rating": 10, "episode": {"season": 5, "number": 14, "ids": {"tvdb": 4639461}, "show": SHOW}},
        {"rating": 6, "season": 5, "episode": 15, "show": SHOW},
        {"rating": 5, "season": 5, "number": 16, "show": SHOW},
    ],
    "pagination": {"total": 6, "limit": 1000, "offset": 0, "next_cursor": None},
}


def read(kind: MediaKind, content: object = PAGE, query: PageQuery | None = None) -> RatingsPage:
    decision = MDBLIST.read_ratings(query or PageQuery(kind), build_answer(200, content))
    assert isinstance(decision, Done)
    return decision.value


class TestReading:
    @pytest.mark.parametrize(
        ("job", "rating"),
        [
            (build_job(imdb_id="tt0113277"), 9),
            (build_job(tmdb_id=949), 9),
            (build_job(title="Heat", year=1995), 9),
            (build_job(kind=MediaKind.SHOW, tvdb_id=81189), 8),
            (build_job(kind=MediaKind.SEASON, tvdb_id=81189, season=5), 7),
            (episode(1, 5, 14, imdb_id="tt0903747"), 10),
            (build_job(kind=MediaKind.EPISODE, tvdb_id=4639461), 10),
            (episode(1, 5, 15, tvdb_id=81189), 6),
            (episode(1, 5, 16, tvdb_id=81189), 5),
        ],
    )
    def test_a_title_is_found_by_each_of_its_ids(self, job: RatingJob, rating: int) -> None:
        page = read(job.kind)
        found = find_rating(job, page.ratings)
        assert found is not None
        assert found.rating == rating
        assert found.removal is not None
        assert MDBLIST.check(found.removal) is None
        assert find_rating(found.removal, page.ratings) is found

    def test_only_the_kind_that_is_asked_for_is_indexed_and_all_are_counted(self) -> None:
        page = read(MediaKind.MOVIE)
        assert {key.partition(":")[0] for key in page.ratings} == {"movie"}
        assert (page.entries, page.counted, len(page.titles), page.is_shared) == (6, 6, 6, True)

    def test_a_date_that_is_no_instant_is_not_kept(self) -> None:
        (movie,) = read(MediaKind.MOVIE).listed
        assert movie.rated_at == "2025-10-21T14:00:00Z"
        (season,) = read(MediaKind.SEASON).listed
        assert season.rated_at is None

    @pytest.mark.parametrize("fields", [{"rating": None}, {"rating": 0}, {"rating": "8"}, {"rating": 11}, {}])
    def test_what_is_not_rated_is_not_there(self, fields: dict[str, Any]) -> None:
        assert read(MediaKind.MOVIE, {"movies": [{"movie": HEAT, **fields}]}).ratings == {}

    @pytest.mark.parametrize(
        "fields",
        [{"rating": 7.5}, {"rating": 7, "rating_precise": 7.5}, {"rating": 8, "rating_precise": 7.5}],
    )
    def test_a_half_step_is_no_whole_number(self, fields: dict[str, Any]) -> None:
        page = read(MediaKind.MOVIE, {"movies": [{"movie": HEAT, **fields}]})
        assert {each.rating for each in page.ratings.values()} == {"7.5"}

    @pytest.mark.parametrize(
        "entry", [None, 3, {}, {"rating": 8, "movie": None}, {"rating": 8, "movie": {"ids": []}}]
    )
    def test_an_entry_without_a_title_is_counted_only(self, entry: object) -> None:
        page = read(MediaKind.MOVIE, {"movies": [entry]})
        assert (dict(page.ratings), page.entries) == ({}, 1)

    @pytest.mark.parametrize("body", [b"", b"<html>", {}, [], {"movies": {}}, {"error": "no"}])
    def test_what_is_no_page_is_asked_again(self, body: object) -> None:
        decision = MDBLIST.read_ratings(PageQuery(MediaKind.MOVIE), build_answer(200, body))
        assert isinstance(decision, Retry)

    def test_a_wrong_key_stops(self) -> None:
        decision = MDBLIST.read_ratings(PageQuery(MediaKind.MOVIE), build_answer(403, {"detail": "no"}))
        assert isinstance(decision, Stop)
        assert isinstance(decision.error, AuthorizationError)


class TestPages:
    @pytest.mark.parametrize(
        ("pagination", "entries", "following"),
        [
            ({"total": 9, "next_cursor": "a/b"}, 2, "cursor=a%2Fb"),
            ({"total": 2, "next_cursor": "a/b"}, 2, "cursor=a%2Fb"),
            ({"total": 9, "next_cursor": None}, 2, "offset=7"),
            ({"total": 7, "next_cursor": None}, 2, None),
            ({"total_movies": 0, "has_more": True}, 2, "offset=7"),
            ({"total_movies": 99, "has_more": False}, 2, None),
            ({"total": 9, "has_more": False}, 2, "offset=7"),
            ({"next_cursor": None}, 1000, None),
            ({}, 2, None),
            ({}, 1000, "offset=1005"),
            ({"total": 9, "next_cursor": "a"}, 0, None),
            ({"total": True, "next_cursor": ""}, 2, None),
        ],
    )
    def test_the_next_one(self, pagination: dict[str, Any], entries: int, following: str | None) -> None:
        content = {"movies": [{}] * entries, "pagination": pagination}
        page = read(MediaKind.MOVIE, content, PageQuery(MediaKind.MOVIE, 2, cursor="old", seen=5))
        if following is None:
            assert page.next_page is None
            return
        assert page.next_page is not None
        request = MDBLIST.build_read_back(page.next_page)
        check_request(request)
        assert request.url.endswith(f"&limit=1000&{following}")

    def test_the_first_one_has_no_place(self) -> None:
        assert MDBLIST.build_read_back(PageQuery(MediaKind.SHOW)).url.endswith("&limit=1000")

    def test_a_list_without_an_end_makes_no_sense(self) -> None:
        content = {"movies": [{}], "pagination": {"next_cursor": "x"}}
        query = PageQuery(MediaKind.MOVIE, 1001, cursor="x")
        assert isinstance(MDBLIST.read_ratings(query, build_answer(200, content)), Retry)


class TestAccount:
    @pytest.mark.parametrize(
        ("user", "account"),
        [
            ({"user_id": 7, "username": "ada", "name": "Ada L."}, Account("ada", "Ada L.")),
            ({"user_id": 7, "username": "", "name": "Ada"}, Account("", "Ada")),
            ({"user_id": 7, "username": "a\x1b[2J"}, Account("user 7", "")),
            ({"user_id": "7"}, Account("user 7", "")),
        ],
    )
    def test_whose_key_it_is(self, user: dict[str, Any], account: Account) -> None:
        assert ACCOUNT.read_account(build_answer(200, user)) == Done(account)

    def test_another_server_is_told(self) -> None:
        decision = ACCOUNT.read_account(build_answer(404, b"<html>"))
        assert isinstance(decision, Stop)
        assert "IMPORTER_MDBLIST_BASE_URL" in str(decision.error)
        assert isinstance(ACCOUNT.read_account(build_answer(200, {"ok": 1})), Retry)

    def test_how_many_ratings_it_has(self) -> None:
        assert ACCOUNT.read_count(build_answer(200, PAGE)) == Done(6)
        assert ACCOUNT.read_count(build_answer(200, {"pagination": {"total_movies": 3}})) == Done(None)

    @pytest.mark.parametrize(
        ("content", "known"),
        [
            ({"rated_at": "a", "journal_at": "b", "server_time": "c"}, {"rated_at": "a", "journal_at": "b"}),
            ({"rated_at": None, "journal_at": "b"}, {"rated_at": "", "journal_at": "b"}),
            ({"rated_at": "a"}, {}),  # a removal may move the other one only
            ({"rated_at": "a", "journal_at": 3}, {}),
            ({}, {}),
        ],
    )
    def test_when_they_last_changed(self, content: dict[str, Any], known: dict[str, str]) -> None:
        assert ACCOUNT.read_activities(build_answer(200, content)) == Done(known)

    def test_a_server_without_that_question(self) -> None:
        assert ACCOUNT.read_activities(build_answer(404)) == Done({})
