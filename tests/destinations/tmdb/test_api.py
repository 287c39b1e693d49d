"""Which rows TMDB takes, and the requests that send them."""

from typing import Any

import orjson
import pytest

from importer.destinations.tmdb.api import Tmdb
from importer.destinations.tmdb.request import TmdbAccess
from importer.destinations.tmdb.settings import TmdbSettings
from importer.http import Request
from importer.model import HATE, LOVE, MediaKind, RatingJob, Status
from importer.secret import Secret
from tests.builders import build_batch, build_job

MOVIE, SHOW, SEASON, EPISODE, UNKNOWN = MediaKind
BASE = "https://api.example.org"
ACCESS = TmdbAccess(BASE, token="T0KEN")
TMDB = Tmdb(ACCESS, "ada", love=10, hate=1)


def build(job: RatingJob, access: TmdbAccess = ACCESS) -> Request:
    tmdb = Tmdb(access, "ada", love=10, hate=1)
    return tmdb.build_request(build_batch(job, method=tmdb.request_kind(job)))


class TestRequests:
    @pytest.mark.parametrize(
        ("job", "method", "path", "value"),
        [
            (build_job(tmdb_id=949, rating=8), "POST", "movie/949/rating", 8),
            (build_job(tmdb_id=1396, kind=SHOW, rating=10), "POST", "tv/1396/rating", 10),
            (
                build_job(tmdb_id=1396, kind=EPISODE, season=5, episode=14, rating=10),
                *("POST", "tv/1396/season/5/episode/14/rating", 10),
            ),
            (
                build_job(tmdb_id=1396, kind=EPISODE, season=0, episode=1),
                *("POST", "tv/1396/season/0/episode/1/rating", 8),
            ),
            (build_job(tmdb_id=949, rating=0), "DELETE", "movie/949/rating", None),
            (build_job(tmdb_id=1396, kind=SHOW, rating=0), "DELETE", "tv/1396/rating", None),
            (build_job(tmdb_id=949, rating="8.5"), "POST", "movie/949/rating", 8.5),
            (build_job(tmdb_id=949, rating="0.5"), "POST", "movie/949/rating", 0.5),
            (build_job(tmdb_id=949, rating=LOVE), "POST", "movie/949/rating", 10),
            (build_job(tmdb_id=949, rating=HATE), "POST", "movie/949/rating", 1),
            (build_job(tmdb_id=949, rated_at="2024-05-01"), "POST", "movie/949/rating", 8),  # no dates
        ],
    )  # fmt: skip
    def test_one_title_a_request(self, job: RatingJob, method: str, path: str, value: float | None) -> None:
        request = build(job)
        assert (request.method, request.url) == (method, f"{BASE}/3/{path}")
        assert (None if request.body is None else orjson.loads(request.body)) == (
            None if value is None else {"value": value}
        )
        has_body = request.headers.get("Content-Type") == "application/json;charset=utf-8"
        assert has_body == (method == "POST")

    @pytest.mark.parametrize(
        ("access", "header", "query"),
        [
            (TmdbAccess(BASE, "T0KEN"), "Bearer T0KEN", ""),
            (TmdbAccess(BASE, "T0KEN", "", "SE55ION"), "Bearer T0KEN", "?session_id=SE55ION"),
            (TmdbAccess(BASE, "", "K&Y", "SE55ION"), None, "?api_key=K%26Y&session_id=SE55ION"),
        ],
    )
    def test_the_credentials_stand_where_they_belong(
        self, access: TmdbAccess, header: str | None, query: str
    ) -> None:
        request = build(build_job(tmdb_id=949), access)
        assert request.headers.get("Authorization") == header
        assert request.url == f"{BASE}/3/movie/949/rating{query}"

    def test_nothing_secret_is_shown(self) -> None:
        access = TmdbAccess(BASE, "T0KEN", "K3Y", "SE55ION")
        request = build(build_job(tmdb_id=949), access)
        for shown in (repr(request), request.label, repr(access), repr(Tmdb(access, "ada"))):
            assert not any(secret in shown for secret in access.secrets)

    def test_a_key_is_not_sent_where_there_is_a_token(self) -> None:
        settings = TmdbSettings(read_access_token=Secret("T0KEN"), api_key=Secret("K3Y"))
        assert TmdbAccess.of(settings).api_key == ""
        assert TmdbAccess.of(TmdbSettings(api_key=Secret("K3Y"))).api_key == "K3Y"


class TestRows:
    @pytest.mark.parametrize(
        "fields",
        [
            {"tmdb_id": 949},
            {"imdb_id": "tt0113277"},
            {"kind": SHOW, "tvdb_id": 81189},
            {"kind": SHOW, "tmdb_id": 1396},
            {"kind": UNKNOWN, "imdb_id": "tt0113277"},
            {"kind": EPISODE, "imdb_id": "tt2301451"},
            {"kind": EPISODE, "tvdb_id": 4639461},
            {"kind": EPISODE, "tmdb_id": 1396, "season": 5, "episode": 14},
            {"kind": EPISODE, "imdb_id": "tt0903747", "season": 5, "episode": 14},
            {"tmdb_id": 949, "rating": 0},
            {"tmdb_id": 949, "rating": "7.5"},
            {"tmdb_id": 949, "rating": LOVE},
        ],
    )
    def test_it_takes(self, fields: dict[str, Any]) -> None:
        assert TMDB.check(build_job(**fields)) is None

    @pytest.mark.parametrize(
        ("fields", "status", "reason"),
        [
            ({"title": "Heat", "year": 1995}, Status.UNSUPPORTED, "needs_id"),
            ({"trakt_id": 352}, Status.UNSUPPORTED, "needs_id"),
            ({"tvdb_id": 352}, Status.UNSUPPORTED, "needs_id"),  # TVDB ids of films are not asked for
            ({"kind": UNKNOWN, "title": "Heat"}, Status.UNSUPPORTED, "needs_id"),
            ({"kind": UNKNOWN, "tmdb_id": 949}, Status.INVALID, "unknown_type"),
            ({"kind": UNKNOWN, "tvdb_id": 949}, Status.INVALID, "unknown_type"),
            ({"kind": SHOW, "second_kind": MOVIE, "tvdb_id": 9}, Status.UNSUPPORTED, "needs_id"),
            ({"kind": SEASON, "tmdb_id": 1396, "season": 5}, Status.UNSUPPORTED, "season"),
            ({"kind": EPISODE, "tmdb_id": 62161}, Status.UNSUPPORTED, "needs_show_and_number"),
            ({"kind": EPISODE, "tmdb_id": 1396, "season": 5}, Status.UNSUPPORTED, "needs_show_and_number"),
            ({"kind": EPISODE, "title": "Lost", "season": 1, "episode": 2}, Status.UNSUPPORTED, "needs_id"),
            ({"tmdb_id": 949, "rating": "7.3"}, Status.UNSUPPORTED, "love_or_hate"),
        ],
    )
    def test_it_refuses(self, fields: dict[str, Any], status: Status, reason: str) -> None:
        outcome = TMDB.check(build_job(**fields))
        assert outcome is not None
        assert (outcome.status, outcome.reason) == (status, reason)

    def test_a_love_without_a_number_is_refused(self) -> None:
        outcome = Tmdb(ACCESS, "ada").check(build_job(tmdb_id=949, rating=LOVE))
        assert outcome is not None
        assert outcome.reason == "love_or_hate"

    def test_a_love_is_stored_as_its_number(self) -> None:
        assert TMDB.as_stored(build_job(tmdb_id=949, rating=LOVE)).rating == 10
        assert TMDB.as_stored(build_job(tmdb_id=949, rating="8.5")).rating == "8.5"
