"""The hands of a fleet: passes names of accounts to workers, and hears when they end. Only home of Dask.

```text
embedded(worker, 32)            in this process, 32 threads; no port that others reach
connected("tls://db:8786")      a scheduler elsewhere, with workers wherever
serve_scheduler, serve_worker   what `importer fleet scheduler` and `importer fleet worker` are
```

Nothing is believed that it says: it may run a task twice, and loses all tasks with its scheduler. Who works
on an account, and what is due, is the depot's to say. A task is the *name* of an account: no secret travels.
Whoever reaches a port of Dask can run programs there: so every address but this machine's own must be tls://,
where each side shows a certificate. Workers have no nanny: one that is killed while it starts would give up.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dask
import distributed
from distributed.security import Security

from importer.errors import SettingsError, StopRunError
from importer.files import write_privately
from importer.fleet.worker import Worker
from importer.http import is_loopback

CONNECT_SECONDS = 30
END_SECONDS = 60.0
"""How long workers begin nothing after a driver was interrupted, should it die before it lets them."""
_ANSWER_SECONDS = 10

# They are declared without types.
_Client: Any = distributed.Client
_Security: Any = Security

_PAGES = "127.0.0.1:0"
"""Every part of Dask serves pages, at all addresses if nobody says otherwise: here, and without a page."""

_DASK: dict[str, Any] = {
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.comm.timeouts.connect": f"{CONNECT_SECONDS}s",
    "distributed.comm.timeouts.tcp": "60s",
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.http.routes": [],
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.worker-ttl": "2 minutes",
    "distributed.worker.daemon": False,
    "distributed.worker.http.routes": [],
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.profile.enabled": False,
}
"""A task whose worker died is not tried again by Dask: the depot knows when it may be. Nothing is spilled."""


class EngineLostError(StopRunError):
    """The scheduler is gone, and with it what was handed out; accounts that are at work end by themselves."""

    def __init__(self) -> None:
        super().__init__("the scheduler of the fleet is gone; the same command goes on from the depot")


@dataclass(frozen=True, slots=True)
class Tls:
    """The files by which the parts of a fleet know each other: each has the same authority's certificate."""

    ca: str = ""
    cert: str = ""
    key: str = ""

    def build(self) -> Any:
        """Return what Dask takes; None without files. Raises SettingsError if they cannot be read."""
        if not self.ca:
            return None
        sides = {
            f"tls_{side}_{kind}": file
            for side in ("client", "scheduler", "worker")
            for kind, file in (("cert", self.cert), ("key", self.key))
        }
        security = _Security(tls_ca_file=self.ca, require_encryption=True, **sides)
        try:
            security.get_connection_args("client")
        except OSError as error:
            raise SettingsError([f"The TLS files of [fleet] cannot be used ({error})."]) from error
        return security


def make_own_tls(folder: Path) -> Tls:
    """Make a certificate for the parts of a fleet on this machine, in files that only its user can read."""
    made = Security.temporary()  # type: ignore[no-untyped-call]
    files = {"ca.pem": made.tls_ca_file, "own.pem": made.tls_client_cert, "own.key": made.tls_client_key}
    for name, content in files.items():
        write_privately(folder / name, content.encode())
    return Tls(*(str(folder / name) for name in files))


def check_address(address: str, tls: Tls) -> None:
    """Raise SettingsError for an address that others could listen at, or that TLS has no files for."""
    url = urlsplit(address)
    if url.scheme not in {"tcp", "tls"} or not url.hostname:
        raise SettingsError([f"{address} is no address of a scheduler: write tls://HOST:8786."])
    if url.scheme == "tcp" and not is_loopback(url.hostname):
        problem = "is tcp:// and not on this machine: whoever reaches such a port can run programs there"
        raise SettingsError([f"{address} {problem}. Use tls://."])
    if url.scheme == "tls" and not tls.ca:
        raise SettingsError([f"{address} needs tls_ca, tls_cert and tls_key in [fleet]."])


class Engine:
    """Hands names out. Not safe for several threads: it is the driver's."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._futures: dict[str, list[Any]] = {}
        """The tasks of each name: more than one where a worker stands still, for as long as that lasts."""
        self._numbers = count(1)

    def __len__(self) -> int:
        """How many names are handed out and have not ended."""
        return len(self._futures)

    def __contains__(self, name: str) -> bool:
        return name in self._futures

    def submit(self, name: str) -> None:
        """Hand a name out; one that is out already, once more. Raises EngineLostError.

        The task before is not taken back: a worker that stands still would look idle, and get the new one.
        """
        self._check()
        key = f"bring-{name}-{next(self._numbers)}-{time.time_ns()}"
        future = self._client.submit(bring, name, key=key, pure=False, retries=0)
        self._futures.setdefault(name, []).append(future)

    def done(self) -> list[str]:
        """Return the names whose tasks have ended since the last question. Raises EngineLostError.

        The depot knows what became of them. A result would have to be fetched from the worker that has it:
        for one that died in between, Dask waits for ever.
        """
        self._check()
        ended = [name for name, tasks in self._futures.items() if any(task.done() for task in tasks)]
        for name in ended:
            del self._futures[name]
        return ended

    def count_workers(self) -> tuple[int, int]:
        """Return how many workers there are, and how many accounts they bring at once."""
        self._check()
        try:
            threads = self._client.nthreads()
        except (OSError, TimeoutError) as error:
            raise EngineLostError from error
        return len(threads), sum(threads.values())

    def end_turns(self, reason: str) -> None:
        """Let what has begun end in good order, and begin nothing of the rest, until `begin_again`."""
        self._check()
        self._client.run(end_turns, reason)

    def begin_again(self) -> None:
        """Let workers begin turns again: those of the next driver."""
        self._check()
        self._client.run(begin_again)

    def _check(self) -> None:
        if self._client.status != "running":
            raise EngineLostError


_here: list[Worker] = []
"""The worker of this process; tasks name nothing but accounts."""


def bring(name: str) -> None:
    """Bring an account: the task."""
    _here[-1].bring(name)


def end_turns(reason: str) -> None:
    """End all turns of this process in good order, and begin none for a while."""
    _here[-1].close(reason, END_SECONDS)


def begin_again() -> None:
    """Begin turns again in this process."""
    _here[-1].reopen()


@contextmanager
def _working_here(worker: Worker) -> Iterator[None]:
    _here.append(worker)
    try:
        yield
    finally:
        _here.remove(worker)


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask tells much on standard error, and of accounts only their names; the depot knows more."""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with dask.config.set(_DASK):
        yield


@contextmanager
def embedded(worker: Worker, threads: int) -> Iterator[Engine]:
    """Work in threads of this process."""
    with (
        _quiet(),
        _working_here(worker),
        _Client(
            processes=False,
            n_workers=1,
            threads_per_worker=threads,
            dashboard_address=_PAGES,
            worker_dashboard_address=_PAGES,
            set_as_default=False,
            memory_limit=0,
        ) as client,
    ):
        yield Engine(client)


@contextmanager
def connected(address: str, tls: Tls = Tls()) -> Iterator[Engine]:
    """Hand out by a scheduler elsewhere. Raises SettingsError, EngineLostError."""
    check_address(address, tls)
    with _quiet():
        try:
            client = _Client(address, security=tls.build(), timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise EngineLostError from error
        try:
            yield Engine(client)
        finally:
            client.close(timeout=_ANSWER_SECONDS)


async def serve_scheduler(
    address: str, tls: Tls, until: asyncio.Event, ready: Callable[[str], None] = lambda _: None
) -> None:
    """Be a scheduler until the event: at tls://0.0.0.0:8786, or on this machine. Raises SettingsError."""
    check_address(address, tls)
    url = urlsplit(address)
    with _quiet():
        scheduler = distributed.Scheduler(
            host=url.hostname,
            port=url.port or 0,
            protocol=f"{url.scheme}://",
            security=tls.build(),
            dashboard=False,
            dashboard_address=_PAGES,
        )
        async with scheduler:
            ready(scheduler.address)
            await until.wait()


async def serve_worker(address: str, tls: Tls, worker: Worker, threads: int, until: asyncio.Event) -> None:
    """Be a worker process until the event; then its turns end in good order. Raises SettingsError.

    Without a scheduler it waits for one. Raises EngineLostError once its scheduler is gone.
    """
    check_address(address, tls)
    url = urlsplit(address)
    with _quiet(), _working_here(worker):
        serving: Any = distributed.Worker(
            address,
            nthreads=threads,
            host="127.0.0.1" if url.scheme == "tcp" else None,
            protocol=f"{url.scheme}://",
            security=tls.build(),
            dashboard=False,
            dashboard_address=_PAGES,
            memory_limit=0,
        )
        await serving
        ended = asyncio.ensure_future(serving.finished())
        asked = asyncio.ensure_future(until.wait())
        await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
        # Also without a scheduler: a turn that is cut off looks as if its account had killed this worker.
        worker.close("interrupted")
        while worker.is_busy:  # noqa: ASYNC110 - threads end its turns
            await asyncio.sleep(0.1)
        if ended.done():
            asked.cancel()
            raise EngineLostError
        await serving.close(timeout=_ANSWER_SECONDS)
