"""What a client sees of each fault. Faults of the connection are in ../test_misbehaviour.py."""

import aiohttp
import pytest

from tests.sandbox.trakt.api import ALIEN, NONE_FOUND, UNKNOWN, TraktApi, counts
from tests.sandbox.trakt.conftest import OpenTrakt

MOVIES = [{**ALIEN, "rating": 9}]


@pytest.mark.parametrize(
    ("script", "status", "content_type", "rated"),
    [
        ("502", 502, "text/plain", 0),
        ("502-after", 502, "text/plain", 1),
        ("420", 420, "text/plain", 0),
        ("520", 520, "text/plain", 0),
        ("html503", 503, "text/html", 0),
        ("html201", 201, "text/html", 0),
        ("empty201-after", 201, "application/json", 1),
        ("truncate", 201, "application/json", 1),
        ("hang=10ms", 201, "application/json", 1),
    ],
)
async def test_a_wrong_answer_comes_instead_of_the_true_one(
    open_trakt: OpenTrakt, script: str, status: int, content_type: str, rated: int
) -> None:
    trakt = await open_trakt(faults=(script,))
    reply = await trakt.rate(movies=MOVIES)
    assert (reply.status, reply.headers["Content-Type"].split(";")[0]) == (status, content_type)
    assert len(await trakt.held()) == rated
    assert (await trakt.rate(movies=MOVIES)).status == 201


async def test_the_protection_layers_429_is_html_with_a_wait_and_without_a_limit(
    open_trakt: OpenTrakt,
) -> None:
    trakt = await open_trakt(faults=("html429:retry-after=4",), post_rate="100/s")
    reply = await trakt.rate(movies=MOVIES)
    assert (reply.status, reply.headers["Retry-After"]) == (429, "4")
    assert reply.headers["Content-Type"].startswith("text/html")
    assert "X-Ratelimit" not in reply.headers
    assert "X-Ratelimit" in (await trakt.rate(movies=MOVIES)).headers


@pytest.mark.parametrize("script", ["reset", "reset-after", "partial"])
async def test_a_line_can_break(open_trakt: OpenTrakt, script: str) -> None:
    trakt = await open_trakt(faults=(script,))
    with pytest.raises(aiohttp.ClientError):
        await trakt.rate(movies=MOVIES)
    assert len(await trakt.held()) == (script != "reset")


async def test_each_target_has_faults_of_its_own(open_trakt: OpenTrakt) -> None:
    scripts = ("501", "probe:502", "read:503", "token:504", "search:500")
    trakt = await open_trakt(sign_in=False, faults=scripts, device_interval=0)
    assert (await trakt.poll("unknown")).status == 504
    await trakt.sign_in()
    statuses = {
        path: [(await trakt.send(path.split()[0], path.split()[1], b"{}")).status for _ in range(2)]
        for path in ("POST /sync/ratings", "GET /users/settings", "GET /sync/ratings", "GET /search/tmdb/348")
    }
    assert list(statuses.values()) == [[501, 201], [502, 200], [503, 200], [500, 200]]
    assert (await trakt.get("/sync/last_activities")).status == 200


async def test_removing_counts_as_rating_and_refreshing_as_token(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(faults=("503@2", "token:503@2"))
    assert (await trakt.rate(movies=MOVIES)).status == 201
    assert [(await trakt.remove(movies=[ALIEN])).status for _ in range(2)] == [503, 200]
    assert [(await trakt.refresh()).status for _ in range(2)] == [503, 200]


async def test_a_refresh_whose_answer_is_lost_has_spent_the_token(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(faults=("token:reset-after@2",))
    with pytest.raises(aiohttp.ClientError):
        await trakt.refresh()
    reply = await trakt.refresh()
    assert (reply.status, reply.body["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("target", ["rate", "probe", "read", "search"])
async def test_a_token_can_expire_with_a_request(open_trakt: OpenTrakt, target: str) -> None:
    trakt = await open_trakt(faults=(f"{target}:expire@2",))

    async def call() -> int:
        paths = {"probe": "/users/settings", "read": "/sync/ratings", "search": "/search/tmdb/348"}
        reply = await trakt.get(paths[target]) if target in paths else await trakt.rate(movies=MOVIES)
        return reply.status

    good = 201 if target == "rate" else 200
    assert [await call() for _ in range(3)] == [good, 401, 401]
    assert (await trakt.get("/users/settings")).status == 401
    trakt.use((await trakt.refresh()).body)
    assert await call() == good


async def test_nothing_is_stored_by_the_request_whose_token_expires(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(faults=("expire",))
    assert (await trakt.rate(movies=MOVIES)).status == 401
    trakt.use((await trakt.refresh()).body)
    assert await trakt.held() == []


async def test_an_echo_can_lose_its_ids_now_and_then(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(faults=("notfound-without-ids@2",))
    sent = {**UNKNOWN, "rating": 9}
    replies = [await trakt.rate(movies=[sent, *MOVIES]) for _ in range(3)]
    assert {it.status for it in replies} == {201}
    assert [it.body["added"] for it in replies] == [counts(1)] * 3
    assert [it.body["not_found"] for it in replies] == [
        {**NONE_FOUND, "movies": [echo]} for echo in (sent, {"rating": 9}, sent)
    ]


async def test_v1_has_neither_tokens_nor_echo_and_does_as_ever(open_trakt: OpenTrakt) -> None:
    trakt: TraktApi = await open_trakt(faults=("expire", "notfound-without-ids"))
    body = {"imdb_id": "tt0078748", "rating": 9}
    assert [(await trakt.api.post("rate/movie", body)).status for _ in range(2)] == [200, 200]
    assert (await trakt.get("/users/settings")).status == 200


@pytest.mark.parametrize("status", [403, 429])
async def test_the_protection_layer_can_refuse_without_a_word_on_when(
    open_trakt: OpenTrakt, status: int
) -> None:
    trakt = await open_trakt(faults=(f"read:html{status}",))
    reply = await trakt.get("/sync/ratings")
    assert reply.status == status
    assert reply.headers["Content-Type"].startswith("text/html")
    assert not {"Retry-After", "X-Ratelimit"} & reply.headers.keys()


async def test_a_method_for_vips_names_the_page_to_become_one(open_trakt: OpenTrakt) -> None:
    reply = await (await open_trakt(faults=("426",))).rate(movies=MOVIES)
    assert (reply.status, reply.headers["X-Upgrade-URL"]) == (426, "https://trakt.tv/vip")
