"""The look-alike of TMDB, asked with what its papers say rather than with the importer's client."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from importer.sandbox import Sandbox, SandboxOptions
from importer.sandbox.catalogue import Kind
from tests.sandbox.api import Api, Reply

TOKEN, KEY, SESSION = "sandbox-tmdb-token", "sandbox-tmdb-key", "sandbox-tmdb-session"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
ALIEN, BLADE_RUNNER, SPIRITED_AWAY = 348, 78, 129
BREAKING_BAD = 1396

Ask = Callable[..., Awaitable[Reply]]
Open = Callable[..., Awaitable[Ask]]


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def open_tmdb(catalogue: Path) -> AsyncIterator[Open]:
    """Start a sandbox with these options; return what sends a request with the token and the session."""
    async with AsyncExitStack() as stack:

        async def open_one(**options: Any) -> Ask:
            chosen = SandboxOptions(catalogue=catalogue, **({"tmdb_rate": None} | options))
            sandbox = await stack.enter_async_context(Sandbox(chosen, clock=Clock()))
            api = Api(sandbox, await stack.enter_async_context(aiohttp.ClientSession()))

            async def ask(method: str, path: str, body: Any = None, **more: Any) -> Reply:
                session, headers = more.pop("session", SESSION), more.pop("headers", BEARER)
                sign = "&" if "?" in path else "?"
                address = f"/tmdb/3/{path}" + (f"{sign}session_id={session}" if session else "")
                return await api.call(method, address, body, headers=headers, **more)

            ask.store = sandbox.store  # type: ignore[attr-defined]
            return ask

        yield open_one


@pytest.fixture
async def ask(open_tmdb: Open) -> Ask:
    return await open_tmdb()


def code_of(reply: Reply) -> tuple[int, int]:
    return reply.status, reply.body["status_code"]


class TestAccess:
    @pytest.mark.parametrize(
        ("headers", "session", "key", "expected"),
        [
            (BEARER, SESSION, "", 200),
            (BEARER, "", "", 200),
            ({}, SESSION, KEY, 200),
            ({}, "", KEY, (401, 3)),
            ({}, "wrong", KEY, (401, 3)),
            (BEARER, "wrong", "", (401, 3)),
            ({}, SESSION, "", (401, 7)),
            ({}, SESSION, "wrong", (401, 7)),
            ({"Authorization": "Bearer wrong"}, SESSION, "", (401, 7)),
        ],
    )
    async def test_a_token_or_a_key_and_a_session(
        self, ask: Ask, headers: dict[str, str], session: str, key: str, expected: object
    ) -> None:
        reply = await ask(
            "GET", f"account?api_key={key}" if key else "account", headers=headers, session=session
        )
        assert (reply.status if expected == 200 else code_of(reply)) == expected

    async def test_the_token_alone_may_not_do(self, open_tmdb: Open) -> None:
        ask = await open_tmdb(tmdb_token_alone=False)
        assert code_of(await ask("POST", f"movie/{ALIEN}/rating", {"value": 8}, session="")) == (401, 3)
        assert (await ask("GET", "find/tt0078748?external_source=imdb_id", session="")).status == 200

    @pytest.mark.parametrize("tells", [True, False])
    async def test_too_many_requests(self, open_tmdb: Open, tells: bool) -> None:
        ask = await open_tmdb(tmdb_rate="3/m", tmdb_retry_after=tells)
        replies = [await ask("GET", "account") for _ in range(4)]
        assert [reply.status for reply in replies] == [200, 200, 200, 429]
        assert code_of(replies[3]) == (429, 25)
        assert ("Retry-After" in replies[3].headers) is tells


class TestSignIn:
    async def test_a_session_once_it_is_approved(self, ask: Ask) -> None:
        reply = await ask("GET", "authentication/token/new", session="")
        token = reply.body["request_token"]
        page = reply.headers["Authentication-Callback"]
        assert page.endswith(f"/tmdb/authenticate/{token}")
        assert reply.body["expires_at"].endswith(" UTC")
        wanted = {"request_token": token}
        assert code_of(await ask("POST", "authentication/session/new", wanted, session="")) == (401, 17)
        async with aiohttp.ClientSession() as browser:
            async with browser.get(page) as shown:
                assert "Approve" in await shown.text()
            async with browser.post(page) as approved:
                assert approved.status == 200
        reply = await ask("POST", "authentication/session/new", wanted, session="")
        session = reply.body["session_id"]
        assert (await ask("GET", "account", session=session)).body["username"] == "demo"
        assert code_of(await ask("POST", "authentication/session/new", wanted, session="")) == (401, 33)
        ended = await ask("DELETE", "authentication/session", {"session_id": session}, session="")
        assert (ended.status, ended.body) == (200, {"success": True})
        assert code_of(await ask("GET", "account", session=session)) == (401, 3)

    async def test_a_request_that_is_too_old_opens_nothing(self, open_tmdb: Open) -> None:
        ask = await open_tmdb(tmdb_request_token_seconds=0, auto_approve=True)
        token = (await ask("GET", "authentication/token/new", session="")).body["request_token"]
        reply = await ask("POST", "authentication/session/new", {"request_token": token}, session="")
        assert code_of(reply) == (401, 33)


class TestWriting:
    @pytest.mark.parametrize(
        "path",
        [f"movie/{ALIEN}", f"tv/{BREAKING_BAD}", f"tv/{BREAKING_BAD}/season/1/episode/1"],
    )
    async def test_new_changed_equal_and_removed(self, ask: Ask, path: str) -> None:
        for value, expected in ((8.5, (201, 1)), (7, (201, 12)), (7, (201, 12))):
            assert code_of(await ask("POST", f"{path}/rating", {"value": value})) == expected
        for _ in range(2):
            assert code_of(await ask("DELETE", f"{path}/rating")) == (200, 13)

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            (0, "Value too low: Value must be greater than 0.0."),
            (-1, "Value too low: Value must be greater than 0.0."),
            (None, "Value too low: Value must be greater than 0.0."),
            (10.5, "Value too high: Value must be less than, or equal to 10.0."),
            (7.3, "Value invalid: Values must be a multiple of 0.50."),
        ],
    )
    @pytest.mark.parametrize("number", [ALIEN, 99_999_999])
    async def test_the_value_is_checked_before_the_id(
        self, ask: Ask, number: int, value: object, words: str
    ) -> None:
        reply = await ask("POST", f"movie/{number}/rating", {"value": value})
        assert (*code_of(reply), reply.body["status_message"]) == (400, 18, words)

    @pytest.mark.parametrize(
        "path",
        [
            *(
                "movie/99999999",
                f"movie/{BREAKING_BAD}",
                "tv/99999999",
                f"tv/{BREAKING_BAD}/season/99/episode/1",
            ),
            "movie/tt0078748",
        ],
    )
    async def test_an_unknown_id(self, ask: Ask, path: str) -> None:
        assert code_of(await ask("POST", f"{path}/rating", {"value": 8})) == (404, 34)
        assert code_of(await ask("DELETE", f"{path}/rating")) == (404, 34)

    async def test_a_removal_may_tell_that_nothing_was_rated(self, open_tmdb: Open) -> None:
        ask = await open_tmdb(tmdb_tells_unrated=True)
        assert code_of(await ask("DELETE", f"movie/{ALIEN}/rating")) == (404, 34)

    async def test_seasons_cannot_be_rated(self, ask: Ask) -> None:
        assert (await ask("POST", f"tv/{BREAKING_BAD}/season/1/rating", {"value": 8})).status == 404

    async def test_a_rated_title_leaves_the_watchlist(self, open_tmdb: Open) -> None:
        ask = await open_tmdb(tmdb_watchlist=("tt0078748", "tt0083658"))
        assert (await ask("POST", f"movie/{ALIEN}/rating", {"value": 8})).status == 201
        states = [(await ask("GET", f"movie/{each}/account_states")).body for each in (ALIEN, BLADE_RUNNER)]
        assert [(each["rated"], each["watchlist"]) for each in states] == [
            ({"value": 8.0}, False),
            (False, True),
        ]


class TestFind:
    async def find(self, ask: Ask, value: str, source: str = "imdb_id") -> dict[str, list[int]]:
        reply = await ask("GET", f"find/{value}?external_source={source}", session="")
        assert reply.status == 200
        return {name: [each["id"] for each in found] for name, found in reply.body.items() if found}

    async def test_what_an_id_is(self, ask: Ask) -> None:
        assert await self.find(ask, "tt0078748") == {"movie_results": [ALIEN]}
        assert await self.find(ask, "tt0903747") == {"tv_results": [BREAKING_BAD]}
        assert await self.find(ask, "81189", "tvdb_id") == {"tv_results": [BREAKING_BAD]}
        assert await self.find(ask, "tt7777777") == {}
        reply = await ask("GET", "find/tt0959621?external_source=imdb_id")
        (episode,) = reply.body["tv_episode_results"]
        place = episode["show_id"], episode["season_number"], episode["episode_number"]
        assert place == (BREAKING_BAD, 1, 1)

    async def test_ids_without_a_title_or_with_two(self, open_tmdb: Open) -> None:
        ask = await open_tmdb(tmdb_unlinked=("tt0078748",), tmdb_ambiguous=("tt0083658",))
        assert await self.find(ask, "tt0078748") == {}
        assert (await self.find(ask, "tt0083658")).keys() == {"movie_results", "tv_results"}

    async def test_a_movie_that_is_a_show_there(self, open_tmdb: Open) -> None:
        ask = await open_tmdb(tmdb_as_shows=("tt0078748",))
        (number,) = (await self.find(ask, "tt0078748"))["tv_results"]
        assert code_of(await ask("POST", f"tv/{number}/rating", {"value": 8})) == (201, 1)

    async def test_another_source_is_refused(self, ask: Ask) -> None:
        assert code_of(await ask("GET", "find/5?external_source=trakt_id")) == (422, 5)


class TestLists:
    async def fill(self, ask: Ask, number: int) -> None:
        store = ask.store  # type: ignore[attr-defined]
        with store.changes():
            for place in range(number):
                title = self.build_title(place)
                store.put_rating("demo", title, 5, 1_700_000_000 + place)

    @staticmethod
    def build_title(place: int) -> Any:
        from importer.sandbox.titles import Title  # noqa: PLC0415

        return Title(Kind.MOVIE, f"Film {place}", 2000, tmdb_id=1000 + place)

    async def test_20_a_page_from_both_ends(self, ask: Ask) -> None:
        await self.fill(ask, 45)
        path = "account/548/rated/movies"
        pages = [
            (await ask("GET", f"{path}?page={page}&sort_by=created_at.asc")).body for page in (1, 2, 3, 4)
        ]
        numbers = [[each["id"] - 1000 for each in page["results"]] for page in pages]
        assert numbers == [list(range(20)), list(range(20, 40)), list(range(40, 45)), []]
        assert {(page["total_pages"], page["total_results"]) for page in pages} == {(3, 45)}
        newest = (await ask("GET", f"{path}?sort_by=created_at.desc")).body["results"]
        assert [each["id"] - 1000 for each in newest] == list(range(44, 24, -1))

    @pytest.mark.parametrize("page", ["0", "501", "x"])
    async def test_there_are_500_pages(self, ask: Ask, page: str) -> None:
        assert code_of(await ask("GET", f"account/548/rated/tv?page={page}")) == (400, 22)

    async def test_entries_have_halves_and_no_dates(self, ask: Ask) -> None:
        await ask("POST", f"movie/{SPIRITED_AWAY}/rating", {"value": 8.5})
        await ask("POST", f"tv/{BREAKING_BAD}/season/1/episode/2/rating", {"value": 9})
        (movie,) = (await ask("GET", "account/548/rated/movies")).body["results"]
        assert (movie["id"], movie["rating"], movie["title"]) == (SPIRITED_AWAY, 8.5, "千と千尋の神隠し")
        (episode,) = (await ask("GET", "account/548/rated/tv/episodes")).body["results"]
        assert (episode["show_id"], episode["season_number"], episode["episode_number"]) == (
            BREAKING_BAD,
            1,
            2,
        )
        assert not [name for entry in (movie, episode) for name in entry if "rated" in name]

    async def test_another_account_is_not_found(self, ask: Ask) -> None:
        assert code_of(await ask("GET", "account/549/rated/tv")) == (404, 34)
