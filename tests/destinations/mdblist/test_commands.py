"""MDBList from a run to its undo, as people type it, against the sandbox."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from importer.sandbox.catalogue import Kind
from tests.command import Importer, build_command, read_statuses, write
from tests.destinations.conformance import MOVIES, SHOW, UNKNOWN
from tests.road import Server, find_title, running_sandbox

KEY = "sandbox-mdblist-key"
ROWS = (
    "imdb_id,rating,type,season,episode\n"
    f"{MOVIES[0]},9,movie,,\n{SHOW},7,tvSeries,,\n{SHOW},8,season,5,\n{SHOW},10,episode,5,14\n"
)


@pytest.fixture
def options() -> dict[str, Any]:
    return {}


@pytest.fixture
def server(options: dict[str, Any]) -> Iterator[Server]:
    with running_sandbox(**options) as server:
        yield server


@pytest.fixture
def importer(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Importer:
    settings = {"MDBLIST_BASE_URL": f"{server.url}/mdblist", "MDBLIST_API_KEY": KEY}
    write(tmp_path / "ratings.csv", ROWS)
    return build_command(tmp_path, monkeypatch, capsys, settings, secrets=(KEY,))


def paths_since(server: Server, number: int) -> list[str]:
    return [f"{each.method} {each.path.removeprefix('mdblist/')}" for each in server.requests()[number:]]


class TestRuns:
    def test_all_kinds_are_rated_and_one_reading_serves_them_all(
        self, importer: Importer, server: Server, tmp_path: Path
    ) -> None:
        exit_code, _, err = importer("run", "ratings.csv", "--to", "mdblist")
        assert (exit_code, read_statuses(tmp_path / "ratings.results.csv")) == (0, ["rated"] * 4)
        assert "Signed in as demo" in err
        assert sorted(rating for rating, _ in server.stored().values()) == [7, 8, 9, 10]
        read, post = "GET sync/ratings", "POST sync/ratings"
        # whose key it is, how many ratings, compare; one request per kind; verify
        assert paths_since(server, 0) == ["GET user", read, read, *[post] * 4, read]

    def test_the_same_file_again_changes_nothing(self, importer: Importer, server: Server) -> None:
        importer("run", "ratings.csv", "--to", "mdblist")
        begun = len(server.requests())
        assert importer("run", "ratings.csv", "--to", "mdblist")[0] == 0
        assert not [each for each in paths_since(server, begun) if each.startswith("POST")]

    def test_a_plan_is_made_and_sent(self, importer: Importer, server: Server, tmp_path: Path) -> None:
        assert importer("plan", "ratings.csv", "--to", "mdblist")[0] == 0
        assert server.stored() == {}
        assert importer("run", "--plan", "ratings.plan.csv")[0] == 0
        assert len(server.stored()) == 4
        assert read_statuses(tmp_path / "ratings.plan.results.csv") == ["rated"] * 4

    def test_run_retry_and_undo(self, importer: Importer, server: Server, tmp_path: Path) -> None:
        write(tmp_path / "ratings.csv", f"imdb_id,rating\n{MOVIES[0]},9\n{UNKNOWN},7\n")
        server.rate(MOVIES[0], 3)
        assert importer("run", "ratings.csv", "--to", "mdblist", "--on-conflict", "overwrite")[0] == 1
        assert read_statuses(tmp_path / "ratings.results.csv") == ["rated", "not_found"]
        results = tmp_path / "ratings.results.csv"
        results.write_text(results.read_text("utf-8").replace(UNKNOWN, MOVIES[2]), "utf-8")
        assert importer("retry", "--all", "ratings.results.csv")[0] == 0
        assert server.stored_movies() == {MOVIES[0]: 9, MOVIES[2]: 7}
        first = importer("runs")[1].splitlines()[1].split()[0]
        assert importer("undo", first)[0] == 0
        assert server.stored_movies() == {MOVIES[0]: 3, MOVIES[2]: 7}

    def test_an_undo_takes_back_all_kinds(self, importer: Importer, server: Server) -> None:
        importer("run", "ratings.csv", "--to", "mdblist")
        assert importer("undo", "last")[0] == 0
        assert server.stored() == {}

    def test_a_conflict_is_decided_by_the_dates_that_mdblist_keeps(
        self, importer: Importer, server: Server, tmp_path: Path
    ) -> None:
        server.rate(MOVIES[0], 3, 1_700_000_000)
        rows = f"imdb_id,rating,rated_at\n{MOVIES[0]},9,2020-01-01\n{MOVIES[1]},8,2021-05-06T07:08:09Z\n"
        write(tmp_path / "ratings.csv", rows)
        assert importer("run", "ratings.csv", "--to", "mdblist")[0] == 0
        assert read_statuses(tmp_path / "ratings.results.csv") == ["kept", "rated"]
        assert [each for each in server.stored().values() if each[0] == 8] == [(8, 1_620_284_889)]

    def test_a_mirror_removes_what_the_file_has_not_of_its_kinds(
        self, importer: Importer, server: Server, tmp_path: Path
    ) -> None:
        server.rate(MOVIES[0], 9)
        server.rate(MOVIES[1], 5)
        server.rate(find_title(SHOW, Kind.SHOW), 6)
        write(tmp_path / "ratings.csv", f"imdb_id,rating\n{MOVIES[0]},9\n{MOVIES[2]},4\n")
        assert importer("run", "ratings.csv", "--to", "mdblist", "--mirror", "--yes")[0] == 0
        assert server.stored_movies() == {MOVIES[0]: 9, MOVIES[2]: 4}
        assert len(server.stored()) == 3

    @pytest.mark.parametrize("options", [{"mdblist_day_limit": 4}])
    def test_a_day_without_requests_left_stops_the_run(
        self, importer: Importer, server: Server, tmp_path: Path
    ) -> None:
        exit_code, out, err = importer("run", "ratings.csv", "--to", "mdblist")
        assert (exit_code, "midnight UTC" in out + err) == (3, True)
        assert read_statuses(tmp_path / "ratings.results.csv").count("not_sent") == 3
        assert len(server.stored()) == 1

    def test_a_half_step_is_overwritten_only_if_asked_and_left_to_its_owner_by_an_undo(
        self, importer: Importer, server: Server, tmp_path: Path
    ) -> None:
        server.rate(MOVIES[0], 7.5)
        write(tmp_path / "ratings.csv", f"imdb_id,rating\n{MOVIES[0]},7\n")
        run = ("run", "ratings.csv", "--to", "mdblist", "--on-conflict")
        assert importer(*run, "keep")[0] == 0
        assert server.stored_movies() == {MOVIES[0]: 7.5}
        assert importer(*run, "overwrite")[0] == 0
        assert server.stored_movies() == {MOVIES[0]: 7}
        exit_code, out, _ = importer("undo", "last")
        assert (exit_code, "set 7.5 on its own site" in out) == (1, True)
        assert server.stored_movies() == {MOVIES[0]: 7}

    def test_rows_that_cannot_be_addressed_are_told(self, importer: Importer, tmp_path: Path) -> None:
        rows = "imdb_id,rating,type\ntt0959621,9,tvEpisode\n"
        write(tmp_path / "ratings.csv", rows)
        assert importer("run", "ratings.csv", "--to", "mdblist")[0] == 1
        assert read_statuses(tmp_path / "ratings.results.csv") == ["unsupported"]


class TestSync:
    def test_a_job_asks_once_and_reads_only_what_changed(
        self, importer: Importer, server: Server, tmp_path: Path
    ) -> None:
        write(tmp_path / "config.toml", '[jobs.nightly]\nsource = "ratings.csv"\nto = "mdblist"\n')
        assert importer("sync", "nightly")[0] == 0
        assert len(server.stored()) == 4
        assert importer("sync", "nightly")[0] == 0  # sending has changed the account
        begun = len(server.requests())
        assert importer("sync", "nightly")[0] == 0
        assert paths_since(server, begun) == ["GET sync/last_activities"]
        server.unrate(MOVIES[0])
        assert importer("sync", "nightly")[0] == 0
        assert server.stored_movies() == {MOVIES[0]: 9}
