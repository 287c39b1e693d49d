"""Who is let in, the account's own methods, and reading ratings back."""

import time
from typing import Any

import aiohttp
import pytest

from tests.sandbox.api import ALIEN, BLADE_RUNNER, KEY, SHA1, THE_WIRE, USER, Api
from tests.sandbox.conftest import OpenSandbox

SIGNED_METHODS = [
    *(f"rate/{kind}{s}" for kind in ("movie", "show", "episode") for s in ("", "s")),
    "account/test",
    "account/settings",
]


@pytest.mark.parametrize("method", SIGNED_METHODS)
async def test_a_wrong_key_is_the_documented_401(api: Api, method: str) -> None:
    reply = await api.call("POST", f"/{method}/wrong-key", USER)
    assert (reply.status, reply.body) == (401, {"status": "failure", "error": "invalid API key"})


WRONG_USERS: list[dict[str, Any]] = [
    {},
    {"username": "demo"},
    {"password": SHA1},
    {"username": "demo", "password": "demo"},
    {"username": "demo", "password": SHA1.upper()},
    {"username": "other", "password": SHA1},
    {"username": None, "password": 7},
    {"username": "demo", "password": "\ud800"},
]


@pytest.mark.parametrize("user", WRONG_USERS)
@pytest.mark.parametrize("method", SIGNED_METHODS)
async def test_a_wrong_user_is_the_documented_401(api: Api, method: str, user: dict[str, Any]) -> None:
    reply = await api.call("POST", f"/{method}/{KEY}", {**ALIEN, "rating": 8, **user})
    assert (reply.status, reply.body) == (401, {"status": "failure", "error": "failed authentication"})
    assert await api.ratings("movies") == []


async def test_http_basic_with_the_hash_signs_in_too(api: Api) -> None:
    auth = {"Authorization": aiohttp.encode_basic_auth("demo", SHA1)}
    body = {**ALIEN, "rating": 8}
    assert (await api.call("POST", f"/rate/movie/{KEY}", body, headers=auth)).status == 200


@pytest.mark.parametrize("header", ["Basic ZGVtbzpkZW1v", "Basic !", "Basic", "Basic /w==", "Bearer abc"])
async def test_any_other_authorization_header_is_401(api: Api, header: str) -> None:
    reply = await api.call("POST", f"/account/test/{KEY}", headers={"Authorization": header})
    assert (reply.status, reply.body["error"]) == (401, "failed authentication")


@pytest.mark.parametrize("data", [b"{", b"\xff", b"[]", b"7", b"[" * 100_000])
async def test_a_body_that_is_no_json_object_is_400(api: Api, data: bytes) -> None:
    reply = await api.call("POST", f"/rate/movie/{KEY}", data=data)
    assert (reply.status, reply.body["status"]) == (400, "failure")


async def test_account_test_says_all_good(api: Api) -> None:
    reply = await api.post("account/test")
    assert (reply.status, reply.body) == (200, {"status": "success", "message": "all good!"})


@pytest.mark.parametrize("mode", ["simple", "advanced"])
async def test_account_settings_tell_the_rating_mode(open_sandbox: OpenSandbox, mode: str) -> None:
    api = await open_sandbox(rating_mode=mode)
    reply = await api.post("account/settings")
    assert (reply.status, reply.body["viewing"]["ratings"]["mode"]) == (200, mode)


@pytest.mark.parametrize("mode", ["simple", "advanced"])
async def test_the_number_is_kept_in_either_mode(open_sandbox: OpenSandbox, mode: str) -> None:
    api = await open_sandbox(rating_mode=mode)
    await api.post("rate/movie", {**ALIEN, "rating": 7})
    (item,) = await api.ratings("movies")
    assert (item["rating"], item["rating_advanced"]) == ("love", 7)


async def test_server_time_needs_the_key_but_no_user(api: Api) -> None:
    reply = await api.call("GET", f"/server/time.json/{KEY}")
    assert reply.status == 200
    assert abs(reply.body["timestamp"] - time.time()) < 5
    assert (await api.call("GET", "/server/time.json/wrong")).status == 401


@pytest.mark.parametrize("kind", ["movies", "shows", "episodes"])
async def test_no_ratings_are_an_empty_list(api: Api, kind: str) -> None:
    for end in ("", "/all", "/love", "/10"):
        assert await api.ratings(kind, end) == []


async def test_movies_read_back_with_loosely_typed_fields(api: Api) -> None:
    await api.post("rate/movie", {**ALIEN, "rating": 9})
    (item,) = await api.ratings("movies")
    assert abs(item.pop("inserted") - time.time()) < 5
    assert item == {
        "title": "Alien",
        "year": 1979,
        "imdb_id": "tt0078748",
        "tmdb_id": "348",
        "rating": "love",
        "rating_advanced": 9,
    }


async def test_shows_read_back_with_their_tvdb_id(api: Api) -> None:
    await api.post("rate/show", {**THE_WIRE, "rating": 5})
    (item,) = await api.ratings("shows")
    del item["inserted"]
    assert item == {
        "title": "The Wire",
        "year": "2002",
        "imdb_id": "tt0306414",
        "tvdb_id": "79126",
        "rating": "hate",
        "rating_advanced": 5,
    }


async def test_episodes_read_back_inside_their_show(api: Api) -> None:
    await api.post("rate/episode", {"tvdb_id": 81189, "season": 1, "episode": 1, "rating": 6})
    (item,) = await api.ratings("episodes")
    del item["inserted"]
    assert item == {
        "rating": "love",
        "rating_advanced": 6,
        "show": {
            "title": "Breaking Bad",
            "year": "2008",
            "imdb_id": "tt0903747",
            "tvdb_id": "81189",
            "tvrage_id": 0,
        },
        "episode": {"title": "Pilot", "season": 1, "number": 1, "tvdb_id": 349232},
    }


async def test_a_title_without_ids_reads_back_without_them(api: Api) -> None:
    await api.post("rate/movie", {"title": "No Ids at All", "year": 1999, "rating": 6})
    (item,) = await api.ratings("movies")
    assert (item["imdb_id"], item["tmdb_id"]) == ("", "")


@pytest.mark.parametrize(
    ("end", "titles"),
    [
        ("", {"Alien", "Blade Runner"}),
        ("/all", {"Alien", "Blade Runner"}),
        ("/love", {"Alien"}),
        ("/hate", {"Blade Runner"}),
        ("/9", {"Alien"}),
        ("/4", set()),
    ],
)
async def test_reading_back_can_be_narrowed_to_one_rating(api: Api, end: str, titles: set[str]) -> None:
    await api.post("rate/movie", {**ALIEN, "rating": 9})
    await api.post("rate/movie", {**BLADE_RUNNER, "rating": 2})
    assert {it["title"] for it in await api.ratings("movies", end)} == titles


async def test_reading_back_also_works_as_a_signed_post(api: Api) -> None:
    path = f"/user/ratings/movies.json/{KEY}/demo"
    assert (await api.call("POST", path, USER)).body == []
    assert (await api.call("POST", f"{path}/all", USER)).body == []
    assert (await api.call("POST", path, {**USER, "password": "wrong"})).status == 401


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/user/ratings/movies.json/{KEY}/nobody", 404),
        (f"/user/ratings/movies.json/{KEY}/demo/11", 400),
        (f"/user/ratings/movies.json/{KEY}/demo/0", 400),
        (f"/user/ratings/movies.json/{KEY}/demo/unrate", 400),
        ("/user/ratings/movies.json/wrong/demo", 401),
    ],
)
async def test_an_error_in_reading_back_is_an_object_not_a_list(api: Api, path: str, status: int) -> None:
    reply = await api.call("GET", path)
    assert (reply.status, reply.body["status"]) == (status, "failure")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"/rate/movie/{KEY}", 405),
        ("PUT", f"/account/test/{KEY}", 405),
        ("POST", f"/server/time.json/{KEY}", 405),
        ("POST", f"/rate/season/{KEY}", 404),
        ("POST", "/rate/movie", 404),
        ("GET", "/rate", 404),
    ],
)
async def test_other_methods_are_405_and_other_paths_404(
    api: Api, method: str, path: str, status: int
) -> None:
    assert (await api.call(method, path)).status == status
    assert [(it.path, it.status) for it in api.store.requests()] == [("(unknown)", status)]
