"""The installed command and a sandbox process, as a user has them."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.command import inherit

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("importer")

Importer = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment that shares no settings and no state with whoever runs the tests."""
    return inherit() | {
        "HOME": str(tmp_path / "home"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "IMPORTER_STATE_DIR": str(tmp_path / "state"),
        "IMPORTER_TRAKT_V1_API_KEY": "sandbox-key",
        "IMPORTER_TRAKT_V1_USERNAME": "demo",
        "IMPORTER_TRAKT_V1_PASSWORD": "demo",
    }


@pytest.fixture
def importer(tmp_path: Path, environment: dict[str, str]) -> Importer:
    """Run the command in an empty folder and wait for it."""

    def run(*words: str, stdin: str | None = None, **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [COMMAND, *words],
            cwd=tmp_path,
            env=environment | more,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            encoding="utf-8",
            timeout=100,
            check=False,
        )

    return run


@contextmanager
def running_sandbox(environment: dict[str, str], *words: str) -> Iterator[str]:
    """Run a sandbox process and give its URL."""
    with subprocess.Popen(
        [COMMAND, "sandbox", *words], env=environment, stdout=subprocess.PIPE, encoding="utf-8"
    ) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().removeprefix("sandbox ready at ").strip()
        finally:
            server.terminate()
            assert server.wait(30) == 0


def wait_until(happens: Callable[[], bool]) -> None:
    """Wait for what another process does, a minute at most."""
    deadline = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def count_kept(database: Path, question: str) -> int:
    """Count in a database that another process writes; one that is not set up yet has nothing."""
    try:
        with closing(sqlite3.connect(database.as_uri() + "?mode=ro", uri=True)) as found:
            return int(found.execute(question).fetchone()[0])
    except sqlite3.OperationalError:
        return 0
