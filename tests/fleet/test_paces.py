"""Many accounts in one process: each keeps its own limit at the server, and all together the fleet's."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.fleet.bringing import FleetOptions
from importer.fleet.driver import Driver
from importer.fleet.engine import embedded
from importer.fleet.pace import KEPT_BACK
from importer.fleet.worker import open_worker
from tests.fleet.site import Site, enrol, running_site_in_real_time

ACCOUNTS = 64 if os.environ.get("FLEET_CHAOS") else 8
RATE = 25.0


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, _no_settings: None) -> Iterator[Site]:
    with running_site_in_real_time(post_rate="1/s") as site:
        for name, text in site.settings.items():
            monkeypatch.setenv(name, text)
        yield site


def test_no_account_is_refused_though_they_share_a_process(site: Site, tmp_path: Path) -> None:
    names = [f"user-{number:02}" for number in range(ACCOUNTS)]
    with open_worker(FleetOptions(defaults={"verify": False})) as (worker, depot):
        enrol(site, depot, tmp_path, names, rows=250)
        with embedded(worker, ACCOUNTS) as engine:
            assert Driver(depot, engine).run() == 0
    assert site.server.list_statuses("sync/ratings") == [201] * (3 * ACCOUNTS)
    assert site.twice() == {}


def test_all_together_they_keep_the_rate_of_the_fleet(site: Site, tmp_path: Path) -> None:
    names = [f"user-{number:02}" for number in range(8)]
    with open_worker(FleetOptions(lease_seconds=2.0)) as (worker, depot):
        enrol(site, depot, tmp_path, names, rows=20)
        depot.set_share(RATE * (1 - KEPT_BACK))
        worker._bringing.leases.beat()
        with embedded(worker, 8) as engine:
            assert Driver(depot, engine, RATE).run() == 0
    arrived = sorted(request.arrived for request in site.server.requests())
    shortest_seconds = (len(arrived) - 1) / RATE
    assert len(arrived) > RATE, "else nothing had to wait"
    assert arrived[-1] - arrived[0] >= shortest_seconds
