"""Jobs in threads of one process: each with streams, a stop and an exit code of its own."""

import json
import logging
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

import importer
from importer.errors import StopRunError
from importer.interrupts import pause, stop_request, translate_interrupts
from importer.monitoring.log import log_of_thread, open_log
from importer.sync.threads import JobThread, _Threads, serve_jobs

Event = dict[str, object]


class Served:
    """A process's main thread that serves jobs, with both ends of its streams."""

    def __init__(self, events: BinaryIO, requests: BinaryIO) -> None:
        self._events = events
        self._requests = requests

    def request(self, **words: str) -> None:
        self._requests.write(json.dumps(words).encode() + b"\n")
        self._requests.flush()

    def read(self) -> Event:
        """The next event but signs of life."""
        while not (event := json.loads(self._events.readline())):
            pass
        return dict(event)

    def end(self) -> None:
        self._requests.close()


@contextmanager
def serving(run: Callable[[JobThread], int]) -> Iterator[Served]:
    (read, request), (listen, tell) = os.pipe(), os.pipe()
    with os.fdopen(read, "rb") as requests:
        events = os.fdopen(tell, "wb")
        thread = threading.Thread(target=serve_jobs, args=(requests, events, run))
        thread.start()
        with os.fdopen(listen, "rb") as told, os.fdopen(request, "wb") as asking:
            yield Served(told, asking)
            asking.close()
            thread.join()


def test_each_has_its_own_lines_and_its_own_exit_code() -> None:
    def run(job: JobThread) -> int:
        print("half a", end="", file=job.out)
        print(" line\nand more", file=job.out)
        print("no end", end="", file=job.err)
        return len(job.name)

    with serving(run) as served:
        served.request(run="ada")
        assert [served.read() for _ in range(4)] == [
            {"job": "ada", "out": "half a line"},
            {"job": "ada", "out": "and more"},
            {"job": "ada", "err": "no end"},
            {"job": "ada", "ended": 3},
        ]
        served.request(run="benjamin")
        assert [served.read() for _ in range(4)][-1] == {"job": "benjamin", "ended": 8}


def wait(job: JobThread) -> int:
    print("waiting", file=job.out)
    try:
        with translate_interrupts():
            pause(3600)
    except StopRunError:
        return StopRunError.exit_code
    return 0


def test_a_stop_ends_the_one_that_is_meant() -> None:
    with serving(wait) as served:
        for name in ("ada", "ben"):
            served.request(run=name)
            assert served.read() == {"job": name, "out": "waiting"}
        served.request(stop="nobody")
        served.request(stop="ada")
        assert served.read() == {"job": "ada", "ended": 3}
        served.request(stop="ben")
        assert served.read() == {"job": "ben", "ended": 3}


def test_only_who_asks_twice_is_impatient() -> None:
    """A manager of services sends its signal to all processes: that and the parent's request are one stop."""
    asked: list[StopRunError] = []
    has_begun, may_end = threading.Event(), threading.Event()

    def run(job: JobThread) -> int:
        with stop_request().calling(asked.append):
            has_begun.set()
            may_end.wait()
        return 0

    with Path(os.devnull).open("wb") as nowhere:
        serving_threads = _Threads(nowhere, run)
        serving_threads.take({"run": "ada"})
        has_begun.wait()
        serving_threads.stop_all(signal.SIGTERM)
        serving_threads.take({"stop": "ada"})
        assert len(asked) == 1
        serving_threads.take({"stop": "ada"})
        assert [str(error) for error in asked] == ["interrupted (SIGTERM)"] * 2
        may_end.set()
        serving_threads.join()


def test_whatever_breaks_in_one_is_told_as_its_own() -> None:
    def run(job: JobThread) -> int:
        if job.name == "ada":
            raise SystemExit("a library gives up")
        return 0

    with serving(run) as served:
        served.request(run="ada")
        told = [served.read()]
        while "ended" not in told[-1]:
            told.append(served.read())
        assert told[-1] == {"job": "ada", "ended": 1}
        assert {"job": "ada", "err": "SystemExit: a library gives up"} in told
        served.request(run="ben")
        assert served.read() == {"job": "ben", "ended": 0}


def test_jobs_go_on_when_nobody_listens_any_more() -> None:
    ended = []

    def run(job: JobThread) -> int:
        for _ in range(1000):
            print("x" * 1000, file=job.out)
        ended.append(job.name)
        return 0

    with serving(run) as served:
        served.request(run="ada")
        served._events.close()
    assert ended == ["ada"]


def test_what_libraries_say_in_a_thread_is_a_line_of_its_job(capsys: pytest.CaptureFixture[str]) -> None:
    open_log(as_json=False)

    def run(job: JobThread) -> int:
        with log_of_thread(job.err, as_json=True):
            logging.getLogger("library").warning("%s has an old file", job.name)
        return 0

    with serving(run) as served:
        served.request(run="ada")
        told = served.read()
        assert told["job"] == "ada"
        assert "ada has an old file" in json.loads(str(told["err"]))["message"]
        assert served.read() == {"job": "ada", "ended": 0}
    assert capsys.readouterr().err == ""


def test_no_code_takes_a_stream_of_the_process_away() -> None:
    """Jobs in threads share it; only `streams.py` repairs one, before anything begins."""
    package = Path(importer.__file__).parent
    swaps = re.compile(r"^\s*sys\.std(?:in|out|err) *=|redirect_std", re.MULTILINE)
    found = {path.name for path in package.rglob("*.py") if swaps.search(path.read_text("utf-8"))}
    assert found <= {"streams.py", "progress_bar.py"}
    assert "redirect_stdout=False" in (package / "cli/progress_bar.py").read_text("utf-8")
