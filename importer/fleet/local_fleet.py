"""A scheduler and worker processes on this machine, for as long as a driver works.

```text
importer fleet run --processes 4
    scheduler    in a thread of this process, at tls://127.0.0.1:PORT
    4 workers    `importer fleet worker ADDRESS`; one that dies is started again
```

Another user of this machine can reach the port, and one who is let in can run programs. So also here both
sides show a certificate, which is made for this run and lies in a private folder.
"""

import asyncio
import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from importer.errors import StopRunError
from importer.fleet.engine import Tls, make_own_tls, serve_scheduler
from importer.fleet.local_workers import LocalWorkers

_START_SECONDS = 60.0
_END_SECONDS = 30.0


@contextmanager
def local_fleet(processes: int, words: Sequence[str]) -> Iterator[tuple[str, Tls]]:
    """Give the scheduler's address and the TLS files while the processes run. Raises StopRunError.

    `words` are the options of `importer fleet worker`.
    """
    with tempfile.TemporaryDirectory(prefix="fleet-") as folder:
        tls = make_own_tls(Path(folder))
        with _scheduler(tls) as address:
            files = {"CA": tls.ca, "CERT": tls.cert, "KEY": tls.key}
            environ = os.environ | {f"IMPORTER_FLEET_TLS_{kind}": file for kind, file in files.items()}
            command = [sys.executable, "-P", "-m", "importer", "fleet", "worker", address, *words]
            with LocalWorkers(command, processes, environ):
                yield address, tls


@contextmanager
def _scheduler(tls: Tls) -> Iterator[str]:
    found: list[str] = []
    is_ready = threading.Event()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def ready(address: str) -> None:
        found.append(address)
        is_ready.set()

    async def work() -> None:
        until = asyncio.Event()
        loops.append((asyncio.get_running_loop(), until))
        await serve_scheduler("tls://127.0.0.1:0", tls, until, ready)

    thread = threading.Thread(target=lambda: asyncio.run(work()), name="scheduler", daemon=True)
    thread.start()
    if not is_ready.wait(_START_SECONDS):
        raise StopRunError("the scheduler of this machine did not start; type the same command again")
    try:
        yield found[0]
    finally:
        loop, until = loops[0]
        loop.call_soon_threadsafe(until.set)
        thread.join(_END_SECONDS)
