"""A site with many users, and a fleet's accounts for them: each with a file of its own and a token pair.

Every rating that the site stores is counted, so that a test can say that each was stored once.
"""

import asyncio
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from importer.fleet.depot import Depot, NewAccount
from importer.fleet.opening import open_sealer_of
from importer.sandbox import Sandbox, SandboxOptions
from importer.sandbox.catalogue import Kind
from importer.sandbox.store import Account
from importer.sandbox.titles import Title
from importer.sandbox.trakt.tokens import TokenPair, Tokens
from tests.road import OPEN, Server, running_sandbox

KEY = "vVQkd1hJ9yY0yAO0Mu5c7xXjEFUQb1nY0Qq7Zk5mD3o="
LIFE_SECONDS = 86_400


class Site:
    """A sandbox with users."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.puts: Counter[tuple[str, str]] = Counter()
        """How often each title of each user was rated, with the same rating or another."""
        server._ask(self._watch)

    def _watch(self) -> None:
        store = self.server.store
        self._tokens = Tokens(store, LIFE_SECONDS, time.time)
        put_rating = store.put_rating

        def count(username: str, title: Title, rating: float, rated_at: int | None = None) -> None:
            self.puts[username, title.key] += 1
            put_rating(username, title, rating, rated_at)

        store.put_rating = count  # type: ignore[method-assign]

    def sign_up(self, username: str) -> TokenPair:
        def sign_up() -> TokenPair:
            self.server.store.save_account(Account(username))
            return self._tokens.issue(username)

        return self.server._ask(sign_up)

    def revoke(self, pair: TokenPair) -> None:
        self.server._ask(lambda: self._tokens.revoke(pair.access_token))

    def expire(self, pair: TokenPair) -> None:
        self.server._ask(lambda: self._tokens.expire(pair.access_token))

    def count_stored(self, username: str) -> int:
        return self.server._ask(lambda: len(self.server.store.ratings(username, Kind.MOVIE)))

    def twice(self) -> dict[tuple[str, str], int]:
        """What was rated more than once."""
        return {rated: puts for rated, puts in self.puts.items() if puts > 1}

    @property
    def settings(self) -> dict[str, str]:
        """The variables by which a worker finds it."""
        return {
            "IMPORTER_TRAKT_BASE_URL": self.server.url,
            "IMPORTER_TRAKT_AUTH_URL": self.server.url,
            "IMPORTER_TRAKT_CLIENT_ID": "sandbox-client",
            "IMPORTER_TRAKT_CLIENT_SECRET": "sandbox-secret",
            "IMPORTER_FLEET_KEY": KEY,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }


@contextmanager
def running_site(*faults: str, **options: Any) -> Iterator[Site]:
    with running_sandbox(*faults, **{**OPEN, "social": (), **options}) as server:
        yield Site(server)


@contextmanager
def running_site_in_real_time(**options: Any) -> Iterator[Site]:
    """A site whose seconds are seconds: for its rate limits, beside clients that keep them."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    sandbox = Sandbox(SandboxOptions(**{**OPEN, "social": (), **options}))
    until = asyncio.Event()

    async def serve() -> None:
        async with sandbox:
            ready.set()
            await until.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(30)
    try:
        yield Site(Server(sandbox, loop))
    finally:
        loop.call_soon_threadsafe(until.set)
        thread.join(30)
        loop.close()


@pytest.fixture
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of whoever runs the tests reaches the runs of this process."""
    for name in list(os.environ):
        if name.startswith("IMPORTER_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("IMPORTER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def write_ratings(path: Path, rows: int, *, first: int = 1) -> Path:
    lines = [f"tt{number:07},{number % 10 + 1}" for number in range(first, first + rows)]
    path.write_text("\n".join(["imdb_id,rating,type", *(f"{line},movie" for line in lines)]) + "\n", "utf-8")
    return path


def enrol(
    site: Site, depot: Depot, folder: Path, names: list[str], rows: int, **keys: object
) -> Mapping[str, TokenPair]:
    """Sign users up at the site, and add them to the fleet, each with a file of its own."""
    sealer = open_sealer_of(depot)
    pairs = {name: site.sign_up(name) for name in names}
    accounts = []
    for name, pair in pairs.items():
        source = write_ratings(folder / f"{name}.csv", rows)
        secrets = {"access_token": pair.access_token, "refresh_token": pair.refresh_token}
        accounts.append(
            NewAccount(name, {"source": str(source), "to": "trakt", **keys}, sealer.seal(name, secrets))
        )
    depot.add(accounts)
    return pairs
