"""Simkl from sign-in to undo, as people type it, against the sandbox."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from importer.sandbox.catalogue import Kind
from importer.sandbox.exchange import Answer
from importer.sandbox.simkl.ratings import Ratings
from tests.command import Importer, build_command, read_statuses, write
from tests.destinations.conformance import MOVIES, SHOW, UNKNOWN
from tests.road import Server, find_title, running_sandbox

CLIENT_ID = "sandbox-client"
FREE: dict[str, Any] = {"auto_approve": True, "device_interval": 1, "simkl_post_rate": None}
LISTS = ["simkl/sync/activities", *["simkl/sync/ratings"] * 3]
ROWS = f"imdb_id,rating,type\n{MOVIES[0]},9,movie\n{MOVIES[1]},4,movie\n{SHOW},7,tvSeries\n"


@pytest.fixture
def options() -> dict[str, Any]:
    return {}


@pytest.fixture
def server(options: dict[str, Any]) -> Iterator[Server]:
    with running_sandbox(**(FREE | options)) as server:
        yield server


@pytest.fixture
def importer(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Importer:
    settings = {"SIMKL_BASE_URL": f"{server.url}/simkl", "SIMKL_CLIENT_ID": CLIENT_ID}
    write(tmp_path / "ratings.csv", ROWS)
    return build_command(tmp_path, monkeypatch, capsys, settings, secrets=(CLIENT_ID, "simkl_at_"))


@pytest.fixture
def signed_in(importer: Importer) -> Importer:
    assert importer("login", "simkl")[0] == 0
    return importer


def count_requests(server: Server) -> int:
    return len(server.requests("simkl/"))


def paths_since(server: Server, number: int) -> list[str]:
    return [each.path for each in server.requests("simkl/")[number:]]


class TestSignIn:
    def test_login_whoami_and_logout(self, importer: Importer, server: Server) -> None:
        exit_code, out, _ = importer("login", "simkl")
        assert exit_code == 0
        assert f"Open      {server.url}/simkl/pin\n" in out
        assert "Account: demo (id 1001)" in out
        assert "Next: importer run FILE --to simkl" in out
        exit_code, out, _ = importer("whoami", "simkl")
        assert (exit_code, out.splitlines()[0]) == (0, "demo (id 1001), not VIP")
        exit_code, out, _ = importer("logout", "simkl")
        assert (exit_code, "Signed out: revoked at" in out) == (0, True)
        exit_code, _, err = importer("run", "ratings.csv", "--to", "simkl")
        assert (exit_code, "importer login simkl" in err) == (3, True)

    @pytest.mark.parametrize("options", [{"simkl_scope": "media:read"}])
    def test_a_sign_in_that_may_only_read_is_not_kept(self, importer: Importer) -> None:
        exit_code, _, err = importer("login", "simkl")
        assert (exit_code, "lets this sign-in read but not rate" in err) == (3, True)
        assert importer("whoami", "simkl")[0] == 3

    @pytest.mark.parametrize("options", [{"simkl_client_id": "another"}])
    def test_a_wrong_app_is_named(self, importer: Importer) -> None:
        exit_code, _, err = importer("login", "simkl")
        assert (exit_code, "IMPORTER_SIMKL_CLIENT_ID" in err) == (3, True)

    @pytest.mark.parametrize("command", ["login", "logout", "whoami"])
    def test_it_has_no_other_host_to_sign_in_at(self, importer: Importer, command: str) -> None:
        exit_code, _, err = importer(command, "simkl", "--auth-url", "https://auth.example")
        assert (exit_code, "simkl signs users in where its API is" in err) == (2, True)

    def test_what_is_missing_is_named(self, importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("IMPORTER_SIMKL_CLIENT_ID")
        exit_code, _, err = importer("run", "ratings.csv", "--to", "simkl")
        assert exit_code == 2
        assert "set IMPORTER_SIMKL_CLIENT_ID or client_id in [simkl] of" in err

    def test_an_account_of_its_own(self, importer: Importer, server: Server, tmp_path: Path) -> None:
        text = f'[accounts.ada]\nclient_id = "{CLIENT_ID}"\nbase_url = "{server.url}/simkl"\n'
        write(tmp_path / "config.toml", text)
        assert importer("login", "simkl", "--account", "ada")[0] == 0
        assert importer("run", "ratings.csv", "--to", "simkl", "--account", "ada")[0] == 0
        assert importer("whoami", "simkl")[0] == 3


class TestRuns:
    def test_what_is_said_before_the_first_row_and_what_a_run_asks(
        self, signed_in: Importer, server: Server, tmp_path: Path
    ) -> None:
        before = count_requests(server)
        exit_code, _, err = signed_in("run", "ratings.csv", "--to", "simkl")
        assert exit_code == 0
        assert read_statuses(tmp_path / "ratings.results.csv") == ["rated"] * 3
        assert "Signed in as demo (id 1001)" in err
        assert "About 11 of the 500 requests a day of a free account" in err
        assert err.count("Simkl puts a rated title that is on none of your lists on one") == 1
        posts = ["simkl/sync/ratings"] * 2
        assert paths_since(server, before) == ["simkl/users/settings", *LISTS, *posts, *LISTS]

    def test_it_is_said_once(self, signed_in: Importer, tmp_path: Path) -> None:
        signed_in("run", "ratings.csv", "--to", "simkl")
        write(tmp_path / "more.csv", f"imdb_id,rating\n{MOVIES[2]},5\n")
        exit_code, _, err = signed_in("run", "more.csv", "--to", "simkl")
        assert (exit_code, "on one" in err) == (0, False)

    def test_nothing_is_said_where_no_title_is_new(self, signed_in: Importer, server: Server) -> None:
        for title in (MOVIES[0], MOVIES[1], find_title(SHOW, Kind.SHOW)):
            server.rate(title, 1)
        exit_code, _, err = signed_in("run", "ratings.csv", "--to", "simkl", "--on-conflict", "overwrite")
        assert exit_code == 0
        assert "on none of your lists" not in err

    def test_a_plan_is_made_and_sent(self, signed_in: Importer, server: Server, tmp_path: Path) -> None:
        assert signed_in("plan", "ratings.csv", "--to", "simkl")[0] == 0
        assert server.stored_movies() == {}
        assert signed_in("run", "--plan", "ratings.plan.csv")[0] == 0
        assert server.stored_movies() == {MOVIES[0]: 9, MOVIES[1]: 4}
        assert read_statuses(tmp_path / "ratings.plan.results.csv") == ["rated"] * 3

    def test_run_retry_and_undo(self, signed_in: Importer, server: Server, tmp_path: Path) -> None:
        write(tmp_path / "ratings.csv", f"imdb_id,rating\n{MOVIES[0]},9\n{UNKNOWN},7\n")
        server.rate(MOVIES[0], 3)
        assert signed_in("run", "ratings.csv", "--to", "simkl", "--on-conflict", "overwrite")[0] == 1
        results = tmp_path / "ratings.results.csv"
        results.write_text(results.read_text("utf-8").replace(UNKNOWN, MOVIES[2]), "utf-8")
        assert signed_in("retry", "--all", "ratings.results.csv")[0] == 0
        assert server.stored_movies() == {MOVIES[0]: 9, MOVIES[2]: 7}
        first = signed_in("runs")[1].splitlines()[1].split()[0]
        assert signed_in("undo", first)[0] == 0
        assert server.stored_movies() == {MOVIES[0]: 3, MOVIES[2]: 7}

    def test_a_conflict_is_decided_by_the_dates_that_simkl_keeps(
        self, signed_in: Importer, server: Server, tmp_path: Path
    ) -> None:
        server.rate(MOVIES[0], 3, 1_700_000_000)
        rows = f"imdb_id,rating,rated_at\n{MOVIES[0]},9,2020-01-01\n{MOVIES[1]},8,2021-05-06T07:08:09Z\n"
        write(tmp_path / "ratings.csv", rows)
        assert signed_in("run", "ratings.csv", "--to", "simkl")[0] == 0
        assert read_statuses(tmp_path / "ratings.results.csv") == ["kept", "rated"]
        assert [each for each in server.stored().values() if each[0] == 8] == [(8, 1_620_284_889)]

    def test_a_mirror_removes_what_the_file_has_not(
        self, signed_in: Importer, server: Server, tmp_path: Path
    ) -> None:
        server.rate(MOVIES[0], 9)
        server.rate(MOVIES[3], 2)
        write(tmp_path / "ratings.csv", f"imdb_id,rating,type\n{MOVIES[0]},9,movie\n{MOVIES[1]},4,movie\n")
        assert signed_in("run", "ratings.csv", "--to", "simkl", "--mirror", "--guard", "100")[0] == 0
        assert server.stored_movies() == {MOVIES[0]: 9, MOVIES[1]: 4}

    @pytest.mark.parametrize("options", [{"simkl_anime": (MOVIES[0], SHOW)}])
    def test_anime_is_compared_undone_and_no_film_of_it_mirrored_away(
        self, signed_in: Importer, server: Server, tmp_path: Path
    ) -> None:
        assert signed_in("run", "ratings.csv", "--to", "simkl")[0] == 0
        write(tmp_path / "films.csv", f"imdb_id,rating,type\n{MOVIES[0]},9,movie\n{MOVIES[1]},4,movie\n")
        assert signed_in("run", "films.csv", "--to", "simkl", "--mirror")[0] == 0
        assert read_statuses(tmp_path / "films.results.csv") == ["unchanged", "unchanged"]
        assert len(server.stored()) == 3
        exit_code, _, err = signed_in("undo", "last")
        named = re.search(r"the newer \S+ changed nothing. To undo it: `importer undo (\S+)`", err)
        assert exit_code == 2
        assert named is not None
        assert signed_in("undo", named[1], "--yes")[0] == 0
        assert server.stored() == {}

    def test_more_than_one_request_at_a_time_is_refused(self, signed_in: Importer) -> None:
        exit_code, _, err = signed_in("run", "ratings.csv", "--to", "simkl", "--workers", "2")
        assert (exit_code, "simkl takes 1 request at a time" in err) == (2, True)


class TestQuestions:
    @pytest.mark.parametrize(("answer", "rated"), [("y", 2), ("n", 0)])
    def test_a_person_is_asked_and_no_sends_nothing(
        self,
        signed_in: Importer,
        server: Server,
        monkeypatch: pytest.MonkeyPatch,
        answer: str,
        rated: int,
    ) -> None:
        asked = []

        def confirm(text: str, **_: object) -> bool:
            asked.append(text)
            return answer == "y"

        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("typer.confirm", confirm)
        exit_code, _, _ = signed_in("run", "ratings.csv", "--to", "simkl")
        assert asked == ["3 titles that the account has not rated will be rated. Do it?"]
        assert exit_code == (0 if rated else 3)
        assert len(server.stored_movies()) == rated

    def test_yes_answers_beforehand_and_it_is_said_all_the_same(
        self, signed_in: Importer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        exit_code, _, err = signed_in("run", "ratings.csv", "--to", "simkl", "--yes")
        assert (exit_code, "on none of your lists" in err) == (0, True)


class TestKilled:
    @pytest.mark.parametrize("options", [{"any_title": True}])
    @pytest.mark.parametrize("stores", [True, False], ids=["arrived", "not arrived"])
    def test_a_kill_in_the_middle_of_a_batch_loses_and_doubles_nothing(
        self,
        signed_in: Importer,
        server: Server,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        stores: bool,
    ) -> None:
        rows = "".join(f"tt{row:07},8\n" for row in range(1, 251))
        write(tmp_path / "ratings.csv", f"imdb_id,rating\n{rows}")
        words = ["run", "ratings.csv", "--to", "simkl"]
        true_answer, sent = Ratings._answer, []
        children: list[subprocess.Popen[bytes]] = []

        def answer(self: Ratings, *given: Any) -> Answer:
            sent.append(given)
            if len(sent) != 2:
                return true_answer(self, *given)
            found = true_answer(self, *given) if stores else Answer(500, b"")
            children[0].kill()
            return found

        monkeypatch.setattr(Ratings, "_answer", answer)
        command = [sys.executable, "-m", "importer", *words]
        environment = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
        with subprocess.Popen(
            command, env=environment, cwd=tmp_path, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as child:
            children.append(child)
            assert child.wait(60) == -signal.SIGKILL
        assert len(server.stored_movies()) == (200 if stores else 100)
        assert signed_in(*words)[0] == 0
        assert set(server.stored_movies().values()) == {8}
        assert len(server.stored_movies()) == 250
        assert read_statuses(tmp_path / "ratings.results.csv") == ["rated"] * 250
        # What had arrived is found there and not sent again.
        assert len(sent) == (3 if stores else 4)


class TestLimits:
    @pytest.mark.parametrize("options", [{"simkl_post_rate": "1/s", "any_title": True}])
    def test_the_pace_is_what_simkl_allows(self, signed_in: Importer, server: Server, tmp_path: Path) -> None:
        rows = "".join(f"tt{row:07},8\n" for row in range(1, 301))
        write(tmp_path / "ratings.csv", f"imdb_id,rating\n{rows}")
        assert signed_in("run", "ratings.csv", "--to", "simkl")[0] == 0
        assert server.list_statuses("simkl/sync/ratings") == [201] * 3
        assert len(server.stored_movies()) == 300

    @pytest.mark.parametrize("options", [{"simkl_day_quota": 8, "any_title": True}])
    def test_the_day_ends_the_run_and_the_same_command_goes_on(
        self, signed_in: Importer, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rows = "".join(f"tt{row:07},8\n" for row in range(1, 401))
        write(tmp_path / "ratings.csv", f"imdb_id,rating\n{rows}")
        exit_code, out, _ = signed_in("run", "ratings.csv", "--to", "simkl")
        assert exit_code == 3
        assert "requests of the day are used up for this account (429); there are new ones at 2" in out
        # One request at the sign-in, one for the account, three for reading, three for rating.
        assert len(server.stored_movies()) == 300
        counted = read_statuses(tmp_path / "ratings.results.csv")
        assert (counted.count("rated"), counted.count("not_sent")) == (300, 100)
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        monkeypatch.setattr("importer.sandbox.simkl.gate._in_new_york", lambda _: tomorrow)
        posts = len(server.list_statuses("simkl/sync/ratings"))
        assert signed_in("run", "ratings.csv", "--to", "simkl")[0] == 0
        assert len(server.stored_movies()) == 400
        assert server.list_statuses("simkl/sync/ratings")[posts:] == [201]

    @pytest.mark.parametrize("options", [{"simkl_account_type": "free"}])
    def test_what_is_more_than_a_day_is_said_before(
        self, signed_in: Importer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("importer.destinations.simkl.account.DAY_QUOTAS", {"free": 10})
        _, _, err = signed_in("run", "ratings.csv", "--to", "simkl")
        assert "About 11 requests are needed, more than the 10 requests a day of a free account" in err
        assert "the same command goes on after midnight in New York" in err


class TestSync:
    def test_only_what_changed_is_read(self, signed_in: Importer, server: Server, tmp_path: Path) -> None:
        write(tmp_path / "config.toml", '[jobs.nightly]\nsource = "ratings.csv"\nto = "simkl"\n')
        assert signed_in("sync", "nightly")[0] == 0
        assert server.stored_movies() == {MOVIES[0]: 9, MOVIES[1]: 4}
        assert signed_in("sync", "nightly")[0] == 0  # reads what it sent itself
        before = count_requests(server)
        assert signed_in("sync", "nightly")[0] == 0
        assert paths_since(server, before) == ["simkl/sync/activities"]
        server.rate(MOVIES[0], 2, 1)
        before = count_requests(server)
        assert signed_in("sync", "nightly")[0] == 0
        assert set(paths_since(server, before)) >= set(LISTS)
