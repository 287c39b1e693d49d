"""Machines of a fleet: a scheduler, workers that are started again when they die, a driver."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from importer.fleet.bringing import FleetOptions
from importer.fleet.depot import Depot, State
from importer.fleet.local_workers import LocalWorkers
from tests.command import inherit
from tests.fleet.site import Site

LEASE_SECONDS = 4.0
LONGEST_SECONDS = 280.0
ROOT = Path(__file__).parents[3]


class Machines:
    """What a test does to them, and how it waits for what they do."""

    def __init__(self, folder: Path, site: Site, depot_address: str, **more: str) -> None:
        self.environ = inherit() | site.settings | more
        self.environ |= {
            "HOME": str(folder / "home"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "IMPORTER_STATE_DIR": str(folder / "state"),
            "PYTHONPATH": str(ROOT),
        }
        self.options = FleetOptions(depot_address, lease_seconds=LEASE_SECONDS, scratch=str(folder))
        self.port = 0
        self.scheduler = self.start_scheduler()
        self.driver: subprocess.Popen[bytes] | None = None
        self.driver_codes: list[int] = []

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def command(self, role: str, threads: int = 1) -> list[str]:
        options = json.dumps(asdict(self.options))
        return [
            *(sys.executable, "-m", "tests.fleet.chaos.process", role),
            *(self.address, options, str(threads)),
        ]

    def start_scheduler(self) -> "subprocess.Popen[str]":
        """Start it, at the same port as the one before."""
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        started = subprocess.Popen(
            self.command("scheduler"), env=self.environ, stdout=subprocess.PIPE, encoding="utf-8"
        )
        assert started.stdout is not None
        with started.stdout:
            assert started.stdout.readline().strip() == self.address
        return started

    def drive(self) -> int:
        """Drive until all is brought; a driver that stopped or died is started again."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while True:
            self.driver = subprocess.Popen(self.command("driver"), env=self.environ)
            try:
                code = self.driver.wait(max(1.0, deadline - time.monotonic()))
            finally:
                self.driver.kill()
                self.driver.wait()
            self.driver_codes.append(code)
            if code not in {3, -signal.SIGKILL}:
                return code

    @contextmanager
    def workers(self, processes: int, threads: int) -> Iterator[LocalWorkers]:
        with LocalWorkers(self.command("worker", threads), processes, self.environ) as workers:
            yield workers


@contextmanager
def machines(folder: Path, site: Site, depot_address: str, **more: str) -> Iterator[Machines]:
    found = Machines(folder, site, depot_address, **more)
    try:
        yield found
    finally:
        found.scheduler.kill()
        found.scheduler.wait()


class Killer:
    """Kills workers that hold accounts, each time some more was stored."""

    def __init__(self, site: Site, depot: Depot, workers: LocalWorkers, seed: int = 1) -> None:
        self._site = site
        self._depot = depot
        self._workers = workers
        self._draw = random.Random(seed)
        self.kills = 0

    def kill_one(self, number: signal.Signals = signal.SIGKILL) -> int | None:
        """Kill a worker that is at work; None if none is. Returns its process id."""
        holders = {
            int(account.holder.rpartition("/")[2])
            for account in self._depot.accounts([State.RUNNING], limit=1000)
        }
        busy = sorted(holders & set(self._workers.pids))
        if not busy:
            return None
        pid = self._draw.choice(busy)
        os.kill(pid, number)
        self.kills += 1
        return pid

    def kill_until(self, kills: int, stored: int, is_over: Callable[[], bool] = lambda: False) -> None:
        """Kill so often, each time that `stored` more ratings are at the site."""
        seen, deadline = 0, time.monotonic() + LONGEST_SECONDS
        while self.kills < kills and not is_over() and time.monotonic() < deadline:
            now = sum(self._site.puts.values())
            if now >= seen + stored and self.kill_one() is not None:
                seen = now
            time.sleep(0.02)
