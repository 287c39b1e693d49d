"""A worker that stood still past its lease sends nothing and saves nothing more; without it, it would."""

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.fleet import saving
from importer.fleet.bringing import Brought, FleetOptions, Outcome
from importer.fleet.depot import Depot, Lease, Pulse
from importer.fleet.lease import Held
from importer.fleet.saved import pack
from importer.fleet.worker import Worker, open_worker
from tests.fleet.site import Site, enrol

ROWS = 250
"""Three requests of 100 at most."""


class Frozen:
    """A worker that stands still, with its beats, after its first request, until it is thawed."""

    def __init__(self, site: Site, worker: Worker, *, asks: bool) -> None:
        self._site = site
        self._worker = worker
        self._asks = asks
        self.stands = threading.Event()
        self.thawed = threading.Event()
        self.brought: list[Brought] = []
        leases = worker._bringing.leases
        self._may_send, self._beat = leases.may_send, leases.beat
        leases.may_send = self.may_send  # type: ignore[method-assign]
        leases.beat = self.beat  # type: ignore[method-assign]
        self.thread = threading.Thread(target=self._bring)

    def _bring(self) -> None:
        self.brought.append(self._worker.bring("ada"))

    async def may_send(self, held: Held) -> None:
        if sum(self._site.puts.values()) >= 100 and not self.thawed.is_set():
            self.stands.set()
            await asyncio.to_thread(self.thawed.wait)
        if self._asks:
            await self._may_send(held)

    def beat(self) -> Pulse:
        return Pulse() if self.stands.is_set() and not self.thawed.is_set() else self._beat()


def bring_when_free(worker: Worker) -> Brought:
    while True:
        brought = worker.bring("ada")
        if brought.outcome is not Outcome.REFUSED:
            return brought
        time.sleep(0.1)


def freeze_one(site: Site, address: str, folder: Path, *, asks: bool) -> tuple[Brought, Brought, Depot]:
    """Let one worker stand still past its lease, another one bring the account, and thaw the first."""
    options = FleetOptions(address, {"rate": "50/s", "workers": 1}, lease_seconds=2.0)
    with open_worker(options) as (first, depot), open_worker(options) as (second, _):
        enrol(site, depot, folder, ["ada"], ROWS)
        frozen = Frozen(site, first, asks=asks)
        frozen.thread.start()
        assert frozen.stands.wait(60)
        other = bring_when_free(second)
        frozen.thawed.set()
        frozen.thread.join(60)
        return frozen.brought[0], other, depot


def test_what_was_frozen_past_its_lease_sends_nothing_and_saves_nothing(
    site: Site, tmp_path: Path, new_database: Callable[[], str]
) -> None:
    address = new_database()
    first, second, _ = freeze_one(site, address, tmp_path, asks=True)
    assert (first.outcome, second.outcome, second.exit_code) == (Outcome.LOST, Outcome.ENDED, 0)
    assert site.count_stored("ada") == ROWS
    assert site.twice() == {}
    with open_worker(FleetOptions(address)) as (_, depot):
        assert depot.tally().counts == {"rated": ROWS}
        assert depot.tally().leases_lost == 1


def test_a_token_that_was_renewed_survives_the_death_of_its_worker(
    site: Site, tmp_path: Path, new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = FleetOptions(new_database(), lease_seconds=2.0)
    with open_worker(options) as (first, depot), open_worker(options) as (second, _):
        pairs = enrol(site, depot, tmp_path, ["ada"], 5)
        site.expire(pairs["ada"])
        dead = Frozen(site, first, asks=True)
        store = depot.store_secrets

        def store_and_die(lease: Lease, sealed: bytes) -> None:
            store(lease, sealed)
            dead.stands.set()
            dead.thawed.wait()

        monkeypatch.setattr(depot, "store_secrets", store_and_die)
        dead.thread.start()
        assert dead.stands.wait(60)
        brought = bring_when_free(second)
        dead.thawed.set()
        dead.thread.join(60)
    assert (brought.outcome, brought.exit_code) == (Outcome.ENDED, 0), brought
    assert site.count_stored("ada") == 5
    assert site.server.list_statuses("oauth/token") == [200], "it was renewed once"


def test_without_the_lease_it_sends_ratings_twice(
    site: Site, tmp_path: Path, new_database: Callable[[], str]
) -> None:
    """That the test before can fail."""
    freeze_one(site, new_database(), tmp_path, asks=False)
    assert len(site.twice()) >= 50


def test_without_the_marked_copy_rows_are_told_as_unchanged(
    site: Site, tmp_path: Path, new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That the other one can fail: what the dead worker sent looks as if it had been there before."""
    monkeypatch.setattr(saving, "pack_marked", lambda folder, _: pack(folder))
    address = new_database()
    freeze_one(site, address, tmp_path, asks=True)
    assert site.twice() == {}
    with open_worker(FleetOptions(address)) as (_, depot):
        assert depot.tally().counts == {"rated": ROWS - 100, "unchanged": 100}
