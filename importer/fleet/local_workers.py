"""Worker processes of this machine, each started again when it dies, as a service manager would."""

import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Self

from importer.interrupts import OWN_GROUP, ask_to_end

_LOOK_SECONDS = 0.2
_GRACE_SECONDS = 60.0
"""Longer than a turn needs to end in good order."""


class LocalWorkers:
    """A context manager: processes of a command run while the block lasts."""

    def __init__(self, command: Sequence[str], processes: int, environ: Mapping[str, str]) -> None:
        self._command = command
        self._environ = environ
        self._processes: list[subprocess.Popen[bytes]] = []
        self._wanted = processes
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="workers", daemon=True)

    def __enter__(self) -> Self:
        self._processes = [self._start() for _ in range(self._wanted)]
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()
        for process in self._processes:
            ask_to_end(process)
        for process in self._processes:
            try:
                process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @property
    def pids(self) -> Sequence[int]:
        """The ids of the processes that run now."""
        return [process.pid for process in self._processes]

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603 - this program
            self._command, stdin=subprocess.DEVNULL, env=dict(self._environ), **OWN_GROUP
        )

    def _watch(self) -> None:
        while not self._ends.wait(_LOOK_SECONDS):
            for place, process in enumerate(self._processes):
                if process.poll() is not None:
                    with suppress(OSError):  # no room for a process now; the next look tries again
                        self._processes[place] = self._start()
