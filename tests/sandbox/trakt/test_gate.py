"""Who is let in at trakt: headers, application, token, rate limits; and which paths and methods there are."""

import asyncio
import json
from typing import Any

import pytest

from importer.sandbox import SandboxOptions
from importer.sandbox.trakt.gate import Limits
from tests.sandbox.api import Reply
from tests.sandbox.trakt.api import ALIEN, Clock, TraktApi, counts
from tests.sandbox.trakt.conftest import OpenTrakt

SIGNED = [
    ("POST", "/sync/ratings"),
    ("POST", "/sync/ratings/remove"),
    ("GET", "/sync/ratings"),
    ("GET", "/sync/ratings/movies/9"),
    ("GET", "/sync/last_activities"),
    ("GET", "/users/settings"),
]
OPEN = [("GET", "/search/imdb/tt0078748"), ("GET", "/search/movie?query=alien")]
SIGN_IN = [("POST", f"/oauth/{end}") for end in ("device/code", "device/token", "token", "revoke")]
EVERYTHING = [*SIGNED, *OPEN, *SIGN_IN]


async def ask(trakt: TraktApi, calls: list[tuple[str, str]]) -> list[Reply]:
    """The answers to all these calls, each with an empty object for a body."""
    return [await trakt.send(method, path, b"{}") for method, path in calls]


@pytest.mark.parametrize("agent", [None, "", "Python/3.11 aiohttp/3.14", "python-requests/2.32"])
async def test_without_a_user_agent_of_its_own_a_client_meets_the_block_page(
    trakt: TraktApi, agent: str | None
) -> None:
    del trakt.headers["User-Agent"]
    if agent is not None:
        trakt.headers["User-Agent"] = agent
    for reply in await ask(trakt, EVERYTHING):
        assert (reply.status, reply.headers["Server"]) == (403, "cloudflare")
        assert reply.headers["Content-Type"].startswith("text/html")
        assert "<h1>Request blocked</h1>" in reply.body


async def test_the_activate_page_asks_nothing_of_a_browser(trakt: TraktApi) -> None:
    trakt.headers = {}
    assert (await trakt.get("/activate")).status == 200


@pytest.mark.parametrize("key", [None, "", "other", "clé"])
async def test_a_wrong_key_is_403_with_nothing_in_it(trakt: TraktApi, key: str | None) -> None:
    del trakt.headers["trakt-api-key"]
    if key is not None:
        trakt.headers["trakt-api-key"] = key
    replies = await ask(trakt, [*SIGNED, *OPEN])
    assert {(it.status, it.body) for it in replies} == {(403, "")}


async def test_an_app_that_is_not_approved_is_403_everywhere(open_trakt: OpenTrakt) -> None:
    replies = await ask(await open_trakt(sign_in=False, approved=False), EVERYTHING)
    assert {(it.status, it.body) for it in replies} == {(403, "")}


@pytest.mark.parametrize("version", [None, "1"])
async def test_another_api_version_is_412(trakt: TraktApi, version: str | None) -> None:
    del trakt.headers["trakt-api-version"]
    if version:
        trakt.headers["trakt-api-version"] = version
    assert {it.status for it in await ask(trakt, [*SIGNED, *OPEN])} == {412}


@pytest.mark.parametrize("content", [None, "application/x-www-form-urlencoded", "text/plain"])
async def test_a_body_of_another_type_is_412(trakt: TraktApi, content: str | None) -> None:
    del trakt.headers["Content-Type"]
    if content:
        trakt.headers["Content-Type"] = content
    posts = [it for it in EVERYTHING if it[0] == "POST"]
    assert {it.status for it in await ask(trakt, posts)} == {412}
    # Nothing is wrong with a GET that has no body to declare.
    assert (await trakt.get("/users/settings")).status == 200


async def test_a_charset_may_stand_beside_the_type(trakt: TraktApi) -> None:
    trakt.headers["Content-Type"] = "Application/JSON; charset=utf-8"
    assert (await trakt.rate()).status == 201


@pytest.mark.parametrize("token", [None, "", "Bearer", "Bearer unknown", "Basic {}", "{}"])
async def test_without_a_good_token_a_call_is_401_with_nothing_in_it(
    trakt: TraktApi, token: str | None
) -> None:
    del trakt.headers["Authorization"]
    if token is not None:
        trakt.headers["Authorization"] = token.format(trakt.tokens["access_token"])
    for reply in await ask(trakt, SIGNED):
        assert (reply.status, reply.body) == (401, "")
        assert reply.headers["WWW-Authenticate"].startswith("Bearer ")


async def test_a_search_needs_no_token_but_takes_no_bad_one(trakt: TraktApi) -> None:
    assert {it.status for it in await ask(trakt, OPEN)} == {200}
    trakt.headers["Authorization"] = "Bearer unknown"
    assert {it.status for it in await ask(trakt, OPEN)} == {401}
    del trakt.headers["Authorization"]
    assert {it.status for it in await ask(trakt, OPEN)} == {200}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/sync/ratings", 405),
        ("DELETE", "/sync/ratings", 405),
        ("GET", "/sync/ratings/remove", 404),
        ("POST", "/sync/ratings/movies", 405),
        ("POST", "/sync/last_activities", 405),
        ("DELETE", "/users/settings", 405),
        ("POST", "/search/movie", 405),
        ("GET", "/oauth/token", 405),
        ("PUT", "/activate", 405),
        ("GET", "/sync/history", 404),
        ("POST", "/oauth/authorize", 404),
    ],
)
async def test_other_methods_are_405_and_other_paths_404(
    trakt: TraktApi, method: str, path: str, status: int
) -> None:
    assert (await trakt.send(method, path)).status == status


async def test_writing_beyond_the_rate_is_429_with_the_documented_headers(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(post_rate="2/1m")
    movies = [{**ALIEN, "rating": 5}]
    allowed = [await trakt.rate(movies=movies), await trakt.remove(movies=movies)]
    reply = await trakt.rate(movies=movies)
    assert [it.status for it in (*allowed, reply)] == [201, 200, 429]
    wait = int(reply.headers["Retry-After"])
    assert 0 < wait <= 60
    text = f"AUTHED_API_POST_LIMIT rate limit exceeded. Please wait {wait} seconds then retry your request."
    assert reply.body == text
    assert reply.headers["Content-Type"].startswith("text/plain")
    limit = json.loads(reply.headers["X-Ratelimit"])
    assert limit.pop("until").endswith("Z")
    assert limit == {"name": "AUTHED_API_POST_LIMIT", "period": 60, "limit": 2, "remaining": 0}
    assert [json.loads(it.headers["X-Ratelimit"])["remaining"] for it in allowed] == [1, 0]
    # Reading has a budget of its own, and so has signing in.
    assert await trakt.held() == []
    assert (await trakt.refresh()).status == 200


async def test_one_post_a_second_is_the_usual_rate(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(post_rate="1/s")
    replies = await asyncio.gather(*(trakt.rate() for _ in range(4)))
    assert sorted(it.status for it in replies) == [201, 429, 429, 429]
    assert {it.headers.get("Retry-After") for it in replies} == {None, "1"}


async def test_reading_has_a_limit_for_the_user_and_one_for_the_app(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(get_rate="2/1m")
    replies = [await trakt.get("/sync/ratings") for _ in range(3)]
    assert [it.status for it in replies] == [200, 200, 429]
    assert json.loads(replies[0].headers["X-Ratelimit"])["name"] == "AUTHED_API_GET_LIMIT"
    assert (await trakt.get("/users/settings")).status == 429
    assert (await trakt.rate()).status == 201
    del trakt.headers["Authorization"]
    replies = [await trakt.get("/search/imdb/tt0078748") for _ in range(3)]
    assert [it.status for it in replies] == [200, 200, 429]
    assert json.loads(replies[0].headers["X-Ratelimit"])["name"] == "UNAUTHED_API_GET_LIMIT"


@pytest.mark.parametrize("retry_after_header", [True, False])
async def test_too_many_reads_meet_a_web_page_that_may_not_say_how_long_to_wait(
    open_trakt: OpenTrakt, retry_after_header: bool
) -> None:
    trakt = await open_trakt(get_rate="1/5m", retry_after_header=retry_after_header)
    _, reply = [await trakt.get("/sync/ratings") for _ in range(2)]
    assert (reply.status, reply.headers["Server"]) == (429, "cloudflare")
    assert reply.headers["Content-Type"].startswith("text/html")
    assert reply.headers.get("Retry-After") == ("300" if retry_after_header else None)
    assert "X-Ratelimit" not in reply.headers


def test_five_hundred_reads_in_five_minutes_are_the_usual_rate() -> None:
    limits = Limits(SandboxOptions(), Clock())
    paces = [limits.pace("AUTHED_API_GET_LIMIT", "a", at / 10) for at in range(501)]
    assert [pace.refusal is None for pace in paces] == [*[True] * 500, False]


async def test_who_is_not_let_in_does_not_use_up_the_limit(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(post_rate="1/1m", get_rate="1/1m")
    good = dict(trakt.headers)
    for name, value in (("trakt-api-key", "other"), ("Authorization", "Bearer x"), ("User-Agent", "")):
        trakt.headers = {**good, name: value}
        assert (await trakt.rate()).status in {401, 403}
        assert (await trakt.get("/users/settings")).status in {401, 403}
    trakt.headers = good
    assert (await trakt.rate()).status == 201
    assert (await trakt.get("/users/settings")).status == 200


async def test_a_refused_request_stores_nothing_and_meets_no_fault(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(post_rate="1/1m", faults=("503@2",))
    assert (await trakt.rate(movies=[{**ALIEN, "rating": 5}])).body["added"] == counts(1)
    assert (await trakt.rate(movies=[{**ALIEN, "rating": 6}])).status == 429
    assert await trakt.held() == [("movie", "Alien", 5)]


def test_a_limit_opens_again_and_says_when() -> None:
    limits = Limits(SandboxOptions(post_rate="1/s", get_rate="3/5m"), Clock())

    def pace(name: str, owner: str, arrived: float) -> tuple[int, dict[str, Any]]:
        pace = limits.pace(name, owner, arrived)
        headers = pace.refusal.headers if pace.refusal else pace.headers
        return pace.refusal.status if pace.refusal else 0, json.loads(headers.get("X-Ratelimit", "{}"))

    post, get = "AUTHED_API_POST_LIMIT", "AUTHED_API_GET_LIMIT"
    assert [pace(post, "a", at)[0] for at in (0, 0.5, 0.99, 1, 1.5, 2)] == [0, 429, 429, 0, 429, 0]
    assert pace(post, "b", 2)[0] == 0
    reads = [pace(get, "a", at) for at in (0, 1, 2, 3, 300)]
    assert [status for status, _ in reads] == [0, 0, 0, 429, 0]
    assert [header.get("remaining") for _, header in reads] == [2, 1, 0, None, 0]
    assert reads[2][1] == {
        "name": get,
        "period": 300,
        "limit": 3,
        "remaining": 0,
        "until": "2026-09-21T14:18:20Z",
    }


def test_without_a_rate_there_is_no_limit_and_no_header() -> None:
    unlimited = SandboxOptions(post_rate=None, get_rate=None)
    pace = Limits(unlimited, Clock()).pace("AUTHED_API_POST_LIMIT", "a", 0)
    assert (pace.refusal, pace.headers) == (None, {})
