"""Workers are killed in the middle of everything; each rating is stored once, and each row says `rated`.

`make chaos-fleet` runs the long form: 200 accounts of 50 rows, 4 workers, 15 kills and more.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.fleet.depot import State
from importer.fleet.opening import open_depot
from tests.fleet.chaos.machines import Killer, machines
from tests.fleet.chaos.process import DIES_RENEWED, POISON
from tests.fleet.postgres import Cluster
from tests.fleet.site import KEY, enrol, running_site

IS_LONG = bool(os.environ.get("FLEET_CHAOS"))

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch, _no_settings: None) -> None:
    monkeypatch.setenv("IMPORTER_FLEET_KEY", KEY)


def test_whoever_dies_each_rating_is_stored_once_and_told_as_rated(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    accounts, rows, processes, threads, kills = (200, 50, 4, 8, 15) if IS_LONG else (12, 20, 2, 4, 3)
    faults = ("503%3", "hang=40s%30") if IS_LONG else ("500@3", "hang=60s%50")
    names = [f"user-{number:03}" for number in range(accounts)]
    address = new_database()
    with (
        running_site(*faults) as site,
        open_depot(address) as depot,
        machines(tmp_path, site, address) as fleet,
    ):
        enrol(site, depot, tmp_path, names, rows)
        codes: list[int] = []
        with fleet.workers(processes, threads) as workers:
            driving = threading.Thread(target=lambda: codes.append(fleet.drive()))
            driving.start()
            killer = Killer(site, depot, workers)
            killer.kill_until(kills + 2, accounts * rows // (2 * kills), lambda: not driving.is_alive())
            driving.join()
        assert killer.kills >= kills
        assert {name: site.count_stored(name) for name in names} == dict.fromkeys(names, rows)
        assert site.twice() == {}
        tally = depot.tally()
        assert (tally.counts, tally.states[State.WAITING]) == ({"rated": accounts * rows}, accounts)
        assert tally.leases_lost >= 1, "somebody died with an account"
        assert codes == [0]

        # Another day, other workers: nothing is left to send.
        posts = len(site.server.list_statuses("sync/ratings"))
        for name in names:
            depot.resume(name)
        with fleet.workers(1, threads):
            assert fleet.drive() == 0
        assert len(site.server.list_statuses("sync/ratings")) == posts
        assert depot.tally().counts == {"unchanged": accounts * rows}


def test_a_poisoned_account_is_set_aside_and_no_innocent_one(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    names, address = [f"user-{number}" for number in range(6)], new_database()
    with (
        running_site() as site,
        open_depot(address) as depot,
        machines(tmp_path, site, address, **{POISON: "poison"}) as fleet,
    ):
        enrol(site, depot, tmp_path, [*names, "poison"], 5)
        with fleet.workers(2, 4):
            assert fleet.drive() == 1
        poisoned = depot.get("poison")
        assert (poisoned.state, poisoned.fence) == (State.SET_ASIDE, 3)
        assert "SIGKILL" in poisoned.note
        assert depot.tally().states[State.WAITING] == len(names)
        assert {site.count_stored(name) for name in names} == {5}
        assert site.twice() == {}


@pytest.mark.skipif(not IS_LONG, reason="the long form: make chaos-fleet")
def test_a_renewed_token_survives_its_workers_death(tmp_path: Path, new_database: Callable[[], str]) -> None:
    address = new_database()
    with (
        running_site() as site,
        open_depot(address) as depot,
        machines(tmp_path, site, address, **{DIES_RENEWED: "1"}) as fleet,
    ):
        pairs = enrol(site, depot, tmp_path, ["ada"], 5)
        site.expire(pairs["ada"])
        with fleet.workers(1, 1):
            assert fleet.drive() == 0
        account = depot.get("ada")
        assert (account.state, account.fence) == (State.WAITING, 2), "the first worker died"
        assert site.count_stored("ada") == 5
        assert len(site.server.list_statuses("oauth/token")) == 1, "the pair was renewed once"


@pytest.mark.skipif(not IS_LONG, reason="the long form: make chaos-fleet")
def test_scheduler_driver_and_database_die_in_one_run(
    tmp_path: Path, new_database: Callable[[], str], postgres: Cluster
) -> None:
    accounts, rows = 160, 50
    names, address = [f"user-{number:03}" for number in range(accounts)], new_database()
    with (
        running_site("503%3", "hang=40s%30") as site,
        open_depot(address) as depot,
        machines(tmp_path, site, address) as fleet,
    ):
        enrol(site, depot, tmp_path, names, rows)
        total = accounts * rows

        def wait_for(share: float) -> None:
            while sum(site.puts.values()) < share * total:
                threading.Event().wait(0.05)

        with fleet.workers(4, 8) as workers:
            killer = Killer(site, depot, workers)
            codes: list[int] = []
            driving = threading.Thread(target=lambda: codes.append(fleet.drive()))
            driving.start()
            wait_for(0.1)
            killer.kill_until(2, rows)
            wait_for(0.25)
            fleet.scheduler.kill()
            fleet.scheduler.wait()
            while 3 not in fleet.driver_codes:  # it has lost its scheduler, and says so
                threading.Event().wait(0.05)
            fleet.scheduler = fleet.start_scheduler()
            wait_for(0.45)
            assert fleet.driver is not None
            fleet.driver.kill()
            wait_for(0.6)
            postgres.kill()
            threading.Event().wait(4)
            postgres.start()
            killer.kill_until(6, rows, lambda: not driving.is_alive())
            driving.join()
            assert codes == [0]
            assert -9 in fleet.driver_codes
        assert {name: site.count_stored(name) for name in names} == dict.fromkeys(names, rows)
        assert site.twice() == {}
        assert depot.tally().counts == {"rated": total}
