"""The engine: embedded, over a port of this machine, and over TLS."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from importer.errors import SettingsError
from importer.fleet.bringing import FleetOptions
from importer.fleet.depot import State
from importer.fleet.driver import Driver
from importer.fleet.engine import (
    EngineLostError,
    Tls,
    check_address,
    connected,
    embedded,
    serve_scheduler,
    serve_worker,
)
from importer.fleet.worker import open_worker
from tests.fleet.certificates import make_tls
from tests.fleet.postgres import Cluster
from tests.fleet.site import Site, enrol


@contextmanager
def scheduler(tls: Tls = Tls()) -> Iterator[str]:  # noqa: B008 - a value
    """Run a scheduler in a thread, and give its address."""
    ready, addresses = threading.Event(), []
    stops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        until = asyncio.Event()
        stops.append((asyncio.get_running_loop(), until))

        def note(address: str) -> None:
            addresses.append(address)
            ready.set()

        await serve_scheduler(f"{'tls' if tls.ca else 'tcp'}://127.0.0.1:0", tls, until, note)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(30)
    try:
        yield addresses[0]
    finally:
        [(loop, until)] = stops
        loop.call_soon_threadsafe(until.set)
        thread.join(30)


def listening_addresses() -> set[str]:
    """The addresses at which this process can be reached."""
    found = psutil.Process().net_connections("inet")
    return {each.laddr.ip for each in found if each.status == psutil.CONN_LISTEN}


def test_embedded_it_brings_all_accounts_in_threads(site: Site, tmp_path: Path) -> None:
    names = [f"user-{number}" for number in range(12)]
    with open_worker(FleetOptions()) as (worker, depot):
        enrol(site, depot, tmp_path, names, rows=5)
        with embedded(worker, 4) as engine:
            assert engine.count_workers() == (1, 4)
            assert listening_addresses() <= {"127.0.0.1"}, "nobody else can reach it"
            assert Driver(depot, engine).run() == 0
            assert Driver(depot, engine).run() == 0, "nothing is due"
    assert {site.count_stored(name) for name in names} == {5}
    assert site.twice() == {}


def test_interrupted_it_lets_turns_end_and_the_same_command_goes_on(tmp_path: Path, site: Site) -> None:
    names = [f"user-{number:02}" for number in range(30)]
    stop = threading.Event()
    with open_worker(FleetOptions()) as (worker, depot):
        enrol(site, depot, tmp_path, names, rows=5)
        with embedded(worker, 3) as engine:
            assert Driver(depot, engine, told=lambda _: stop.set(), stop=stop).run() == 3
            states = depot.tally().states
            assert states[State.RUNNING] == 0
            assert states[State.DUE] >= 20
            assert Driver(depot, engine).run() == 0
    assert {site.count_stored(name) for name in names} == {5}
    assert site.twice() == {}


def test_over_tls_a_worker_elsewhere_brings_the_accounts(site: Site, tmp_path: Path) -> None:
    tls = make_tls(tmp_path, "fleet")
    with open_worker(FleetOptions()) as (worker, depot), scheduler(tls) as address:
        enrol(site, depot, tmp_path, ["ada", "bob"], rows=5)
        assert address.startswith("tls://")
        until: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

        async def work() -> None:
            ends = asyncio.Event()
            until.append((asyncio.get_running_loop(), ends))
            await serve_worker(address, tls, worker, 2, ends)

        thread = threading.Thread(target=asyncio.run, args=(work(),))
        thread.start()
        with connected(address, tls) as engine:
            assert Driver(depot, engine).run() == 0
        [(loop, ends)] = until
        loop.call_soon_threadsafe(ends.set)
        thread.join(30)
        assert not thread.is_alive()
    assert (site.count_stored("ada"), site.count_stored("bob")) == (5, 5)


def test_who_has_a_certificate_of_another_authority_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importer.fleet.engine.CONNECT_SECONDS", 2)
    tls = make_tls(tmp_path, "fleet")
    with scheduler(tls) as address:
        with pytest.raises(EngineLostError), connected(address, make_tls(tmp_path, "stranger")):
            pass
        with connected(address, tls) as engine:
            assert engine.count_workers() == (0, 0)
            assert listening_addresses() <= {"127.0.0.1"}


@pytest.mark.parametrize(
    "address",
    ["tcp://10.0.0.1:8786", "tcp://scheduler:8786", "tcp://0.0.0.0:8786", "http://127.0.0.1:1", "x"],
)
def test_an_address_that_others_could_listen_at_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match=r"tls://"):
        check_address(address, Tls())
    with pytest.raises(SettingsError), connected(address):
        pass
    with pytest.raises(SettingsError):
        asyncio.run(serve_scheduler(address, Tls(), asyncio.Event()))


def test_tls_needs_its_files(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="tls_ca, tls_cert and tls_key"):
        check_address("tls://scheduler:8786", Tls())
    nowhere = Tls(*(str(tmp_path / name) for name in ("ca", "cert", "key")))
    with pytest.raises(SettingsError, match="TLS files"), connected("tls://127.0.0.1:1", nowhere):
        pass


def test_a_scheduler_that_is_gone_is_told(tmp_path: Path) -> None:
    with scheduler() as address, connected(address) as engine:
        assert engine.count_workers() == (0, 0)
    with connected_after(address) as engine:
        assert engine is None


@contextmanager
def connected_after(address: str) -> Iterator[None]:
    """A scheduler that has ended lets nobody connect."""
    began = time.monotonic()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("importer.fleet.engine.CONNECT_SECONDS", 1)
        with pytest.raises(EngineLostError), connected(address):
            pass
    assert time.monotonic() - began < 60
    yield


def test_the_database_may_die_and_come_back_in_the_middle(
    site: Site, tmp_path: Path, new_database: Callable[[], str], postgres: Cluster
) -> None:
    names = [f"user-{number}" for number in range(8)]
    with open_worker(FleetOptions(new_database(), {"rate": "50/s"}, lease_seconds=4.0)) as (worker, depot):
        enrol(site, depot, tmp_path, names, rows=5)
        codes: list[int] = []
        with embedded(worker, 2) as engine:
            driving = threading.Thread(target=lambda: codes.append(Driver(depot, engine).run()))
            driving.start()
            while not site.puts:
                time.sleep(0.01)
            postgres.kill()
            time.sleep(1)  # for those at work to notice
            postgres.start()
            driving.join(120)
        assert codes == [0]
        assert depot.tally().counts == {"rated": 5 * len(names)}
    assert site.twice() == {}
