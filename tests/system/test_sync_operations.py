"""What `importer sync` tells those who do not watch, and that the printed schedules run it."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from filelock import FileLock

from tests.monitoring.test_notify import Receiver, receiver
from tests.system.conftest import COMMAND, ROOT, Importer
from tests.system.test_operations_docs import app_of

__all__ = ["receiver"]

RATINGS = "imdb_id,rating\ntt0111161,9\ntt0068646,11\n"


@pytest.fixture
def settings(tmp_path: Path, environment: dict[str, str], receiver: Receiver) -> Path:
    """A job whose second row can never succeed, and somebody who wants to know."""
    (tmp_path / "ratings.csv").write_text(RATINGS)
    file = tmp_path / "config.toml"
    file.write_text(
        "[sync]\n"
        f'notify = ["json://me:5ECRETword@127.0.0.1:{receiver.server_port}/5ECRETpath"]\n'
        'notify_on = "recovery"\n'
        '[jobs.nightly]\nsource = "ratings.csv"\nto = "letterboxd-file"\nwrite_to = "out.csv"\n'
    )
    file.chmod(0o600)
    environment["IMPORTER_CONFIG_FILE"] = str(file)
    return file


def read_health(folder: Path) -> dict[str, Any]:
    health: dict[str, Any] = json.loads((folder / "state/health/nightly.json").read_text())
    return health


def test_what_is_new_is_told_everywhere_and_once(
    settings: Path, importer: Importer, receiver: Receiver, tmp_path: Path
) -> None:
    words = ("sync", "nightly", "--log-format", "json", "--metrics", "x.prom")
    source = tmp_path / "ratings.csv"
    told = []
    for text in (RATINGS, RATINGS + "tt0071562,9\n", None, RATINGS.replace("11", "10")):
        source.unlink(missing_ok=True)
        if text is not None:
            source.write_text(text)
        done = importer(*words)
        ended = json.loads(done.stderr.splitlines()[-1])
        told.append((done.returncode, ended["exit_code"], read_health(tmp_path)["consecutive_failures"]))
        assert "5ECRET" not in done.stdout + done.stderr
    assert told == [(1, 1, 1), (1, 1, 2), (2, 2, 3), (0, 0, 0)]
    assert [message["title"].removeprefix("importer: nightly ") for message in receiver.received] == [
        "left rows that did not succeed",
        "stopped early",
        "is well again",
    ]
    assert "1 rated\n1 invalid" in receiver.received[0]["message"]
    assert 'rating_importer_rows{job="nightly",status="rated"} 2.0' in (tmp_path / "x.prom").read_text()


def test_a_run_that_finds_nothing_new_is_told_as_well(
    settings: Path, importer: Importer, receiver: Receiver, tmp_path: Path
) -> None:
    (tmp_path / "ratings.csv").write_text(RATINGS + "tt0111161,8\n")
    importer("sync", "nightly")
    first = read_health(tmp_path)
    assert first["counts"] == {"rated": 1, "duplicate": 1, "invalid": 1}
    done = importer("sync", "nightly")
    assert "nothing changed since" in done.stdout
    again = read_health(tmp_path)
    assert again["counts"] == {"unchanged": 1, "duplicate": 1, "invalid": 1}
    assert again["ended_at"] >= first["ended_at"]
    assert len(receiver.received) == 1


def test_the_next_command_is_what_a_person_types(settings: Path, importer: Importer) -> None:
    """Also when the job is a process of its own, begun in another way."""
    text = settings.read_text()
    job = text[text.index("[jobs.") :]
    settings.write_text(text + job.replace("nightly", "other").replace("out.csv", "other.csv"))
    lines = importer("sync").stdout.splitlines()
    assert "nightly |     importer sync nightly" in lines
    assert "other   |     importer sync other" in lines
    assert any("correct the invalid rows in " in line and "ratings.csv, then" in line for line in lines)


def test_an_address_that_nobody_understands_is_an_error_without_it(
    settings: Path, importer: Importer
) -> None:
    settings.write_text(settings.read_text().replace("json://", "carrier-pigeon://"))
    done = importer("sync", "nightly")
    assert done.returncode == 2
    assert "address 1 of 1 is none that Apprise understands" in done.stderr
    assert "5ECRET" not in done.stderr


def test_the_daemon_serves_its_metrics_and_says_when_it_runs_again(
    settings: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    words = ["sync", "--every", "1h", "--jitter", "0", "--log-format", "json", "--metrics-at", "0"]
    with subprocess.Popen(
        [COMMAND, *words], cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as daemon:
        assert daemon.stderr is not None
        first = json.loads(daemon.stderr.readline())
        url = re.search(r"http://127\.0\.0\.1:\d+/metrics", first["message"])[0]  # type: ignore[index]
        events = [first]
        while events[-1]["event"] != "note" or "next at" not in events[-1]["message"]:
            events.append(json.loads(daemon.stderr.readline()))
        with urllib.request.urlopen(url, timeout=10) as answer:
            text = answer.read().decode()
        next_run_at = read_health(tmp_path)["next_run_at"]
        daemon.terminate()
        left = [json.loads(line) for line in daemon.stderr]
        assert daemon.wait(30) == 0
    assert 'rating_importer_rows{job="nightly",status="rated"} 1.0' in text
    assert "run_ended" in {event["event"] for event in events}
    assert next_run_at > read_health(tmp_path)["ended_at"]
    assert [event["message"] for event in left] == ["stopped by SIGTERM"]
    assert read_health(tmp_path)["next_run_at"] is None


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_daemon_that_is_stopped_in_a_run_names_no_next_one(
    settings: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    line = tmp_path / "state/sync/file-nightly.lock"
    line.parent.mkdir(parents=True)
    with (
        FileLock(line),
        subprocess.Popen(
            [COMMAND, "sync", "--every", "1h", "--jitter", "0"],
            cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
        ) as daemon,
    ):  # fmt: skip
        assert daemon.stdout is not None
        assert daemon.stderr is not None
        assert "waiting for it" in daemon.stdout.readline()
        daemon.send_signal(signal.SIGTERM)
        said = daemon.stderr.read()
        assert daemon.wait(60) == 0
    assert "next at" not in said
    assert "-15" not in said
    assert said.endswith("importer: stopped by SIGTERM\n")


@pytest.mark.parametrize("place", ["", "x", "host:", "70000", "-1"])
def test_an_odd_place_for_the_metrics_is_refused(settings: Path, importer: Importer, place: str) -> None:
    done = importer("sync", "--every", "1h", "--metrics-at", place)
    assert done.returncode == 2
    assert "--metrics-at" in done.stderr


def test_the_printed_crontab_line_runs_the_job(
    settings: Path, importer: Importer, environment: dict[str, str], tmp_path: Path
) -> None:
    printed = importer("schedule", "--cron", "nightly")
    assert printed.returncode == 0, printed.stderr
    command = printed.stdout.splitlines()[-1].split(" ", 5)[5].replace("\\%", "%")
    bare = {"PATH": environment["PATH"], "HOME": environment["HOME"]}
    done = subprocess.run(["sh", "-c", command], env=bare, cwd="/", check=False)
    assert done.returncode == 1
    log = (tmp_path / "state/rating-importer-nightly.log").read_text()
    assert '"event": "run_ended"' in log
    assert time.time() - (tmp_path / "out.csv").stat().st_mtime < 600


def test_the_commands_of_the_compose_files_are_understood(settings: Path, importer: Importer) -> None:
    printed = importer("schedule", "--docker", "nightly", "--every", "6h").stdout
    for text, commands in (
        (printed, ["sync"]),
        ((ROOT / "compose.yaml").read_text("utf-8"), ["sync", "web"]),
    ):
        services = yaml.safe_load(text.replace("$$", "$"))["services"].values()
        assert [service["command"][0] for service in services] == commands
        contexts = {
            command: typer.main.get_command(app_of(command)).make_context(command, words)
            for command, *words in (service["command"] for service in services)
        }
        assert contexts["sync"].params["cron"]
        names = contexts["sync"].params["names"]
        assert not names or names == ["nightly"]
