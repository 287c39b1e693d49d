"""A plain client for Trakt's API of today in the sandbox, written from the documentation."""

import json
from typing import Any

from tests.sandbox.api import Api, Reply

CLIENT = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
APP_HEADERS = {
    "Content-Type": "application/json",
    "trakt-api-version": "2",
    "trakt-api-key": "sandbox-client",
    "User-Agent": "sandbox-tests/1.0.0",
}
REDIRECT_URI = "urn:ietf:wg:oauth:2.0:oob"

ALIEN: dict[str, Any] = {"ids": {"imdb": "tt0078748"}}
BLADE_RUNNER: dict[str, Any] = {"ids": {"tmdb": 78}}
THE_WIRE: dict[str, Any] = {"ids": {"tvdb": 79126}}
PILOT: dict[str, Any] = {"ids": {"imdb": "tt0959621"}}
UNKNOWN: dict[str, Any] = {"ids": {"imdb": "tt0000111"}}

NONE_FOUND: dict[str, list[Any]] = {"movies": [], "shows": [], "seasons": [], "episodes": []}


def counts(movies: int = 0, shows: int = 0, seasons: int = 0, episodes: int = 0) -> dict[str, int]:
    return {"movies": movies, "shows": shows, "seasons": seasons, "episodes": episodes}


class Clock:
    """Time that moves only when a test says so."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


class TraktApi:
    """One signed-in client; its headers can be changed to see what follows."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self.api = api
        self.store = api.store
        self.clock = clock
        self.headers = dict(APP_HEADERS)
        self.tokens: dict[str, Any] = {}

    async def sign_in(self) -> None:
        code = (await self.post("/oauth/device/code", {"client_id": CLIENT["client_id"]})).body
        await self.decide(code["user_code"], "approve")
        self.use((await self.poll(code["device_code"])).body)

    def use(self, tokens: dict[str, Any]) -> None:
        self.tokens = tokens
        self.headers["Authorization"] = f"Bearer {tokens['access_token']}"

    async def decide(self, user_code: str, action: str) -> Reply:
        return await self.form({"code": user_code, "action": action})

    async def form(self, fields: dict[str, str]) -> Reply:
        return await self.api.call("POST", "/activate", data=fields)

    async def poll(self, device_code: str) -> Reply:
        return await self.post("/oauth/device/token", {**CLIENT, "code": device_code})

    async def refresh(self, **changes: Any) -> Reply:
        body = {"grant_type": "refresh_token", "redirect_uri": REDIRECT_URI}
        token = {"refresh_token": self.tokens["refresh_token"]}
        return await self.post("/oauth/token", {**CLIENT, **body, **token, **changes})

    async def send(self, method: str, path: str, data: bytes | None = None) -> Reply:
        """One call with these headers and no others that the HTTP library would add."""
        skip = ("User-Agent", "Content-Type")
        reply = await self.api.call(
            method, path, data=data, headers=self.headers, skip_auto_headers=skip, raw=True
        )
        try:
            return Reply(reply.status, json.loads(reply.body), reply.headers)
        except ValueError:
            return reply

    async def post(self, path: str, body: Any = None) -> Reply:
        return await self.send("POST", path, json.dumps(body if body is not None else {}).encode())

    async def get(self, path: str) -> Reply:
        return await self.send("GET", path)

    async def rate(self, **buckets: Any) -> Reply:
        return await self.post("/sync/ratings", buckets)

    async def remove(self, **buckets: Any) -> Reply:
        return await self.post("/sync/ratings/remove", buckets)

    async def held(self, end: str = "") -> list[tuple[str, str, int]]:
        """What GET /sync/ratings lists: type, name, rating; newest first."""
        reply = await self.get(f"/sync/ratings{end}")
        assert reply.status == 200, reply
        return [(it["type"], _name(it), it["rating"]) for it in reply.body]


def _name(item: dict[str, Any]) -> str:
    shaped = item[item["type"]]
    if item["type"] == "season":
        return f"{item['show']['title']} {shaped['number']}"
    if item["type"] == "episode":
        return f"{item['show']['title']} {shaped['season']}x{shaped['number']}"
    return str(shaped["title"])
