"""The process of several sync jobs is killed while all of them send: each goes on, and nothing is lost."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.road import OPEN, running_sandbox
from tests.system.conftest import COMMAND
from tests.system.test_sync import Machine, machine, section

__all__ = ["machine"]

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="children are found in /proc")

NAMES = ("ada", "bob")
JOB = '[jobs.{0}]\nsource = "{0}.csv"\naccount = "{0}"\nbatch_size = 2\nrate = "2/s"\n'


def child_of(process: "subprocess.Popen[str]") -> int:
    (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert "--in-threads" in Path(f"/proc/{child}/cmdline").read_text()
    return int(child)


def test_jobs_go_on_in_processes_of_their_own(machine: Machine) -> None:
    ids = [f"tt{5_040_000 + number}" for number in range(10)]
    with ExitStack() as stack:
        servers = {name: stack.enter_context(running_sandbox(**OPEN)) for name in NAMES}
        machine.write_settings(
            *(section(f"accounts.{name}", server.url) for name, server in servers.items()),
            *map(JOB.format, NAMES),
        )
        for name in NAMES:
            machine.write(*(f"{imdb_id},7" for imdb_id in ids), name=f"{name}.csv")
            machine.login("--account", name)
        with subprocess.Popen(
            [COMMAND, "sync"],
            cwd=machine.folder,
            env=machine.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as command:
            while not all(server.stored_movies() for server in servers.values()):
                time.sleep(0.02)
            os.kill(child_of(command), signal.SIGKILL)
            out, err = command.communicate(timeout=100)
        assert command.returncode == 0, err
        assert "the process of 2 sync jobs was ended by SIGKILL; each goes on in one of its own" in err
        assert "10 rows" in out
        for name, server in servers.items():
            assert server.stored_movies() == dict.fromkeys(ids, 7)
            assert machine.statuses(name) == ["rated"] * 10
            assert not (machine.state / "sync" / f"{name}.crashed").exists()
