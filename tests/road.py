"""The whole road in one process: a file, a journal, a sandbox in a thread, and the results that come out.

Both sides run on hurried time, so that the waits of the protocol do not hold up the tests.
"""

import asyncio
import csv
import hashlib
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

from importer import sending
from importer.delivery.asking import send_once
from importer.delivery.sign_in import sign_in
from importer.delivery.transport import Transport
from importer.destinations.base import Destination
from importer.destinations.trakt_oauth import TraktApp, build_refresh, read_refresh
from importer.destinations.trakt_tokens import TokenSet
from importer.destinations.trakt_v1 import TraktV1
from importer.destinations.trakt_v2 import TraktV2
from importer.destinations.trakt_v2_dates import Dates
from importer.journal import Journal
from importer.progress import Progress
from importer.readers import open_reader
from importer.run import RunReport, Source, fingerprint_file, plan_run, rehearse, send_run
from importer.sandbox import Sandbox, SandboxOptions
from importer.sandbox.catalogue import Kind
from importer.sending import Sending, SendingOptions
from importer.settings import Secret
from tests.hurried_time import HurriedLoop, run_hurried

_Result = TypeVar("_Result")


class Server:
    """A sandbox in a thread of its own; what it holds is asked for through its own event loop."""

    def __init__(self, sandbox: Sandbox, loop: asyncio.AbstractEventLoop) -> None:
        self.url = sandbox.url
        self._sandbox = sandbox
        self._loop = loop

    def stored_movies(self) -> dict[str | None, int | str]:
        """The movies the account has rated, by IMDb id."""
        rated = self._ask(lambda: self._sandbox.store.ratings("demo", Kind.MOVIE))
        return {each.title.imdb_id: each.rating for each in rated}

    def count_rating_requests(self) -> int:
        return len(self._ask(lambda: self._sandbox.store.requests("rate/")))

    def list_statuses(self, path: str, method: str = "POST") -> list[int]:
        """The HTTP statuses of the requests to a path, in their order."""
        requests = self._ask(lambda: self._sandbox.store.requests(path))
        return [request.status for request in requests if request.method == method]

    def count_posts(self) -> int:
        """How often something appeared on the account's social feed."""
        return sum(self._ask(lambda: self._sandbox.store.posts("demo")).values())

    def _ask(self, question: Callable[[], _Result]) -> _Result:
        async def ask() -> _Result:
            return question()

        return asyncio.run_coroutine_threadsafe(ask(), self._loop).result(20)


@contextmanager
def running_sandbox(*faults: str, **options: Any) -> Iterator[Server]:
    """Run a sandbox whose account shares its ratings on one social network."""
    options = {"social": ("twitter",)} | options
    servers: queue.Queue[Server] = queue.Queue()
    until = asyncio.Event()

    async def serve() -> None:
        async with Sandbox(SandboxOptions(faults=faults, **options)) as sandbox:
            servers.put(Server(sandbox, asyncio.get_running_loop()))
            await until.wait()

    thread = threading.Thread(target=run_hurried, args=(serve(),), daemon=True)
    thread.start()
    server = servers.get(timeout=20)
    try:
        yield server
    finally:
        server._loop.call_soon_threadsafe(until.set)
        thread.join(20)


class SandboxTokens:
    """Signs in to a sandbox that approves by itself; renewing is done with the refresh token, and counted."""

    renewals = 0

    def __init__(self, url: str, transport: Transport) -> None:
        self._app = TraktApp(url, "sandbox-client", Secret("sandbox-secret"))
        self._transport = transport
        self._tokens: TokenSet | None = None
        self._lock = asyncio.Lock()

    async def access_token(self) -> str:
        async with self._lock:
            if self._tokens is None:
                nothing = lambda *_: None  # noqa: E731
                self._tokens = await sign_in(self._transport, self._app, nothing, nothing)
        return self._tokens.access_token.reveal()

    async def renew(self, stale: str) -> None:
        async with self._lock:
            assert self._tokens is not None
            if self._tokens.access_token.reveal() != stale:
                return
            SandboxTokens.renewals += 1
            assert self._tokens.refresh_token is not None
            request = build_refresh(self._app, self._tokens.refresh_token)
            found = read_refresh(await send_once(self._transport, request), 0)
            assert isinstance(found, TokenSet)
            self._tokens = found


class Road:
    """One user's machine: an input file, a results file and a journal that stays from run to run."""

    def __init__(self, folder: Path, *, bulk: bool = False, is_v2: bool = False) -> None:
        self.file = folder / "ratings.csv"
        self.results = folder / "results.csv"
        self._journals = folder / "journals"
        self._bulk = bulk
        self._is_v2 = is_v2

    def write(self, *lines: str, header: str = "imdb_id,rating") -> None:
        self.file.write_text("\n".join([header, *lines]) + "\n", "utf-8")

    def run(self, url: str, *, dry_run: bool = False, **options: object) -> RunReport:
        destination = self._build_destination(url)
        if self._is_v2:
            options = {"build_tokens": partial(SandboxTokens, url), "workers": 4} | options
        source = self._build_source()
        progress = Progress()
        with (
            Journal(self._journals, "account") as journal,
            patch.object(sending, "_new_event_loop", HurriedLoop),
        ):
            if dry_run:
                return rehearse(source, destination, journal, self.results, progress)
            planned = plan_run(source, destination, journal, progress)
            sending_options = SendingOptions(**options)  # type: ignore[arg-type]
            sender = Sending(planned.run, destination, journal, sending_options, progress)
            return send_run(planned, sender, journal, self.results, progress)

    def crash_after_marking_rows(self) -> None:
        """Plan a run and mark its rows as sending, and do no more: what a crash leaves behind."""
        with Journal(self._journals, "account") as journal:
            destination = self._build_destination("http://127.0.0.1:1")
            planned = plan_run(self._build_source(), destination, journal, Progress())
            journal.take(planned.run, 0, 1000)

    def _build_source(self) -> Source:
        return Source("ratings.csv", fingerprint_file(self.file), partial(open_reader, self.file))

    def _build_destination(self, url: str) -> Destination:
        if self._is_v2:
            return TraktV2(url, "sandbox-client", "demo", Dates(datetime(2026, 11, 23, 9, tzinfo=UTC)))
        digest = hashlib.sha1(b"demo").hexdigest()
        return TraktV1(url, "demo", "sandbox-key", digest, bulk=self._bulk)

    def read_results(self) -> list[dict[str, str]]:
        with self.results.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    @property
    def statuses(self) -> Sequence[str]:
        return [row["status"] for row in self.read_results()]
