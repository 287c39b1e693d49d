"""An account in place of a file, as people type it: planned, sent, tried again, from MDBList to MDBList."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import Importer, build_command, read_statuses, write
from tests.destinations.conformance import MOVIES, UNKNOWN
from tests.road import Server, running_sandbox

KEY = "sandbox-mdblist-key"
FROM_ADA = ("--from", "mdblist", "--from-account", "ada")
TO_BOB = ("--to", "mdblist", "--account", "bob")


@pytest.fixture
def ada() -> Iterator[Server]:
    """The account that is read. It has a title that Bob's server does not know."""
    with running_sandbox(any_title=True) as server:
        yield server


@pytest.fixture
def bob() -> Iterator[Server]:
    with running_sandbox() as server:
        yield server


@pytest.fixture
def importer(
    ada: Server,
    bob: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Importer:
    accounts = (
        f'[accounts.{name}]\nbase_url = "{server.url}/mdblist"\napi_key = "{KEY}"\n'
        for name, server in (("ada", ada), ("bob", bob))
    )
    run = build_command(tmp_path, monkeypatch, capsys, {}, secrets=(KEY,))
    write(tmp_path / "config.toml", "".join(accounts))
    return run


def read_column(path: Path, name: str) -> list[str]:
    with path.open(newline="", encoding="utf-8") as file:
        return [line[name] for line in csv.DictReader(file)]


class TestPlan:
    def test_it_is_made_and_sent(self, importer: Importer, ada: Server, bob: Server, tmp_path: Path) -> None:
        ada.rate(MOVIES[0], 9, 1_600_000_000)
        ada.rate(MOVIES[1], 4)
        bob.rate(MOVIES[1], 4)
        exit_code, out, _ = importer("plan", *FROM_ADA, *TO_BOB)
        assert (exit_code, "run --plan mdblist.plan.csv" in out) == (0, True)
        assert sorted(read_column(tmp_path / "mdblist.plan.csv", "action")) == ["add", "same"]
        assert bob.stored_movies() == {MOVIES[1]: 4}
        assert importer("run", "--plan", "mdblist.plan.csv", "--account", "bob")[0] == 0
        assert sorted(read_statuses(tmp_path / "mdblist.plan.results.csv")) == ["rated", "unchanged"]
        assert bob.stored_movies() == {MOVIES[0]: 9, MOVIES[1]: 4}
        assert (9, 1_600_000_000) in bob.stored().values()

    def test_what_the_account_gains_later_is_not_sent(
        self, importer: Importer, ada: Server, bob: Server
    ) -> None:
        ada.rate(MOVIES[0], 9)
        importer("plan", *FROM_ADA, *TO_BOB)
        ada.rate(MOVIES[1], 4)
        assert importer("run", "--plan", "mdblist.plan.csv", "--account", "bob")[0] == 0
        assert bob.stored_movies() == {MOVIES[0]: 9}

    def test_a_mirror_is_planned(self, importer: Importer, ada: Server, bob: Server, tmp_path: Path) -> None:
        ada.rate(MOVIES[0], 9)
        bob.rate(MOVIES[1], 4)
        assert importer("plan", *FROM_ADA, *TO_BOB, "--mirror")[0] == 0
        assert sorted(read_column(tmp_path / "mdblist.plan.csv", "action")) == ["add", "remove"]
        assert bob.stored_movies() == {MOVIES[1]: 4}

    def test_an_account_that_nobody_is_signed_in_to_is_told(self, importer: Importer, tmp_path: Path) -> None:
        exit_code, _, err = importer("plan", "--from", "mdblist", *TO_BOB)
        assert (exit_code, "importer login mdblist" in err) == (3, True)
        assert not (tmp_path / "mdblist.plan.csv").exists()


class TestRetry:
    def test_rows_that_were_left_are_sent_by_the_runs_name(
        self, importer: Importer, ada: Server, bob: Server, tmp_path: Path
    ) -> None:
        ada.rate(MOVIES[0], 9)
        ada.rate(MOVIES[1], 4)
        assert importer("run", *FROM_ADA, *TO_BOB, "--limit", "1")[0] == 3
        assert len(bob.stored()) == 1
        [run] = json.loads(importer("runs", "--json")[1])["runs"]
        ada.rate(MOVIES[2], 1)  # is no row of that run
        assert importer("retry", run["run"], "--account", "bob")[0] == 0
        assert bob.stored_movies() == {MOVIES[0]: 9, MOVIES[1]: 4}
        results = [path.name for path in tmp_path.glob("*.csv")]
        assert (results, read_statuses(tmp_path / results[0])) == (["mdblist.results.csv"], ["rated"] * 2)

    def test_rows_that_were_corrected_are_sent_from_the_results(
        self, importer: Importer, ada: Server, bob: Server, tmp_path: Path
    ) -> None:
        ada.rate(MOVIES[0], 9)
        ada.rate(UNKNOWN, 4)
        exit_code, out, _ = importer("run", *FROM_ADA, *TO_BOB)
        assert (exit_code, "retry --all mdblist.results.csv" in out) == (1, True)
        results = tmp_path / "mdblist.results.csv"
        assert sorted(read_statuses(results)) == ["not_found", "rated"]
        cells = results.read_text("utf-8").replace(UNKNOWN, MOVIES[2])
        results.write_text(cells, "utf-8")
        assert importer("retry", "--all", "mdblist.results.csv", "--account", "bob")[0] == 0
        assert bob.stored_movies() == {MOVIES[0]: 9, MOVIES[2]: 4}
        assert read_statuses(results) == ["rated"] * 2

    def test_the_same_command_goes_on(self, importer: Importer, ada: Server, bob: Server) -> None:
        ada.rate(MOVIES[0], 9)
        ada.rate(MOVIES[1], 4)
        importer("run", *FROM_ADA, *TO_BOB, "--limit", "1")
        assert importer("run", *FROM_ADA, *TO_BOB)[0] == 0
        assert bob.stored_movies() == {MOVIES[0]: 9, MOVIES[1]: 4}
        assert len(json.loads(importer("runs", "--json")[1])["runs"]) == 1
