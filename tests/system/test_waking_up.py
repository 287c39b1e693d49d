"""A machine whose network is not up: a run says that it waits, a daemon tries again in minutes."""

import json
import re
import signal
import socket
import subprocess
from datetime import datetime
from pathlib import Path

from tests.hostile.conftest import HURRY
from tests.system.conftest import COMMAND, Importer


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def test_a_run_waits_as_long_as_was_said_and_says_for_what(tmp_path: Path, importer: Importer) -> None:
    """It is the first question that waits: whose account it is."""
    (tmp_path / "r.csv").write_text("Const,Your Rating,Title Type\ntt0000417,8,Movie\n")
    ran = importer(
        "run",
        "r.csv",
        "--to=trakt",
        "--wait=1s",
        IMPORTER_TRAKT_CLIENT_ID="id",
        IMPORTER_TRAKT_ACCESS_TOKEN="token",
        IMPORTER_TRAKT_BASE_URL=f"http://127.0.0.1:{free_port()}",
    )
    assert ran.returncode == 3
    waiting, stopped = ran.stderr.splitlines()
    assert waiting.startswith("waiting: could not connect: Connection refused (try 2, given up in 1.0 s)")
    assert stopped.startswith("importer: Trakt cannot be reached (could not connect: Connection refused).")


def test_a_daemon_without_a_network_tries_again_in_minutes(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    (tmp_path / "config.toml").write_text(
        f'[jobs.nightly]\nsource = "http://127.0.0.1:{free_port()}/r.csv"\n'
        'to = "letterboxd-file"\nwrite_to = "out.csv"\n'
    )
    environment |= {"IMPORTER_CONFIG_FILE": str(tmp_path / "config.toml"), "PYTHONPATH": str(HURRY)}
    with subprocess.Popen(
        [COMMAND, "sync", "--every", "1d", "--jitter", "0"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as daemon:
        assert daemon.stderr is not None
        line = next(line for line in daemon.stderr if "next at" in line)
        health = json.loads((tmp_path / "state/health/nightly.json").read_text())
        daemon.send_signal(signal.SIGTERM)
        daemon.stderr.read()
        assert daemon.wait(60) == 0
    assert "nightly ended with exit code 3" in line
    due = datetime.fromisoformat(re.search(r"next at (.+)$", line)[1])  # type: ignore[index]
    assert (due - datetime.fromisoformat(health["ended_at"])).total_seconds() < 400
    assert health["unreachable_since"] == health["ended_at"]
