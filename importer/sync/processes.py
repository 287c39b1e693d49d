"""Sync jobs as processes of their own, side by side: each line of their output begins with the job's name."""

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
from importer.interrupts import OWN_GROUP, ask_to_end, ending_signals, on_signals
from importer.monitoring.announce import Recipients, announce
from importer.monitoring.log import Log
from importer.monitoring.run_end import build_failed_start
from importer.sync.recipients import build_recipients, health_folder

_LONGEST_LINE_BYTES = 1 << 20

ShowLine = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Children:
    """Runs sync jobs with these arguments, each in a process.

    The end of a process that was killed is reported here.
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
            problem = f"its process could not be started ({error.strerror or error})"
        else:
            if code >= 0:
                return code
            ended_by = signal.Signals(-code).name
            problem = f"its process was ended by {ended_by}; the next run goes on where it stopped"
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

    async def _run_process(self, name: str, width: int) -> int:
        """Run `importer sync NAME`. If cancelled, terminate the process and wait for its end."""
        child = await asyncio.create_subprocess_exec(
            # -P: no code from the working folder; a typer.py there must not run.
            *(sys.executable, "-P", "-m", "importer", "sync", name, *self.arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE_BYTES,
            # The command that a child suggests is the one that users type, not the one used here.
            env={
                **os.environ,
                "IMPORTER_TYPED": f"importer sync {name}",
                "PYTHONIOENCODING": "utf-8",  # through a pipe, Windows would take the console's own
                **self.environ,
            },
            **OWN_GROUP,
        )
        assert child.stdout is not None
        assert child.stderr is not None
        prefix = f"{name:{width}} | "
        work = asyncio.gather(
            _pass_on(child.stdout, lambda line: self.show_output(f"{prefix}{line}".rstrip())),
            _pass_on(child.stderr, lambda line: self.show_error(_label_error(name, prefix, line))),
            child.wait(),
        )
        while True:
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                if child.returncode is None:
                    ask_to_end(child)  # requests in flight finish; after a second signal they do not
                continue
            return child.returncode or 0


async def run_side_by_side(names: Sequence[str], children: Children) -> int:
    """Run a process for each job at once, and return the worst of their exit codes."""
    width = max(map(len, names))
    running = [asyncio.create_task(children.run(name, width)) for name in names]

    def end() -> None:
        for task in running:
            task.cancel()

    with on_signals(dict.fromkeys(ending_signals(), end)):
        return max(await asyncio.gather(*running))


def _label_error(name: str, prefix: str, line: str) -> str:
    """Add the job's name, except to a line of JSON, which has it; an error names it once."""
    if line.startswith('{"'):
        return line
    return f"{prefix}{line.replace(f'importer: {name}: ', 'importer: ', 1)}".rstrip()


async def _pass_on(stream: asyncio.StreamReader, show: ShowLine) -> None:
    while line := await _read_line(stream):
        show(line.decode("utf-8", "backslashreplace").rstrip("\r\n"))


async def _read_line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:
        return b"(a line too long to show)\n"
