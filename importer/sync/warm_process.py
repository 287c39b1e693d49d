"""Sync jobs in threads of one process, which is replaced when it dies. `threads.py` is what runs in it.

```text
ada   ------------------------->  exit code 0     a sync that finds nothing new takes 10 ms of a warm process,
ben   -----> the process dies     1 s of one of its own
cleo  -----> the process dies     ben and cleo run again, each in a process of its own (`processes.py`)
ben          -----> dies          known now: it is reported, and the next time ben runs alone at once
cleo         ------------------>  exit code 0     nobody blames it, and the next time it is a thread again
```

Jobs of one account wait for each other without a thread. The process ends when it has had nothing to do for a
while.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from importer.errors import StopRunError
from importer.interrupts import ending_signals, on_signals
from importer.sync.crashes import has_crashed, note_crash
from importer.sync.processes import Children, ShowLine, describe_end, pass_on

IN_THREADS = "--in-threads"
"""The option of `importer sync` that begins such a process."""

IDLE_SECONDS = 60.0
SILENT_SECONDS = 300.0
"""So long without a sign of life, and the process counts as dead: one job may hold up all the others."""

LONGEST_TURN_SECONDS = 600.0
"""A job that takes longer no longer counts as one of those at once, so that a few that hang stop nobody."""


class WarmProcess:
    """Runs sync jobs in threads of one process; those that ended theirs the last time in their own."""

    def __init__(
        self,
        find_children: Callable[[], Children],
        at_once: int,
        queue_of: Callable[[str], str],
        *,
        silent_seconds: float = SILENT_SECONDS,
        turn_seconds: float = LONGEST_TURN_SECONDS,
    ) -> None:
        """`find_children` says how a process is started now, `queue_of` in which queue a job waits."""
        self._find_children = find_children
        self._queue_of = queue_of
        self._silent_seconds = silent_seconds
        self._turn_seconds = turn_seconds
        self._at_once = asyncio.Semaphore(at_once)
        self._queues: dict[str, asyncio.Lock] = {}
        self._starting = asyncio.Lock()
        self._processes: list[_Process] = []

    async def run(self, name: str, width: int = 0) -> int:
        """Run a job and return its exit code. Each time it is cancelled, the job is asked to stop."""
        turn = _Turn(name, width, self._find_children(), datetime.now(UTC))
        work = asyncio.create_task(self._run_in_turn(turn))
        turn.stop = work.cancel
        while True:
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                if not work.done():
                    turn.stop()
                elif work.cancelled():
                    turn.children.log.note(f"{name}: interrupted before it began")
                    return StopRunError.exit_code

    async def close(self) -> None:
        """Let the process end, once its jobs have."""
        for process in self._processes:
            process.close()
        await asyncio.gather(*(process.ended for process in self._processes))

    async def _run_in_turn(self, turn: "_Turn") -> int:
        queue = self._queues.setdefault(self._queue_of(turn.name), asyncio.Lock())
        if queue.locked():
            turn.say_waiting()
        async with queue, self._slot():
            if not has_crashed(turn.name):
                exit_code = await self._run_in_thread(turn)
                if exit_code is not None:
                    return exit_code
            alone = asyncio.create_task(turn.children.run(turn.name, turn.width))
            turn.stop = alone.cancel
            return await alone

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """Take one of the places of those at once, for as long as it counts."""
        await self._at_once.acquire()
        left = [self._at_once.release]

        def leave() -> None:
            if left:
                left.pop()()

        timer = asyncio.get_running_loop().call_later(self._turn_seconds, leave)
        try:
            yield
        finally:
            timer.cancel()
            leave()

    async def _run_in_thread(self, turn: "_Turn") -> int | None:
        """Run it in the process; None if that died with others in it: nobody knows by whose fault."""
        try:
            process = await self._find_process(turn.children)
        except OSError as error:
            return await turn.children.report_failed_start(turn.name, error, turn.began_at)
        ended = process.begin(turn.name, *turn.children.label(turn.name, turn.width))
        turn.stop = partial(process.stop, turn.name)
        try:
            return await ended
        except _DiedError as death:
            if not death.was_alone and not death.was_stopped:
                return None
            if death.was_alone:
                note_crash(turn.name)
            return await turn.children.report_death(turn.name, death.how, turn.began_at)

    async def _find_process(self, children: Children) -> "_Process":
        """Return the process, or start one. Raises OSError."""
        async with self._starting:
            self._processes = [each for each in self._processes if not each.ended.done()]
            for process in self._processes:
                if process.takes_jobs and process.environ == children.environ:
                    return process
                process.close()  # it reads other settings
            child = await children.start(IN_THREADS, stdin=asyncio.subprocess.PIPE)
            started = _Process(child, children, self._silent_seconds)
            self._processes.append(started)
            return started


@dataclass(slots=True)
class _Turn:
    """One run of a job."""

    name: str
    width: int
    children: Children
    began_at: datetime
    stop: Callable[[], object] = lambda: None

    def say_waiting(self) -> None:
        if not self.children.log.is_json and "--quiet" not in self.children.arguments:
            show_output, _ = self.children.label(self.name, self.width)
            show_output(f"{self.name}: another job of this account is at work; waiting for it")


@dataclass(slots=True)
class _Work:
    """A job that is at work in the process."""

    ended: "asyncio.Future[int]"
    show_output: ShowLine
    show_error: ShowLine
    is_stopped: bool = False


class _DiedError(Exception):
    """The process ended before the job."""

    def __init__(self, how: str, *, was_alone: bool, was_stopped: bool) -> None:
        super().__init__(how)
        self.how = how
        self.was_alone = was_alone
        """Whether no other job was at work in it."""
        self.was_stopped = was_stopped


class _Process:
    """A process that runs jobs in threads."""

    def __init__(self, child: asyncio.subprocess.Process, children: Children, silent_seconds: float) -> None:
        self.environ: Mapping[str, str] = children.environ
        self._child = child
        self._log = children.log
        self._show_error = children.show_error
        self._silent_seconds = silent_seconds
        self._jobs: dict[str, _Work] = {}
        self._idle: asyncio.TimerHandle | None = None
        self.takes_jobs = True
        assert child.stderr is not None
        errors = pass_on(child.stderr, children.show_error)
        self.ended = asyncio.ensure_future(asyncio.gather(self._watch(), errors))

    def begin(self, name: str, show_output: ShowLine, show_error: ShowLine) -> "asyncio.Future[int]":
        """Begin a job. Awaited, it gives the exit code or raises _DiedError."""
        work = _Work(asyncio.get_running_loop().create_future(), show_output, show_error)
        if self._idle is not None:
            self._idle.cancel()
        if not self.takes_jobs:  # it died a moment ago
            work.ended.set_exception(_DiedError("", was_alone=False, was_stopped=False))
            return work.ended
        self._jobs[name] = work
        self._request(run=name)
        return work.ended

    def stop(self, name: str) -> None:
        """Ask a job to stop."""
        if name in self._jobs:
            self._jobs[name].is_stopped = True
            self._request(stop=name)

    def close(self) -> None:
        """Let it end when its jobs have ended."""
        self.takes_jobs = False
        assert self._child.stdin is not None
        with suppress(OSError):
            self._child.stdin.close()

    def _request(self, **words: str) -> None:
        assert self._child.stdin is not None
        with suppress(OSError):
            self._child.stdin.write(json.dumps(words).encode() + b"\n")

    async def _watch(self) -> None:
        assert self._child.stdout is not None
        how = ""
        try:
            while True:
                line = await asyncio.wait_for(self._child.stdout.readline(), self._silent_seconds)
                if not line.endswith(b"\n"):
                    break  # its end, or it died in the middle of a line
                self._take(line)
        except TimeoutError:
            how = f"gave no sign of life for {self._silent_seconds:.0f} s and was ended"
            self._child.kill()
        finally:
            self.takes_jobs = False
            code = await self._child.wait()
            self._tell_death(how or describe_end(code))

    def _tell_death(self, how: str) -> None:
        jobs, self._jobs = self._jobs, {}
        if len(jobs) > 1:
            self._log.note(f"the process of {len(jobs)} sync jobs {how}; each goes on in one of its own")
        for work in jobs.values():
            died = _DiedError(how, was_alone=len(jobs) == 1, was_stopped=work.is_stopped)
            work.ended.set_exception(died)

    def _take(self, line: bytes) -> None:
        try:
            event: dict[str, object] = json.loads(line)
        except ValueError:  # of whatever printed before the jobs began
            self._show_error(line.decode("utf-8", "backslashreplace").rstrip())
            return
        work = self._jobs.get(str(event.get("job")))
        if work is None:
            return
        if "out" in event:
            work.show_output(str(event["out"]))
        elif "err" in event:
            work.show_error(str(event["err"]))
        elif isinstance(code := event.get("ended"), int):
            del self._jobs[str(event["job"])]
            work.ended.set_result(code)
            if not self._jobs:
                self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self.close)


async def run_side_by_side(names: Sequence[str], warm: WarmProcess) -> int:
    """Run all jobs at once, or as many as there may be, and return the worst of their exit codes."""
    width = max(map(len, names))
    running = [asyncio.create_task(warm.run(name, width)) for name in names]

    def end() -> None:
        for task in running:
            task.cancel()

    with on_signals(dict.fromkeys(ending_signals(), end)):
        exit_codes = await asyncio.gather(*running)
        await warm.close()
    return max(exit_codes)
