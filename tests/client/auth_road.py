"""A sign-in host that is scripted, and credentials over it, for tests in virtual time."""

import asyncio
from pathlib import Path

from importer.client.auth import Credentials
from importer.client.token_store import TokenStore
from importer.destinations.sign_in import TokenSet
from importer.destinations.trakt.settings import TraktSettings
from importer.destinations.trakt.sign_in import TraktApp
from importer.errors import ConnectionLostError
from importer.http import Request, Response
from importer.secret import Secret
from tests.builders import build_answer

NOW = 1_790_000_000.0
WEEK = 604_800.0
SETTINGS_OF_APP = TraktSettings(
    base_url="https://api.example",
    auth_url="https://auth.example",
    client_id="app-1d",
    client_secret=Secret("app-s3cret"),
)
APP = TraktApp("https://auth.example", "app-1d", Secret("app-s3cret"))


def pair(number: int = 1, *, created_at: float = NOW, expires_in: float | None = WEEK) -> TokenSet:
    return TokenSet(Secret(f"acc3ss-{number}"), Secret(f"r3fresh-{number}"), created_at, expires_in)


class Host:
    """A sign-in host: scripted answers first, then new pairs. `clock` is the time of day."""

    def __init__(
        self,
        *answers: Response | ConnectionLostError,
        life_seconds: float = WEEK,
        answer_seconds: float = 0.0,
    ) -> None:
        self._answers = list(answers)
        self._life_seconds = life_seconds
        self._answer_seconds = answer_seconds
        self.refreshes = 0
        self.issued = 1
        self.day_begins: float = 0

    def clock(self) -> float:
        return NOW + asyncio.get_running_loop().time() - self.day_begins

    async def send(self, request: Request) -> Response:
        self.refreshes += 1
        assert request.label == "POST oauth/token"
        await asyncio.sleep(self._answer_seconds)
        if self._answers:
            answer = self._answers.pop(0)
            if isinstance(answer, ConnectionLostError):
                raise answer
            return answer
        self.issued += 1
        return build_answer(
            200,
            {
                "access_token": f"acc3ss-{self.issued}",
                "refresh_token": f"r3fresh-{self.issued}",
                "created_at": self.clock(),
                "expires_in": self._life_seconds,
            },
        )


class Road:
    """Credentials over a host and a store that already holds the first pair."""

    def __init__(self, host: Host, folder: Path) -> None:
        host.day_begins = asyncio.get_running_loop().time()
        self.host = host
        self.store = TokenStore(folder / "tokens" / "x.json", None)
        self.credentials = self.another()

    def another(self) -> Credentials:
        """As another process has them: only the store is shared."""
        return Credentials(self.host, APP, self.store, clock=self.host.clock)

    async def stored(self) -> TokenSet:
        found = await self.store.load()
        assert found is not None
        return found


async def road(host: Host, folder: Path, tokens: TokenSet | None = None) -> Road:
    way = Road(host, folder)
    await way.store.save(tokens or pair())
    return way
