"""Starts a sandbox on this machine for one run."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from importer.errors import Remedy, StopRunError

READY = "sandbox ready at "


@contextmanager
def embedded_sandbox(data: Path, *words: str) -> Iterator[str]:
    """Start a sandbox as a child process and yield its URL; it ends with the block, or with this process."""
    command = [sys.executable, "-P", "-m", "importer", "sandbox", "--data", str(data), "--until-stdin-closes"]
    command += words
    # A session of its own: Ctrl-C is for the run, which still has requests in flight to this server.
    with subprocess.Popen(  # noqa: S603 - our own command
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=os.name == "posix",
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            line = child.stdout.readline()
            if not line.startswith(READY):
                raise StopRunError("the sandbox did not start", Remedy.SHOW_SANDBOX)
            yield line.removeprefix(READY).strip()
        finally:
            child.stdin.close()
            child.terminate()
