"""`--log-format json`: standard error is JSON lines, whatever happens, and no secret is in them."""

import csv
import io
import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.system.conftest import COMMAND, ROOT, Importer, running_sandbox

SAMPLE = str(ROOT / "samples/imdb-2024.csv")
JSON = ("--log-format", "json")
SECRETS = ("sandbox-key", "demo-password", "5ECRET")


def read(text: str) -> list[dict[str, Any]]:
    """The events, without those of each second."""
    return [event for line in text.splitlines() if (event := json.loads(line))["event"] != "progress"]


def test_a_run_is_told_in_json_and_the_summary_stays_on_standard_output(importer: Importer) -> None:
    done = importer("run", SAMPLE, "--to", "sandbox", *JSON)
    assert done.returncode == 1
    assert "123  rated" in done.stdout
    started, *_, ended = read(done.stderr)
    assert (started["event"], started["job"], started["source"]) == ("run_started", "run", SAMPLE)
    assert (ended["event"], ended["exit_code"], ended["counts"]["rated"]) == ("run_ended", 1, 123)
    assert started["run_id"] == ended["run_id"]
    assert ended["seconds"] > 0
    assert any("bad rating" in reason for reason in ended["reasons"])


def test_a_retry_and_an_undo_are_told_under_their_names(importer: Importer) -> None:
    first = read(importer("run", SAMPLE, "--to", "sandbox", *JSON).stderr)
    retried = read(importer("retry", "imdb-2024.results.csv", "--all", "--to", "sandbox", *JSON).stderr)
    undone = read(importer("undo", first[0]["run_id"], "--yes", *JSON).stderr)
    assert {line["job"] for line in retried} == {"retry"}
    assert {line["job"] for line in undone} == {"undo"}
    assert [lines[-1]["event"] for lines in (retried, undone)] == ["run_ended"] * 2


def test_looking_titles_up_is_told_too(importer: Importer, tmp_path: Path) -> None:
    (tmp_path / "titles.csv").write_text("title,year,rating\nHeat,1995,8\n")
    done = importer("match", "titles.csv", "--to", "trakt", "--json", *JSON)
    (stopped,) = read(done.stderr)  # there is nobody to ask
    assert (stopped["event"], stopped["exit_code"]) == ("stopped", done.returncode)


def test_results_on_standard_output_leave_standard_error_to_the_log(importer: Importer) -> None:
    done = importer("run", SAMPLE, "--to", "sandbox", "--out", "-", *JSON)
    assert len(list(csv.DictReader(io.StringIO(done.stdout)))) == 131
    assert [line["event"] for line in read(done.stderr)] == ["run_started", "run_ended"]


@pytest.mark.parametrize(
    "words",
    [
        ["run", SAMPLE, "--to", "trakt", "--base-url", "https://me:5ECRETword@example.org"],
        ["run", "nowhere.csv", "--to", "sandbox"],
        ["run", SAMPLE, "--to", "sandbox", "--rate", "often"],
        ["retry", "nothing-there", "--to", "sandbox"],
        ["undo", "no-such-run"],
        ["sync", "no-such-job"],
    ],
)
def test_an_error_is_a_line_of_json_as_well(importer: Importer, words: list[str]) -> None:
    done = importer(*words, *JSON, IMPORTER_TRAKT_CLIENT_SECRET="5ECRETclient")
    assert done.returncode == 2
    (stopped,) = read(done.stderr)
    assert (stopped["event"], stopped["exit_code"], stopped["level"]) == ("stopped", 2, "error")
    assert not any(secret in done.stderr + done.stdout for secret in SECRETS)


def test_a_warning_about_the_settings_is_a_line_of_json(importer: Importer, tmp_path: Path) -> None:
    settings = tmp_path / "config.toml"
    settings.write_text('[trakt-v1]\nbase_url = "http://127.0.0.1:1"\npassword = "5ECRETword"\n')
    settings.chmod(0o644)
    done = importer("run", SAMPLE, "--to", "trakt-v1", "--dry-run", *JSON, IMPORTER_CONFIG_FILE=str(settings))
    warning, *_ = read(done.stderr)
    assert (warning["event"], warning["level"]) == ("warning", "warning")
    assert "chmod 600" in warning["message"]
    assert "5ECRET" not in done.stderr


def test_a_sigterm_is_told_as_the_end_of_the_run(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "many.csv").write_text("imdb_id,rating\n" + "".join(f"tt{n:07},7\n" for n in range(1, 5000)))
    with running_sandbox(environment) as url:
        words = ["run", "many.csv", "--to", "trakt-v1", "--base-url", url, "--rate", "5/s", *JSON]
        with subprocess.Popen(
            [COMMAND, *words],
            cwd=tmp_path,
            env=environment,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        ) as process:
            assert process.stderr is not None
            events = map(json.loads, process.stderr)
            started = next(event for event in events if event["event"] != "progress")
            process.send_signal(signal.SIGTERM)
            ended = read(process.stderr.read().decode())[-1]
            assert process.wait(60) == 3
    assert started["event"] == "run_started"
    assert ended["exit_code"] == 3
