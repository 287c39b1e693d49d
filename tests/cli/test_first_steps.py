"""The first run, the first settings file, and the commands that try what is set up."""

import sys
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from importer.cli.advice import spell
from importer.config.starter import describe_first_job
from importer.destinations.registry import list_specs
from importer.sync.jobs_file import load_jobs
from tests.command import Importer, build_command, read_statuses, write

ROWS = "imdb_id,rating\ntt0000417,8\n"


@pytest.fixture
def importer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Importer:
    write(tmp_path / "ratings.csv", ROWS)
    return build_command(tmp_path, monkeypatch, capsys, {}, secrets=("hunter22", "secretpath"))


def answer(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    left, asked = list(answers), []

    def prompt(what: str, **_: object) -> str:
        asked.append(what)
        return left.pop(0)

    monkeypatch.setattr("typer.prompt", prompt)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    return asked


class TestTheFirstRun:
    def test_it_asks_where_to_and_the_sandbox_is_the_first_choice(
        self, importer: Importer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        answer(monkeypatch, "0", "nowhere", "1")
        code, _, err = importer("run", "ratings.csv")
        assert "0 is none of them." in err
        assert "nowhere is none of them." in err
        assert code == 0, err
        assert " 1  sandbox          a server of your own on this machine, to try it here first" in err
        assert all(f"  {spec.word} " in err for spec in list_specs() if spec.has_login or spec.is_file)
        assert read_statuses(tmp_path / "ratings.results.csv") == ["rated"]
        assert "  sandbox-v2  " in importer("runs")[1], "today's API"

    def test_a_service_is_signed_in_to_and_then_the_run_goes_on(
        self, importer: Importer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        signed_in = []
        monkeypatch.setattr("importer.cli.login.login", lambda *, to: signed_in.append(to))
        answer(monkeypatch, "simkl")
        _, _, err = importer("run", "ratings.csv")
        assert signed_in == ["simkl"]
        assert "client id of your Simkl app is missing" in err, "it went on to simkl"

    def test_q_stops_before_anything(self, importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
        answer(monkeypatch, "q")
        code, _, err = importer("run", "ratings.csv")
        assert (code, "nothing was sent" in err) == (3, True)

    def test_without_a_terminal_the_commands_are_named(self, importer: Importer) -> None:
        code, out, err = importer("run", "ratings.csv")
        assert (code, out) == (2, "")
        for command in ("run ratings.csv --to sandbox", "login trakt", "run ratings.csv --to trakt-file"):
            assert f"importer {command}`" in err

    def test_a_file_that_is_missing_is_told_before_anything_is_asked(
        self, importer: Importer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        code, _, err = importer("run", "nope.csv")
        assert (code, "nope.csv: cannot be read (No such file" in err, "set up" in err) == (2, True, False)
        asked = answer(monkeypatch)
        assert importer("run", "nope.csv")[0] == 2
        assert asked == []

    @pytest.mark.parametrize("words", [("--to", "trakt"), ("--yes",), ("--log-format", "json")])
    def test_who_says_where_to_or_wants_no_question_is_not_asked(
        self, words: tuple[str, ...], importer: Importer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = answer(monkeypatch)
        assert importer("run", "ratings.csv", *words)[0] == 2
        assert asked == []

    def test_who_has_set_up_trakt_is_not_asked(
        self, importer: Importer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = answer(monkeypatch)
        monkeypatch.setenv("IMPORTER_TRAKT_CLIENT_ID", "some-app")
        code, _, err = importer("run", "ratings.csv")
        assert (code, asked) == (3, [])
        assert "importer login trakt" in err

    def test_settings_that_are_wrong_are_not_hidden_by_a_question(
        self, importer: Importer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        asked = answer(monkeypatch)
        write(tmp_path / "config.toml", "[trakt]\nclient_di = 'x'\n")
        code, _, err = importer("run", "ratings.csv")
        assert (code, asked) == (2, [])
        assert "client_di in [trakt]" in err


class TestTheSettingsFile:
    def test_it_is_all_comments_and_right_without_them(self, importer: Importer, tmp_path: Path) -> None:
        file = tmp_path / "config.toml"
        file.unlink()
        code, out, _ = importer("init")
        assert (code, str(file) in out) == (0, True)
        assert file.stat().st_mode & 0o777 == 0o600
        text = file.read_text("utf-8")
        assert tomllib.loads(text) == {}
        assert importer("config", "check")[1] == f"{file} is right: 0 jobs, 0 accounts.\n"
        lines = [line.removeprefix("# ") for line in text.splitlines()]
        used = "\n".join(line for line in lines if line.startswith("[") or " = " in line)
        tables = tomllib.loads(used)
        assert {spec.name for spec in list_specs() if spec.has_login} <= tables.keys()
        write(file, used.replace('client_id = ""', 'client_id = "x"'))
        assert list(load_jobs(file=file)) == ["imdb"]

    def test_a_file_that_exists_is_left_as_it_is(self, importer: Importer, tmp_path: Path) -> None:
        file = tmp_path / "config.toml"
        write(file, "# mine\n")
        code, _, err = importer("init")
        assert (code, "exists already" in err, file.read_text()) == (2, True, "# mine\n")
        file.unlink()
        file.symlink_to(tmp_path / "elsewhere.toml")
        assert importer("init")[0] == 2
        assert not (tmp_path / "elsewhere.toml").exists()

    def test_the_way_to_the_first_job_is_no_circle(self, importer: Importer, tmp_path: Path) -> None:
        file = tmp_path / "config.toml"
        file.unlink()
        assert spell(describe_first_job(file)).endswith("`importer init` writes a file to begin with.")
        assert importer("init")[0] == 0
        for words in ("status",), ("sync", "--list"), ("sync",), ("init",):
            said = "".join(importer(*words)[1:]).replace("importer: ", "")
            assert f"Take the # away from [jobs.imdb] and the lines below it in {file}" in said, words
            assert "importer init" not in said, words
        write(file, "# mine\n")
        said = importer("status")[1]
        assert "shows how a [jobs.NAME] looks" in said
        assert "importer init" not in said

    def test_all_problems_are_shown_at_once(self, importer: Importer, tmp_path: Path) -> None:
        write(
            tmp_path / "config.toml",
            '[simkl]\nfoo = 1\n[sync]\nnotify = ["nonsense"]\n[jobs.a]\nsource = "x"\nto = "traktt"\n',
        )
        code, out, err = importer("config", "check")
        assert (code, out) == (2, "")
        for said in ("to in [jobs.a]", "foo in [simkl]", "notify in [sync]"):
            assert said in err

    def test_path_prints_where_it_is(self, importer: Importer, tmp_path: Path) -> None:
        assert importer("config", "path")[:2] == (0, f"{tmp_path / 'config.toml'}\n")


class TestSyncJobs:
    JOBS = '[jobs.shelf]\nsource = "ratings.csv"\nto = "sandbox"\n'

    def test_they_are_listed_and_none_is_run(self, importer: Importer, tmp_path: Path) -> None:
        write(tmp_path / "config.toml", self.JOBS)
        code, out, _ = importer("sync", "--list")
        assert code == 0
        assert out.splitlines()[1].split() == ["shelf", "sandbox", "never", "not", "scheduled", "here"]
        assert not (tmp_path / "state/sync").exists()

    def test_a_dry_run_shows_what_would_be_sent_and_writes_nothing_down(
        self, importer: Importer, tmp_path: Path
    ) -> None:
        write(tmp_path / "config.toml", self.JOBS)
        code, out, _ = importer("sync", "--dry-run")
        assert code == 0
        assert "shelf:\nDry run: " in out
        assert "Nothing was sent; 1 row would be. A dry run does not read the account" in out
        for place in ("sync", "results", "health"):
            assert not (tmp_path / "state" / place).exists(), place
        assert importer("runs")[1] == "There are no runs yet.\n"
        assert importer("sync", "--quiet")[0] == 0

    def test_a_dry_run_does_not_stay(self, importer: Importer, tmp_path: Path) -> None:
        write(tmp_path / "config.toml", self.JOBS)
        assert importer("sync", "--dry-run", "--every", "6h")[0] == 2


class Receiver(BaseHTTPRequestHandler):
    status = 200

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Requests are no news."""


@pytest.fixture
def receiver() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


class TestNotify:
    def test_each_address_says_whether_it_was_sent(
        self, importer: Importer, tmp_path: Path, receiver: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        address = f"json://ada:hunter22@127.0.0.1:{receiver}/secretpath"
        write(tmp_path / "config.toml", f'[sync]\nnotify = ["{address}"]\n')
        assert importer("notify", "test") == (0, "notification 1 of 1 (json): sent\n", "")
        monkeypatch.setattr(Receiver, "status", 403)
        code, out, err = importer("notify", "test")
        assert (code, err) == (1, "importer: 1 notification could not be sent\n")
        assert "notification 1 of 1 (json): could not be sent: " in out
        assert "403" in out

    def test_nobody_to_notify_is_an_error(self, importer: Importer) -> None:
        code, _, err = importer("notify", "test")
        assert (code, "has no notify" in err) == (2, True)
