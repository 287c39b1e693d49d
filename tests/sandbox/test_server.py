"""Options, quota, request log, durability, starting and stopping."""

import asyncio
import csv
import io
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from importer.sandbox import Sandbox, SandboxOptions, read_options, serve
from importer.sandbox.catalogue import CATALOGUE_FILE, ID_NAMES, Catalogue, Kind, Wanted
from importer.sandbox.quota import busiest_window, parse_quota
from importer.sandbox.store import Store

from .api import ALIEN, BLADE_RUNNER, KEY, SHA1, THE_WIRE, USER, Api
from .conftest import OpenSandbox

RATING = {**ALIEN, "rating": 9}


def test_the_options_show_no_secret() -> None:
    options = SandboxOptions(api_key="the-key", username="the-user", password="the-word")
    assert not any(word in repr(options) for word in ("the-key", "the-user", "the-word"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"rating_mode": "both"},
        {"social": ("myspace",)},
        {"latency_ms": -1},
        {"port": 70_000},
        {"faults": ("503", "nonsense")},
        {"rate": "fast"},
        {"post_rate": "fast"},
        {"get_rate": "0/s"},
        {"item_latency_ms": -1},
        {"token_life_seconds": -1},
        {"device_interval": -1},
        {"rating_cap": -1},
        {"page_limit": 0},
        {"late_listings": -1},
        {"keep_alive_seconds": -1},
        {"merged_titles": ("tt0000001",)},
    ],
)
def test_an_option_that_cannot_be_is_told_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        SandboxOptions(**wrong)


def test_every_option_can_be_written_as_text() -> None:
    texts = ["page_limit=100", "page_headers=no", "get_rate=none", "short_page=none", "late_seconds=0.5"]
    texts += ["merged_titles=tt0000001=tt0000002,tt0000003=tt0000004", "redirect_uri=https://a/?b=c"]
    assert read_options(texts) == {
        "page_limit": 100,
        "page_headers": False,
        "get_rate": None,
        "short_page": None,
        "late_seconds": 0.5,
        "merged_titles": ("tt0000001=tt0000002", "tt0000003=tt0000004"),
        "redirect_uri": "https://a/?b=c",
    }


@pytest.mark.parametrize(
    "text", ["", "page_limit", "page_limit=x", "vip=true", "unknown=1", "page_limit=none"]
)
def test_a_text_that_is_no_option_is_refused_and_quoted(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"not an option of the sandbox: {text!r}")):
        read_options([text])


@pytest.mark.parametrize(
    ("text", "limit", "seconds"),
    [("1/s", 1, 1), ("20/10s", 20, 10), ("1000/5m", 1000, 300), ("5/200ms", 5, 0.2), ("9/h", 9, 3600)],
)
def test_a_rate_is_a_number_of_requests_in_a_period(text: str, limit: int, seconds: float) -> None:
    quota = parse_quota(text)
    assert (quota.limit, quota.period_seconds) == (limit, seconds)


@pytest.mark.parametrize("text", ["", "1", "0/s", "-1/s", "1/", "1/0s", "1/d", "1.5/s", "1/s ", "s/1"])
def test_a_wrong_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="rate"):
        parse_quota(text)


def test_the_quota_slides_and_refused_requests_are_free() -> None:
    quota = parse_quota("2/s")
    assert [quota.wait_seconds(at) for at in (0, 0.5, 0.75, 0.75, 1, 1.25)] == [0, 0, 0.25, 0.25, 0, 0.25]


def test_the_busiest_window_is_found_wherever_it_starts() -> None:
    assert busiest_window([]) == 0
    assert busiest_window([0, 1, 2]) == 1
    assert busiest_window([0.9, 0.1, 1.05, 1.1]) == 3


async def test_ratings_beyond_the_rate_get_429_and_retry_after(open_sandbox: OpenSandbox) -> None:
    api = await open_sandbox(rate="2/1m", faults=("503@3",))
    replies = [await api.post("rate/movie", RATING) for _ in range(3)]
    assert [it.status for it in replies] == [200, 200, 429]
    assert 0 < int(replies[-1].headers["Retry-After"]) <= 60
    # Other calls have budgets of their own, and never stand in the way of ratings.
    assert (await api.post("account/test")).status == 200
    assert await api.ratings("movies") != []


async def test_the_rate_lets_requests_in_again(open_sandbox: OpenSandbox) -> None:
    api = await open_sandbox(rate="1/50ms")
    assert (await api.post("rate/movie", RATING)).status == 200
    await asyncio.sleep(0.06)
    assert (await api.post("rate/movie", RATING)).status == 200


async def test_latency_delays_the_answer(open_sandbox: OpenSandbox) -> None:
    api = await open_sandbox(latency_ms=30)
    began = time.monotonic()
    await api.post("rate/movie", RATING)
    assert time.monotonic() - began >= 0.03


async def test_the_log_tells_path_status_and_rows_in_order_of_arrival(api: Api) -> None:
    await api.post("account/test")
    await api.post("rate/movies", {"movies": [RATING, {**BLADE_RUNNER, "rating": 99}]})
    await api.post("rate/show", {**THE_WIRE, "rating": 99})
    await api.ratings("movies")
    lines = api.store.requests()
    assert [(it.method, it.path, it.status, it.rows) for it in lines] == [
        ("POST", "account/test", 200, 0),
        ("POST", "rate/movies", 200, 2),
        ("POST", "rate/show", 400, 0),
        ("GET", "user/ratings/movies.json", 200, 1),
    ]
    assert [it.path for it in api.store.requests("rate/")] == ["rate/movies", "rate/show"]
    assert [it.arrived for it in lines] == sorted(it.arrived for it in lines)
    assert busiest_window(it.arrived for it in lines) <= 4


async def test_neither_log_nor_data_file_holds_a_secret(
    tmp_path: Path, catalogue: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    data = tmp_path / "sandbox.db"
    options = SandboxOptions(
        catalogue=catalogue, data=data, api_key="secret-key", password="demo", faults=("reset",)
    )
    async with Sandbox(options) as sandbox, aiohttp.ClientSession() as session:
        paths = ("rate/movie/secret-key",) * 2 + ("rate/secret-key", "rate/movie/secret-key/more")
        for path in paths:
            try:
                async with session.post(f"{sandbox.url}/{path}", json={**USER, **RATING}):
                    pass
            except aiohttp.ClientError:
                continue
    written = data.read_bytes()
    assert b"rate/movie" in written
    for secret in ("secret-key", SHA1):
        assert secret.encode() not in written
        assert secret not in caplog.text


@pytest.mark.parametrize(
    "start",
    [b"GET /rate/movie/secret-key HTTP/9.9x", b"POST /secret-key HTTP/1.1\r\nContent-Length: secret-key"],
)
async def test_a_malformed_request_is_refused_and_not_quoted_in_the_log(
    api: Api, start: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    host, port = api.sandbox.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(start + b"\r\n\r\n")
    assert b" 400 " in await reader.readline()
    writer.close()
    assert "secret-key" not in caplog.text


async def test_a_body_beyond_the_servers_size_is_413(api: Api) -> None:
    reply = await api.call("POST", f"/rate/movies/{KEY}", data=io.BytesIO(b" " * (1024**2 + 1)))
    assert reply.status == 413
    assert [(it.path, it.status) for it in api.store.requests()] == [("rate/movies", 413)]


async def test_many_requests_at_once_are_all_stored_and_logged(open_sandbox: OpenSandbox) -> None:
    api = await open_sandbox(any_title=True)
    bodies = [{"imdb_id": f"tt{n:07}", "rating": n % 10 + 1} for n in range(1, 401)]
    replies = await asyncio.gather(*(api.post("rate/movie", body) for body in bodies))
    assert {it.status for it in replies} == {200}
    assert len(api.store.ratings("demo", Kind.MOVIE)) == len(api.store.requests("rate/")) == 400


async def test_a_rating_is_committed_before_its_answer_is_sent(
    open_sandbox: OpenSandbox, tmp_path: Path
) -> None:
    data = tmp_path / "made" / "on the way" / "sandbox.db"
    api = await open_sandbox(data=data)
    await api.post("rate/movie", RATING)
    other = sqlite3.connect(data)
    assert other.execute("SELECT key, rating FROM ratings").fetchall() == [("imdb_id:tt0078748", 9)]
    other.close()


async def test_ratings_outlive_the_server(tmp_path: Path, catalogue: Path) -> None:
    options = SandboxOptions(catalogue=catalogue, data=tmp_path / "sandbox.db", social=("twitter",))
    episode = {**THE_WIRE, "season": 1, "episode": 2, "rating": 3}
    before = []
    for again in (False, True):
        async with Sandbox(options) as sandbox, aiohttp.ClientSession() as session:
            api = Api(sandbox, session)
            if not again:
                await api.post("rate/movie", RATING)
                await api.post("rate/episode", episode)
                before = [await api.ratings("movies"), await api.ratings("episodes")]
            assert [await api.ratings("movies"), await api.ratings("episodes")] == before
            assert sandbox.store.posts("demo") == {"twitter": 2}
            assert len(sandbox.store.requests("rate/")) == 2


def test_a_failed_change_leaves_nothing_behind() -> None:
    store = Store()
    title = Catalogue().find(Kind.MOVIE, Wanted(imdb_id="tt0047396"), ("imdb_id",))
    assert title is not None

    def fail_after_rating() -> None:
        with store.changes():
            store.put_rating("demo", title, 9)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_rating()
    assert store.ratings("demo", Kind.MOVIE) == []
    store.close()


def write_newer_schema(data: Path) -> None:
    other = sqlite3.connect(data)
    other.execute("PRAGMA user_version = 99")
    other.close()


@pytest.mark.parametrize(
    "make", [Path.mkdir, write_newer_schema, lambda data: data.write_text("no database, but long " * 100)]
)
def test_a_data_file_that_is_not_the_sandboxs_is_refused(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    data = tmp_path / "other.db"
    make(data)
    with pytest.raises(ValueError, match=r"other.db cannot be used as the sandbox's data file"):
        Store(data)


async def test_a_taken_port_is_an_os_error(open_sandbox: OpenSandbox) -> None:
    api = await open_sandbox()
    port = int(api.sandbox.url.rpartition(":")[2])
    with pytest.raises(OSError, match=str(port)):
        await open_sandbox(port=port)


async def test_serve_runs_until_it_is_told_to_stop() -> None:
    until, urls = asyncio.Event(), []

    def ready(url: str) -> None:
        urls.append(url)
        until.set()

    async with asyncio.timeout(5):
        await serve(SandboxOptions(), ready=ready, until=until)
    assert urls[0].startswith("http://127.0.0.1:")
    assert not urls[0].endswith(":0")


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send these signals to one process")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_in_good_order_at_a_signal(number: signal.Signals) -> None:
    program = (
        "import asyncio, importer.sandbox as s;"
        "asyncio.run(s.serve(s.SandboxOptions(), ready=lambda url: print(url, flush=True)))"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.send_signal(number)
        assert process.wait(timeout=20) == 0


def test_the_sandbox_needs_nothing_heavy_and_nothing_of_the_importer() -> None:
    heavy = ("pandas", "typer", "rich", "pydantic", "tenacity")
    program = (
        "import sys, importer.sandbox;"
        f"print([m for m in sys.modules if m.split('.')[0] in {heavy}"
        " or (m.startswith('importer.') and not m.startswith('importer.sandbox'))])"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_every_title_of_the_catalogue_is_found_by_each_of_its_ids() -> None:
    catalogue = Catalogue()
    with CATALOGUE_FILE.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) > 200
    for row in rows:
        tmdb_id, tvdb_id = (int(row[name]) if row[name] else None for name in ("tmdb_id", "tvdb_id"))
        as_stored = Wanted(row["imdb_id"] or None, tmdb_id, tvdb_id)
        for name in (it for it in ID_NAMES if row[it]):
            found = catalogue.find(Kind(row["kind"]), as_stored, (name,))
            assert found is not None, row
            assert (found.title, found.imdb_id) == (row["title"], row["imdb_id"])


def test_every_episode_of_the_catalogue_is_found_by_its_show() -> None:
    catalogue = Catalogue()
    with CATALOGUE_FILE.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["kind"] == "episode"]
    for row in rows:
        show = catalogue.find(Kind.SHOW, Wanted(imdb_id=row["show_imdb_id"]), ("imdb_id",))
        assert show is not None, row
        episode = catalogue.find_episode(show, int(row["season"]), int(row["episode"]))
        assert episode is not None, row
        assert (episode.title, episode.show) == (row["title"], show)
