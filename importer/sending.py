"""The stretch of the road that waits: between the journal and the destination, in one event loop.

Feeds open rows from the journal to the worker pool and writes their outcomes back. All journal calls of
this phase go through one thread, in order, so that commits never hold up a request.
"""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from importer.delivery.backoff import Backoff, Patience
from importer.delivery.courier import Courier, Tokens
from importer.delivery.limiter import Limiter, Rate
from importer.delivery.readback import ReadBack
from importer.delivery.transport import Transport
from importer.delivery.workers import WorkerPool, verified
from importer.destinations.base import Destination, Held, Stop, Verdict, is_held, possible_kinds
from importer.errors import ImporterError, StopRunError
from importer.journal import Journal, Run
from importer.model import Batch, Outcome
from importer.planning import Batcher, BatchSize
from importer.progress import Phase, Progress

FLUSH_SECONDS = 0.2
"""How long an answer may wait to be written to the journal together with others."""

TAKE_SECONDS = 0.5
"""About how much work is marked in the journal ahead of time; a crash leaves that much to verify."""

MOST_TAKEN = 4000

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class SendingOptions:
    """How to send. `rate` None: no limit but the server's own. `limit`: at most so many rows.

    `get_rate` is a budget of its own for reading; `build_tokens` gives the signed-in account's tokens.
    """

    workers: int = 8
    rate: Rate | None = None
    get_rate: Rate | None = None
    limit: int | None = None
    build_tokens: Callable[[Transport], Tokens] | None = None
    patience: Patience = field(default_factory=Patience)


class Sending:
    """Sends the open rows of one run."""

    def __init__(
        self,
        run: Run,
        destination: Destination,
        journal: Journal,
        options: SendingOptions,
        progress: Progress,
    ) -> None:
        self._run = run
        self._destination = destination
        self._journal = journal
        self._options = options
        self._progress = progress
        self._size = BatchSize(destination.batch_size)
        self._pool: WorkerPool | None = None
        self._clerk = ThreadPoolExecutor(1, "journal")
        self._unwritten: list[Outcome] = []
        self._cancelled_by: ImporterError | None = None
        self.stopped_by: ImporterError | None = None
        """Why rows are left, if any are."""

    def send_all(self) -> None:
        """Send until every row has its outcome or the run stops; the journal is then up to date."""
        self._progress.to_send = self._journal.count_open(self._run)
        self._progress.phase = Phase.SENDING
        try:
            if self._progress.to_send:
                with asyncio.Runner(loop_factory=_new_event_loop) as runner:
                    runner.run(self.send())
        finally:
            self._clerk.shutdown()
            self._journal.record(self._run, self._unwritten)
            if self._pool is not None:  # without one nothing was taken, and old marks keep their meaning
                self._journal.release(self._run, except_rows=self._pool.unsure_rows)
        if self.stopped_by is None and self._journal.count_open(self._run):
            self.stopped_by = StopRunError("--limit was reached")

    async def send(self) -> None:
        """Probe, verify what a crash left behind, then let the pool work."""
        self._listen_to_signals()
        flushing = asyncio.create_task(self._flush_now_and_then())
        options = self._options
        limiter = Limiter(options.rate, self._progress, get_rate=options.get_rate)
        try:
            async with Transport(options.workers) as transport:
                tokens = options.build_tokens(transport) if options.build_tokens else None
                courier = Courier(transport, limiter, Backoff(limiter, options.patience), tokens)
                probe = self._destination.build_probe()
                _stop_if_told(await courier.carry(probe, self._destination.read_probe))
                await self._verify_unanswered(courier)
                await self._work(courier)
        except StopRunError as stop:
            self.stopped_by = stop
        except asyncio.CancelledError:
            # Only `_stop` and Ctrl-C cancel this outermost task: the run ends here, in good order.
            self.stopped_by = self._cancelled_by or StopRunError("interrupted")
        finally:
            flushing.cancel()

    async def _work(self, courier: Courier) -> None:
        pool = WorkerPool(
            self._destination,
            courier,
            self._take_outcomes,
            workers=self._options.workers,
            size=self._size,
        )
        self._pool = pool
        await pool.run(self._batches())
        if isinstance(pool.stopped_by, ImporterError):
            self.stopped_by = pool.stopped_by
        elif pool.stopped_by is not None:
            raise pool.stopped_by

    async def _verify_unanswered(self, courier: Courier) -> None:
        """Look for rows that a crash left without an answer, before anything is sent a second time."""
        unanswered = self._journal.unanswered(self._run)
        read_back = ReadBack(self._destination, courier)
        holdings: dict[str, Held] = {}
        for kind in sorted({kind for job in unanswered for kind in possible_kinds(job)}):
            found = await read_back.persist(kind)
            if isinstance(found, Verdict):
                _stop_if_told(found)
                raise StopRunError("the account's ratings cannot be read back, so nothing is sent again")
            holdings.update(found)
        there = [job for job in unanswered if is_held(job, holdings)]
        self._take_outcomes([Outcome(job.row, verified(job), 1, None, None, None) for job in there])
        if unanswered:
            await self._flush()
            self._journal.release(self._run)

    async def _batches(self) -> AsyncIterator[Batch]:
        batcher = Batcher(self._size)
        left = self._progress.to_send or 0
        if self._options.limit is not None:
            left = min(left, self._options.limit)
        most = 2 * self._options.workers * self._destination.batch_size
        last_row = 0
        while left > 0:
            begun = time.monotonic()
            jobs = await self._in_order(self._journal.take, self._run, last_row, min(most, left))
            if not jobs:
                break
            last_row = jobs[-1].row
            left -= len(jobs)
            for batch in batcher.add((self._destination.method_for(job), job) for job in jobs):
                yield batch
            if time.monotonic() - begun < TAKE_SECONDS:
                most = min(2 * most, MOST_TAKEN)
        for batch in batcher.flush():
            yield batch

    def _take_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        self._unwritten += outcomes
        self._progress.done += len(outcomes)
        self._progress.failed += sum(not outcome.fate.status.is_success for outcome in outcomes)

    async def _flush_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self._flush()
            except ImporterError as error:
                self._stop(error)
                return

    async def _flush(self) -> None:
        outcomes, self._unwritten = self._unwritten, []
        if not outcomes:
            return
        try:
            await self._in_order(self._journal.record, self._run, outcomes)
        except BaseException:
            # Whether or not it was written: writing an outcome twice changes nothing, losing it would.
            self._unwritten = outcomes + self._unwritten
            raise

    async def _in_order(
        self, call: Callable[_Arguments, _Result], *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> _Result:
        return await asyncio.wrap_future(self._clerk.submit(call, *args, **kwargs))

    def _listen_to_signals(self) -> None:
        self._task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            # Not on Windows and not outside the main thread: there Ctrl-C cancels the task at once.
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(name, self._interrupt, name)

    def _interrupt(self, name: signal.Signals) -> None:
        if self._pool is not None and self._pool.stopped_by is not None:
            self._pool.stop_now()  # the second signal: do not even wait for the requests in flight
        else:
            self._stop(StopRunError(f"interrupted ({name.name})"))

    def _stop(self, error: ImporterError) -> None:
        if self._pool is not None:
            self._progress.waiting_for = "requests in flight, then the run stops"
            self._pool.stop(error)
        elif self._task is not None:
            self._cancelled_by = error
            self._task.cancel()


def _stop_if_told(verdict: Verdict) -> None:
    if isinstance(verdict, Stop):
        raise verdict.error


def _new_event_loop() -> asyncio.AbstractEventLoop:
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop  # noqa: PLC0415 - only where it exists; it nearly doubles the requests a second

    return uvloop.new_event_loop()
