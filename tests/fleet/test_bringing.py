"""One account, from claim to finish, at a site with many."""

import io
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pytest

from importer.errors import Remedy, StateFileError
from importer.fleet import bringing
from importer.fleet.bringing import FleetOptions, Outcome
from importer.fleet.depot import Depot, DepotUnreachableError, Ending, Lease, NewAccount, State
from importer.fleet.saved import journal_in
from importer.fleet.worker import Worker, open_worker
from tests.fleet.site import Site, enrol

DAY = 86_400


@pytest.fixture
def opened(site: Site) -> Iterator[tuple[Worker, Depot]]:
    with open_worker(FleetOptions()) as opened:
        yield opened


@pytest.fixture
def worker(opened: tuple[Worker, Depot]) -> Worker:
    return opened[0]


@pytest.fixture
def depot(opened: tuple[Worker, Depot]) -> Depot:
    return opened[1]


def ending_of(depot: Depot, name: str) -> Ending:
    found = depot.get(name).last
    assert found is not None
    return found


def ask_journal(depot: Depot, name: str, folder: Path, question: str) -> list[tuple[object, ...]]:
    found = journal_in(depot.copy_of(name) or b"")
    assert found is not None
    (folder / "look.sqlite3").write_bytes(found[1])
    with closing(sqlite3.connect(folder / "look.sqlite3")) as database:
        return database.execute(question).fetchall()


def test_an_account_is_imported_and_waits_for_its_next_turn(
    site: Site, worker: Worker, depot: Depot, tmp_path: Path
) -> None:
    enrol(site, depot, tmp_path, ["ada", "bob"], rows=7)
    brought = worker.bring("ada")
    assert (brought.outcome, brought.exit_code) == (Outcome.ENDED, 0), brought
    assert (site.count_stored("ada"), site.count_stored("bob"), site.twice()) == (7, 0, {})
    ended = ending_of(depot, "ada")
    assert (ended.counts, ended.due_in_seconds) == ({"rated": 7}, DAY)
    assert ended.run_id
    assert depot.get("ada").state is State.WAITING
    assert worker.bring("ada").outcome is Outcome.REFUSED, "it is not due"
    assert depot.due(10) == ["bob"]


def test_an_unexpected_error_ends_one_turn_and_its_text_is_not_kept(
    site: Site, worker: Worker, depot: Depot, tmp_path: Path
) -> None:
    enrol(site, depot, tmp_path, ["ada"], rows=1)

    def fail(*_: object) -> NoReturn:
        raise RuntimeError("the token is 51c2e7")

    brought = worker.bring("ada", fail)
    assert (brought.outcome, brought.exit_code) == (Outcome.ENDED, 1)
    assert brought.message == ending_of(depot, "ada").message == "an unexpected error (RuntimeError)"


def test_the_next_turn_finds_that_nothing_changed(
    site: Site, worker: Worker, depot: Depot, tmp_path: Path
) -> None:
    enrol(site, depot, tmp_path, ["ada"], rows=7)
    worker.bring("ada")
    depot.resume("ada")
    # The first session's own changes are no proof, so the account is read once more; then it is known.
    for _ in range(2):
        depot.resume("ada")
        assert worker.bring("ada").exit_code == 0
    posts = site.server.list_statuses("sync/ratings")
    assert (posts, site.twice()) == ([201], {})
    assert ending_of(depot, "ada").counts == {"unchanged": 7}


def test_what_a_worker_left_is_looked_at_before_it_is_sent(
    site: Site, worker: Worker, depot: Depot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy that is saved before the first request says that every row may have arrived."""
    enrol(site, depot, tmp_path, ["ada"], rows=7)
    saved: list[bytes] = []
    save = depot.save

    def note(lease: Lease, copy: bytes) -> None:
        saved.append(copy)
        save(lease, copy)

    monkeypatch.setattr(depot, "save", note)
    worker.bring("ada")
    # As if the worker had died after its last request: the depot has what it saved before the first one.
    [marked] = saved
    depot.resume("ada")
    claim = depot.claim("ada", 30, "dead")
    depot.release(claim.lease, marked)  # type: ignore[union-attr]
    assert worker.bring("ada").exit_code == 0
    assert site.twice() == {}
    assert ending_of(depot, "ada").counts == {"rated": 7}
    reasons = ask_journal(depot, "ada", tmp_path, "SELECT status, reason, count(*) FROM result GROUP BY 1, 2")
    assert reasons == [("rated", "verified", 7)]


def test_a_file_may_lie_in_the_depot(site: Site, worker: Worker, depot: Depot, tmp_path: Path) -> None:
    enrol(site, depot, tmp_path, ["ada"], rows=3)
    content = (tmp_path / "ada.csv").read_bytes()
    (tmp_path / "ada.csv").unlink()
    depot.add([NewAccount("ada", {"to": "trakt", "source": "dump.csv"}, content=content)])
    assert worker.bring("ada").exit_code == 0
    assert site.count_stored("ada") == 3
    sources = ask_journal(depot, "ada", tmp_path, "SELECT source FROM run")
    assert sources == [("dump.csv",)]
    for _ in range(2):
        depot.resume("ada")
        worker.bring("ada")
    assert ending_of(depot, "ada").counts == {"unchanged": 3}, "where the folder of a turn is does not matter"


def test_a_revoked_sign_in_parks_the_account_until_it_has_another(
    site: Site, worker: Worker, depot: Depot, tmp_path: Path
) -> None:
    pairs = enrol(site, depot, tmp_path, ["ada"], rows=3)
    site.revoke(pairs["ada"])
    brought = worker.bring("ada")
    assert (brought.outcome, brought.exit_code) == (Outcome.SIGNED_OUT, 3)
    assert depot.get("ada").state is State.SIGNED_OUT
    assert depot.due(10) == []
    enrol(site, depot, tmp_path, ["ada"], rows=3)
    assert worker.bring("ada").exit_code == 0


def test_an_account_without_tokens_does_not_use_somebody_elses(
    site: Site, worker: Worker, depot: Depot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = enrol(site, depot, tmp_path, ["ada", "operator"], rows=3)
    monkeypatch.setenv("IMPORTER_TRAKT_ACCESS_TOKEN", pairs["operator"].access_token)
    monkeypatch.setenv("IMPORTER_TRAKT_REFRESH_TOKEN", pairs["operator"].refresh_token)
    depot.add([NewAccount("bob", {"source": str(tmp_path / "ada.csv"), "to": "trakt"})])
    assert worker.bring("bob").outcome is Outcome.SIGNED_OUT
    assert worker.bring("ada").exit_code == 0
    assert (site.count_stored("operator"), site.count_stored("ada")) == (0, 3)


def test_a_renewed_pair_is_in_the_depot_before_it_is_used(
    site: Site, worker: Worker, depot: Depot, tmp_path: Path
) -> None:
    pairs = enrol(site, depot, tmp_path, ["ada"], rows=3)
    site.expire(pairs["ada"])
    assert worker.bring("ada").exit_code == 0
    site.revoke(pairs["ada"])
    depot.resume("ada")
    assert worker.bring("ada").exit_code == 0, "the new pair works, the old one is spent"


def test_an_account_that_could_not_be_saved_stays_due(
    site: Site, worker: Worker, depot: Depot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(site, depot, tmp_path, ["ada"], rows=3)

    def fail(lease: Lease, copy: bytes) -> None:
        raise DepotUnreachableError("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(depot, "save", fail)
        assert worker.bring("ada").outcome is Outcome.GIVEN_BACK
    assert site.count_stored("ada") == 0, "nothing is sent before the first copy is at the depot"
    assert (depot.get("ada").state, depot.get("ada").last) == (State.DUE, None)
    assert worker.bring("ada").exit_code == 0


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"source": "/no/such/file.csv"}, "there is no such file"),
        ({"on_conflict": "ask"}, "nobody can be asked"),
        ({"wrokers": 4}, "wrokers of account ada is unknown"),
        ({"every": "now and then"}, "every of account ada"),
    ],
)
def test_a_wrong_description_is_told_and_waits(
    site: Site, worker: Worker, depot: Depot, tmp_path: Path, keys: dict[str, object], said: str
) -> None:
    enrol(site, depot, tmp_path, ["ada"], 3, **keys)
    brought = worker.bring("ada")
    assert (brought.outcome, brought.exit_code) == (Outcome.ENDED, 2)
    assert said in ending_of(depot, "ada").message
    assert depot.get("ada").state is State.WAITING


def test_nothing_secret_and_nothing_useless_is_saved(
    site: Site, worker: Worker, depot: Depot, tmp_path: Path
) -> None:
    pairs = enrol(site, depot, tmp_path, ["ada"], rows=3)
    worker.bring("ada")
    saved = depot.copy_of("ada")
    assert saved is not None
    with zipfile.ZipFile(io.BytesIO(saved)) as archive:
        names = archive.namelist()
        content = b"".join(archive.read(name) for name in names)
    assert sorted(name.partition("/")[0] for name in names) == ["journals", "sync"]
    assert pairs["ada"].access_token.encode() not in content


def test_a_worker_without_room_gives_the_account_back(site: Site, depot: Depot, tmp_path: Path) -> None:
    enrol(site, depot, tmp_path, ["ada"], rows=3)
    with open_worker(FleetOptions(scratch=str(tmp_path / "nowhere"))) as (worker, _):
        assert worker.bring("ada").outcome is Outcome.GIVEN_BACK
    assert (depot.get("ada").state, depot.get("ada").deaths) == (State.DUE, 0)


def test_a_worker_that_cannot_pack_what_it_did_leaves_it_to_another(
    site: Site, worker: Worker, depot: Depot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(site, depot, tmp_path, ["ada"], rows=3)

    def fail(folder: Path) -> bytes:
        raise StateFileError(folder, "cannot copy the journal (its drive is full)", Remedy.MAKE_ROOM)

    with monkeypatch.context() as patch:
        patch.setattr(bringing, "pack", fail)
        assert worker.bring("ada").outcome is Outcome.GIVEN_BACK
    assert worker.bring("ada").exit_code == 0
    assert site.twice() == {}
    assert ending_of(depot, "ada").counts == {"rated": 3}


def test_at_a_sandbox_an_account_has_what_it_had(
    site: Site, worker: Worker, depot: Depot, tmp_path: Path
) -> None:
    enrol(site, depot, tmp_path, ["ada"], rows=3, to="sandbox", any_title=True)
    for expected in ("rated", "unchanged"):
        assert worker.bring("ada").exit_code == 0
        assert ending_of(depot, "ada").counts == {expected: 3}
        depot.resume("ada")


def test_the_folder_of_a_turn_is_gone_afterwards(site: Site, depot: Depot, tmp_path: Path) -> None:
    enrol(site, depot, tmp_path, ["ada"], rows=3)
    (tmp_path / "scratch").mkdir()
    with open_worker(FleetOptions(scratch=str(tmp_path / "scratch"))) as (worker, _):
        assert worker.bring("ada").exit_code == 0
    assert list((tmp_path / "scratch").iterdir()) == []
