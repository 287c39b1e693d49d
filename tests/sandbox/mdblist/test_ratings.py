"""The look-alike of MDBList, asked with what its papers say rather than with the importer's client."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from importer.sandbox import Sandbox, SandboxOptions
from importer.sandbox.catalogue import Kind
from tests.sandbox.api import Api, Reply

KEY = "sandbox-mdblist-key"
ALIEN, BLADE_RUNNER = {"imdb": "tt0078748"}, {"tmdb": "78"}
THE_WIRE = {"tvdb": 79126}
NOWHERE = {"imdb": "tt7777777"}

Ask = Callable[..., Awaitable[Reply]]
Open = Callable[..., Awaitable[Ask]]


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


CLOCK = Clock()


@pytest.fixture
async def open_mdblist(catalogue: Path) -> AsyncIterator[Open]:
    """Start a sandbox with these options; return what sends a request with the key in its address."""
    async with AsyncExitStack() as stack:

        async def open_one(**options: Any) -> Ask:
            chosen = SandboxOptions(catalogue=catalogue, **options)
            sandbox = await stack.enter_async_context(Sandbox(chosen, clock=CLOCK))
            api = Api(sandbox, await stack.enter_async_context(aiohttp.ClientSession()))

            async def ask(method: str, path: str, body: Any = None, key: str = KEY, **more: Any) -> Reply:
                sign = "&" if "?" in path else "?"
                return await api.call(method, f"/mdblist/{path}{sign}apikey={key}", body, **more)

            return ask

        yield open_one


@pytest.fixture
async def ask(open_mdblist: Open) -> Ask:
    return await open_mdblist()


async def rate(ask: Ask, **arrays: Any) -> Any:
    reply = await ask("POST", "sync/ratings", arrays)
    assert reply.status == 200, reply
    return reply.body


class TestKey:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "sync/ratings"),
            ("POST", "sync/ratings/remove"),
            ("GET", "sync/ratings"),
            ("GET", "sync/last_activities"),
            ("GET", "user"),
        ],
    )
    async def test_it_counts_in_the_address_only(self, ask: Ask, method: str, path: str) -> None:
        headers = {"Authorization": f"Bearer {KEY}", "apikey": KEY}
        reply = await ask(method, path, None, "wrong", headers=headers)
        assert (reply.status, reply.body) == (403, {"detail": "Invalid API key!"})

    async def test_whose_it_is(self, ask: Ask) -> None:
        reply = await ask("GET", "user")
        assert (reply.status, reply.body["username"]) == (200, "demo")


class TestWriting:
    async def test_answers_count_and_name_nothing(self, ask: Ask) -> None:
        body = await rate(
            ask,
            movies=[
                {"ids": ALIEN, "rating": 9},
                {"ids": BLADE_RUNNER, "rating": 8},
                {"ids": NOWHERE, "rating": 7},
            ],
        )
        assert body == {"updated": {"movies": 2}, "not_found": {"movies": 1}, "errors": []}

    async def test_seasons_and_episodes_nest_in_shows(self, ask: Ask) -> None:
        episodes = [{"number": 1, "rating": 6, "rated_at": "2025-10-21T14:00:00Z"}]
        season = {"number": 1, "rating": 9, "episodes": episodes}
        body = await rate(ask, shows=[{"ids": THE_WIRE, "seasons": [season]}])
        assert body["updated"] == {"seasons": 1, "episodes": 1}
        listed = (await ask("GET", "sync/ratings")).body
        assert listed["episodes"][0]["episode"]["show"]["ids"]["tvdb"] == 79126
        assert listed["episodes"][0]["rated_at"] == "2025-10-21T14:00:00Z"

    @pytest.mark.parametrize("array", ["episodes", "seasons"])
    async def test_other_arrays_are_ignored_without_a_word(self, ask: Ask, array: str) -> None:
        body = await rate(ask, **{array: [{"ids": {"imdb": "tt0959621"}, "rating": 9}]})
        assert body == {
            "updated": {"movies": 0, "shows": 0},
            "not_found": {"movies": 0, "shows": 0},
            "errors": [],
        }

    @pytest.mark.parametrize("array", ["movies", "shows"])
    async def test_201_entries_are_refused_whole(self, ask: Ask, array: str) -> None:
        entries = [{"ids": ALIEN, "rating": 9}] * 201
        reply = await ask("POST", "sync/ratings", {array: entries})
        assert (reply.status, reply.body) == (400, {"error": f"Too many {array} in one request (max 200)"})
        assert (await ask("POST", "sync/ratings", {array: entries[:200]})).status == 200

    @pytest.mark.parametrize("rating", [0, 11, 7.5, "8", None, True])
    async def test_a_wrong_rating_is_an_error_that_names_no_row(self, ask: Ask, rating: object) -> None:
        entries = [{"ids": ALIEN, "rating": rating}, {"ids": BLADE_RUNNER, "rating": 8}]
        body = await rate(ask, movies=entries)
        assert (body["updated"], body["errors"]) == ({"movies": 1}, [{"message": "invalid rating"}])

    @pytest.mark.parametrize(
        "body",
        [
            [],
            {"movies": 3},
            {"movies": [3]},
            {"movies": [{"ids": ALIEN, "rating": 9, "rated_at": "soon"}]},
            {"shows": [{"ids": THE_WIRE, "seasons": [{"rating": 9}]}]},
        ],
    )
    async def test_what_is_not_understood_is_refused_whole(self, ask: Ask, body: object) -> None:
        assert (await ask("POST", "sync/ratings", body)).status == 400

    async def test_a_removal_counts_what_was_not_rated_as_not_found(self, ask: Ask) -> None:
        await rate(ask, movies=[{"ids": ALIEN, "rating": 9}])
        movies = [{"ids": ALIEN}, {"ids": BLADE_RUNNER}]
        reply = await ask("POST", "sync/ratings/remove", {"movies": movies})
        assert reply.body == {"deleted": {"movies": 1}, "not_found": {"movies": 1}, "errors": []}

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({"mdblist_answers": "sample"}, {"updated": {"movies": 1}}),
            ({"mdblist_answers": "added"}, {"added": {"movies": 1}, "errors": []}),
            (
                {"mdblist_answers": "lists"},
                {"added": {"movies": 1}, "not_found": {"movies": [{}]}, "errors": []},
            ),
        ],
    )
    async def test_other_forms_of_the_counts(
        self, open_mdblist: Open, options: dict[str, Any], expected: object
    ) -> None:
        ask = await open_mdblist(**options)
        entries = [{"ids": ALIEN, "rating": 9}, {"ids": NOWHERE, "rating": 9}]
        assert await rate(ask, movies=entries) == expected

    async def test_no_body_at_all(self, open_mdblist: Open) -> None:
        ask = await open_mdblist(mdblist_answers="none")
        reply = await ask("POST", "sync/ratings", {"movies": [{"ids": ALIEN, "rating": 9}]})
        assert (reply.status, reply.body) == (204, "")

    async def test_an_equal_rating_may_not_be_counted(self, open_mdblist: Open) -> None:
        ask = await open_mdblist(mdblist_counts_equal=False)
        for expected in (1, 0):
            body = await rate(ask, movies=[{"ids": ALIEN, "rating": 9}])
            assert (body["updated"], body["not_found"]) == (
                ({"movies": 1}, {"movies": 0})
                if expected
                else ({"movies": 0, "shows": 0}, {"movies": 0, "shows": 0})
            )

    async def test_nested_ones_may_be_counted_as_shows(self, open_mdblist: Open) -> None:
        ask = await open_mdblist(mdblist_counts_under_shows=True)
        body = await rate(ask, shows=[{"ids": THE_WIRE, "seasons": [{"number": 1, "rating": 9}]}])
        assert body["updated"] == {"shows": 1}


class TestReading:
    @pytest.mark.parametrize("paging", ["cursor", "offset", "sample", "cursor-then-offset"])
    async def test_pages_mix_all_kinds_until_the_end(self, open_mdblist: Open, paging: str) -> None:
        ask = await open_mdblist(mdblist_paging=paging, mdblist_page_limit=2)
        await rate(ask, movies=[{"ids": ALIEN, "rating": 9}, {"ids": BLADE_RUNNER, "rating": 8}])
        await rate(ask, shows=[{"ids": THE_WIRE, "rating": 7}])
        seasons = [{"number": number, "rating": 6} for number in (1, 2)]
        await rate(ask, shows=[{"ids": THE_WIRE, "seasons": seasons}])
        seen, place, pages = [], "", 0
        while place is not None and pages < 9:
            body = (await ask("GET", f"sync/ratings?limit=1000{place}")).body
            seen += [each["rating"] for kind in Kind for each in body.get(f"{kind}s", ())]
            pages += 1
            told = body["pagination"]
            has_more = told.get("has_more", told.get("total", 0) > len(seen))
            place = f"&cursor={told['next_cursor']}" if told.get("next_cursor") else f"&offset={len(seen)}"
            if not has_more:
                break
        assert (sorted(seen), pages) == ([6, 6, 7, 8, 9], 3)

    async def test_ids_may_be_text_and_episodes_inline(self, open_mdblist: Open) -> None:
        ask = await open_mdblist(mdblist_text_ids=True, mdblist_inline_episodes=True)
        season = {"number": 1, "episodes": [{"number": 1, "rating": 6}]}
        await rate(ask, shows=[{"ids": THE_WIRE, "seasons": [season]}])
        (entry,) = (await ask("GET", "sync/ratings")).body["episodes"]
        assert (entry["season"], entry["number"]) == (1, 1)
        assert entry["show"]["ids"]["tvdb"] == "79126"

    async def test_the_last_activities_move_with_each_change(self, ask: Ask) -> None:
        moments = [(await ask("GET", "sync/last_activities")).body["rated_at"]]
        for path in ("sync/ratings", "sync/ratings/remove"):
            await ask("POST", path, {"movies": [{"ids": ALIEN, "rating": 9}]})
            moments.append((await ask("GET", "sync/last_activities")).body["rated_at"])
        assert moments[0] is None
        assert len(set(moments)) == 3


class TestLimits:
    async def test_the_requests_of_a_day_come_back_at_midnight(self, open_mdblist: Open) -> None:
        ask = await open_mdblist(mdblist_day_limit=2)
        first = await ask("GET", "user")
        assert first.headers["X-RateLimit-Remaining"] == "1"
        assert (await ask("GET", "user", None, "wrong")).status == 403
        await ask("GET", "user")
        refused = await ask("GET", "user")
        until_midnight = 86_400 - int(CLOCK.now) % 86_400
        assert (refused.status, refused.headers["Retry-After"]) == (429, str(until_midnight))
        CLOCK.now += until_midnight
        assert (await ask("GET", "user")).status == 200

    async def test_writes_and_reads_have_windows_of_their_own(self, open_mdblist: Open) -> None:
        ask = await open_mdblist(mdblist_write_rate="1/5m", mdblist_read_rate="2/5m")
        statuses = [(await ask("POST", "sync/ratings", {})).status for _ in range(2)]
        statuses += [(await ask("GET", "user")).status for _ in range(3)]
        assert statuses == [200, 429, 200, 200, 429]

    async def test_a_refusal_may_not_say_how_long(self, open_mdblist: Open) -> None:
        ask = await open_mdblist(mdblist_day_limit=0, mdblist_retry_after=False)
        assert "Retry-After" not in (await ask("GET", "user")).headers


@pytest.mark.parametrize(
    "options",
    [
        {"mdblist_answers": "other"},
        {"mdblist_paging": "other"},
        {"mdblist_page_limit": 0},
        {"mdblist_day_limit": -1},
        {"mdblist_write_rate": "fast"},
    ],
)
def test_a_wrong_option_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"mdblist_|rate"):
        SandboxOptions(**options)
