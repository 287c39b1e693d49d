"""Requests and answers against what Simkl publishes: its blueprint, and its docs of auth V2.

The data below are parts of these papers in our own form; nothing of the importer made them.
"""

from datetime import UTC, datetime
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from importer.destinations.dates import Dates
from importer.destinations.decisions import RATED, Done
from importer.destinations.simkl.account import SimklAccount
from importer.destinations.simkl.api import Simkl
from importer.destinations.simkl.sign_in import SimklApp
from importer.destinations.titles import PageQuery
from importer.http import Request
from importer.model import MediaKind, RatingJob
from importer.secret import Secret
from tests.builders import build_answer, build_batch, build_job

BASE = "https://api.simkl.com"
SIMKL = Simkl(BASE, "client", "ada", Dates(datetime(2026, 9, 1, tzinfo=UTC)))

# Blueprint "Add Ratings" and "Remove Ratings"; `anime` is a section of the newer docs.
SECTIONS = {"movies", "shows", "anime"}
FIELDS: dict[str, Any] = {"title": str, "year": (int, str), "rating": int, "rated_at": str, "ids": dict}
IDS = {"simkl", "imdb", "tmdb", "tvdb", "mal", "anidb", "anilist", "kitsu", "livechart", "anisearch"}
METHODS = {
    ("POST", "/sync/ratings"),
    ("POST", "/sync/ratings/remove"),
    ("GET", "/sync/ratings/movies/1,2,3,4,5,6,7,8,9,10"),
    ("GET", "/sync/ratings/shows/1,2,3,4,5,6,7,8,9,10"),
    ("GET", "/sync/ratings/anime/1,2,3,4,5,6,7,8,9,10"),
    ("GET", "/sync/activities"),
    ("GET", "/users/settings"),
    ("POST", "/oauth2/device"),
    ("POST", "/oauth2/token"),
    ("POST", "/oauth2/revoke"),
}

ADDED = {
    "added": {
        "movies": 2,
        "shows": 0,
        "statuses": [
            {
                "request": {
                    "title": "Terminator 3: Rise of the Machines",
                    "year": "2003",
                    "rated_at": "2014-09-01T09:10:11.000Z",
                    "rating": 8,
                    "ids": {"imdb": "tt0181852", "tmdb": 296, "simkl": 53536},
                },
                "response": {"status": "completed"},
            },
            {"request": {"rating": 6, "ids": {"simkl": 210728}}, "response": {"status": "completed"}},
        ],
    },
    "not_found": {"movies": [], "shows": []},
}

LISTS: dict[str, list[dict[str, Any]]] = {
    "shows": [
        {
            "last_watched_at": "2016-09-12T13:00:30Z",
            "user_rated_at": "2021-06-23T13:19:05Z",
            "user_rating": 5,
            "status": "dropped",
            "last_watched": None,
            "next_to_watch": "S01E01",
            "show": {
                "title": "The Last Ship",
                "year": 2014,
                "ids": {"simkl": 42040, "imdb": "tt2402207", "tvdb": "269533"},
            },
        }
    ],
    "anime": [
        {
            "last_watched_at": "2014-11-06T22:05:52Z",
            "user_rated_at": "2021-06-23T13:19:05Z",
            "user_rating": 10,
            "status": "completed",
            "last_watched": "E148",
            "next_to_watch": None,
            "show": {
                "title": "Hunter x Hunter",
                "year": 2011,
                "ids": {"simkl": 40398, "imdb": "tt2098220", "mal": "11061", "anidb": "8550"},
            },
        }
    ],
    "movies": [
        {
            "last_watched_at": "2014-08-16T18:45:20Z",
            "user_rated_at": "2021-06-23T13:19:05Z",
            "user_rating": 6,
            "status": "completed",
            "movie": {
                "title": "Maleficent",
                "year": 2014,
                "ids": {"simkl": 195258, "imdb": "tt1587310", "tmdb": "102651"},
            },
        }
    ],
}


def check_named(request: Request) -> None:
    """Every request names the app, and is one of the methods there are."""
    address, _, query = request.url.partition("?")
    assert (request.method, address.removeprefix(BASE)) in METHODS
    names = [part.partition("=")[0] for part in query.split("&")]
    assert names == ["client_id", "app-name", "app-version"]


def check_body(request: Request) -> None:
    content = orjson.loads(request.body or b"")
    assert content.keys() <= SECTIONS
    for items in content.values():
        assert 1 <= len(items) <= 100
        for item in items:
            assert item.keys() <= FIELDS.keys()
            assert all(isinstance(value, FIELDS[name]) for name, value in item.items())
            assert item["ids"].keys() <= IDS
            assert item["ids"]
            assert ("rating" in item) is not request.url.partition("?")[0].endswith("/remove")
            assert item.get("rating", 1) in range(1, 11)


JOBS = st.builds(
    build_job,
    kind=st.sampled_from(MediaKind),
    second_kind=st.sampled_from([None, *MediaKind]),
    imdb_id=st.sampled_from([None, "tt0113277"]),
    tmdb_id=st.sampled_from([None, 949]),
    tvdb_id=st.sampled_from([None, 7]),
    rating=st.integers(0, 10) | st.sampled_from(["love", "hate"]),
    rated_at=st.sampled_from([None, "2014-09-01", "2014-09-01T09:10:11Z", "2099-01-01"]),
    season=st.sampled_from([None, None, 1]),
)


@given(JOBS)
def test_whatever_is_sent_is_what_the_blueprint_takes(job: RatingJob) -> None:
    if SIMKL.check(job) is None:
        request = SIMKL.build_request(build_batch(job, method=SIMKL.request_kind(job)))
        check_named(request)
        check_body(request)


def test_all_other_requests_are_methods_there_are() -> None:
    app, account = SimklApp(BASE, "client"), SimklAccount(BASE, "client")
    check_named(app.build_device_code())
    check_named(app.build_refresh(Secret("r")))
    check_named(app.build_revoke(Secret("r")))
    check_named(account.build_account())
    for kind in (MediaKind.MOVIE, MediaKind.SHOW):
        for page in (1, 2, 3):
            check_named(SIMKL.build_read_back(PageQuery(kind, page)))


def test_the_blueprints_answer_rates_both_movies() -> None:
    jobs = [build_job(1, imdb_id="tt0181852"), build_job(2, imdb_id="tt0000002")]
    decision = SIMKL.interpret_response(build_batch(*jobs, method="movies"), build_answer(200, ADDED))
    assert decision == Done([RATED, RATED])


def test_the_blueprints_lists_are_read() -> None:
    found: dict[str, object] = {}
    for query in (PageQuery(MediaKind.MOVIE, 2), PageQuery(MediaKind.SHOW, 2), PageQuery(MediaKind.SHOW, 3)):
        decision = SIMKL.read_ratings(query, build_answer(200, LISTS))
        assert isinstance(decision, Done)
        found |= {key: each.rating for key, each in decision.value.ratings.items()}
    assert found == {
        "movie:imdb:tt1587310": 6,
        "movie:tmdb:102651": 6,
        "movie:maleficent:2014": 6,
        "show:imdb:tt2402207": 5,
        "show:tvdb:269533": 5,
        "show:the last ship:2014": 5,
        # Without `anime_type` it may be a film or a series.
        "movie:imdb:tt2098220": 10,
        "show:imdb:tt2098220": 10,
    }
