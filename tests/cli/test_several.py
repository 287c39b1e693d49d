"""One file to several destinations at once, as people type it, against a sandbox of each."""

import csv
import errno
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from importer.errors import Remedy, StateFileError
from importer.runs.import_run import ImportRun
from importer.runs.load import LoadedRun
from importer.sandbox.exchange import Answer
from importer.sandbox.mdblist.routes import Ratings as MdblistRatings
from importer.sandbox.simkl.ratings import Ratings
from tests.command import Importer, build_command, write
from tests.destinations.conformance import MOVIES, SHOW, UNKNOWN
from tests.hurried_time import HurriedLoop
from tests.road import Server, running_sandbox

KEY = "sandbox-mdblist-key"
CLIENT_ID = "sandbox-client"
FREE: dict[str, Any] = {"auto_approve": True, "device_interval": 1, "simkl_post_rate": None}
BOTH = ("run", "ratings.csv", "--to", "simkl", "--to", "mdblist")
ROWS = f"imdb_id,rating,type,season\n{MOVIES[0]},9,movie,\n{SHOW},8,season,5\n{MOVIES[1]},4,movie,\n"

Line = tuple[str, str, str]
"""Destination, row and status."""


@pytest.fixture
def options() -> dict[str, Any]:
    return {}


@pytest.fixture
def simkl(options: dict[str, Any]) -> Iterator[Server]:
    with running_sandbox(**(FREE | options.get("simkl", {}))) as server:
        yield server


@pytest.fixture
def mdblist(options: dict[str, Any]) -> Iterator[Server]:
    with running_sandbox(*options.get("mdblist_faults", ()), **options.get("mdblist", {})) as server:
        yield server


@pytest.fixture
def signed_out(
    simkl: Server,
    mdblist: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Importer:
    settings = {
        "SIMKL_BASE_URL": f"{simkl.url}/simkl",
        "SIMKL_CLIENT_ID": CLIENT_ID,
        "MDBLIST_BASE_URL": f"{mdblist.url}/mdblist",
        "MDBLIST_API_KEY": KEY,
    }
    write(tmp_path / "ratings.csv", ROWS)
    return build_command(tmp_path, monkeypatch, capsys, settings, secrets=(CLIENT_ID, KEY, "simkl_at_"))


@pytest.fixture
def importer(signed_out: Importer) -> Importer:
    assert signed_out("login", "simkl")[0] == 0
    return signed_out


def read_lines(path: Path) -> list[Line]:
    with path.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert next(iter(lines[0])) == "destination"
    return [(line["destination"], line["row"], line["status"]) for line in lines]


def count_sent(server: Server) -> int:
    posts = [each for each in server.requests() if each.method == "POST" and "sync/ratings" in each.path]
    return sum(each.rows for each in posts)


class TestRun:
    def test_each_row_has_a_line_for_each_destination(
        self, importer: Importer, simkl: Server, mdblist: Server, tmp_path: Path
    ) -> None:
        exit_code, out, err = importer(*BOTH)
        assert read_lines(tmp_path / "ratings.results.csv") == [
            ("simkl", "1", "rated"),
            ("mdblist", "1", "rated"),
            ("simkl", "2", "unsupported"),  # it has no ratings of seasons
            ("mdblist", "2", "rated"),
            ("simkl", "3", "rated"),
            ("mdblist", "3", "rated"),
        ]
        assert exit_code == 1  # the worse of the two
        assert (len(simkl.stored()), len(mdblist.stored())) == (2, 3)
        assert "simkl: To send: 2 rows" in err
        assert "mdblist: To send: 3 rows" in err
        assert (out.count("ratings.csv to simkl ("), out.count("ratings.csv to mdblist (")) == (1, 1)

    def test_again_nothing_is_sent(
        self, importer: Importer, simkl: Server, mdblist: Server, tmp_path: Path
    ) -> None:
        importer(*BOTH)
        sent = count_sent(simkl), count_sent(mdblist)
        importer(*BOTH)
        statuses = [status for _, _, status in read_lines(tmp_path / "ratings.results.csv")]
        assert statuses == ["unchanged", "unchanged", "unsupported", *["unchanged"] * 3]
        assert (count_sent(simkl), count_sent(mdblist)) == sent == (2, 3)

    def test_standard_input_is_read_once(
        self, importer: Importer, mdblist: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(ROWS.encode())))
        assert importer("run", "-", *BOTH[2:])[0] == 1
        assert len(read_lines(tmp_path / "standard-input.results.csv")) == 6
        assert len(mdblist.stored()) == 3

    def test_a_dry_run_sends_nothing(
        self, importer: Importer, simkl: Server, mdblist: Server, tmp_path: Path
    ) -> None:
        exit_code, out, _ = importer(*BOTH, "--dry-run", "--out", "dry.csv", "--json")
        assert exit_code == 1
        assert [each["counts"] for each in json.loads(out)] == [
            {"unsupported": 1, "not_sent": 2},
            {"not_sent": 3},
        ]
        assert len(read_lines(tmp_path / "dry.csv")) == 6
        assert simkl.stored() == mdblist.stored() == {}

    def test_an_undo_of_one_leaves_the_other(
        self, importer: Importer, simkl: Server, mdblist: Server
    ) -> None:
        importer(*BOTH)
        _, out, _ = importer("runs", "--json")
        runs = {each["destination"]: each["run"] for each in json.loads(out)["runs"]}
        assert importer("undo", runs["simkl"])[0] == 0
        assert (len(simkl.stored()), len(mdblist.stored())) == (0, 3)
        assert importer("undo", runs["mdblist"])[0] == 0
        assert mdblist.stored() == {}

    def test_accounts_of_one_destination_are_several(
        self, importer: Importer, mdblist: Server, tmp_path: Path
    ) -> None:
        with running_sandbox() as other:
            accounts = "".join(
                f'[accounts.{name}]\nbase_url = "{server.url}/mdblist"\napi_key = "{KEY}"\n'
                for name, server in (("ada", mdblist), ("bob", other))
            )
            write(tmp_path / "config.toml", accounts)
            words = ("run", "ratings.csv", "--to", "mdblist:ada", "--to", "mdblist:bob")
            assert importer(*words)[0] == 0
            assert len(mdblist.stored()) == len(other.stored()) == 3
        labels = [label for label, _, _ in read_lines(tmp_path / "ratings.results.csv")]
        assert labels == ["mdblist:ada", "mdblist:bob"] * 3

    def test_a_file_and_todays_trakt_api_may_be_among_them(
        self, importer: Importer, simkl: Server, mdblist: Server, tmp_path: Path
    ) -> None:
        sandbox = ("--to", "sandbox", "--api", "v2", "--any-title")
        assert importer(*BOTH, *sandbox, "--to", "imdb-file", "--write-to", "up.csv")[0] == 1
        lines = read_lines(tmp_path / "ratings.results.csv")
        assert [line for line in lines if line[1] == "2"] == [
            ("simkl", "2", "unsupported"),
            ("mdblist", "2", "rated"),
            ("sandbox", "2", "rated"),
            ("imdb-file", "2", "unsupported"),
        ]
        assert [status for label, _, status in lines if label == "sandbox"] == ["rated"] * 3
        assert (tmp_path / "up.csv").read_text("utf-8").count("\ntt") == 2
        assert (len(simkl.stored()), len(mdblist.stored())) == (2, 3)

    def test_an_account_that_is_brought_to_several_is_read_once(
        self, importer: Importer, simkl: Server, tmp_path: Path
    ) -> None:
        with running_sandbox() as source, running_sandbox() as other:
            source.rate(MOVIES[0], 9)
            account = f'[accounts.ada]\nbase_url = "{source.url}/mdblist"\napi_key = "{KEY}"\n'
            account += f'[accounts.bob]\nbase_url = "{other.url}/mdblist"\napi_key = "{KEY}"\n'
            write(tmp_path / "config.toml", account)
            source_words = ("--from", "mdblist", "--from-account", "ada")
            assert importer("run", *source_words, "--to", "simkl", "--to", "mdblist:bob")[0] == 0
            readings = [each.path for each in source.requests() if each.path.endswith("sync/ratings")]
            assert simkl.stored_movies() == other.stored_movies() == {MOVIES[0]: 9}
        assert len(readings) == 2  # how many there are, and then all of them
        assert read_lines(tmp_path / "mdblist.results.csv") == [
            ("simkl", "1", "rated"),
            ("mdblist:bob", "1", "rated"),
        ]

    def test_each_line_of_the_log_names_its_destination(self, importer: Importer) -> None:
        _, _, err = importer(*BOTH, "--log-format", "json")
        events = [json.loads(line) for line in err.splitlines()]
        ended = {each["job"]: each["exit_code"] for each in events if each["event"] == "run_ended"}
        assert ended == {"run simkl": 1, "run mdblist": 0}

    def test_results_that_could_not_be_written_are_written_by_the_same_command(
        self,
        importer: Importer,
        simkl: Server,
        mdblist: Server,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def refuse(path: Path) -> None:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))

        with monkeypatch.context() as full:
            full.setattr("importer.runs.several.open_sink", refuse)
            exit_code, _, err = importer(*BOTH)
        assert (exit_code, "cannot write the results" in err) == (3, True)
        assert not (tmp_path / "ratings.results.csv").exists()
        sent = count_sent(simkl), count_sent(mdblist)
        assert importer(*BOTH)[0] == 1
        statuses = [status for _, _, status in read_lines(tmp_path / "ratings.results.csv")]
        assert statuses == ["rated", "rated", "unsupported", *["rated"] * 3]
        assert (count_sent(simkl), count_sent(mdblist)) == sent == (2, 3)


class TestRefused:
    @pytest.mark.parametrize(
        ("words", "told"),
        [
            ((*BOTH, "--to", "simkl"), "--to simkl: the same destination twice"),
            ((*BOTH, "--account", "ada"), "--account ada: this goes with one destination"),
            ((*BOTH, "--base-url", "http://127.0.0.1:1"), "this goes with one destination"),
            ((*BOTH, "--any-title"), "simkl: --any-title: only a sandbox does so"),
            ((*BOTH, "--workers", "4"), "simkl: --workers 4: simkl takes 1 request at a time"),
            ((*BOTH, "--to", "csv-file", "--limit", "1"), "csv-file: --limit: a file is written whole"),
            (("plan", *BOTH[1:]), "only a run, its retry and a sync job take several destinations"),
            (("run", "ratings.csv", "--to", "simkl:ada", "--account", "bob"), "simkl:ada has named one"),
            ((*BOTH, "--to", "simkl:"), "name an account behind the colon, or leave it out"),
            ((*BOTH, "--to", "mdblist:ada"), "mdblist:ada: this is demo at "),
        ],
    )
    def test_before_anything_is_sent(
        self,
        importer: Importer,
        simkl: Server,
        mdblist: Server,
        tmp_path: Path,
        words: tuple[str, ...],
        told: str,
    ) -> None:
        url = f"{mdblist.url}/mdblist"
        write(tmp_path / "config.toml", f'[accounts.ada]\nbase_url = "{url}"\napi_key = "{KEY}"\n')
        exit_code, out, err = importer(*words)
        assert (exit_code, told in err, out) == (2, True, "")
        assert simkl.stored() == mdblist.stored() == {}

    def test_who_is_not_signed_in_to_one_sends_to_none(
        self, signed_out: Importer, mdblist: Server, tmp_path: Path
    ) -> None:
        words = ("run", "ratings.csv", "--to", "mdblist", "--to", "simkl")
        exit_code, _, err = signed_out(*words)
        assert (exit_code, "simkl: " in err, "importer login simkl" in err) == (3, True, True)
        assert mdblist.stored() == {}
        assert not (tmp_path / "ratings.results.csv").exists()


MANY: dict[str, Any] = {"any_title": True}


def write_many(folder: Path) -> None:
    rows = "".join(f"tt{row:07},8\n" for row in range(1, 251))
    write(folder / "ratings.csv", f"imdb_id,rating\n{rows}")


def count_lines(path: Path) -> dict[str, Counter[str]]:
    counted: dict[str, Counter[str]] = {}
    for label, _, status in read_lines(path):
        counted.setdefault(label, Counter())[status] += 1
    return counted


class TestEndsEarly:
    @pytest.mark.parametrize("options", [{"simkl": MANY | {"simkl_day_quota": 6}, "mdblist": MANY}])
    def test_the_end_of_one_is_not_that_of_the_other(
        self, importer: Importer, simkl: Server, mdblist: Server, tmp_path: Path
    ) -> None:
        write_many(tmp_path)
        exit_code, out, _ = importer(*BOTH)
        assert count_lines(tmp_path / "ratings.results.csv") == {
            "simkl": {"rated": 100, "not_sent": 150},
            "mdblist": {"rated": 250},
        }
        assert (exit_code, out.count("to go on where this run stopped")) == (3, 1)
        assert (len(simkl.stored()), len(mdblist.stored())) == (100, 250)

    @pytest.mark.parametrize("options", [{"mdblist_faults": ("rate:503@1-",)}])
    def test_a_server_that_is_down_does_not_keep_the_others(
        self,
        importer: Importer,
        simkl: Server,
        mdblist: Server,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("importer.runs.send.new_event_loop", HurriedLoop)
        exit_code, out, _ = importer(*BOTH)
        counted = count_lines(tmp_path / "ratings.results.csv")
        assert counted["simkl"] == {"unsupported": 1, "rated": 2}
        assert sum(counted["mdblist"].values()) == 3
        assert not counted["mdblist"]["rated"]
        assert (exit_code, "(503)" in out) == (3, True)
        assert (len(simkl.stored()), len(mdblist.stored())) == (2, 0)

    @pytest.mark.parametrize("options", [{"simkl": MANY, "mdblist": MANY}])
    def test_ctrl_c_ends_both_and_the_same_command_continues_both(
        self,
        importer: Importer,
        simkl: Server,
        mdblist: Server,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        write_many(tmp_path)
        true_answer, true_apply = Ratings._answer, MdblistRatings._apply
        has_come, is_interrupted = threading.Event(), threading.Event()

        def answer(self: Ratings, *given: Any) -> Answer:
            if not is_interrupted.is_set():
                has_come.wait(20)
                os.kill(os.getpid(), signal.SIGINT)
                is_interrupted.set()
            return true_answer(self, *given)

        def apply(self: MdblistRatings, *given: Any) -> str:
            has_come.set()
            is_interrupted.wait(20)  # the first request of each is under way, and no other
            return true_apply(self, *given)

        monkeypatch.setattr(Ratings, "_answer", answer)
        monkeypatch.setattr(MdblistRatings, "_apply", apply)
        exit_code, out, _ = importer(*BOTH)
        counted = count_lines(tmp_path / "ratings.results.csv")
        assert (exit_code, out.count("interrupted (SIGINT)")) == (3, 2)
        assert [sum(each.values()) for each in counted.values()] == [250, 250]
        assert all(each["rated"] and each["not_sent"] for each in counted.values())
        assert importer(*BOTH)[0] == 0
        for label, server in (("simkl", simkl), ("mdblist", mdblist)):
            assert count_lines(tmp_path / "ratings.results.csv")[label] == {"rated": 250}
            assert (count_sent(server), len(server.stored())) == (250, 250)

    @pytest.mark.parametrize("options", [{"simkl": MANY, "mdblist": MANY}])
    def test_a_kill_loses_and_doubles_nothing_anywhere(
        self,
        importer: Importer,
        simkl: Server,
        mdblist: Server,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        write_many(tmp_path)
        true_answer = Ratings._answer
        children: list[subprocess.Popen[bytes]] = []

        def answer(self: Ratings, *given: Any) -> Answer:
            found = true_answer(self, *given)
            for child in children:
                child.kill()  # what has arrived is never told
            return found

        monkeypatch.setattr(Ratings, "_answer", answer)
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "importer", *BOTH],
            env={**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as child:
            children.append(child)
            assert child.wait(60) == -signal.SIGKILL
        children.clear()
        assert len(simkl.stored()) == 100
        assert not (tmp_path / "ratings.results.csv").exists()
        assert importer(*BOTH)[0] == 0
        assert count_lines(tmp_path / "ratings.results.csv") == {
            "simkl": {"rated": 250},
            "mdblist": {"rated": 250},
        }
        assert (len(simkl.stored()), len(mdblist.stored())) == (250, 250)
        assert count_sent(simkl) == 250  # what had arrived is found there and not sent again

    def test_a_question_that_is_answered_with_no_ends_only_that_run(
        self,
        importer: Importer,
        simkl: Server,
        mdblist: Server,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        asked = []

        def refuse(question: str, **_: object) -> bool:
            asked.append((question, threading.current_thread() is threading.main_thread()))
            return False

        monkeypatch.setattr("importer.cli.prompts.sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("importer.cli.prompts.typer.confirm", refuse)
        exit_code, out, err = importer(*BOTH)
        question = "simkl: 2 titles that the account has not rated will be rated. Do it?"
        assert (exit_code, asked) == (3, [(question, True)])
        assert "importer: simkl: nothing was sent" in err
        assert "to mdblist" in out
        assert (len(simkl.stored()), len(mdblist.stored())) == (0, 3)
        assert count_lines(tmp_path / "ratings.results.csv") == {
            "simkl": {"unsupported": 1, "not_sent": 2},
            "mdblist": {"rated": 3},
        }
        assert importer("retry", "ratings.results.csv", "--yes")[0] == 1
        assert len(simkl.stored()) == 2
        assert count_lines(tmp_path / "ratings.results.csv") == {
            "simkl": {"unsupported": 1, "rated": 2},
            "mdblist": {"rated": 3},
        }

    @pytest.mark.parametrize("options", [{"mdblist": MANY}])
    def test_ctrl_c_at_a_question_ends_the_others_too(
        self, importer: Importer, simkl: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_many(tmp_path)
        has_come, true_apply = threading.Event(), MdblistRatings._apply

        def apply(self: MdblistRatings, *given: Any) -> str:
            has_come.set()
            return true_apply(self, *given)

        def interrupt(*_: object, **__: object) -> bool:
            assert has_come.wait(20)
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                raise typer.Abort from None  # as it does
            return True

        monkeypatch.setattr(MdblistRatings, "_apply", apply)
        monkeypatch.setattr("importer.cli.prompts.sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("importer.cli.prompts.typer.confirm", interrupt)
        exit_code, out, err = importer(*BOTH)
        assert (exit_code, "importer: simkl: interrupted (SIGINT)" in err) == (3, True)
        assert "interrupted (SIGINT)" in out
        counted = count_lines(tmp_path / "ratings.results.csv")
        assert counted["mdblist"]["rated"]
        assert counted["mdblist"]["not_sent"]
        assert simkl.stored() == {}


class TestRetry:
    def test_what_was_corrected_is_sent_to_those_that_missed_it(
        self, importer: Importer, simkl: Server, mdblist: Server, tmp_path: Path
    ) -> None:
        write(tmp_path / "ratings.csv", f"imdb_id,rating\n{MOVIES[0]},9\n{UNKNOWN},7\n")
        results = tmp_path / "ratings.results.csv"
        assert importer(*BOTH)[0] == 1
        misses = [("simkl", "2", "not_found"), ("mdblist", "2", "not_found")]
        assert read_lines(results)[2:] == misses
        before, _, last = results.read_text("utf-8").rpartition(UNKNOWN)  # the line of mdblist
        results.write_text(before + MOVIES[2] + last, "utf-8")
        exit_code, out, _ = importer("retry", "--all", "ratings.results.csv")
        assert read_lines(results) == [
            *(("simkl", "1", "rated"), ("mdblist", "1", "rated")),
            *(("simkl", "2", "not_found"), ("mdblist", "2", "rated")),
        ]
        assert exit_code == 1
        assert simkl.stored_movies() == {MOVIES[0]: 9}
        assert mdblist.stored_movies() == {MOVIES[0]: 9, MOVIES[2]: 7}
        assert out.count("retry --all ratings.results.csv") == 1
        assert "--to" not in out

    def test_lines_of_a_written_file_stay_as_they_are(
        self, importer: Importer, mdblist: Server, tmp_path: Path
    ) -> None:
        write(tmp_path / "ratings.csv", f"imdb_id,rating\n{MOVIES[0]},9\n{UNKNOWN},7\n")
        assert importer("run", "ratings.csv", "--to", "imdb-file", "--to", "mdblist")[0] == 1
        results = tmp_path / "ratings.results.csv"
        lines = [("imdb-file", "1", "rated"), ("mdblist", "1", "rated"), ("imdb-file", "2", "rated")]
        assert read_lines(results) == [*lines, ("mdblist", "2", "not_found")]
        before, _, last = results.read_text("utf-8").rpartition(UNKNOWN)
        results.write_text(before + MOVIES[2] + last, "utf-8")
        assert importer("retry", "--all", "ratings.results.csv")[0] == 0
        assert read_lines(results) == [*lines, ("mdblist", "2", "rated")]
        assert len(mdblist.stored()) == 2

    def test_lines_of_a_run_that_could_not_begin_stay_as_they_are(
        self, importer: Importer, mdblist: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path / "ratings.csv", f"imdb_id,rating\n{MOVIES[0]},9\n{UNKNOWN},7\n")
        results = tmp_path / "ratings.results.csv"
        importer(*BOTH)
        corrected = results.read_text("utf-8").replace(UNKNOWN, MOVIES[2])
        results.write_text(corrected, "utf-8")
        load = ImportRun.load

        def fails_at_simkl(run: ImportRun) -> LoadedRun:
            if run.destination.spec.name == "simkl":
                raise StateFileError(
                    tmp_path / "simkl.sqlite3", "cannot use the journal (it is damaged)", Remedy.SALVAGE
                )
            return load(run)

        monkeypatch.setattr(ImportRun, "load", fails_at_simkl)
        exit_code, _, err = importer("retry", "--all", "ratings.results.csv")
        assert (exit_code != 0, "it is damaged" in err) == (True, True)
        assert read_lines(results) == [
            *(("simkl", "1", "rated"), ("mdblist", "1", "rated")),
            *(("simkl", "2", "not_found"), ("mdblist", "2", "rated")),
        ]
        kept = [line for line in results.read_text("utf-8").splitlines() if line.startswith("simkl,2")]
        assert kept == [line for line in corrected.splitlines() if line.startswith("simkl,2")]
        monkeypatch.setattr(ImportRun, "load", load)
        assert importer("retry", "--all", "ratings.results.csv")[0] == 0
        assert {status for _, _, status in read_lines(results)} == {"rated"}

    @pytest.mark.parametrize(
        ("label", "told"),
        [
            ("simkll", "'simkll' is no destination here; did you mean simkl?"),
            ("simkl:", "name an account behind the colon"),
            ("", "'' is no destination here"),
        ],
    )
    def test_a_destination_that_was_misspelt_is_said_and_nothing_is_sent(
        self, label: str, told: str, importer: Importer, simkl: Server, tmp_path: Path
    ) -> None:
        importer(*BOTH)
        results = tmp_path / "ratings.results.csv"
        sent, edited = count_sent(simkl), results.read_text("utf-8").replace("simkl,2", f"{label},2")
        results.write_text(edited, "utf-8")
        exit_code, _, err = importer("retry", "--all", "ratings.results.csv")
        assert (exit_code, told in err) == (2, True), err
        assert (results.read_text("utf-8"), count_sent(simkl)) == (edited, sent)

    def test_a_number_of_a_kept_line_that_is_none_hurts_nobody(
        self, importer: Importer, tmp_path: Path
    ) -> None:
        write(tmp_path / "ratings.csv", f"imdb_id,rating\n{MOVIES[0]},9\n{UNKNOWN},7\n")
        importer("run", "ratings.csv", "--to", "imdb-file", "--to", "mdblist")
        results = tmp_path / "ratings.results.csv"
        odd = results.read_text("utf-8").replace("imdb-file,2,", f"imdb-file,{'9' * 5000},")
        results.write_text(odd.replace(UNKNOWN, MOVIES[2]), "utf-8")
        assert importer("retry", "--all", "ratings.results.csv")[0] == 0
        assert len(read_lines(results)) == 4

    def test_its_destinations_are_in_the_file(self, importer: Importer) -> None:
        importer(*BOTH)
        exit_code, _, err = importer("retry", "ratings.results.csv", "--to", "simkl")
        assert (exit_code, "the results name their destinations; leave this out" in err) == (2, True)
