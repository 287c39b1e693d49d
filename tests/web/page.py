"""The page on a real socket, and a browser's part of talking to it."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from importer.web.access import Access
from importer.web.server import build_runner

_TOKEN = re.compile(r'name="token" value="([^"]+)"')


@dataclass(slots=True)
class Answer:
    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def place(self) -> str:
        return self.headers.get("Location", "")


@dataclass(slots=True)
class Page:
    """A browser with the page's cookie, once it has entered."""

    access: Access
    http: aiohttp.ClientSession
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    async def ask(self, method: str, path: str, **more: Any) -> Answer:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        headers |= more.pop("headers", {})
        address = f"http://127.0.0.1:{self.access.port}{path}"
        async with self.http.request(
            method, address, headers=headers, allow_redirects=False, **more
        ) as answer:
            text = (await answer.read()).decode("utf-8", "replace")
            for name, cookie in answer.cookies.items():
                self.cookies[name] = cookie.value
            return Answer(answer.status, text, dict(answer.headers))

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.ask("GET", path, headers={name.replace("_", "-"): v for name, v in headers.items()})

    async def post(self, path: str, form: Mapping[str, str] | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.ask("POST", path, data={"token": self.token, **(form or {})}, headers=named)

    async def upload(self, name: str, content: bytes, token: str | None = None) -> Answer:
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("token", self.token if token is None else token)
        form.add_field("file", content, filename=name)
        return await self.ask("POST", "/imports", data=form)

    async def paste(self, place: str) -> Answer:
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("token", self.token)
        form.add_field("place", place, content_type="text/plain")
        return await self.ask("POST", "/imports", data=form)

    async def enter(self) -> "Page":
        await self.get(f"/?key={self.access.key}")
        home = await self.get("/")
        found = _TOKEN.search(home.text)
        assert found is not None, home
        self.token = found[1]
        return self


@asynccontextmanager
async def open_page(folder: Path, access: Access | None = None) -> AsyncIterator[Page]:
    """Serve the page on a free port of this machine."""
    access = access or Access(0)
    runner = build_runner(access, folder)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        access.port = runner.addresses[0][1]
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            yield Page(access, http)
    finally:
        await runner.cleanup()
