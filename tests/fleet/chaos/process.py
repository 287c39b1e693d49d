"""The parts of a fleet as processes: `python -m tests.fleet.chaos.process ROLE ADDRESS OPTIONS THREADS`.

A role is scheduler, worker or driver. `FLEET_TEST_*` say how a worker is to die, and what it goes without.
"""

import asyncio
import json
import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from importer.errors import ImporterError
from importer.fleet import alone, alone_child, bringing, saving
from importer.fleet.bringing import FleetOptions
from importer.fleet.depot import Pulse
from importer.fleet.driver import Driver
from importer.fleet.engine import Tls, connected, serve_scheduler, serve_worker
from importer.fleet.lease import Leases
from importer.fleet.opening import open_depot
from importer.fleet.postgres_work import PostgresWork
from importer.fleet.saved import pack
from importer.fleet.worker import open_worker
from importer.sync.job import run_job

POISON = "FLEET_TEST_POISON"
"""The name of an account whose turn kills its process."""
DIES_RENEWED = "FLEET_TEST_DIES_RENEWED"
"""Whether the process dies once a renewed token pair is in the depot."""
WITHOUT_LEASE = "FLEET_TEST_WITHOUT_LEASE"
"""Whether leases are not asked before a request: what a fleet would be that believes its engine."""
WITHOUT_MARKS = "FLEET_TEST_WITHOUT_MARKS"
"""Whether nothing is saved before the first request."""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def prepare() -> None:
    """Do to this process what the test wants done to it."""
    patch = pytest.MonkeyPatch()
    if poison := os.environ.get(POISON):

        def run_or_die(name: str, *rest: Any) -> Any:
            if name == poison:
                die()
            return run_job(name, *rest)

        patch.setattr(bringing, "run_job", run_or_die)
        patch.setattr(alone, "CHILD", ("-m", "tests.fleet.chaos.process", "child"))
    if os.environ.get(DIES_RENEWED):
        store = PostgresWork.store_secrets

        def store_and_die(self: PostgresWork, *rest: Any) -> None:
            store(self, *rest)
            die()

        patch.setattr(PostgresWork, "store_secrets", store_and_die)
    if os.environ.get(WITHOUT_LEASE):

        async def always(self: Leases, held: object) -> None:
            del self, held

        beat = PostgresWork.beat

        def hear_nothing(self: PostgresWork, *rest: Any) -> Pulse:
            return replace(beat(self, *rest), lost=frozenset())

        patch.setattr(Leases, "may_send", always)
        patch.setattr(PostgresWork, "beat", hear_nothing)
    if os.environ.get(WITHOUT_MARKS):
        patch.setattr(saving, "pack_marked", lambda folder, _: pack(folder))


async def serve(role: str, address: str, options: str, threads: str) -> None:
    until = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, until.set)
    if role == "scheduler":
        await serve_scheduler(address, Tls(), until, print_address)
        return
    with open_worker(FleetOptions(**json.loads(options))) as (worker, _):
        await serve_worker(address, Tls(), worker, int(threads), until)


async def stand_between(port: int, target: int) -> None:
    """Pass bytes on from one port to another: frozen, it is a network that is cut."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pass_on(reader, back), pass_on(there, writer))

    server = await asyncio.start_server(connect, "127.0.0.1", port)
    print_address("ready")
    await server.serve_forever()


def print_address(address: str) -> None:
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()


def drive(address: str, options: str) -> int:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    wanted = FleetOptions(**json.loads(options))
    with open_depot(wanted.depot) as depot, connected(address) as engine:
        return Driver(depot, engine, stop=stop, again_seconds=wanted.lease_seconds).run()


def main(role: str, *words: str) -> int:
    prepare()
    try:
        if role == "child":
            alone_child.main()
        elif role == "driver":
            return drive(*words[:2])
        elif role == "network":
            asyncio.run(stand_between(*map(int, words)))
        else:
            asyncio.run(serve(role, *words))
    except ImporterError as error:
        sys.stderr.write(f"{role}: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
