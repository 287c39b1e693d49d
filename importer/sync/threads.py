"""Sync jobs in threads of one process, for the process that started it: requests in, events out, as JSON.

```text
in     {"run": "ada"}                        ada begins, in a thread of its own
       {"stop": "ada"}                       ada ends in good order; said twice, without waiting for answers
out    {"job": "ada", "out": "98 rated"}     a line for standard output
       {"job": "ada", "err": "..."}          a line for standard error
       {"job": "ada", "ended": 0}            ada has ended, with this exit code
       {}                                    a sign of life
```

Each thread has a stop request, streams and a log of its own; nothing of a job is the whole process's.
`warm_process.py` is the other end.
"""

import io
import json
import signal
import threading
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO, TextIO, cast

from importer.errors import ImporterError, StopRunError
from importer.interrupts import StopRequest, interrupted_by, listening_to_signals

BEAT_SECONDS = 20.0
"""The time between two signs of life."""

_LONGEST_LINE = 100_000


@dataclass(frozen=True, slots=True)
class JobThread:
    """What a job in a thread has in place of a process's signals and streams."""

    name: str
    out: TextIO
    err: TextIO
    stop: StopRequest = field(default_factory=StopRequest)


def serve_jobs(requests: Iterable[bytes], events: BinaryIO, run: Callable[[JobThread], int]) -> None:
    """Run the jobs that are requested; `run` returns the exit code of one. At the end wait for all of them.

    A signal stops all jobs.
    """
    threads = _Threads(events, run)
    ended = threading.Event()
    beat = threading.Thread(target=threads.give_signs_of_life, args=(ended,), daemon=True)
    beat.start()
    with listening_to_signals(lambda number, _: threads.stop_all(number)):
        for line in requests:
            threads.take(json.loads(line))
        threads.join()
    ended.set()
    with suppress(OSError):  # nobody listens any more
        events.close()


class _Threads:
    def __init__(self, events: BinaryIO, run: Callable[[JobThread], int]) -> None:
        self._events = events
        self._run = run
        self._writing = threading.Lock()
        self._jobs: dict[str, JobThread] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._stopped: dict[str, set[str]] = {}
        """By job, who has asked it to stop: systemd sends its signal to this process and to its parent."""

    def take(self, request: dict[str, str]) -> None:
        """Do what is requested."""
        if (name := request.get("run")) is not None:
            self._begin(name)
        elif (name := request.get("stop")) is not None:
            self._stop(name, "parent", interrupted_by(signal.SIGTERM))

    def stop_all(self, number: int) -> None:
        """Ask all jobs to stop because of a signal."""
        for name in list(self._jobs):
            self._stop(name, "signal", interrupted_by(number))

    def join(self) -> None:
        """Wait until all jobs have ended."""
        for thread in list(self._threads.values()):
            thread.join()

    def give_signs_of_life(self, ended: threading.Event) -> None:
        """Send one again and again."""
        self._send({})
        while not ended.wait(BEAT_SECONDS):
            self._send({})

    def _begin(self, name: str) -> None:
        out, err = (_Lines(partial(self._show, name, stream)) for stream in ("out", "err"))
        job = self._jobs[name] = JobThread(name, cast(TextIO, out), cast(TextIO, err))
        self._stopped[name] = set()
        thread = threading.Thread(target=self._work, args=(job, out, err), name=name, daemon=True)
        self._threads[name] = thread
        thread.start()

    def _stop(self, name: str, by: str, error: StopRunError) -> None:
        job, before = self._jobs.get(name), self._stopped.get(name, set())
        if job is not None and (not before or by in before):
            job.stop(error)
        before.add(by)

    def _work(self, job: JobThread, out: "_Lines", err: "_Lines") -> None:
        exit_code = ImporterError.exit_code
        try:
            with job.stop.of_this_thread():
                exit_code = self._run(job)
        except BaseException:  # noqa: BLE001 - as a process would: told, and the end of this job alone
            traceback.print_exc(file=err)
        finally:
            out.end_line()
            err.end_line()
            del self._jobs[job.name], self._threads[job.name]
            self._send({"job": job.name, "ended": exit_code})

    def _show(self, name: str, stream: str, line: str) -> None:
        self._send({"job": name, stream: line[:_LONGEST_LINE]})

    def _send(self, event: dict[str, object]) -> None:
        line = json.dumps(event, ensure_ascii=False).encode("utf-8", "backslashreplace")
        with self._writing, suppress(OSError, ValueError):  # who started us may be gone: jobs end as ever
            self._events.write(line + b"\n")
            self._events.flush()


class _Lines(io.TextIOBase):
    """A text stream that hands each whole line on."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._rest = ""
        self._writing = threading.Lock()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        with self._writing:
            *lines, self._rest = (self._rest + text).split("\n")
            for line in lines:
                self._show(line)
        return len(text)

    def end_line(self) -> None:
        if self._rest:
            self.write("\n")
