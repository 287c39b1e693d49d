"""A worker process, or a scheduler, for tests: `python -m tests.fleet.worker_main worker ADDRESS OPTIONS`."""

import asyncio
import json
import signal
import sys

from importer.fleet.bringing import FleetOptions
from importer.fleet.engine import EngineLostError, Tls, serve_scheduler, serve_worker
from importer.fleet.worker import open_worker


def print_address(address: str) -> None:
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()


async def main(what: str, address: str, options: str, threads: str) -> None:
    until = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, until.set)
    if what == "scheduler":
        await serve_scheduler(address, Tls(), until, print_address)
        return
    with open_worker(FleetOptions(**json.loads(options))) as (worker, _):
        try:
            await serve_worker(address, Tls(), worker, int(threads), until)
        except EngineLostError:
            sys.exit(3)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
