"""Sync jobs as processes of their own: each line of their output begins with the job's name.

nightly | 98 rated, 2 not found                                       its standard output
nightly | importer: Not signed in. Run `importer login trakt`.        its standard error
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from importer.errors import SettingsError, StopRunError
from importer.interrupts import OWN_GROUP, ask_to_end
from importer.monitoring.announce import Recipients, announce
from importer.monitoring.log import Log
from importer.monitoring.run_end import build_failed_start
from importer.sync.crashes import forget_crash, note_crash
from importer.sync.recipients import build_recipients, health_folder

_LONGEST_LINE_BYTES = 1 << 20

ShowLine = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Children:
    """Runs sync jobs with these arguments, each in a process.

    The end of a process that was killed is reported here, and its job is marked (`crashes.py`).
    """

    arguments: Sequence[str]
    log: Log
    show_output: ShowLine
    show_error: ShowLine
    metrics: Path | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    """Environment variables to add to this process's own."""

    async def run(self, name: str, width: int = 0) -> int:
        """Run a job and return its exit code; if a signal ended it, that of a run that stopped early."""
        began_at = datetime.now(UTC)
        try:
            code = await self._run_process(name, width)
        except OSError as error:
            return await self.report_failed_start(name, error, began_at)
        if code >= 0:
            forget_crash(name)
            return code
        note_crash(name)
        return await self.report_death(name, describe_end(code), began_at)

    async def report_death(self, name: str, how: str, began_at: datetime) -> int:
        """Report everywhere how a job's process ended that was to go on; return the exit code."""
        return await self._report(name, f"its process {how}; the next run goes on where it stopped", began_at)

    async def report_failed_start(self, name: str, error: OSError, began_at: datetime) -> int:
        """Report everywhere that a job's process could not be started; return the exit code."""
        return await self._report(
            name, f"its process could not be started ({error.strerror or error})", began_at
        )

    async def _report(self, name: str, problem: str, began_at: datetime) -> int:
        self.log.note(f"{name}: {problem}")
        with suppress(asyncio.CancelledError):  # the thread goes on, and is waited for at the very end
            await asyncio.to_thread(self._announce, name, StopRunError(problem), began_at)
        return StopRunError.exit_code

    def _announce(self, name: str, stop: StopRunError, began_at: datetime) -> None:
        log = self.log.bind(job=name)
        try:
            recipients = build_recipients(log, self.metrics, {**os.environ, **self.environ})
        except SettingsError as error:
            log.warn_once(str(error))
            recipients = Recipients(log, health_folder(), self.metrics)
        announce(build_failed_start(name, stop, began_at=began_at, ended_at=datetime.now(UTC)), recipients)

    async def start(self, *words: str, stdin: int, typed: str = "") -> asyncio.subprocess.Process:
        """Start `importer sync` with these words and the arguments. Raises OSError."""
        return await asyncio.create_subprocess_exec(
            # -P: no code from the working folder; a typer.py there must not run.
            *(sys.executable, "-P", "-m", "importer", "sync", *words, *self.arguments),
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE_BYTES,
            env={
                **os.environ,
                # The command that a child suggests is the one that users type, not the one used here.
                **({"IMPORTER_TYPED": typed} if typed else {}),
                "PYTHONIOENCODING": "utf-8",  # through a pipe, Windows would take the console's own
                **self.environ,
            },
            **OWN_GROUP,
        )

    def label(self, name: str, width: int) -> tuple[ShowLine, ShowLine]:
        """Return what shows a line of a job's output, and of its errors, with its name in front."""
        prefix = f"{name:{width}} | "
        return (
            lambda line: self.show_output(f"{prefix}{line.removeprefix(f'{name}: ')}".rstrip()),
            lambda line: self.show_error(_label_error(name, prefix, line)),
        )

    async def _run_process(self, name: str, width: int) -> int:
        """Run `importer sync NAME`. If cancelled, terminate the process and wait for its end."""
        child = await self.start(name, stdin=asyncio.subprocess.DEVNULL, typed=f"importer sync {name}")
        assert child.stdout is not None
        assert child.stderr is not None
        show_output, show_error = self.label(name, width)
        work = asyncio.gather(
            pass_on(child.stdout, show_output), pass_on(child.stderr, show_error), child.wait()
        )
        while True:
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                if child.returncode is None:
                    ask_to_end(child)  # requests in flight finish; after a second signal they do not
                continue
            return child.returncode or 0


def describe_end(code: int) -> str:
    """Say how a process ended, by what it returned."""
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def _label_error(name: str, prefix: str, line: str) -> str:
    """Add the job's name, except to a line of JSON, which has it; an error names it once."""
    if line.startswith('{"'):
        return line
    return f"{prefix}{line.replace(f'importer: {name}: ', 'importer: ', 1)}".rstrip()


async def pass_on(stream: asyncio.StreamReader, show: ShowLine) -> None:
    """Show each line of a process's output."""
    while line := await _read_line(stream):
        show(line.decode("utf-8", "backslashreplace").rstrip("\r\n"))


async def _read_line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:
        return b"(a line too long to show)\n"
