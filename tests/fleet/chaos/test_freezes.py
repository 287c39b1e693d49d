"""Workers are frozen, and cut off from the database, past their leases: nothing is sent twice.

The short forms are in `tests/fleet/test_freezes.py`, without processes.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from importer.fleet.depot import State
from importer.fleet.opening import open_depot
from tests.fleet.chaos.machines import LEASE_SECONDS, Killer, Machines, machines
from tests.fleet.chaos.process import WITHOUT_LEASE
from tests.fleet.postgres import Cluster
from tests.fleet.site import KEY, Site, enrol, running_site

ACCOUNTS, ROWS, FREEZES = 24, 450, 4
FROZEN_SECONDS = 2.5 * LEASE_SECONDS

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(not os.environ.get("FLEET_CHAOS"), reason="the long form: make chaos-fleet"),
]


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch, _no_settings: None) -> None:
    monkeypatch.setenv("IMPORTER_FLEET_KEY", KEY)


def freeze(pid: int) -> None:
    """Stop a process, and let it go on after its leases have ended: real processes have real leases."""
    os.kill(pid, signal.SIGSTOP)
    time.sleep(FROZEN_SECONDS)
    os.kill(pid, signal.SIGCONT)


def freeze_again_and_again(site: Site, fleet: Machines, address: str, folder: Path) -> int:
    """Freeze workers in the middle of accounts while all are brought; returns how many leases were lost."""
    # Five requests, one a second: an account is in the middle of it for a while.
    fleet.options = replace(fleet.options, defaults={"workers": 1, "verify": False})
    with open_depot(address) as depot, fleet.workers(2, 4) as workers:
        enrol(site, depot, folder, [f"user-{number:02}" for number in range(ACCOUNTS)], ROWS)
        driving = threading.Thread(target=fleet.drive)
        driving.start()
        killer = Killer(site, depot, workers)
        while killer.kills < FREEZES and driving.is_alive():
            seen = sum(site.puts.values())
            while sum(site.puts.values()) < seen + 300 and driving.is_alive():
                time.sleep(0.02)
            if pid := killer.kill_one(signal.SIGSTOP):
                freeze(pid)
        driving.join()
        assert depot.tally().states[State.WAITING] == ACCOUNTS
        return depot.tally().leases_lost


def test_frozen_workers_send_nothing_twice(tmp_path: Path, new_database: Callable[[], str]) -> None:
    address = new_database()
    with running_site() as site, machines(tmp_path, site, address) as fleet:
        lost = freeze_again_and_again(site, fleet, address, tmp_path)
        assert lost >= 1
        assert site.twice() == {}
        with open_depot(address) as depot:
            assert depot.tally().counts == {"rated": ACCOUNTS * ROWS}


def test_without_leases_frozen_workers_send_twice(tmp_path: Path, new_database: Callable[[], str]) -> None:
    """That the test before can fail."""
    address = new_database()
    with running_site() as site, machines(tmp_path, site, address, **{WITHOUT_LEASE: "1"}) as fleet:
        freeze_again_and_again(site, fleet, address, tmp_path)
        assert site.twice()


@contextmanager
def running(command: list[str], environ: Mapping[str, str]) -> "Iterator[subprocess.Popen[bytes]]":
    """Run a process until the block ends, from when it says a line."""
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def test_workers_that_are_cut_off_from_the_database_send_nothing_twice(
    tmp_path: Path, new_database: Callable[[], str], postgres: Cluster
) -> None:
    address = new_database()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    module = ("-m", "tests.fleet.chaos.process", "network", str(port), str(postgres.port))
    with (
        running_site() as site,
        machines(tmp_path, site, address.replace(str(postgres.port), str(port))) as cut,
        machines(tmp_path, site, address) as near,
        open_depot(address) as depot,
        running([sys.executable, *module], cut.environ) as network,
    ):
        defaults = {"workers": 1, "verify": False}
        cut.options = replace(cut.options, defaults=defaults)
        near.options = replace(near.options, defaults=defaults)
        near.port = cut.port  # one scheduler, workers of both kinds
        enrol(site, depot, tmp_path, [f"user-{number:02}" for number in range(ACCOUNTS)], ROWS)
        with cut.workers(1, 4), near.workers(1, 4):
            driving = threading.Thread(target=near.drive)
            driving.start()
            cuts = 0
            while cuts < FREEZES and driving.is_alive():
                seen = sum(site.puts.values())
                while sum(site.puts.values()) < seen + 300 and driving.is_alive():
                    time.sleep(0.02)
                freeze(network.pid)
                cuts += 1
            driving.join()
        assert site.twice() == {}
        assert depot.tally().counts == {"rated": ACCOUNTS * ROWS}
