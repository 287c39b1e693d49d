"""Commands of this program as child processes. What they say is in files, which outlive the page's server.

```text
web/3f9a.../said/run.lock     locked as long as the command runs: the child itself holds it
web/3f9a.../said/run.json     {"words": ["run", "--plan", "plan.csv"], "pid": 4711, "began_at": "2026-11-..."}
web/3f9a.../said/run.log      its standard error: JSON lines, or text
web/3f9a.../said/run.out      its standard output: often one JSON object
```

The lock tells a running command from one that was killed, and its process id from that of another process
which got the same number later.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from importer.config.folders import config_file, find_state_dir
from importer.errors import UsageError
from importer.files import make_private_folder, write_privately
from importer.interrupts import OWN_GROUP, ask_to_end

if sys.platform != "win32":
    import fcntl

_HEAD_BYTES = 16 << 10
_TAIL_BYTES = 64 << 10
_MOST_OUTPUT_BYTES = 8 << 20

_started: "dict[Path, subprocess.Popen[bytes]]" = {}
"""The children of this process, by their log, so that ended ones are waited for."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command in a folder: not begun, running, or ended. Of each name the newest one is known."""

    folder: Path
    name: str

    def start(self, *words: str, secret: str | None = None, environ: Mapping[str, str] | None = None) -> None:
        """Start `importer` with these words; `secret` is its standard input. Raises UsageError if it runs."""
        if self.is_running:
            raise UsageError("This is being done already.")
        make_private_folder(self.folder / "said")
        for ending in ("json", "log", "out"):
            self._place(ending).unlink(missing_ok=True)
        with (
            _open_privately(self._place("lock")) as lock,
            _open_privately(self._place("log")) as log,
            _open_privately(self._place("out")) as out,
        ):
            facts = {"words": words, "began_at": datetime.now(UTC).isoformat()}
            self._note(facts)  # first: if there is no room for it, nothing is begun
            kept = () if sys.platform == "win32" else (_lock(lock.fileno()),)
            child = subprocess.Popen(  # noqa: S603 - our own command
                # -P: no code from the working folder; a typer.py there must not run.
                [sys.executable, "-P", "-m", "importer", *words],
                cwd=self.folder,
                stdin=subprocess.DEVNULL if secret is None else subprocess.PIPE,
                stdout=out,
                stderr=log,
                env=os.environ | {"PYTHONIOENCODING": "utf-8"} | _absolute_places() | dict(environ or {}),
                pass_fds=kept,
                **OWN_GROUP,  # Ctrl-C ends the page's server, and not what it has begun
            )
        if child.stdin is not None:
            with suppress(BrokenPipeError), child.stdin:
                child.stdin.write(f"{secret}\n".encode())
        _started[self._place("log")] = child
        self._note({**facts, "pid": child.pid})

    def _note(self, facts: Mapping[str, Any]) -> None:
        write_privately(self._place("json"), json.dumps(facts).encode())

    def stop(self) -> None:
        """Ask it to end: requests in flight are answered first. Does nothing if it does not run."""
        if not self.is_running:
            return
        child = _started.get(self._place("log"))
        if child is not None:
            ask_to_end(child)
        elif os.name == "posix" and (pid := self.facts.get("pid")):
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGTERM)

    def end(self, seconds: float = 10) -> bool:
        """Ask it to end, and wait that long for it. Return whether it has ended."""
        self.stop()
        until = time.monotonic() + seconds
        while self.is_running and time.monotonic() < until:
            time.sleep(0.02)
        return not self.is_running

    def wait(self) -> None:
        """Wait for the end of a child of this process."""
        if (child := _started.get(self._place("log"))) is not None:
            child.wait()

    @property
    def is_running(self) -> bool:
        """Whether it runs now, whoever started it."""
        child = _started.get(self._place("log"))
        if child is not None and child.poll() is not None:
            del _started[self._place("log")]
        if sys.platform == "win32":
            return self._place("log") in _started
        try:
            with self._place("lock").open("rb") as lock:
                _lock(lock.fileno(), fcntl.LOCK_SH)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    @property
    def was_started(self) -> bool:
        """Whether it was ever begun here."""
        return self._place("json").exists()

    @property
    def facts(self) -> Mapping[str, Any]:
        """Its words, process id and beginning; empty if it was not begun."""
        try:
            found: Mapping[str, Any] = json.loads(self._place("json").read_bytes())
        except (OSError, ValueError):
            return {}
        return found

    def read(self) -> "Said":
        """Return what it has said so far."""
        is_running = self.is_running  # first: what it says last is then in the files
        return Said(is_running, self.was_started, _read_ends(self._place("log")), self._place("out"))

    def forget(self) -> None:
        """Remove its files, unless it runs."""
        if not self.is_running:
            for ending in ("json", "log", "out"):
                self._place(ending).unlink(missing_ok=True)

    def _place(self, ending: str) -> Path:
        return self.folder / "said" / f"{self.name}.{ending}"


def list_running(folder: Path) -> Sequence[Command]:
    """List the commands that run in a folder now."""
    found = (Command(folder, lock.stem) for lock in (folder / "said").glob("*.lock"))
    return [command for command in found if command.is_running]


@dataclass(frozen=True, slots=True)
class Said:
    """What a command has said."""

    is_running: bool
    was_started: bool
    lines: Sequence[str]
    """Of its standard error: the first and the last."""
    _out: Path = field(repr=False)

    @property
    def has_ended(self) -> bool:
        """Whether it was begun, and is over."""
        return self.was_started and not self.is_running

    def events(self, name: str = "") -> Iterator[Mapping[str, Any]]:
        """Yield the events of its JSON log, the newest first."""
        for line in reversed(self.lines):
            with suppress(ValueError):
                found = json.loads(line)
                if isinstance(found, dict) and name in {"", found.get("event")}:
                    yield found

    def last(self, name: str) -> Mapping[str, Any]:
        """Return the newest event of this name; empty if there is none."""
        return next(self.events(name), {})

    @property
    def output(self) -> Mapping[str, Any] | None:
        """The JSON object that it printed; None if it printed none."""
        try:
            with self._out.open("rb") as stream:
                found = json.loads(stream.read(_MOST_OUTPUT_BYTES))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def output_lines(self) -> Iterator[Mapping[str, Any]]:
        """Yield the JSON objects that it printed, one a line."""
        for line in _read_ends(self._out):
            with suppress(ValueError):
                found = json.loads(line)
                if isinstance(found, dict):
                    yield found

    @property
    def is_complete(self) -> bool:
        """Whether a run came to its end, and said so: one that was killed said nothing."""
        return self.has_ended and bool(self.last("run_ended")) and not self.problem

    @property
    def end(self) -> Mapping[str, Any]:
        """What it said of its end; empty if it said nothing about that, or runs."""
        return {} if self.is_running else self.last("run_ended") or self.last("stopped")

    @property
    def asks_yes(self) -> bool:
        """Whether it stopped at a question that `--yes` answers."""
        return bool(self.end.get("needs_yes"))

    @property
    def problem(self) -> str:
        """Why it could not do its work; empty if it did, or runs."""
        if self.is_running:
            return ""
        if found := self.end.get("stopped") or self.end.get("reason"):
            return str(found)
        return "\n".join(self.remarks) if self.output is None and not self.end else ""

    @property
    def remarks(self) -> Sequence[str]:
        """The lines for people that it printed beside its result, without the program's name."""
        texts = (line for line in self.lines if line.strip() and not line.startswith("{"))
        return [line.removeprefix("importer: ") for line in texts]

    @property
    def warnings(self) -> Sequence[str]:
        """The warnings of its log, the oldest first."""
        return [str(event.get("message", "")) for event in self.events("warning")][::-1]


def _lock(number: int, how: int | None = None) -> int:
    if sys.platform != "win32":
        fcntl.flock(number, (fcntl.LOCK_EX if how is None else how) | fcntl.LOCK_NB)
    return number


def _open_privately(path: Path) -> Any:
    return os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), "ab")


def _absolute_places() -> dict[str, str]:
    """The child works in another folder, and must find the same settings and journals."""
    places = {"IMPORTER_STATE_DIR": str(find_state_dir().absolute())}
    if os.environ.get("IMPORTER_CONFIG_FILE"):
        places["IMPORTER_CONFIG_FILE"] = str(config_file().absolute())
    return places


def _read_ends(path: Path) -> list[str]:
    """Return the first and the last lines of a log, which may be long."""
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size <= _HEAD_BYTES + _TAIL_BYTES:
                found = stream.read()
            else:
                head = stream.read(_HEAD_BYTES).rpartition(b"\n")[0]
                stream.seek(size - _TAIL_BYTES)
                found = head + b"\n" + stream.read().partition(b"\n")[2]
    except OSError:
        return []
    return found.decode("utf-8", "backslashreplace").splitlines()
