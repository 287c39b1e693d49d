"""`importer sync` as it is typed: what it costs when nothing changed, and what goes out otherwise."""

import csv
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any
from unittest.mock import patch

import pytest

from tests.road import OPEN, Server, find_title
from tests.road import running_sandbox as running_server
from tests.sync.test_source import exporting
from tests.system.conftest import COMMAND, wait_until

LISTED = OPEN | {"any_title": False}
SHAWSHANK, GODFATHER, KNIGHT = "tt0111161", "tt0068646", "tt0468569"
UNKNOWN = "tt9999999"
DATE = 1_704_110_400  # noon of 2024-01-01, UTC
SECRETS = ("sandbox-client", "sandbox-secret", "sandbox-key")


def section(name: str, url: str) -> str:
    return (
        f'[{name}]\nclient_id = "sandbox-client"\nclient_secret = "sandbox-secret"\n'
        f'base_url = "{url}"\nauth_url = "{url}"\n'
    )


class Machine:
    """A user's machine with settings, state and files; commands are typed as on any other."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.settings = folder / "config.toml"
        self.state = folder / "state"
        self.environment = environment | {"IMPORTER_CONFIG_FILE": str(self.settings)}

    def write_settings(self, *parts: str) -> None:
        self.settings.write_text("\n".join(parts), "utf-8")
        self.settings.chmod(0o600)

    def write(self, *lines: str, name: str = "ratings.csv", header: str = "imdb_id,rating") -> None:
        (self.folder / name).write_text("\n".join([header, *lines]) + "\n", "utf-8")

    def type(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [COMMAND, *words],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    def sync(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return self.type("sync", *words)

    def login(self, *words: str) -> None:
        done = self.type("login", "trakt", *words)
        assert done.returncode == 0, done.stderr

    def results(self, name: str = "nightly") -> list[dict[str, str]]:
        with (self.state / "results" / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def statuses(self, name: str = "nightly") -> list[str]:
        return [row["status"] for row in self.results(name)]

    def edit_state(self, change: Callable[[dict[str, Any]], None], name: str = "nightly") -> None:
        path = self.state / "sync" / f"{name}.json"
        state = json.loads(path.read_bytes())
        change(state)
        path.write_text(json.dumps(state))


class Count:
    """The requests to the API from a moment on."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._before = len(server.requests())

    @property
    def requests(self) -> list[tuple[str, str]]:
        new = self._server.requests()[self._before :]
        return [(each.method, each.path) for each in new if not each.path.startswith("oauth")]

    @property
    def sent_rows(self) -> list[int]:
        new = self._server.requests()[self._before :]
        return [each.rows for each in new if each.method == "POST" and each.path.startswith("sync/")]


@pytest.fixture
def machine(tmp_path: Path, environment: dict[str, str]) -> Machine:
    return Machine(tmp_path, environment)


@contextmanager
def signed_in(machine: Machine, *jobs: str, **options: Any) -> Iterator[Server]:
    """Run a sandbox that the machine is signed in to; without more, one nightly job is in the settings."""
    with running_server(**(LISTED | options)) as server:
        machine.write_settings(
            section("trakt", server.url), *(jobs or ['[jobs.nightly]\nsource = "ratings.csv"\n'])
        )
        machine.login()
        yield server


def seed(server: Server, count: int) -> list[str]:
    """Let the account hold so many ratings already, and give the file's lines that say the same."""
    ids = [f"tt{5_040_000 + number}" for number in range(count)]

    def put() -> None:
        with server.store.changes():
            for number, imdb_id in enumerate(ids):
                server.store.put_rating("demo", find_title(imdb_id), number % 10 + 1, DATE)

    server._ask(put)
    return [f"{imdb_id},{number % 10 + 1},2024-01-01" for number, imdb_id in enumerate(ids)]


DATED = "imdb_id,rating,rated_at"


class TestCosts:
    def test_ten_thousand_that_did_not_change(self, machine: Machine) -> None:
        with signed_in(machine, any_title=True) as server:
            lines = seed(server, 10_000)
            machine.write(*lines, header=DATED)
            first = machine.sync()
            assert first.returncode == 0, first.stdout[-900:]
            assert machine.statuses() == ["unchanged"] * 10_000

            count = Count(server)
            second = machine.sync()
            assert count.requests == [("GET", "sync/last_activities")]
            assert second.returncode == 0
            assert second.stdout.startswith("nightly: nothing changed since 20")

            server.rate("tt0111161", 9)  # elsewhere, by somebody who uses the site
            server.unrate("tt0111161")
            count = Count(server)
            third = machine.sync()
            assert third.returncode == 0, third.stderr
            assert len(count.requests) <= 42  # 40 full pages, and the empty one that ends the list
            assert {method for method, _ in count.requests} == {"GET"}

            count = Count(server)
            assert machine.sync().returncode == 0
            assert len(count.requests) == 1

    def test_twenty_five_of_ten_thousand(self, machine: Machine) -> None:
        with signed_in(machine, any_title=True) as server:
            lines = seed(server, 10_000)
            machine.write(*lines, header=DATED)
            assert machine.sync().returncode == 0
            for number in range(0, 10_000, 400):
                imdb_id, rating, _ = lines[number].split(",")
                lines[number] = f"{imdb_id},{int(rating) % 10 + 1},2025-05-05"
            machine.write(*lines, header=DATED)
            count = Count(server)
            done = machine.sync()
            assert done.returncode == 0, done.stderr
            assert count.sent_rows == [25]
            assert machine.statuses().count("rated") == 25
            assert machine.statuses().count("unchanged") == 9_975
            assert machine.sync().returncode == 0  # looks once more: others may have rated meanwhile
            count = Count(server)
            assert machine.sync().returncode == 0
            assert len(count.requests) == 1

    def test_what_others_changed_is_seen_and_mended(self, machine: Machine) -> None:
        machine.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
        with signed_in(
            machine, '[jobs.nightly]\nsource = "ratings.csv"\non_conflict = "overwrite"\n'
        ) as server:
            assert machine.sync().returncode == 0
            server.rate(GODFATHER, 3)
            count = Count(server)
            assert machine.sync().returncode == 0
            assert count.sent_rows == [1]
            assert server.stored_movies() == {SHAWSHANK: 9, GODFATHER: 8}

    @pytest.mark.parametrize("meanwhile", [[], [f"{GODFATHER},4"]])
    def test_what_others_did_to_a_title_is_seen_when_the_file_names_it_again(
        self, machine: Machine, meanwhile: list[str]
    ) -> None:
        """The journal says that an earlier run sent this very rating; the account has moved since."""
        machine.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
        with signed_in(machine) as server:
            assert machine.sync().returncode == 0
            server.rate(GODFATHER, 4)
            machine.write(f"{SHAWSHANK},9", *meanwhile)
            assert machine.sync().returncode == 0
            machine.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
            assert machine.sync().returncode == 0
            assert server.stored_movies() == {SHAWSHANK: 9, GODFATHER: 8}

    def test_other_options_are_another_question(self, machine: Machine) -> None:
        machine.write(f"{SHAWSHANK},9")
        with signed_in(machine) as server:
            assert machine.sync().returncode == 0
            machine.write_settings(
                section("trakt", server.url), '[jobs.nightly]\nsource = "ratings.csv"\nformat = "csv"\n'
            )
            count = Count(server)
            assert machine.sync().returncode == 0
            assert len(count.requests) > 1
            assert count.sent_rows == []

    def test_a_mirror_takes_away_what_the_file_has_no_more(self, machine: Machine) -> None:
        machine.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
        with signed_in(machine, '[jobs.nightly]\nsource = "ratings.csv"\nmirror = true\n') as server:
            assert machine.sync().returncode == 0
            assert machine.sync().returncode == 0
            count = Count(server)
            assert machine.sync().returncode == 0
            assert len(count.requests) == 1
            machine.write(f"{SHAWSHANK},9")
            done = machine.sync()
            assert done.returncode == 0, done.stderr
            assert server.stored_movies() == {SHAWSHANK: 9}
            server.rate(KNIGHT, 7)
            assert machine.sync().returncode == 0
            assert server.stored_movies() == {SHAWSHANK: 9}

    def test_what_others_changed_while_it_ran_is_seen_by_the_next_one(self, machine: Machine) -> None:
        machine.write(f"{SHAWSHANK},9")
        with signed_in(machine, '[jobs.nightly]\nsource = "ratings.csv"\nmirror = true\n') as server:
            put = server.store.put_rating

            def put_both(*rating: Any) -> Any:
                put("demo", find_title(KNIGHT), 3, DATE)  # by hand, after the look
                return put(*rating)

            with patch.object(server.store, "put_rating", put_both):
                assert machine.sync().returncode == 0
            assert server.stored_movies() == {SHAWSHANK: 9, KNIGHT: 3}
            assert machine.sync().returncode == 0
            assert server.stored_movies() == {SHAWSHANK: 9}

    def test_results_that_are_gone_are_had_again(self, machine: Machine) -> None:
        machine.write(f"{SHAWSHANK},9")
        with signed_in(machine) as server:
            assert machine.sync().returncode == 0
            (machine.state / "results" / "nightly.csv").unlink()
            count = Count(server)
            assert machine.sync().returncode == 0
            assert machine.statuses() == ["unchanged"]
            assert count.sent_rows == []

    def test_state_that_makes_no_sense_costs_one_look(self, machine: Machine) -> None:
        machine.write(f"{SHAWSHANK},9")
        with signed_in(machine) as server:
            assert machine.sync().returncode == 0
            (machine.state / "sync" / "nightly.json").write_text("{")
            count = Count(server)
            assert machine.sync().returncode == 0
            assert count.sent_rows == []
            assert "unchanged" in machine.statuses()


class TestFailures:
    def test_what_fails_for_good_is_known_and_not_asked_for_again(self, machine: Machine) -> None:
        machine.write(f"{SHAWSHANK},9", f"{UNKNOWN},5")
        with signed_in(machine) as server:
            assert machine.sync().returncode == 1
            assert machine.sync().returncode == 1
            again = machine.sync()
            assert again.returncode == 0
            assert "1 row did not succeed then" in again.stdout

            machine.write(f"{SHAWSHANK},9", f"{UNKNOWN},5", f"{GODFATHER},8")
            count = Count(server)
            assert machine.sync().returncode == 1
            assert count.sent_rows == [1]
            assert machine.statuses() == ["unchanged", "not_found", "rated"]
            message = machine.results()[1]["message"]
            assert "known since 20" in message
            assert "tried again after 20" in message

            machine.write(f"{SHAWSHANK},9", f"{UNKNOWN},6", f"{GODFATHER},8")
            count = Count(server)
            assert machine.sync().returncode == 1
            assert count.sent_rows == [1]
            assert "known since" not in machine.results()[1]["message"]

    def test_it_is_asked_for_again_when_much_time_has_passed(self, machine: Machine) -> None:
        machine.write(f"{UNKNOWN},5")
        with signed_in(machine) as server:
            assert machine.sync().returncode == 1

            def age(state: dict[str, Any]) -> None:
                for known in state["known"].values():
                    known |= {"since": "2025-01-01", "tried_on": "2025-01-01"}

            machine.edit_state(age)
            count = Count(server)
            assert machine.sync().returncode == 1
            assert count.sent_rows == [1]
            state = json.loads((machine.state / "sync" / "nightly.json").read_bytes())
            [known] = state["known"].values()
            assert (known["since"], known["tries"]) == ("2025-01-01", 2)
            assert known["tried_on"] > "2026"

    def test_an_older_rating_of_a_known_title_does_not_go_in_its_place(self, machine: Machine) -> None:
        machine.write(f"{UNKNOWN},5,2020-01-01", f"{UNKNOWN},7,2024-01-01", header=DATED)
        with signed_in(machine) as server:
            assert machine.sync().returncode == 1
            machine.write(
                f"{UNKNOWN},5,2020-01-01",
                f"{UNKNOWN},7,2024-01-01",
                f"{SHAWSHANK},9,2024-01-01",
                header=DATED,
            )
            count = Count(server)
            assert machine.sync().returncode == 1
            assert count.sent_rows == [1]
            assert machine.statuses() == ["duplicate", "not_found", "rated"]

    def test_what_may_pass_is_tried_every_time(self, machine: Machine) -> None:
        machine.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
        with running_server("500x10", **LISTED) as server:
            machine.write_settings(section("trakt", server.url), '[jobs.nightly]\nsource = "ratings.csv"\n')
            machine.login()
            failed = machine.sync()  # two attempts for both, four for each alone
            assert failed.returncode == 1
            assert machine.statuses() == ["failed"] * 2
            assert machine.sync().returncode == 0
            assert machine.statuses() == ["rated"] * 2
            assert server.stored_movies() == {SHAWSHANK: 9, GODFATHER: 8}
            assert machine.sync().returncode == 0
            count = Count(server)
            assert machine.sync().returncode == 0
            assert len(count.requests) == 1

    def test_an_account_that_cannot_be_read_is_left_alone(self, machine: Machine) -> None:
        """Sent unseen, an equal rating would get today's date, and a newer one would be overwritten."""
        machine.write(f"{SHAWSHANK},9,2020-01-01", f"{GODFATHER},8,", header=DATED)
        with running_server("read:404@4-5", **LISTED) as server:
            machine.write_settings(
                section("trakt", server.url),
                '[jobs.nightly]\nsource = "ratings.csv"\non_conflict = "overwrite"\n',
            )
            machine.login()
            server.rate(GODFATHER, 8, DATE)
            assert machine.sync().returncode == 0
            before = server.stored()
            machine.write(f"{SHAWSHANK},9,2020-01-01", f"{GODFATHER},8,", f"{KNIGHT},5,", header=DATED)
            stopped = machine.sync()
            assert stopped.returncode == 3
            assert "the account cannot be read" in stopped.stdout
            assert server.stored() == before
            assert machine.sync().returncode == 0
            assert server.stored().items() > before.items()

    def test_a_look_that_was_cut_short_leaves_nothing_unseen_to_the_next_run(self, machine: Machine) -> None:
        machine.write(f"{SHAWSHANK},9")
        with running_server("read:404@4-5", **LISTED) as server:
            machine.write_settings(
                section("trakt", server.url),
                '[jobs.nightly]\nsource = "ratings.csv"\non_conflict = "overwrite"\n',
            )
            machine.login()
            assert machine.sync().returncode == 0
            server.rate(SHAWSHANK, 3)  # elsewhere, which the journal does not know
            machine.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
            assert machine.sync().returncode == 3
            assert machine.statuses() == ["not_sent"] * 2
            assert machine.sync().returncode == 0
            assert server.stored_movies() == {SHAWSHANK: 9, GODFATHER: 8}

    def test_a_change_of_much_of_the_account_is_refused_not_asked_about(self, machine: Machine) -> None:
        with signed_in(machine, any_title=True) as server:
            lines = seed(server, 100)
            machine.write(*(f"{line.split(',')[0]},1,2025-05-05" for line in lines), header=DATED)
            refused = machine.sync()
            assert refused.returncode == 2
            assert "nobody can be asked" in refused.stderr
            count = Count(server)
            assert machine.sync("--yes").returncode == 0
            assert count.sent_rows == [90]

    def test_after_a_run_of_two_sessions_the_account_is_looked_at_once_more(self, machine: Machine) -> None:
        job = '[jobs.nightly]\nsource = "ratings.csv"\non_conflict = "overwrite"\n'
        with signed_in(machine, job, any_title=True) as server:
            lines = seed(server, 100)
            machine.write(*(f"{line.split(',')[0]},1,2025-05-05" for line in lines), header=DATED)
            assert machine.sync().returncode == 2
            one_already, _, _ = lines[0].split(",")
            server.rate(one_already, 7)  # needed no sending when the run began
            assert machine.sync("--yes").returncode == 0
            assert machine.sync().returncode == 0
            assert set(server.stored_movies().values()) == {1}
            assert machine.sync().returncode == 0
            count = Count(server)
            assert machine.sync().returncode == 0
            assert len(count.requests) == 1


class TestAccounts:
    def test_two_people_side_by_side(self, machine: Machine) -> None:
        machine.write(f"{SHAWSHANK},9", name="ada.csv")
        machine.write(f"{GODFATHER},8", name="bob.csv")
        with ExitStack() as stack:
            ada, bob = (stack.enter_context(running_server(**LISTED)) for _ in range(2))
            machine.write_settings(
                section("accounts.ada", ada.url),
                section("accounts.bob", bob.url),
                '[jobs.ada]\nsource = "ada.csv"\naccount = "ada"\n',
                '[jobs.bob]\nsource = "bob.csv"\naccount = "bob"\n',
            )
            refused = machine.sync("ada")
            assert refused.returncode == 3
            assert "account ada: " in refused.stderr
            assert "`importer login trakt --account ada`" in refused.stderr
            ended = json.loads(machine.sync("ada", "--log-format", "json").stderr.splitlines()[-1])
            assert "`importer login trakt --account ada`" in ended["stopped"]
            for name in ("ada", "bob"):
                machine.login("--account", name)
            done = machine.sync()
            assert done.returncode == 0, done.stderr
            assert ada.stored_movies() == {SHAWSHANK: 9}
            assert bob.stored_movies() == {GODFATHER: 8}
        assert "ada | " in done.stdout
        assert "bob | " in done.stdout

    def test_two_jobs_that_rate_a_title_differently_take_turns_unless_one_keeps(
        self, machine: Machine
    ) -> None:
        """As docs/every-night.md says."""
        machine.write(f"{SHAWSHANK},9", f"{GODFATHER},8", name="a.csv")
        machine.write(f"{SHAWSHANK},7", name="b.csv")
        jobs = [f'[jobs.{name}]\nsource = "{name}.csv"\n' for name in "ab"]
        with signed_in(machine, *jobs) as server:
            for name, statuses in (
                ("a", ["rated", "rated"]),
                ("b", ["rated"]),
                ("a", ["rated", "unchanged"]),
                ("b", ["rated"]),
            ):
                assert machine.sync(name).returncode == 0
                assert machine.statuses(name) == statuses
            machine.write_settings(section("trakt", server.url), jobs[0], f'{jobs[1]}on_conflict = "keep"\n')
            for name, statuses in (
                ("a", ["rated", "unchanged"]),
                ("b", ["kept"]),
                ("a", ["unchanged", "unchanged"]),
            ):
                assert machine.sync(name).returncode == 0
                assert machine.statuses(name) == statuses

    def test_the_worst_exit_code_counts_and_one_failure_stops_nobody_else(self, machine: Machine) -> None:
        machine.write(f"{SHAWSHANK},9")
        good = '[jobs.good]\nsource = "ratings.csv"\n'
        with signed_in(machine, good, '[jobs.bad]\nsource = "missing.csv"\n') as server:
            done = machine.sync()
            assert done.returncode == 2
            assert "bad  | importer: " in done.stderr
            assert server.stored_movies() == {SHAWSHANK: 9}

    @pytest.mark.parametrize("other", ["", "twin"])
    def test_jobs_of_one_account_wait_in_line(self, machine: Machine, other: str) -> None:
        """Also where it goes by two names, of which only the journal knows that they are one."""
        jobs = []
        for name, account, ids in (("a", "", range(40)), ("b", other, range(40, 80))):
            machine.write(*(f"tt{5_040_000 + number},7" for number in ids), name=f"{name}.csv")
            pace = f'account = "{account}"\nbatch_size = 4\nrate = "10/s"\n'
            jobs.append(f'[jobs.{name}]\nsource = "{name}.csv"\n{pace}')
        with running_server(**OPEN) as server:
            sections = [section(name, server.url) for name in ("trakt", "accounts.twin")]
            machine.write_settings(*sections, *jobs)
            machine.login()
            machine.login("--account", "twin")
            done = machine.sync()
            assert done.returncode == 0, done.stderr
            assert len(server.stored_movies()) == 80
        assert ("another job of this account is at work; waiting for it" in done.stdout) == (not other)
        spans = [sorted(row["sent_at"] for row in machine.results(name)) for name in ("a", "b")]
        earlier, later = sorted(spans)
        assert earlier[-1] < later[0]

    def test_somebody_else_signed_in_gets_a_journal_of_their_own(self, machine: Machine) -> None:
        machine.write(f"{SHAWSHANK},9")
        with signed_in(machine) as server:
            assert machine.sync().returncode == 0

            def be_somebody_else(state: dict[str, Any]) -> None:
                state["account"] = f"eve at {server.url}"
                state["activities"]["movies"] = "1999-01-01T00:00:00.000Z"

            machine.edit_state(be_somebody_else)
            machine.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
            count = Count(server)
            done = machine.sync()
            assert done.returncode == 0, done.stderr
            assert count.sent_rows == [1]
            assert server.stored_movies() == {SHAWSHANK: 9, GODFATHER: 8}
        state = json.loads((machine.state / "sync" / "nightly.json").read_bytes())
        assert state["account"].startswith("demo at ")

    def test_the_guard_is_for_the_account_that_is_signed_in(self, machine: Machine) -> None:
        with signed_in(machine, any_title=True) as server:
            lines = seed(server, 100)
            machine.write(*lines, header=DATED)
            assert machine.sync().returncode == 0

            def be_somebody_else(state: dict[str, Any]) -> None:
                state["account"] = f"eve at {server.url}"

            machine.edit_state(be_somebody_else)
            machine.write(*(f"{line.split(',')[0]},1,2025-05-05" for line in lines), header=DATED)
            refused = machine.sync()
            assert refused.returncode == 2
            assert "somebody else" not in refused.stderr
            assert "nobody can be asked" in refused.stderr
            assert machine.sync("--yes").returncode == 0
            assert set(server.stored_movies().values()) == {1}

    def test_no_secret_is_left_behind(self, machine: Machine) -> None:
        machine.write(f"{SHAWSHANK},9")
        with signed_in(machine):
            said = [machine.sync(), machine.sync()]
        for path in machine.state.rglob("*"):
            if path.is_file() and "tokens" not in path.parts:
                assert not any(secret.encode() in path.read_bytes() for secret in SECRETS), path
        assert not any(secret in done.stdout + done.stderr for secret in SECRETS for done in said)
        modes = {path.stat().st_mode & 0o777 for path in (machine.state / "sync").iterdir()}
        assert modes == {0o600}


class TestSources:
    def test_a_download_that_did_not_change_is_not_sent_again(self, machine: Machine) -> None:
        with (
            exporting() as (address, seen),
            signed_in(machine, f'[jobs.nightly]\nsource = "{address}?key=s3cret"\n') as server,
        ):
            assert machine.sync().returncode == 0
            assert machine.sync().returncode == 0
            count = Count(server)
            third = machine.sync()
            assert (third.returncode, len(count.requests)) == (0, 1)
            assert "If-None-Match" in seen[2]
            server.rate(GODFATHER, 5)
            assert machine.sync().returncode == 0  # from the copy, which is all there is now
            runs = machine.type("runs").stdout
        assert "the download from 127.0.0.1" in runs
        assert "s3cret" not in runs

    def test_a_file_that_shapes_the_rows_is_a_part_of_the_source(self, machine: Machine) -> None:
        with signed_in(machine) as server:
            machine.write("1,1,4.0,964981247", header="userId,movieId,rating,timestamp")
            machine.write("1,0111161,", name="links.csv", header="movieId,imdbId,tmdbId")
            assert machine.sync().returncode == 0
            assert machine.sync().returncode == 0
            assert "nothing changed" in machine.sync().stdout
            machine.write("1,0068646,", name="links.csv", header="movieId,imdbId,tmdbId")
            assert machine.sync().returncode == 0
            assert server.stored_movies() == {SHAWSHANK: 8, GODFATHER: 8}
            assert machine.sync().returncode == 0
            assert "nothing changed" in machine.sync().stdout
            (machine.folder / "links.csv").unlink()
            refused = machine.sync()
            assert (refused.returncode, "no links.csv beside it" in refused.stderr) == (2, True)

    def test_the_original_api_is_read_every_time_and_nothing_sent_twice(self, machine: Machine) -> None:
        machine.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
        with running_server(**LISTED) as server:
            machine.write_settings(
                f'[accounts.old]\nbase_url = "{server.url}"\nusername = "demo"\n',
                '[jobs.nightly]\nsource = "ratings.csv"\nto = "trakt-v1"\naccount = "old"\nbulk = true\n',
            )
            machine.environment["IMPORTER_ACCOUNTS_OLD_API_KEY"] = "sandbox-key"
            machine.environment["IMPORTER_ACCOUNTS_OLD_PASSWORD"] = "demo"
            done = machine.sync()
            assert done.returncode == 0, done.stderr
            sent = server.count_sent_rows()
            assert machine.sync().returncode == 0
            assert server.count_sent_rows() == sent == 2
            assert machine.statuses() == ["unchanged"] * 2
            server.unrate(GODFATHER)
            assert machine.sync().returncode == 0
            assert server.stored_movies() == {SHAWSHANK: 9, GODFATHER: 8}

    def test_the_sandbox_of_todays_api_needs_no_settings(self, machine: Machine) -> None:
        machine.write(f"{SHAWSHANK},9")
        machine.write_settings('[jobs.nightly]\nsource = "ratings.csv"\nto = "sandbox"\napi = "v2"\n')
        done = machine.sync()
        assert done.returncode == 0, done.stderr
        assert machine.statuses() == ["rated"]

    def test_a_file_is_written_when_the_source_changed_or_it_is_gone(self, machine: Machine) -> None:
        machine.write(f"{SHAWSHANK},9")
        machine.write_settings(
            '[jobs.nightly]\nsource = "*.csv"\nto = "trakt-file"\nwrite_to = "up/load.csv"\n'
        )
        upload = machine.folder / "up" / "load.csv"
        upload.parent.mkdir()
        assert machine.sync().returncode == 0
        before = upload.stat().st_mtime_ns
        assert "nothing changed" in machine.sync().stdout
        assert upload.stat().st_mtime_ns == before
        upload.unlink()
        assert machine.sync().returncode == 0
        assert upload.exists()


@contextmanager
def daemon(machine: Machine, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a daemon; it is told to end when the block does, and must end well."""
    with subprocess.Popen(
        [COMMAND, "sync", *words, "--jitter", "0"],
        cwd=machine.folder,
        env=machine.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0


def read_until(stream: IO[str] | None, word: str) -> str:
    """Read lines until one holds the word."""
    assert stream is not None
    said = ""
    for line in stream:
        said += line
        if word in line:
            return said
    raise AssertionError(f"{word!r} never came: {said}")


@pytest.mark.skipif(os.name != "posix", reason="signals")
class TestFromAnAccount:
    BACKUP = '[jobs.backup]\nfrom = "trakt"\nfrom_account = "ada"\nto = "csv-file"\nwrite_to = "ada.csv"\n'
    COPY = '[jobs.nightly]\nfrom = "trakt"\nfrom_account = "ada"\n'

    def test_only_what_changed_there_is_read_and_sent(self, machine: Machine) -> None:
        with running_server(**LISTED) as ada, running_server(**LISTED) as mine:
            machine.write_settings(
                section("accounts.ada", ada.url), section("trakt", mine.url), self.COPY, self.BACKUP
            )
            machine.login("--account", "ada")
            machine.login()
            ada.rate(SHAWSHANK, 9, DATE)
            first = machine.sync()
            assert first.returncode == 0, first.stderr
            assert mine.stored() == ada.stored()
            backup = (machine.folder / "ada.csv").read_text("utf-8")
            assert f",{SHAWSHANK}," in backup

            assert machine.sync().returncode == 0  # sees once more what it sent itself
            counts = Count(ada), Count(mine)
            again = machine.sync()
            assert "nightly | nothing changed since 20" in again.stdout
            assert "backup  | nothing changed since 20" in again.stdout
            assert [set(count.requests) for count in counts] == [{("GET", "sync/last_activities")}] * 2

            ada.rate(GODFATHER, 8, DATE)
            assert machine.sync().returncode == 0
            assert mine.stored() == ada.stored()
            assert f",{GODFATHER}," in (machine.folder / "ada.csv").read_text("utf-8")

    def test_a_sign_in_that_is_missing_is_that_of_the_account_that_is_read(self, machine: Machine) -> None:
        with running_server(**LISTED) as server:
            machine.write_settings(section("accounts.ada", server.url), self.BACKUP)
            refused = machine.sync()
        assert refused.returncode == 3
        assert "`importer login trakt --account ada`" in refused.stderr
        assert not (machine.folder / "ada.csv").exists()


class TestDaemon:
    def test_two_daemons_on_one_account_never_overlap(self, machine: Machine) -> None:
        machine.write(*(f"tt{5_040_000 + number},7" for number in range(80)))
        job = 'source = "ratings.csv"\nbatch_size = 4\nrate = "10/s"\n'
        # One job each: of the same one, a daemon that starts a little later knows that it was begun already.
        with signed_in(machine, f"[jobs.nightly]\n{job}[jobs.daily]\n{job}", any_title=True) as server:
            count = Count(server)
            every = ("--every", "1h")
            with daemon(machine, "nightly", *every) as one, daemon(machine, "daily", *every) as other:
                for process in (one, other):
                    assert "exit code 0" in read_until(process.stderr, "ended with")
            assert sum(count.sent_rows) == 80
            assert len(server.stored_movies()) == 80

    def test_a_sigterm_ends_the_run_in_good_order_and_the_next_one_goes_on(self, machine: Machine) -> None:
        machine.write(*(f"tt{5_040_000 + number},7" for number in range(80)))
        job = '[jobs.nightly]\nsource = "ratings.csv"\nbatch_size = 2\nrate = "5/s"\n'
        with signed_in(machine, job, any_title=True) as server:
            count = Count(server)
            with daemon(machine, "--cron", "* * * * *", "--every", "1h") as refused:
                refused.wait(20)
                refused.returncode, code = 0, refused.returncode
            assert code == 2
            with daemon(machine, "--every", "1h"):
                wait_until(lambda: sum(count.sent_rows) >= 4)
            assert 4 <= sum(count.sent_rows) < 80
            assert "not_sent" in machine.statuses()
            assert "unconfirmed" not in machine.statuses()
            machine.write_settings(
                section("trakt", server.url),
                '[jobs.nightly]\nsource = "ratings.csv"\nbatch_size = 2\nrate = "100/s"\n',
            )
            done = machine.sync()
            assert done.returncode == 0, done.stderr
            assert sum(count.sent_rows) == 80

    def test_a_job_that_is_killed_is_gone_on_with(self, machine: Machine) -> None:
        machine.write(*(f"tt{5_040_000 + number},7" for number in range(80)))
        job = '[jobs.nightly]\nsource = "ratings.csv"\nbatch_size = 2\nrate = "20/s"\n'
        with signed_in(machine, job, any_title=True) as server:
            count = Count(server)
            with subprocess.Popen(
                [COMMAND, "sync", "--quiet"],
                cwd=machine.folder,
                env=machine.environment,
                stdin=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            ) as process:
                wait_until(lambda: sum(count.sent_rows) >= 4)
                process.kill()
            assert len(server.stored_movies()) < 80
            done = machine.sync()
            assert done.returncode == 0, done.stderr
            assert "continues the run" in done.stdout
            assert len(server.stored_movies()) == 80
            assert sum(count.sent_rows) == 80
            assert machine.sync().returncode == 0  # looks once more at what the first half left alone
            assert sum(count.sent_rows) == 80
            before = Count(server)
            assert machine.sync().returncode == 0
            assert len(before.requests) == 1

    def test_settings_that_break_are_told_and_the_old_ones_go_on(self, machine: Machine) -> None:
        machine.write(f"{SHAWSHANK},9")
        job = '[jobs.nightly]\nsource = "ratings.csv"\nevery = "1s"\n'
        with signed_in(machine, job) as server, daemon(machine, "--daemon") as process:
            read_until(process.stderr, "ended with exit code 0")
            whole = machine.settings.read_text("utf-8")
            machine.settings.write_text(whole + "[jobs.nightly]\n", "utf-8")
            process.send_signal(signal.SIGHUP)
            said = read_until(process.stderr, "the settings stay as they were")
            assert f"{machine.settings} is not valid TOML" in said
            machine.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
            wait_until(lambda: GODFATHER in server.stored_movies())
            machine.settings.write_text(whole.replace("jobs.nightly", "jobs.other"), "utf-8")
            process.send_signal(signal.SIGHUP)
            assert "1 job" in read_until(process.stderr, "read the settings again")
            read_until(process.stderr, "other ended with exit code 0")
        assert not list(machine.state.glob("daemon-*"))
