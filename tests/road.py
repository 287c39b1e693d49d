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
from functools import partial
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

from importer import sending
from importer.destinations.trakt_v1 import TraktV1
from importer.journal import Journal
from importer.progress import Progress
from importer.readers import open_reader
from importer.run import RunReport, Source, fingerprint_file, plan_run, rehearse, send_run
from importer.sandbox import Sandbox, SandboxOptions
from importer.sandbox.catalogue import Kind
from importer.sending import SendingOptions
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

    def count_posts(self) -> int:
        """How often something appeared on the account's social feed."""
        return sum(self._ask(lambda: self._sandbox.store.posts("demo")).values())

    def _ask(self, question: Callable[[], _Result]) -> _Result:
        async def ask() -> _Result:
            return question()

        return asyncio.run_coroutine_threadsafe(ask(), self._loop).result(20)


@contextmanager
def running_sandbox(*faults: str, data: Path | None = None) -> Iterator[Server]:
    """Run a sandbox whose account shares its ratings on one social network."""
    servers: queue.Queue[Server] = queue.Queue()
    until = asyncio.Event()

    async def serve() -> None:
        async with Sandbox(SandboxOptions(faults=faults, data=data, social=("twitter",))) as sandbox:
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


class Road:
    """One user's machine: an input file, a results file and a journal that stays from run to run."""

    def __init__(self, folder: Path, *, bulk: bool = False) -> None:
        self.file = folder / "ratings.csv"
        self.results = folder / "results.csv"
        self._journals = folder / "journals"
        self._bulk = bulk

    def write(self, *lines: str, header: str = "imdb_id,rating") -> None:
        self.file.write_text("\n".join([header, *lines]) + "\n", "utf-8")

    def run(self, url: str, *, dry_run: bool = False, **options: object) -> RunReport:
        digest = hashlib.sha1(b"demo").hexdigest()
        destination = TraktV1(url, "demo", "sandbox-key", digest, bulk=self._bulk)
        source = Source("ratings.csv", fingerprint_file(self.file), partial(open_reader, self.file))
        progress = Progress()
        with (
            Journal(self._journals, "account") as journal,
            patch.object(sending, "_new_event_loop", HurriedLoop),
        ):
            if dry_run:
                return rehearse(source, destination, journal, self.results, progress)
            planned = plan_run(source, destination, journal, progress)
            sending_options = SendingOptions(**options)  # type: ignore[arg-type]
            return send_run(planned, destination, journal, self.results, sending_options, progress)

    def read_results(self) -> list[dict[str, str]]:
        with self.results.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    @property
    def statuses(self) -> Sequence[str]:
        return [row["status"] for row in self.read_results()]
