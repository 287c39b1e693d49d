"""A lease is believed for three quarters of it, and what nobody confirms is not sent."""

import asyncio
from collections.abc import Iterable
from typing import Any, cast

import pytest

from importer.errors import StopRunError
from importer.fleet.crowd import Crowd
from importer.fleet.depot import Claim, Depot, DepotUnreachableError, Lease, LeaseLostError, Pulse
from importer.fleet.lease import PATIENCE_LEASES, Gate, Held, Leases
from importer.http import Response
from tests.virtual_time import run_in_virtual_time

SECONDS = 40.0


class Beaten:
    """A depot that answers beats as the test says."""

    def __init__(self) -> None:
        self.pulse = Pulse()
        self.is_cut_off = False
        self.takes_seconds = 0.0
        self.now = 0.0
        self.beaten: list[Lease] = []
        self.pauses: list[float] = []

    def claim(self, name: str, seconds: float, holder: str, *, early: bool) -> Claim:
        self.now += self.takes_seconds
        return Claim(Lease(name, 1), {}, None, None, None, 0, "")

    def beat(self, leases: Iterable[Lease], seconds: float) -> Pulse:
        if self.is_cut_off:
            raise DepotUnreachableError("cut off")
        self.beaten = list(leases)
        return self.pulse

    def pause_all(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.fixture
def depot() -> Beaten:
    return Beaten()


def open_leases(depot: Beaten) -> Leases:
    """Leases that are beaten by hand, by the clock of the loop."""
    return Leases(cast("Depot", depot), SECONDS, lambda: asyncio.get_running_loop().time() + depot.now)


def take(leases: Leases, name: str = "ada") -> Held:
    found = leases.claim(name)
    assert isinstance(found, tuple)
    return found[1]


async def seconds_until_sent(leases: Leases, held: Held) -> float:
    began = asyncio.get_running_loop().time()
    await leases.may_send(held)
    return asyncio.get_running_loop().time() - began


def test_it_counts_from_the_question_and_for_three_quarters(depot: Beaten) -> None:
    async def check() -> None:
        depot.takes_seconds = 10.0  # the answer was slow: the depot counts from then, this process does not
        leases = open_leases(depot)
        held = take(leases)
        assert await seconds_until_sent(leases, held) == 0
        await asyncio.sleep(0.75 * SECONDS - 10 - 1)
        assert await seconds_until_sent(leases, held) == 0
        await asyncio.sleep(1)
        with pytest.raises(LeaseLostError):
            await leases.may_send(held)

    run_in_virtual_time(check())


def test_a_late_beat_that_finds_the_lease_still_ours_lets_the_request_leave(depot: Beaten) -> None:
    async def check() -> None:
        leases = open_leases(depot)
        held = take(leases)
        with leases.working(held):
            await asyncio.sleep(10 * SECONDS)  # the machine slept
            sending = asyncio.create_task(seconds_until_sent(leases, held))
            await asyncio.sleep(5)
            assert not sending.done()
            leases.beat()
            assert await sending == pytest.approx(5, abs=0.5)

    run_in_virtual_time(check())


def test_a_lease_that_another_has_ends_the_run_at_once(depot: Beaten) -> None:
    async def check() -> None:
        leases = open_leases(depot)
        held = take(leases)
        with leases.working(held):
            depot.pulse = Pulse(lost=frozenset({"ada"}))
            leases.beat()
            assert isinstance(held.stop.error, LeaseLostError)
            with pytest.raises(LeaseLostError):
                await leases.may_send(held)

    run_in_virtual_time(check())


def test_without_an_answer_of_the_depot_a_request_waits_and_then_gives_up(depot: Beaten) -> None:
    async def check() -> None:
        leases = open_leases(depot)
        held = take(leases)
        with leases.working(held):
            await asyncio.sleep(SECONDS)
            began = asyncio.get_running_loop().time()
            with pytest.raises(LeaseLostError):
                await leases.may_send(held)
            waited = asyncio.get_running_loop().time() - began
            assert waited == pytest.approx(PATIENCE_LEASES * SECONDS, abs=1)

    run_in_virtual_time(check())


def test_only_what_is_worked_on_is_extended(depot: Beaten) -> None:
    async def check() -> None:
        leases = open_leases(depot)
        ada, bob = take(leases), take(leases, "bob")
        with leases.working(ada):
            with leases.working(bob):
                leases.beat()
                assert {lease.name for lease in depot.beaten} == {"ada", "bob"}
            leases.beat()
            assert depot.beaten == [ada.lease], "a turn that failed leaves no lease that lives for ever"

    run_in_virtual_time(check())


def test_a_pause_of_the_fleet_holds_every_request(depot: Beaten) -> None:
    async def check() -> None:
        leases = open_leases(depot)
        held = take(leases)
        depot.pulse = Pulse(pause_seconds=7)
        leases.beat()
        assert await seconds_until_sent(leases, held) == pytest.approx(7, abs=0.5)

    run_in_virtual_time(check())


def test_who_stops_the_process_stops_every_run(depot: Beaten) -> None:
    async def check() -> None:
        leases = open_leases(depot)
        held = take(leases)
        with leases.working(held):
            leases.stop(StopRunError("interrupted"))
            with pytest.raises(StopRunError, match="interrupted"):
                await leases.may_send(held)

    run_in_virtual_time(check())


def test_many_accounts_that_are_refused_at_once_pause_all(depot: Beaten) -> None:
    async def check() -> None:
        leases = open_leases(depot)
        refusal: Any = Response(429, {"Retry-After": "12"}, b"")
        gates = [Gate(leases, take(leases, name)) for name in ("ada", "bob", "cy")]
        for gate in gates[:2]:
            gate.answered(refusal)
        assert await seconds_until_sent(leases, gates[0].held) == 0, "two may be chance"
        gates[2].answered(refusal)
        assert await seconds_until_sent(leases, gates[0].held) == pytest.approx(12, abs=0.5)

    run_in_virtual_time(check())


def test_refusals_of_one_account_or_of_long_ago_say_nothing_about_the_others() -> None:
    now = 0.0
    crowd = Crowd(lambda: now)
    assert [crowd.note("ada", None) for _ in range(9)] == [0] * 9
    crowd.note("bob", None)
    now = 60.0
    assert crowd.note("cy", None) == 0
    assert (crowd.note("di", None), crowd.note("ed", None)) == (0, 10)
