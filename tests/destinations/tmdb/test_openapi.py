"""Requests and answers against what TMDB publishes: the paths, queries, bodies and samples of its OpenAPI.

The data below are parts of it in our own form; nothing of the importer made them.
"""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
from hypothesis import given
from hypothesis import strategies as st

from importer.destinations.decisions import RATED, UNRATED, Done
from importer.destinations.sign_in import Account, DeviceCode
from importer.destinations.titles import PageQuery
from importer.destinations.tmdb.account import TmdbAccount
from importer.destinations.tmdb.api import Tmdb
from importer.destinations.tmdb.find import TmdbFinder, needs_find
from importer.destinations.tmdb.request import TmdbAccess
from importer.destinations.tmdb.sign_in import TmdbSignIn
from importer.http import Request
from importer.model import MediaKind, RatingJob
from importer.secret import Secret
from tests.builders import build_answer, build_batch, build_job

BASE = "https://api.themoviedb.org"

INTEGER, TEXT = r"[0-9]+", r"[^/]+"
RATED_QUERY = {"session_id": TEXT, "page": INTEGER, "sort_by": r"created_at\.(asc|desc)", "language": TEXT}
SESSION_QUERY = {"session_id": TEXT, "guest_session_id": TEXT}
VALUE = {"value": (int, float)}
METHODS: dict[tuple[str, str], tuple[dict[str, str], dict[str, Any] | None]] = {
    # method and path: the parameters of its query, and of its body
    ("POST", f"/3/movie/{INTEGER}/rating"): (SESSION_QUERY, VALUE),
    ("DELETE", f"/3/movie/{INTEGER}/rating"): (SESSION_QUERY, None),
    ("POST", f"/3/tv/{INTEGER}/rating"): (SESSION_QUERY, VALUE),
    ("DELETE", f"/3/tv/{INTEGER}/rating"): (SESSION_QUERY, None),
    ("POST", f"/3/tv/{INTEGER}/season/{INTEGER}/episode/{INTEGER}/rating"): (SESSION_QUERY, VALUE),
    ("DELETE", f"/3/tv/{INTEGER}/season/{INTEGER}/episode/{INTEGER}/rating"): (SESSION_QUERY, None),
    ("GET", f"/3/find/{TEXT}"): ({"external_source": r"(imdb|tvdb)_id", "language": TEXT}, None),
    ("GET", f"/3/account/{INTEGER}/rated/movies"): (RATED_QUERY, None),
    ("GET", f"/3/account/{INTEGER}/rated/tv"): (RATED_QUERY, None),
    ("GET", f"/3/account/{INTEGER}/rated/tv/episodes"): (RATED_QUERY, None),
    ("GET", "/3/account"): ({"session_id": TEXT}, None),
    ("GET", "/3/authentication/token/new"): ({}, None),
    ("POST", "/3/authentication/session/new"): ({}, {"request_token": str}),
    ("DELETE", "/3/authentication/session"): ({}, {"session_id": str}),
}

RATED_MOVIES = {
    "page": 1,
    "results": [
        {
            "adult": False,
            "backdrop_path": "/pic.jpg",
            "genre_ids": [28, 80, 18],
            "id": 949,
            "original_language": "en",
            "original_title": "Heat",
            "overview": "Words.",
            "popularity": 52.1,
            "poster_path": None,
            "release_date": "1995-12-15",
            "title": "Heat",
            "video": False,
            "vote_average": 7.9,
            "vote_count": 6500,
            "rating": 8.5,
        },
        {"id": 14, "title": "Undated", "release_date": "", "vote_average": 0, "rating": 8},
    ],
    "total_pages": 1,
    "total_results": 2,
}
RATED_EPISODES = {
    "page": 1,
    "results": [
        {
            "air_date": "2013-09-15",
            "episode_number": 14,
            "episode_type": "standard",
            "id": 62161,
            "name": "Ozymandias",
            "production_code": "",
            "runtime": 48,
            "season_number": 5,
            "show_id": 1396,
            "still_path": None,
            "vote_average": 9.3,
            "vote_count": 500,
            "rating": 10,
        }
    ],
    "total_pages": 1,
    "total_results": 1,
}
FOUND = {
    "movie_results": [],
    "person_results": [],
    "tv_results": [
        {
            "adult": False,
            "backdrop_path": "/pic.jpg",
            "id": 1396,
            "name": "Breaking Bad",
            "original_language": "en",
            "original_name": "Breaking Bad",
            "media_type": "tv",
            "genre_ids": [18, 80],
            "first_air_date": "2008-01-20",
            "origin_country": ["US"],
        }
    ],
    "tv_episode_results": [],
    "tv_season_results": [],
}
ADDED = {"success": True, "status_code": 1, "status_message": "Success."}
DELETED = {
    "success": True,
    "status_code": 13,
    "status_message": "The item/record was deleted successfully.",
}
DETAILS = {
    "avatar": {"gravatar": {"hash": "c0ffee"}, "tmdb": {"avatar_path": None}},
    "id": 548,
    "iso_639_1": "en",
    "iso_3166_1": "US",
    "name": "Ada L.",
    "include_adult": False,
    "username": "ada",
}

ACCESSES = [
    TmdbAccess(BASE, "T0KEN"),
    TmdbAccess(BASE, "T0KEN", "", "SE55ION"),
    TmdbAccess(BASE, "", "K3Y", "SE55ION"),
]


def check(request: Request) -> None:
    """One of the methods there are, with no parameter that it does not have, and one way to sign in."""
    parts = urlsplit(request.url)
    assert f"{parts.scheme}://{parts.netloc}" == BASE
    fitting = [
        known
        for (method, path), known in METHODS.items()
        if method == request.method and re.fullmatch(path, parts.path)
    ]
    assert len(fitting) == 1, request
    parameters, fields = fitting[0]
    query = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    assert ("api_key" in query) is not request.headers.get("Authorization", "").startswith("Bearer ")
    query.pop("api_key", None)
    assert query.keys() <= parameters.keys()
    assert all(re.fullmatch(parameters[name], value) for name, value in query.items())
    if fields is None:
        assert request.body is None
        return
    content = orjson.loads(request.body or b"")
    assert content.keys() == fields.keys()
    assert all(isinstance(value, fields[name]) for name, value in content.items())
    assert request.headers["Content-Type"].startswith("application/json")
    if "value" in content:
        assert 0.5 <= content["value"] <= 10
        assert content["value"] * 2 % 1 == 0


JOBS = st.builds(
    build_job,
    kind=st.sampled_from(MediaKind),
    second_kind=st.sampled_from([None, *MediaKind]),
    imdb_id=st.sampled_from([None, "tt0113277"]),
    tmdb_id=st.sampled_from([None, 949]),
    tvdb_id=st.sampled_from([None, 7]),
    rating=st.integers(0, 10) | st.sampled_from(["love", "hate", "0.5", "8.5", "9.5"]),
    rated_at=st.sampled_from([None, "2014-09-01", "2099-01-01"]),
    season=st.sampled_from([None, None, 0, 1]),
    episode=st.sampled_from([None, 1]),
)


@given(JOBS, st.sampled_from(ACCESSES))
def test_whatever_is_sent_is_what_the_papers_take(job: RatingJob, access: TmdbAccess) -> None:
    tmdb = Tmdb(access, "ada", love=10, hate=1)
    if tmdb.check(job) is not None:
        return
    if (question := TmdbFinder(access).question_of(job)) is not None:
        check(TmdbFinder(access).build_find(question))
    if not needs_find(job):
        check(tmdb.build_request(build_batch(job, method=tmdb.request_kind(job))))


def test_all_other_requests_are_methods_there_are() -> None:
    code = DeviceCode(Secret("req"), "", "https://www.themoviedb.org/authenticate/req", 3600, 5)
    for access in ACCESSES:
        flow, tmdb = TmdbSignIn(access), Tmdb(access, "ada")
        check(flow.build_device_code())
        check(flow.build_poll(code))
        check(flow.build_revoke(Secret("SE55ION")))
        check(TmdbAccount(access).build_account())
        check(TmdbAccount(access).build_activities())
        for kind in (MediaKind.MOVIE, MediaKind.SHOW, MediaKind.EPISODE):
            for query in (
                PageQuery(kind),
                PageQuery(kind, 500, cursor="548"),
                PageQuery(kind, is_elsewhere=True, cursor="1"),
            ):
                check(tmdb.build_read_back(query))


def test_the_samples_of_answers_are_read() -> None:
    tmdb = Tmdb(ACCESSES[0], "ada")
    rating, removal = build_job(1, tmdb_id=949), build_job(1, tmdb_id=949, rating=0)
    rated = tmdb.interpret_response(build_batch(rating, method="movie"), build_answer(201, ADDED))
    removed = tmdb.interpret_response(build_batch(removal, method="movie/remove"), build_answer(200, DELETED))
    assert (rated, removed) == (Done((RATED,)), Done((UNRATED,)))
    account = TmdbAccount(ACCESSES[0]).read_account(build_answer(200, DETAILS))
    assert account == Done(Account("ada", "Ada L."))


def test_the_samples_of_lists_are_read() -> None:
    tmdb, found = Tmdb(ACCESSES[0], "ada"), dict[str, object]()
    for kind, content in ((MediaKind.MOVIE, RATED_MOVIES), (MediaKind.EPISODE, RATED_EPISODES)):
        decision = tmdb.read_ratings(PageQuery(kind, cursor="548"), build_answer(200, content))
        assert isinstance(decision, Done)
        assert decision.value.unread == 0
        found |= {key: each.rating for key, each in decision.value.ratings.items()}
    assert found == {
        "movie:tmdb:949": "8.5",
        "movie:heat:1995": "8.5",
        "movie:tmdb:14": 8,
        "episode:tmdb:1396/5/14": 10,
    }


def test_the_sample_of_what_is_found_is_read() -> None:
    finder = TmdbFinder(ACCESSES[0])
    decision = finder.read_find(build_answer(200, FOUND))
    assert isinstance(decision, Done)
    job = finder.take_found(build_job(kind=MediaKind.UNKNOWN, imdb_id="tt0903747"), decision.value)
    assert isinstance(job, RatingJob)
    assert (job.kind, job.tmdb_id) == (MediaKind.SHOW, 1396)
