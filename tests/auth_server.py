"""A sign-in host in a thread, for tests with real connections: one app, one person, single-use tokens.

Answers as the API pages say; `script` makes the next calls of a path go wrong first.
"""

import asyncio
import json
import threading
import time
from collections import defaultdict
from types import TracebackType
from typing import Any, Self

from aiohttp import web

CLIENT_ID, CLIENT_SECRET = "app-id-0123", "app-s3cret-4567"
DEVICE_CODE, USER_CODE = "d3vice-code-secret", "5055CC52"

CODE, POLL, TOKEN, REVOKE, SETTINGS = (
    "/oauth/device/code",
    "/oauth/device/token",
    "/oauth/token",
    "/oauth/revoke",
    "/users/settings",
)


class AuthServer:
    """`calls` holds what was asked; `refresh_token` and `access_token` are what is good right now."""

    def __init__(self) -> None:
        self.script: dict[str, list[web.Response]] = defaultdict(list)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.life_seconds = 604_800
        self.slow_seconds = 0.0
        self.issued = 0
        self.access_token = self.refresh_token = ""
        self.url = ""
        self._ready, self._thread = threading.Event(), threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._until.set)
        self._thread.join(10)

    def count(self, path: str) -> int:
        return sum(called == path for called, _ in self.calls)

    def issue(self) -> dict[str, Any]:
        """A new pair, as the API writes it; the old one is worthless."""
        self.issued += 1
        self.access_token, self.refresh_token = f"acc3ss-{self.issued}", f"r3fresh-{self.issued}"
        return {
            "access_token": self.access_token,
            "token_type": "bearer",
            "expires_in": self.life_seconds,
            "refresh_token": self.refresh_token,
            "scope": "public",
            "created_at": int(time.time()),
        }

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._until = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = "http://{}:{}".format(*runner.addresses[0][:2])
        self._ready.set()
        await self._until.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        body = json.loads(await request.text() or "{}")
        self.calls.append((request.path, body))
        await asyncio.sleep(self.slow_seconds)
        if self.script[request.path]:
            return self.script[request.path].pop(0)
        if request.path == SETTINGS:
            if request.headers["Authorization"] != f"Bearer {self.access_token}":
                return web.Response(status=401)
            return web.json_response({"user": {"username": "ada", "name": "Ada Lovelace", "vip": True}})
        assert body["client_id"] == CLIENT_ID
        if request.path == CODE:
            return web.json_response(
                {
                    "device_code": DEVICE_CODE,
                    "user_code": USER_CODE,
                    "verification_url": f"{self.url}/activate",
                    "expires_in": 600,
                    "interval": 0.01,
                }
            )
        assert body["client_secret"] == CLIENT_SECRET
        if request.path == POLL:
            assert body["code"] == DEVICE_CODE
        if request.path == TOKEN:
            assert (body["grant_type"], body["redirect_uri"]) == (
                "refresh_token",
                "urn:ietf:wg:oauth:2.0:oob",
            )
            if body["refresh_token"] != self.refresh_token:
                return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({} if request.path == REVOKE else self.issue())
