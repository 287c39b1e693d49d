"""What a client of the sandbox sees of each fault, and what is stored behind it."""

import asyncio
import json

import aiohttp
import pytest

from importer.sandbox.catalogue import Kind

from .api import ALIEN, KEY, USER, Api
from .conftest import OpenSandbox

RATING = {**ALIEN, "rating": 9}


def stored(api: Api) -> int:
    return len(api.store.ratings("demo", Kind.MOVIE))


@pytest.mark.parametrize(
    ("script", "status", "content_type", "rated"),
    [
        ("503", 503, "text/plain", 0),
        ("500-after", 500, "text/plain", 1),
        ("413", 413, "text/plain", 0),
        ("401", 401, "text/plain", 0),
        ("599", 599, "text/plain", 0),
        ("html502", 502, "text/html", 0),
        ("html200", 200, "text/html", 0),
        ("html200-after", 200, "text/html", 1),
        ("empty200", 200, "application/json", 0),
        ("overcapacity", 503, "application/json", 0),
    ],
)
async def test_a_wrong_answer_comes_instead_of_the_true_one(
    open_sandbox: OpenSandbox, script: str, status: int, content_type: str, rated: int
) -> None:
    api = await open_sandbox(faults=(script,))
    reply = await api.post("rate/movie", RATING)
    assert (reply.status, reply.headers["Content-Type"].split(";")[0]) == (status, content_type)
    assert stored(api) == rated
    assert (await api.post("rate/movie", RATING)).status == 200
    assert [line.status for line in api.store.requests()] == [status, 200]


async def test_overcapacity_has_the_documented_body(open_sandbox: OpenSandbox) -> None:
    reply = await (await open_sandbox(faults=("overcapacity",))).post("rate/movie", RATING)
    assert reply.body == {"status": "failure", "error": "server is over capacity"}


async def test_an_empty_answer_is_empty(open_sandbox: OpenSandbox) -> None:
    assert (await (await open_sandbox(faults=("empty200",))).post("rate/movie", RATING)).body == ""


async def test_retry_after_and_location_are_sent(open_sandbox: OpenSandbox) -> None:
    api = await open_sandbox(faults=("429:retry-after=2", "307"))
    assert (await api.post("rate/movie", RATING)).headers["Retry-After"] == "2"
    assert (await api.post("rate/movie", RATING)).headers["Location"] == "/moved"


@pytest.mark.parametrize(("script", "rated"), [("reset", 0), ("reset-after", 1)])
async def test_a_reset_drops_the_connection(open_sandbox: OpenSandbox, script: str, rated: int) -> None:
    api = await open_sandbox(faults=(script,))
    with pytest.raises(aiohttp.ClientOSError):
        await api.post("rate/movie", RATING)
    assert stored(api) == rated
    assert (await api.post("rate/movie", RATING)).status == 200
    assert [line.status for line in api.store.requests()] == [0, 200]


@pytest.mark.parametrize(("script", "rated"), [("hang=5s", 0), ("hang-after=5s", 1)])
async def test_a_hang_outlasts_an_impatient_client(
    open_sandbox: OpenSandbox, script: str, rated: int
) -> None:
    api = await open_sandbox(faults=(script,))
    with pytest.raises(TimeoutError):
        await api.post("rate/movie", RATING, timeout=aiohttp.ClientTimeout(total=0.05))
    # The server learns from the closed line that nobody waits; the next answer shows that it has.
    await api.post("account/test")
    assert stored(api) == rated
    assert [line.status for line in api.store.requests("rate/")] == [0]


@pytest.mark.parametrize("script", ["hang=20ms", "hang-after=20ms"])
async def test_a_hang_ends_with_the_true_answer(open_sandbox: OpenSandbox, script: str) -> None:
    api = await open_sandbox(faults=(script,))
    assert (await api.post("rate/movie", RATING)).body["status"] == "success"
    assert stored(api) == 1


async def test_a_hanging_request_does_not_keep_the_server_from_stopping(open_sandbox: OpenSandbox) -> None:
    api = await open_sandbox(faults=("hang=1h",))
    call = asyncio.create_task(api.post("rate/movie", RATING))
    await asyncio.sleep(0.02)
    async with asyncio.timeout(2):
        await api.sandbox.__aexit__(None, None, None)
        with pytest.raises(aiohttp.ClientError):
            await call


async def test_truncate_cuts_the_json_of_a_whole_answer(open_sandbox: OpenSandbox) -> None:
    api = await open_sandbox(faults=("truncate",))
    url = f"{api.sandbox.url}/rate/movie/{KEY}"
    async with aiohttp.request("POST", url, json={**USER, **RATING}) as response:
        text = await response.text()
    assert (response.status, response.content_type) == (200, "application/json")
    assert text.startswith('{"status": "success"')
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)
    assert stored(api) == 1


async def test_partial_breaks_off_in_the_middle_of_the_body(open_sandbox: OpenSandbox) -> None:
    api = await open_sandbox(faults=("partial",))
    with pytest.raises(aiohttp.ClientPayloadError):
        await api.post("rate/movie", RATING)
    assert stored(api) == 1


async def test_probe_and_read_have_faults_of_their_own(open_sandbox: OpenSandbox) -> None:
    api = await open_sandbox(faults=("probe:503x2", "read:html502"))
    reading = f"/user/ratings/movies.json/{KEY}/demo"
    assert (await api.post("rate/movie", RATING)).status == 200
    assert [(await api.post("account/test")).status for _ in range(3)] == [503, 503, 200]
    assert [(await api.call("GET", reading)).status for _ in range(2)] == [502, 200]


async def test_bulk_calls_are_rating_requests_too(open_sandbox: OpenSandbox) -> None:
    api = await open_sandbox(faults=("500@2",))
    bulk = {"movies": [RATING]}
    statuses = [(await api.post("rate/movies", bulk)).status for _ in range(3)]
    assert statuses == [200, 500, 200]
