"""The driver: what it hands out, when it asks again, when it ends."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from importer.fleet.bringing import Brought, Outcome
from importer.fleet.depot import Claim, Depot, DepotUnreachableError, Ending, NewAccount
from importer.fleet.driver import DEPOT_PATIENCE_SECONDS, Driver
from importer.fleet.folder_depot import FolderDepot
from importer.fleet.pace import FleetPace, share_out

DAY = 86_400.0


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Hands:
    """Workers that bring an account in one tick, with the exit codes that a test names."""

    def __init__(self, depot: Depot, workers: int = 1, threads: int = 2) -> None:
        self.depot = depot
        self.workers, self.threads = workers, threads
        self.codes: dict[str, int] = {}
        self.standing: set[str] = set()
        """Accounts whose worker stands still."""
        self.broken: set[str] = set()
        """Accounts whose next task ends without having begun."""
        self.submitted: list[str] = []
        self.at_once = 0
        self.due_in_seconds = DAY
        self.ended = ""
        self.has_begun_again = False
        self._out: list[str] = []

    def __len__(self) -> int:
        return len(self._out)

    def __contains__(self, name: str) -> bool:
        return name in self._out

    def submit(self, name: str) -> None:
        self.submitted.append(name)
        if name not in self._out:
            self._out.append(name)
        self.at_once = max(self.at_once, len(self._out))

    def done(self) -> list[str]:
        out = [name for name in self._out if name not in self.standing]
        self._out = [name for name in self._out if name in self.standing]
        for name in out:
            self._bring(name)
        return out

    def count_workers(self) -> tuple[int, int]:
        return self.workers, self.workers * self.threads

    def end_turns(self, reason: str) -> None:
        self.ended = reason

    def begin_again(self) -> None:
        self.has_begun_again = True

    def _bring(self, name: str) -> None:
        if name in self.broken:
            self.broken.remove(name)
            return
        found = self.depot.claim(name, 30)
        if isinstance(found, Claim):
            self.depot.finish(found.lease, None, Ending(self.codes.get(name, 0), self.due_in_seconds))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def depot(tmp_path: Path, clock: Clock) -> Iterator[Depot]:
    with FolderDepot(tmp_path / "fleet", clock) as depot:
        yield depot


@pytest.fixture
def hands(depot: Depot) -> Hands:
    return Hands(depot)


def drive(depot: Depot, hands: Hands, clock: Clock, **more: object) -> Driver:
    return Driver(depot, hands, clock=clock, sleep=clock.sleep, **more)  # type: ignore[arg-type]


def add(depot: Depot, names: Sequence[str]) -> None:
    depot.add(NewAccount(name) for name in names)


def test_all_that_is_due_is_brought_once_with_few_handed_out_at_once(
    depot: Depot, hands: Hands, clock: Clock
) -> None:
    names = [f"user-{number:03}" for number in range(50)]
    add(depot, names)
    assert drive(depot, hands, clock).run() == 0
    assert sorted(hands.submitted) == names
    assert hands.at_once == 4, "twice the slots"
    assert depot.due(10) == []


def test_the_worst_exit_code_is_the_runs(depot: Depot, hands: Hands, clock: Clock) -> None:
    add(depot, ["a", "b", "c"])
    hands.codes = {"a": 1, "b": 3}
    told: list[Brought] = []
    assert drive(depot, hands, clock, told=told.append).run() == 3
    assert sorted((brought.name, brought.exit_code) for brought in told) == [("a", 1), ("b", 3), ("c", 0)]


def test_a_second_run_tries_again_what_stopped_and_nothing_else(
    depot: Depot, hands: Hands, clock: Clock
) -> None:
    add(depot, ["failed", "fine", "stopped"])
    hands.codes = {"failed": 1, "stopped": 3}
    drive(depot, hands, clock).run()
    again = Hands(depot)
    assert drive(depot, again, clock).run() == 0
    assert again.submitted == ["stopped"]


def test_what_came_back_as_it_was_is_handed_out_again_a_moment_later(
    depot: Depot, hands: Hands, clock: Clock
) -> None:
    add(depot, ["ada"])
    hands.broken = {"ada"}
    told: list[tuple[float, Outcome]] = []
    began = clock.now
    driver = drive(depot, hands, clock, told=lambda each: told.append((clock.now - began, each.outcome)))
    assert driver.run() == 0
    assert [outcome for _, outcome in told] == [Outcome.GIVEN_BACK, Outcome.ENDED]
    assert 1 <= told[1][0] - told[0][0] < 2


def test_what_a_worker_holds_that_stands_still_goes_to_another(
    depot: Depot, hands: Hands, clock: Clock
) -> None:
    add(depot, ["ada", "bob"])
    hands.standing = {"ada"}
    driver = drive(depot, hands, clock, again_seconds=20.0)
    began = clock.now
    submit = hands.submit

    def submit_again(name: str) -> None:
        if name in hands:
            hands.standing.clear()
            assert 20 <= clock.now - began < 25
        submit(name)

    hands.submit = submit_again  # type: ignore[method-assign]
    assert driver.run() == 0
    assert sorted(hands.submitted) == ["ada", "ada", "bob"]


def test_what_became_of_an_account_is_the_depots_to_say(depot: Depot, hands: Hands, clock: Clock) -> None:
    add(depot, ["aside", "fine", "out"])
    bring = hands._bring

    def end_otherwise(name: str) -> None:
        if name == "fine":
            return bring(name)
        found = depot.claim(name, 30)
        assert isinstance(found, Claim)
        if name == "aside":
            return depot.set_aside(found.lease, "its worker died")
        return depot.park(found.lease, None, Ending(3, DAY, "sign in again"))

    hands._bring = end_otherwise  # type: ignore[method-assign]
    told: list[Brought] = []
    assert drive(depot, hands, clock, told=told.append).run() == 3
    assert sorted((each.name, each.outcome, each.exit_code, each.message) for each in told) == [
        ("aside", Outcome.SET_ASIDE, 1, "its worker died"),
        ("fine", Outcome.ENDED, 0, ""),
        ("out", Outcome.SIGNED_OUT, 3, "sign in again"),
    ]


def test_a_run_waits_for_an_account_that_another_process_has(
    depot: Depot, hands: Hands, clock: Clock, tmp_path: Path
) -> None:
    add(depot, ["ada", "bob"])
    with FolderDepot(tmp_path / "fleet", clock) as other:
        found = other.claim("ada", 30)
        assert isinstance(found, Claim)
        driver = drive(depot, hands, clock)
        ticks = 0

        def sleep(seconds: float) -> None:
            nonlocal ticks
            clock.sleep(seconds)
            ticks += 1
            if ticks == 20:  # it dies: its lock is free, its turn has no end
                other.__exit__()

        driver.sleep = sleep
        driver.run()
    assert hands.submitted == ["bob", "ada"]


def test_asked_to_stop_it_lets_the_turns_end_and_keeps_the_rest_due(
    depot: Depot, hands: Hands, clock: Clock
) -> None:
    add(depot, [f"user-{number}" for number in range(20)])
    stop = threading.Event()
    driver = drive(depot, hands, clock, stop=stop, told=lambda _: stop.set())
    assert driver.run() == 3
    assert (hands.ended, hands.has_begun_again) == ("interrupted", True)
    assert len(hands.submitted) < 20
    assert len(depot.due(30)) == 20 - len(hands.submitted)


def test_serving_brings_what_becomes_due(depot: Depot, hands: Hands, clock: Clock) -> None:
    add(depot, ["ada"])
    stop = threading.Event()

    def tell(brought: Brought) -> None:
        if len(hands.submitted) == 3:
            stop.set()

    hands.due_in_seconds = 20.0
    drive(depot, hands, clock, stop=stop, told=tell).serve()
    assert hands.submitted == ["ada"] * 3
    assert clock.now - 1_000_000 >= 40


def test_the_rate_is_shared_out_anew_when_workers_come(depot: Depot, hands: Hands, clock: Clock) -> None:
    add(depot, ["ada"])
    stop, shares = threading.Event(), []

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        shares.append(depot.beat((), 30).share)
        if len(shares) == 5:
            hands.workers = 3
        if len(shares) == 20:
            stop.set()

    driver = drive(depot, hands, clock, rate=300.0, stop=stop)
    driver.sleep = sleep
    driver.serve()
    assert (shares[0], shares[-1]) == (270.0, 90.0)


def test_after_a_pause_of_the_fleet_it_goes_a_tenth_slower(depot: Depot, hands: Hands, clock: Clock) -> None:
    stop, ticks = threading.Event(), 0

    def sleep(seconds: float) -> None:
        nonlocal ticks
        clock.sleep(seconds)
        ticks += 1
        if ticks == 3:
            depot.pause_all(5)
        if ticks == 30:
            stop.set()

    driver = drive(depot, hands, clock, rate=100.0, stop=stop)
    driver.sleep = sleep
    driver.serve()
    assert depot.beat((), 30).share == pytest.approx(81.0)


def test_a_depot_that_does_not_answer_is_waited_for_but_not_for_ever(
    depot: Depot, hands: Hands, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(depot, ["ada"])
    due, asked = depot.due, 0

    def fail(limit: int) -> Sequence[str]:
        nonlocal asked
        asked += 1
        if asked < 20:
            raise DepotUnreachableError("no answer")
        return due(limit)

    monkeypatch.setattr(depot, "due", fail)
    assert drive(depot, hands, clock).run() == 0
    asked = -1_000_000
    began = clock.now
    with pytest.raises(DepotUnreachableError):
        drive(depot, hands, clock).run()
    assert clock.now - began >= DEPOT_PATIENCE_SECONDS


def test_a_share_is_the_rate_without_what_is_kept_back() -> None:
    assert share_out(None, 4) is None
    assert share_out(100.0, 4) == 22.5
    assert share_out(100.0, 0) == 90.0


def test_the_requests_of_a_process_are_spaced() -> None:
    clock = Clock()
    pace = FleetPace(clock)
    assert [pace.take() for _ in range(3)] == [0, 0, 0], "without a rate nothing waits"
    pace.set_rate(4.0)
    assert [pace.take() for _ in range(4)] == [0, 0.25, 0.5, 0.75]
    clock.sleep(10)
    assert [pace.take() for _ in range(2)] == [0, 0.25], "time that has passed is not saved up"
