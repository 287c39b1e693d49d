"""Every depot does the same: one suite for the folder and for PostgreSQL."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from importer.errors import StopRunError, UsageError
from importer.fleet.depot import (
    Claim,
    Depot,
    Ending,
    Lease,
    LeaseLostError,
    NewAccount,
    Refusal,
    State,
    UnknownAccountError,
)
from importer.fleet.folder_depot import FolderDepot
from importer.fleet.postgres_depot import PostgresDepot

DAY = 86_400.0
DONE = Ending(0, DAY, run_id="20261130-080000-abcd", counts={"rated": 3, "not_found": 1})
STOPPED = Ending(3, DAY, "the server is in trouble")


class DepotConformance:
    """What a depot promises. `open_again` is another process's view of it."""

    @pytest.fixture
    def depot(self) -> Iterator[Depot]:
        raise NotImplementedError

    def open_again(self, depot: Depot) -> AbstractContextManager[Depot]:
        raise NotImplementedError

    def die(self, depot: Depot, name: str) -> Lease:
        """Claim the account and let its worker die, so long ago that its lease has ended."""
        raise NotImplementedError

    @pytest.fixture
    def ada(self, depot: Depot) -> Depot:
        depot.add(
            [NewAccount("ada", {"source": "/a.csv", "to": "trakt", "mirror": True}, b"sealed", b"a,b\n")]
        )
        return depot

    def claim(self, depot: Depot, name: str = "ada", *, early: bool = False) -> Claim:
        found = depot.claim(name, 30, "here", early=early)
        assert isinstance(found, Claim), found
        return found

    def refuse(self, depot: Depot, name: str = "ada") -> Refusal:
        found = depot.claim(name, 30, "there")
        assert isinstance(found, Refusal), found
        return found

    # Adding

    def test_a_new_account_is_due_and_has_what_was_added(self, ada: Depot) -> None:
        account = ada.get("ada")
        assert (account.state, account.fence, account.last) == (State.DUE, 0, None)
        assert account.keys == {"source": "/a.csv", "to": "trakt", "mirror": True}
        assert ada.due(10) == ["ada"]
        claim = self.claim(ada)
        assert (claim.sealed, claim.content, claim.copy, claim.deaths) == (b"sealed", b"a,b\n", None, 0)

    def test_adding_again_replaces_the_description_and_keeps_the_rest(self, ada: Depot) -> None:
        ada.finish(self.claim(ada).lease, b"state", DONE)
        assert ada.add([NewAccount("ada", {"to": "simkl"})]) == 1
        claim = self.claim(ada)
        assert (claim.keys, claim.sealed, claim.content) == ({"to": "simkl"}, b"sealed", b"a,b\n")
        assert (claim.copy, claim.run_id, claim.lease.fence) == (b"state", DONE.run_id, 2)

    def test_an_account_that_is_added_while_a_worker_has_it_stays_the_workers(self, ada: Depot) -> None:
        lease = self.claim(ada).lease
        ada.add([NewAccount("ada", {"to": "simkl"})])
        assert self.refuse(ada) is Refusal.HELD
        ada.finish(lease, None, DONE)

    def test_many_accounts_are_listed_in_pages_by_name(self, depot: Depot) -> None:
        names = [f"user-{number:04}" for number in range(700)]
        assert depot.add(NewAccount(name) for name in reversed(names)) == 700
        first = depot.accounts(limit=400)
        rest = depot.accounts([State.DUE], after=first[-1].name, limit=400)
        assert [each.name for each in (*first, *rest)] == names
        assert depot.accounts([State.RUNNING]) == []

    def test_a_removed_account_is_gone_with_all_that_it_had(self, ada: Depot) -> None:
        lease = self.claim(ada).lease
        with pytest.raises(StopRunError, match="a worker has this account now"):
            ada.remove("ada")
        ada.finish(lease, b"state", DONE)
        ada.remove("ada")
        assert ada.accounts() == []
        assert self.refuse(ada) is Refusal.UNKNOWN
        asked: list[Callable[[str], object]] = [ada.get, ada.remove, ada.copy_of, ada.resume]
        for ask in asked:
            with pytest.raises(UnknownAccountError):
                ask("ada")

    # Leases

    def test_of_many_that_claim_at_once_one_gets_it(self, ada: Depot) -> None:
        start = threading.Barrier(8)

        def claim(number: int) -> bool:
            start.wait()
            return isinstance(ada.claim("ada", 30, f"worker {number}"), Claim)

        with ThreadPoolExecutor(8) as threads:
            assert sum(threads.map(claim, range(8))) == 1

    def test_who_is_refused_learns_why(self, ada: Depot) -> None:
        lease = self.claim(ada).lease
        assert self.refuse(ada) is Refusal.HELD
        ada.finish(lease, None, DONE)
        assert self.refuse(ada) is Refusal.NOT_DUE

    def test_the_lease_of_a_dead_worker_goes_to_another_which_learns_of_the_death(self, ada: Depot) -> None:
        dead = self.die(ada, "ada")
        assert ada.get("ada").state is State.DUE
        assert ada.due(10) == ["ada"]
        claim = self.claim(ada)
        assert (claim.deaths, claim.lease.fence) == (1, dead.fence + 1)
        assert ada.tally().leases_lost == 1

    def test_who_was_thought_dead_can_change_nothing(self, ada: Depot) -> None:
        dead = self.die(ada, "ada")
        lease = self.claim(ada).lease
        ada.save(lease, b"newer")
        changes: list[Callable[[], None]] = [
            lambda: ada.save(dead, b"older"),
            lambda: ada.store_secrets(dead, b"older"),
            lambda: ada.finish(dead, b"older", DONE),
            lambda: ada.release(dead, b"older"),
            lambda: ada.park(dead, b"older", STOPPED),
            lambda: ada.set_aside(dead, "why"),
        ]
        for change in changes:
            with pytest.raises(LeaseLostError):
                change()
        assert ada.beat([dead], 30).lost == {"ada"}
        assert ada.beat([lease], 30).lost == frozenset()
        assert ada.copy_of("ada") == b"newer"
        assert self.refuse(ada) is Refusal.HELD, "the lease is still the other's"

    def test_a_lease_that_was_given_back_is_worth_nothing(self, ada: Depot) -> None:
        lease = self.claim(ada).lease
        ada.finish(lease, b"state", DONE)
        with pytest.raises(LeaseLostError):
            ada.save(lease, b"later")
        assert ada.beat([lease], 30).lost == {"ada"}

    def test_deaths_are_counted_until_an_ending(self, ada: Depot) -> None:
        self.die(ada, "ada")
        self.die(ada, "ada")
        claim = self.claim(ada)
        assert claim.deaths == 2
        ada.finish(claim.lease, None, DONE)
        assert self.claim(ada, early=True).deaths == 0

    def test_an_account_whose_worker_died_is_due_even_if_it_was_taken_early(self, ada: Depot) -> None:
        ada.finish(self.claim(ada).lease, None, DONE)
        self.die(ada, "ada")
        assert ada.due(10) == ["ada"]
        assert self.claim(ada).deaths == 1

    # Endings

    def test_what_is_saved_is_there_for_the_next_holder(self, ada: Depot) -> None:
        lease = self.claim(ada).lease
        ada.save(lease, b"marked")
        assert ada.copy_of("ada") == b"marked"
        ada.store_secrets(lease, b"renewed")
        ada.release(lease)
        claim = self.claim(ada)
        assert (claim.copy, claim.sealed, claim.deaths) == (b"marked", b"renewed", 0)

    def test_after_its_end_an_account_waits_and_tells_what_came_of_it(self, ada: Depot) -> None:
        ada.finish(self.claim(ada).lease, b"state", DONE)
        account = ada.get("ada")
        assert (account.state, account.last, account.holder) == (State.WAITING, DONE, "here")
        assert account.ended_at is not None
        assert (account.due_at - account.ended_at).total_seconds() == pytest.approx(DAY, abs=1)
        assert ada.due(10) == []

    def test_nothing_new_keeps_the_state_and_the_run(self, ada: Depot) -> None:
        ada.finish(self.claim(ada).lease, b"state", DONE)
        ada.finish(self.claim(ada, early=True).lease, None, replace(DONE, run_id=""))
        claim = self.claim(ada, early=True)
        assert (claim.copy, claim.run_id) == (b"state", DONE.run_id)

    def test_released_it_stays_due_with_what_was_saved(self, ada: Depot) -> None:
        ada.release(self.claim(ada).lease, b"half")
        assert ada.get("ada").state is State.DUE
        assert self.claim(ada).copy == b"half"

    def test_a_signed_out_account_waits_for_new_secrets(self, ada: Depot) -> None:
        ada.park(self.claim(ada).lease, b"state", replace(STOPPED, message="sign in again"))
        account = ada.get("ada")
        assert (account.state, account.note) == (State.SIGNED_OUT, "sign in again")
        assert ada.due(10) == []
        assert self.refuse(ada) is Refusal.ASIDE
        ada.add([NewAccount("ada", {"to": "trakt"})])
        assert ada.get("ada").state is State.SIGNED_OUT, "no new secrets came"
        ada.add([NewAccount("ada", {"to": "trakt"}, b"new")])
        assert (ada.get("ada").state, ada.get("ada").note) == (State.DUE, "")
        assert self.claim(ada).sealed == b"new"

    def test_accounts_whose_last_turn_failed_are_listed(self, ada: Depot) -> None:
        ada.add([NewAccount("bob"), NewAccount("cyd")])
        ada.finish(self.claim(ada, "ada").lease, None, DONE)
        ada.finish(self.claim(ada, "bob").lease, None, replace(DONE, exit_code=1))
        assert [each.name for each in ada.accounts(failed=True)] == ["bob"]
        assert ada.accounts([State.DUE], failed=True) == []
        assert len(ada.accounts()) == 3

    def test_sealed_secrets_are_listed_by_name(self, ada: Depot) -> None:
        ada.add([NewAccount("cyd", {}, b"c"), NewAccount("bob", {}), NewAccount("ada", {}, b"a")])
        assert ada.sealed() == [("ada", b"a"), ("cyd", b"c")]
        assert ada.sealed(limit=1) == [("ada", b"a")]
        assert ada.sealed(after="ada") == [("cyd", b"c")]

    def test_an_account_that_is_set_aside_waits_for_a_person(self, ada: Depot) -> None:
        ada.set_aside(self.claim(ada).lease, "its worker died")
        assert (ada.get("ada").state, ada.get("ada").note) == (State.SET_ASIDE, "its worker died")
        ada.add([NewAccount("ada", {"to": "trakt"}, b"new")])
        assert self.refuse(ada) is Refusal.ASIDE
        found = self.claim(ada, early=True)
        ada.finish(found.lease, b"undone", DONE)
        assert ada.get("ada").state is State.SET_ASIDE, "a person works on it, and has not resumed it"
        ada.resume("ada")
        assert self.claim(ada).deaths == 0

    def test_nobody_resumes_what_a_worker_has(self, ada: Depot) -> None:
        self.claim(ada)
        with pytest.raises(StopRunError, match="a worker has this account now"):
            ada.resume("ada")

    def test_a_person_who_begins_anew_tries_again_what_stopped(self, depot: Depot) -> None:
        depot.add([NewAccount("fine"), NewAccount("stopped")])
        depot.finish(self.claim(depot, "fine").lease, None, DONE)
        depot.finish(self.claim(depot, "stopped").lease, None, STOPPED)
        assert depot.due(10) == []
        assert depot.retry_stopped() == 1
        assert depot.due(10) == ["stopped"]
        assert depot.retry_stopped() == 0

    # The fleet

    def test_the_longest_due_comes_first(self, depot: Depot) -> None:
        for name in ("c", "a", "b"):
            depot.add([NewAccount(name)])
        assert depot.due(2) == ["c", "a"]

    def test_the_tally_counts_states_and_rows(self, depot: Depot) -> None:
        depot.add(NewAccount(name) for name in "abcde")
        depot.finish(self.claim(depot, "a").lease, b"state", DONE)
        depot.finish(self.claim(depot, "b").lease, None, replace(DONE, counts={"rated": 4}))
        depot.set_aside(self.claim(depot, "c").lease, "why")
        self.claim(depot, "d")
        tally = depot.tally()
        assert tally.states == {
            State.DUE: 1,
            State.RUNNING: 1,
            State.WAITING: 2,
            State.SIGNED_OUT: 0,
            State.SET_ASIDE: 1,
        }
        assert tally.counts == {"rated": 7, "not_found": 1}
        assert (tally.leases_lost, tally.saves, tally.share) == (0, 1, None)
        assert tally.overdue_seconds >= 0

    def test_a_beat_tells_what_concerns_all(self, ada: Depot) -> None:
        assert (ada.beat((), 30).pause_seconds, ada.beat((), 30).share) == (0, None)
        ada.set_share(12.5)
        ada.pause_all(60)
        ada.pause_all(5)
        with self.open_again(ada) as other:
            pulse = other.beat((), 30)
        assert pulse.share == 12.5
        assert pulse.pause_seconds == pytest.approx(60, abs=5), "the longer pause stays"
        assert ada.tally().pause_seconds == pytest.approx(60, abs=5)


class TestFolder(DepotConformance):
    @pytest.fixture
    def depot(self, tmp_path: Path) -> Iterator[Depot]:
        with FolderDepot(tmp_path / "fleet") as depot:
            yield depot

    def open_again(self, depot: Depot) -> AbstractContextManager[Depot]:
        assert isinstance(depot, FolderDepot)
        return FolderDepot(depot.folder)

    def die(self, depot: Depot, name: str) -> Lease:
        assert depot.folder is not None
        with FolderDepot(depot.folder) as process:
            return self.claim(process, name, early=True).lease

    @pytest.mark.parametrize("name", ["", ".", "..", "a/b", ".hidden", "a" * 129, "ünï"])
    def test_a_name_that_no_folder_can_have_is_refused(self, depot: Depot, name: str) -> None:
        with pytest.raises(UsageError, match="no name for an account"):
            depot.add([NewAccount(name)])

    def test_all_that_it_keeps_is_private(self, ada: Depot) -> None:
        ada.finish(self.claim(ada).lease, b"state", DONE)
        assert isinstance(ada, FolderDepot)
        modes = {path.stat().st_mode & 0o077 for path in ada.folder.rglob("*")}
        assert modes == {0}


class TestPostgres(DepotConformance):
    @pytest.fixture
    def depot(self, new_database: Callable[[], str]) -> Iterator[Depot]:
        self.address = new_database()
        with PostgresDepot(self.address) as depot:
            yield depot

    def open_again(self, depot: Depot) -> AbstractContextManager[Depot]:
        return PostgresDepot(self.address)

    def die(self, depot: Depot, name: str) -> Lease:
        found = depot.claim(name, 0, "dead", early=True)
        assert isinstance(found, Claim)
        return found.lease

    def test_a_lease_that_has_ended_is_extended_if_nobody_else_had_it(self, ada: Depot) -> None:
        lease = self.die(ada, "ada")
        assert ada.beat([lease], 30).lost == frozenset()
        ada.finish(lease, b"state", DONE)
        assert ada.copy_of("ada") == b"state"

    def test_a_beat_extends_only_what_it_names(self, depot: Depot) -> None:
        depot.add([NewAccount("leaked"), NewAccount("named")])
        self.die(depot, "leaked")
        named = self.die(depot, "named")
        depot.beat([named], 30)
        assert depot.due(10) == ["leaked"]

    def test_two_that_start_at_once_make_its_tables_once(self, new_database: Callable[[], str]) -> None:
        address, start = new_database(), threading.Barrier(6)

        def begin(_: int) -> int:
            start.wait()
            with PostgresDepot(address) as depot:
                return depot.tally().saves

        with ThreadPoolExecutor(6) as threads:
            assert list(threads.map(begin, range(6))) == [0] * 6
