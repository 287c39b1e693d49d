"""The commands of a fleet as on several machines: a depot in PostgreSQL, a scheduler with TLS, workers."""

import csv
import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path

import pytest

from importer.fleet.engine import Tls
from importer.interrupts import ask_to_end
from tests.fleet.certificates import make_tls
from tests.fleet.commands import Fleet, write_accounts
from tests.fleet.site import Site, running_site


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


@pytest.fixture
def fleet(tmp_path: Path, site: Site, new_database: Callable[[], str]) -> Fleet:
    tls = make_tls(tmp_path, "fleet")
    files = {f"IMPORTER_FLEET_TLS_{each.name.upper()}": getattr(tls, each.name) for each in fields(Tls)}
    return Fleet(tmp_path, site, IMPORTER_FLEET_DEPOT=new_database(), **files)


def _address(scheduler: "subprocess.Popen[str]") -> str:
    assert scheduler.stderr is not None
    return str(json.loads(scheduler.stderr.readline())["message"]).removeprefix("the scheduler is at ")


def test_driver_scheduler_and_workers_import_what_is_in_the_depot(
    fleet: Fleet, site: Site, tmp_path: Path
) -> None:
    names = [f"user{number}" for number in range(6)]
    assert fleet("add", str(write_accounts(site, tmp_path, names, 4))).returncode == 0
    for name in names:
        (tmp_path / f"{name}.csv").unlink()  # the depot has them
    with ExitStack() as started:

        def start(*words: str) -> "subprocess.Popen[str]":
            process = fleet.start(*words, "--log-format", "json")
            started.callback(process.communicate, timeout=120)
            started.callback(ask_to_end, process)
            return process

        address = _address(start("scheduler", "--listen", "tls://127.0.0.1:0"))
        workers = [start("worker", address, "--threads", "2") for _ in range(2)]
        ran = fleet.with_settings(IMPORTER_FLEET_SCHEDULER=address)("run")
        assert (ran.returncode, ran.stderr) == (0, "")
        assert ran.stdout.endswith("6 turns: 6 good\n")
    assert [worker.returncode for worker in workers] == [0, 0]
    assert [site.count_stored(name) for name in names] == [4] * 6
    assert not site.twice()
    assert fleet.states() == {"waiting": 6}
    results = csv.DictReader(fleet("results", "user3").stdout.splitlines())
    assert [line["status"] for line in results] == ["rated"] * 4


def test_who_has_no_certificate_of_ours_is_not_let_in(fleet: Fleet, tmp_path: Path) -> None:
    scheduler = fleet.start("scheduler", "--listen", "tls://127.0.0.1:0", "--log-format", "json")
    try:
        address = _address(scheduler)
        other = make_tls(tmp_path, "other")
        stranger = fleet.with_settings(
            IMPORTER_FLEET_SCHEDULER=address,
            IMPORTER_FLEET_TLS_CA=other.ca,
            IMPORTER_FLEET_TLS_CERT=other.cert,
            IMPORTER_FLEET_TLS_KEY=other.key,
        )
        refused = stranger("run")
        assert refused.returncode == 3
        assert "scheduler" in refused.stderr
    finally:
        ask_to_end(scheduler)
        scheduler.communicate(timeout=120)
