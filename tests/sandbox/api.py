"""A plain client for the sandbox: it knows the protocol from the documentation, not from the importer."""

import hashlib
from dataclasses import dataclass
from typing import Any

import aiohttp

from importer.sandbox import Sandbox

KEY = "sandbox-key"
SHA1 = hashlib.sha1(b"demo", usedforsecurity=False).hexdigest()
USER = {"username": "demo", "password": SHA1}

ALIEN = {"imdb_id": "tt0078748"}
BLADE_RUNNER = {"imdb_id": "tt0083658"}
THE_WIRE = {"tvdb_id": 79126}

# Small, so that every id of a test is in sight; one movie has the ids of its row and no others.
CATALOGUE = """\
kind,imdb_id,tmdb_id,tvdb_id,title,year,show_imdb_id,season,episode
movie,tt0078748,348,,Alien,1979,,,
movie,tt0083658,78,,Blade Runner,1982,,,
movie,tt0245429,129,,千と千尋の神隠し,2001,,,
movie,,,,No Ids at All,1999,,,
show,tt0306414,1438,79126,The Wire,2002,,,
show,tt0903747,1396,81189,Breaking Bad,2008,,,
show,tt9999999,,,Very Long Running,1950,,,
episode,tt0959621,62085,349232,Pilot,2008,tt0903747,1,1
episode,tt8888888,,,Far Beyond,2020,tt9999999,2020,250
"""


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any
    headers: Any


class Api:
    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.store = sandbox.store
        self._session = session

    async def call(
        self, method: str, path: str, body: Any = None, *, raw: bool = False, **options: Any
    ) -> Reply:
        url = self.sandbox.url + path
        async with self._session.request(
            method, url, json=body, allow_redirects=False, **options
        ) as response:
            is_json = not raw and response.content_type == "application/json"
            answer = await response.json() if is_json and response.content_length else await response.text()
            return Reply(response.status, answer, response.headers)

    async def post(self, method: str, body: dict[str, Any] | None = None, **options: Any) -> Reply:
        """POST one API method with the right key, signed in by the body."""
        return await self.call("POST", f"/{method}/{KEY}", {**USER, **(body or {})}, **options)

    async def ratings(self, kind: str, end: str = "") -> Any:
        """What `user/ratings` lists for the demo user."""
        reply = await self.call("GET", f"/user/ratings/{kind}.json/{KEY}/demo{end}")
        assert reply.status == 200, reply
        return reply.body
