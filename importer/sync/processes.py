"""Sync jobs as processes of their own, side by side: each line they print begins with the job's name."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from importer.errors import SettingsError, StopRunError
from importer.monitoring.announce import Recipients, announce
from importer.monitoring.log import Log
from importer.monitoring.run_end import RunEnd, build_failed_start
from importer.sync.recipients import build_recipients, health_folder
from importer.text import ignore_closed_stream

_LONGEST_LINE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Children:
    """Runs sync jobs with these words. What a process cannot tell any more, how it ended, is told here."""

    words: Sequence[str]
    log: Log
    metrics: Path | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    """Variables beside this process's own."""

    async def run(self, name: str, width: int = 0) -> int:
        """Run a job and give its exit code: that of a run that stopped early where a signal ended it."""
        began_at = datetime.now(UTC)
        try:
            code = await run_child(name, ["sync", name, *self.words], width, self.environ)
        except OSError as error:
            problem = f"its process could not be started ({error.strerror or error})"
        else:
            if code >= 0:
                return code
            ended_by = signal.Signals(-code).name
            problem = f"its process was ended by {ended_by}; the next run goes on where it stopped"
        self.log.note(f"{name}: {problem}")
        stop = StopRunError(problem)
        end = build_failed_start(name, stop, began_at=began_at, ended_at=datetime.now(UTC))
        with suppress(asyncio.CancelledError):  # the thread goes on, and is waited for at the very end
            await asyncio.to_thread(self._announce, end)
        return stop.exit_code

    def _announce(self, end: RunEnd) -> None:
        log = self.log.bind(job=end.job)
        try:
            recipients = build_recipients(log, self.metrics, {**os.environ, **self.environ})
        except SettingsError as error:
            log.warn_once(str(error))
            recipients = Recipients(log, health_folder(), self.metrics)
        announce(end, recipients)


async def run_child(
    name: str, words: Sequence[str], width: int = 0, environ: Mapping[str, str] | None = None
) -> int:
    """Run `importer WORDS` and give its exit code. Cancelled, it asks the child to end, and waits for that.

    `environ` holds variables beside this process's own.
    """
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "importer", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE_BYTES,
        # What a child says to type next is what a person types, not how it was begun here.
        env={**os.environ, "IMPORTER_TYPED": f"importer sync {name}", **(environ or {})},
        # A session of its own: Ctrl-C is for this process, which passes it on once.
        start_new_session=os.name == "posix",
    )
    assert child.stdout is not None
    assert child.stderr is not None
    prefix = f"{name:{width}} | "
    work = asyncio.gather(
        _pass_on(child.stdout, sys.stdout, prefix), _pass_on(child.stderr, sys.stderr, prefix), child.wait()
    )
    while True:
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            if child.returncode is None:
                child.terminate()  # what is in flight comes to its end; at the second time it does not
            continue
        return child.returncode or 0


async def _pass_on(stream: asyncio.StreamReader, to: TextIO, prefix: str) -> None:
    while line := await _read_line(stream):
        text = line.decode("utf-8", "backslashreplace").rstrip("\r\n")
        is_json_log = text.startswith('{"') and to is sys.stderr
        with ignore_closed_stream(to):
            print(text if is_json_log else f"{prefix}{text}".rstrip(), file=to)


async def _read_line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:
        return b"(a line too long to show)\n"
