"""The command as a tool among tools: standard input and output, JSON, signals, a second run beside it."""

import csv
import io
import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.system.conftest import COMMAND, ROOT, Importer, count_kept, running_sandbox, wait_until

SAMPLE = str(ROOT / "samples/imdb-2024.csv")
SECRETS = ("sandbox-key", "demo-password", "fcdb83ec6a25021b0e33e3ba6e9de2e6bd1ed4a1")


def test_the_demonstration_works_twice_and_leaves_no_process_behind(
    importer: Importer, tmp_path: Path
) -> None:
    first = importer("run", SAMPLE, "--to", "sandbox")
    second = importer("run", SAMPLE, "--to", "sandbox")
    assert (first.returncode, second.returncode) == (1, 1)
    assert "123  rated" in first.stdout
    assert "123  unchanged" in second.stdout
    assert not _processes_with(str(tmp_path))  # its sandbox keeps its data there


def test_standard_input_to_standard_output(importer: Importer) -> None:
    done = importer("run", "-", "--to", "sandbox", "--out", "-", stdin="imdb_id,rating\ntt0111161,9\n")
    assert done.returncode == 0
    lines = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [line["status"] for line in lines] == ["rated"]
    assert "standard input" in done.stderr


def test_json_is_all_that_standard_output_gets(importer: Importer) -> None:
    done = importer("run", SAMPLE, "--to", "sandbox", "--json", "--quiet")
    summary = json.loads(done.stdout)
    assert summary["rows"] == 131
    assert summary["counts"]["rated"] == 123
    assert done.stderr == ""


def test_quiet_says_nothing(importer: Importer) -> None:
    done = importer("run", SAMPLE, "--to", "sandbox", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def in_shell(line: str, environment: dict[str, str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a line in which `$0` is the command."""
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line, COMMAND],
        cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=100, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("run ratings.csv --to sandbox", 0, "1  rated"),
        ("run - --to sandbox", 2, "standard input: is empty"),
        ("prune --keep 5", 0, "nothing to remove"),
        ("login trakt", 2, "client id of your Trakt app is missing"),
    ],
)
def test_a_closed_standard_input_is_an_empty_one(
    environment: dict[str, str], tmp_path: Path, words: str, code: int, said: str
) -> None:
    (tmp_path / "ratings.csv").write_text("imdb_id,rating\ntt0111161,9\n")
    done = in_shell(f'"$0" {words} <&-', environment, tmp_path)
    assert done.returncode == code
    assert said in done.stdout + done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('"$0" run ratings.csv --to sandbox | true', 0),
        ('"$0" run ratings.csv --to sandbox >/dev/full', 0),
        ('"$0" run ratings.csv --to sandbox --json >/dev/full', 0),
        ('"$0" run ratings.csv --to sandbox 2>&1 | true', 0),
        ('"$0" run ratings.csv --to sandbox 2>/dev/full', 0),
        ('"$0" run no.csv --to sandbox 2>/dev/full', 2),
        ('"$0" run ratings.csv --to sandbox --out - | true', 3),
        ('"$0" run ratings.csv --to sandbox --out - >/dev/full', 3),
        ('"$0" run ratings.csv --to sandbox --out - >&-', 2),
        ('"$0" formats >/dev/full', 3),
    ],
)
def test_only_a_summary_may_go_unread(
    environment: dict[str, str], tmp_path: Path, line: str, code: int, unbuffered: str
) -> None:
    (tmp_path / "ratings.csv").write_text("imdb_id,rating\ntt0111161,9\n")
    done = in_shell(line, environment | {"PYTHONUNBUFFERED": unbuffered}, tmp_path)
    assert done.returncode == code
    assert "Exception ignored" not in done.stderr


def test_python_m_importer_is_the_same_command(environment: dict[str, str]) -> None:
    python = COMMAND.with_name("python")
    done = subprocess.run(
        [python, "-m", "importer", "formats"], env=environment, capture_output=True, check=True
    )
    assert b"imdb" in done.stdout


def test_a_sigterm_finishes_what_is_in_flight_and_the_same_command_goes_on(
    environment: dict[str, str], importer: Importer, tmp_path: Path
) -> None:
    with running_sandbox(environment, "--latency", "30") as url:
        words = ("run", SAMPLE, "--to", "trakt-v1", "--base-url", url, "--workers", "2")
        with subprocess.Popen(
            [COMMAND, *words], env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            _wait_for_outcomes(tmp_path / "state")
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=60)[0].decode()
        assert process.returncode == 3
        assert "Stopped early" in said
        assert f"{COMMAND} {' '.join(words)}" in said
        stopped = _read_statuses(tmp_path)
        assert stopped.count("not_sent") > 10
        assert stopped.count("unconfirmed") == 0
        done = importer(*words)
    assert done.returncode == 1
    finished = _read_statuses(tmp_path)
    assert finished.count("rated") == 112
    assert len(finished) == len(stopped) == 131


def test_a_second_run_for_the_same_account_is_told_who_is_at_work(
    environment: dict[str, str], importer: Importer, tmp_path: Path
) -> None:
    with running_sandbox(environment, "--fault", "hang=60s@9-") as url:
        words = ("run", SAMPLE, "--to", "trakt-v1", "--base-url", url)
        with subprocess.Popen([COMMAND, *words, "--quiet"], env=environment, cwd=tmp_path) as first:
            _wait_for_outcomes(tmp_path / "state")
            second = importer(*words)
            first.kill()
            first.wait(60)
    assert second.returncode == 3
    assert str(first.pid) in second.stderr


def test_no_credential_is_left_anywhere(
    environment: dict[str, str], importer: Importer, tmp_path: Path
) -> None:
    with running_sandbox(environment, "--fault", "reset@3", "--fault", "html502@9") as url:
        done = importer("run", SAMPLE, "--to", "trakt-v1", "--base-url", url, IMPORTER_TRACEBACK="1")
        refused = importer(
            "run", SAMPLE, "--to", "trakt-v1", "--base-url", url, IMPORTER_TRAKT_V1_PASSWORD="demo-password"
        )
    assert refused.returncode == 3
    left = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    said = [text.encode() for text in (done.stdout, done.stderr, refused.stdout, refused.stderr)]
    digest = "89e495e7941cf9e40e6980d14a16bf023ccd4c91"  # of the sandbox's password, `demo`
    for secret in (*SECRETS, digest):
        assert not any(secret.encode() in content for content in left + said), secret


def _read_statuses(folder: Path) -> list[str]:
    with (folder / "imdb-2024.results.csv").open(newline="", encoding="utf-8") as file:
        return [line["status"] for line in csv.DictReader(file)]


def _wait_for_outcomes(state: Path) -> None:
    """Wait until the run has some outcomes in its journal."""
    rated = "SELECT count(*) FROM row_state WHERE status = 'rated'"
    wait_until(lambda: any(count_kept(journal, rated) > 3 for journal in state.rglob("*.sqlite3")))


def _processes_with(word: str) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if word in line:
            found.append(line)
    return found
