"""Processes of their own for what is measured, for what it is measured against, and for servers.

A child runs one function of `work` or `yardsticks` and hands back its figures:
`python -m benchmarks.children MODULE FUNCTION JSON`.
"""

import importlib
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Figures = dict[str, float]

ROOT = Path(__file__).parents[1]
IMPORTER = [sys.executable, "-m", "importer"]
"""The command, of this very checkout when it runs in `ROOT`."""


def run_child(module: str, function: str, **arguments: Any) -> Figures:
    """Run `benchmarks.MODULE.FUNCTION(**arguments)` in a new process and return its figures."""
    words = [sys.executable, "-m", "benchmarks.children", module, function, json.dumps(arguments)]
    done = subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    figures: Figures = json.loads(done.stdout)
    return figures


def measure(work: Callable[[], object]) -> Figures:
    """Do the work once; its seconds, those the processor was busy, and the peak memory of the process."""
    begun, busy = time.perf_counter(), time.process_time()
    work()
    return {
        "seconds": time.perf_counter() - begun,
        "cpu_seconds": time.process_time() - busy,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


@contextmanager
def running_server() -> Iterator[str]:
    """Start the server that costs next to nothing, and yield its URL."""
    words = [sys.executable, "-m", "benchmarks.server"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as child:
        assert child.stdout is not None
        try:
            yield child.stdout.readline().strip()
        finally:
            child.communicate()  # closes its input, which is its end


@contextmanager
def running_sandbox(*words: str) -> Iterator[tuple[str, int]]:
    """Start the project's sandbox, and yield its URL and process id."""
    command = [*IMPORTER, "sandbox", "--any-title", "--auto-approve", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        found = re.search(r"http://\S+", child.stdout.readline())
        assert found
        try:
            yield found[0], child.pid
        finally:
            child.terminate()


def build_environment(url: str, state: Path) -> dict[str, str]:
    """Build what a process needs to reach a server of either API with a journal in `state`."""
    return os.environ | {
        "HOME": str(state),
        "IMPORTER_STATE_DIR": str(state),
        "IMPORTER_TRAKT_V1_BASE_URL": url,
        "IMPORTER_TRAKT_V1_API_KEY": "sandbox-key",
        "IMPORTER_TRAKT_V1_USERNAME": "demo",
        "IMPORTER_TRAKT_V1_PASSWORD": "demo",
        "IMPORTER_TRAKT_BASE_URL": url,
        "IMPORTER_TRAKT_AUTH_URL": url,
        "IMPORTER_TRAKT_CLIENT_ID": "sandbox-client",
        "IMPORTER_TRAKT_CLIENT_SECRET": "sandbox-secret",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }


if __name__ == "__main__":
    found = getattr(importlib.import_module(f"benchmarks.{sys.argv[1]}"), sys.argv[2])
    print(json.dumps(found(**json.loads(sys.argv[3]))))
