"""A PostgreSQL cluster of the tests' own: in a temporary folder, on 127.0.0.1, gone when they end."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

_ROOT = 0
_IS_NEEDED = bool(os.environ.get("CI")) and sys.platform == "linux"


def find_programs() -> Path | None:
    """Find the folder of initdb and postgres: Debian keeps it out of the PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name)
    found = shutil.which("initdb")
    return folders[-1] if folders else Path(found).resolve().parent if found else None


def need_postgres() -> Path:
    """Return the folder of the programs, or skip the test; in CI a missing one is a failure."""
    programs = find_programs()
    if programs is None:
        told = (
            "NO POSTGRESQL HERE: the depot of a fleet of machines is not tested. apt-get install postgresql"
        )
        if _IS_NEEDED:
            pytest.fail(told)
        pytest.skip(told)
    return programs


class Cluster:
    """A cluster that can be stopped as hard as a machine stops, and started again."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder = folder
        self._programs = programs
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._server: subprocess.Popen[bytes] | None = None

    def address(self, database: str = "postgres", port: int | None = None) -> str:
        return f"postgresql://postgres@127.0.0.1:{port or self.port}/{database}"

    def create(self) -> None:
        # What is lost when the machine dies does not matter here: the processes are killed, not the machine.
        self._call("initdb", "--no-sync", "--auth=trust", "--username=postgres", "-D", str(self._folder))

    def start(self) -> None:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "max_connections": 60,
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._server = subprocess.Popen(
            [*_as_postgres(), str(self._programs / "postgres"), "-D", str(self._folder), *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0 and self._is_ready():
                    return
            assert self._server.poll() is None, "PostgreSQL did not start"
            assert time.monotonic() < deadline, "PostgreSQL does not answer"
            time.sleep(0.05)

    def kill(self) -> None:
        """Stop it at once, without a checkpoint."""
        assert self._server is not None
        self._call("pg_ctl", "stop", "-D", str(self._folder), "-m", "immediate")
        self._server.wait()

    def _is_ready(self) -> bool:
        asked = [str(self._programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(asked, check=False).returncode == 0

    def _call(self, program: str, *words: str) -> None:
        subprocess.run(
            [*_as_postgres(), str(self._programs / program), *words],
            check=True,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
        )


def _as_postgres() -> Sequence[str]:
    """initdb and postgres refuse root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if _is_root() else []


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == _ROOT


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a cluster while the block lasts."""
    programs = need_postgres()
    # Not in pytest's own folder, which only its owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="fleet-postgres-"))
    try:
        if _is_root():
            shutil.chown(folder, "postgres", "postgres")
        started = Cluster(folder, programs)
        started.create()
        started.start()
        try:
            yield started
        finally:
            started.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
