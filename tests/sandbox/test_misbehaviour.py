"""What a client of the sandbox sees of each fault, and what is stored behind it."""

import asyncio
import json
from contextlib import suppress

import aiohttp
import pytest

from importer.sandbox import Sandbox
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


async def ask(sandbox: Sandbox, count: int) -> list[bool]:
    """Rate so often over one connection, as long as the server keeps it; says which answers came."""
    host, port = sandbox.url.removeprefix("http://").split(":")
    body = json.dumps({**USER, **RATING})
    request = f"POST /rate/movie/{KEY} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    reader, writer = await asyncio.open_connection(host, int(port))
    answered = []
    for _ in range(count):
        with suppress(ConnectionError):
            writer.write(request.encode())
        head = b""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"connection: close" not in head.lower()
            await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]))
        answered.append(head.startswith(b"HTTP/1.1 200"))
    writer.close()
    return answered


@pytest.mark.parametrize(
    ("script", "answered"),
    [
        ("reset-reused/1", [True, False, False]),
        ("close@2", [True, True, False]),
        ("close/1", [True, False, False]),
        ("503@9", [True, True, True]),
    ],
)
async def test_a_kept_connection_can_end_without_a_word(
    open_sandbox: OpenSandbox, script: str, answered: list[bool]
) -> None:
    api = await open_sandbox(faults=(script,))
    assert await ask(api.sandbox, 3) == answered
    assert len([line for line in api.store.requests() if line.status == 200]) == sum(answered)


async def test_an_idle_connection_is_closed(open_sandbox: OpenSandbox) -> None:
    api = await open_sandbox(keep_alive_seconds=0.01)
    host, port = api.sandbox.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET /server/time.json/{KEY} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"connection: close" not in answer.lower()


@pytest.mark.parametrize(("script", "size"), [("large-headers", 11_500), ("large-headers=300kB", 300_000)])
async def test_headers_can_be_large(open_sandbox: OpenSandbox, script: str, size: int) -> None:
    api = await open_sandbox(faults=(script, script))
    with pytest.raises(aiohttp.ClientError):
        await api.post("rate/movie", RATING)
    reply = await api.post("rate/movie", RATING, max_field_size=400_000, max_line_size=400_000)
    assert reply.body["status"] == "success"
    assert len(reply.headers["Cache-Tag"]) == size
    assert size - 100 < len(reply.headers["Content-Security-Policy"]) <= size + 10
    assert stored(api) == 1


async def test_an_encoding_can_be_unknown_or_wrong(open_sandbox: OpenSandbox) -> None:
    api = await open_sandbox(faults=("unknown-encoding", "broken-gzip"))
    reply = await api.post("rate/movie", RATING, raw=True)
    assert (reply.status, reply.headers["Content-Encoding"]) == (200, "sandbox")
    with pytest.raises(json.JSONDecodeError):
        json.loads(reply.body)
    with pytest.raises(aiohttp.ClientPayloadError):
        await api.post("rate/movie", RATING)
    assert stored(api) == 1
