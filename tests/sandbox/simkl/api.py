"""A plain client for Simkl's API in the sandbox, written from the documentation."""

from typing import Any
from urllib.parse import urlencode

from tests.sandbox.api import Api, Reply

ALIEN: dict[str, Any] = {"ids": {"imdb": "tt0078748"}}
BLADE_RUNNER: dict[str, Any] = {"ids": {"tmdb": "78"}}
SPIRITED_AWAY: dict[str, Any] = {"ids": {"imdb": "tt0245429"}}
THE_WIRE: dict[str, Any] = {"ids": {"tvdb": 79126}}
UNKNOWN: dict[str, Any] = {"ids": {"imdb": "tt0000111"}}

ALL = "1,2,3,4,5,6,7,8,9,10"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Clock:
    """Time that moves only when a test says so. It begins at noon in New York."""

    def __init__(self) -> None:
        self.now = 1_790_006_400.0

    def __call__(self) -> float:
        return self.now


class SimklApi:
    """One signed-in client; its query and headers can be changed to see what follows."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self.store = api.store
        self.clock = clock
        self.query = {"client_id": "sandbox-client", "app-name": "sandbox-tests", "app-version": "1.0"}
        self.headers = {"User-Agent": "sandbox-tests/1.0"}
        self.tokens: dict[str, Any] = {}
        self._api = api

    async def call(self, method: str, path: str, body: Any = None) -> Reply:
        address = f"/simkl{path}?{urlencode(self.query)}"
        return await self._api.call(method, address, body, headers=self.headers)

    async def ask_code(self, scope: str = "media:read media:write") -> dict[str, Any]:
        body = {"client_id": "sandbox-client", "scope": scope}
        return dict((await self.call("POST", "/oauth2/device", body)).body)

    async def poll(self, device_code: str) -> Reply:
        return await self._exchange(grant_type=DEVICE_GRANT, device_code=device_code)

    async def refresh(self) -> Reply:
        return await self._exchange(grant_type="refresh_token", refresh_token=self.tokens["refresh_token"])

    async def _exchange(self, **body: str) -> Reply:
        return await self.call("POST", "/oauth2/token", {"client_id": "sandbox-client", **body})

    async def decide(self, user_code: str, action: str) -> Reply:
        form = {"code": user_code, "action": action}
        return await self._api.call("POST", "/simkl/pin", data=form)

    async def sign_in(self, scope: str = "media:read media:write") -> None:
        code = await self.ask_code(scope)
        await self.decide(code["user_code"], "approve")
        self.use((await self.poll(code["device_code"])).body)

    def use(self, tokens: dict[str, Any]) -> None:
        self.tokens |= tokens
        self.headers["Authorization"] = f"Bearer {tokens['access_token']}"

    async def rate(self, **sections: Any) -> Reply:
        return await self.call("POST", "/sync/ratings", sections)

    async def remove(self, **sections: Any) -> Reply:
        return await self.call("POST", "/sync/ratings/remove", sections)

    async def list(self, section: str, ratings: str = ALL) -> Any:
        reply = await self.call("GET", f"/sync/ratings/{section}/{ratings}")
        assert reply.status == 200, reply
        return reply.body
