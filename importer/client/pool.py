"""The pool: N workers take batches from a bounded queue and bring each to an end.

A batch ends in one outcome per job, or, when the run stops, in nothing: then its rows either never left,
or may have arrived (`unsure_rows`). What a stop means for the run is decided in `sending.py`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from functools import partial

from importer.client.account_reader import ReadBack
from importer.client.batching import Batcher, BatchSize
from importer.client.executor import Courier, Trace
from importer.destinations.base import Destination
from importer.destinations.decisions import (
    RATED,
    UNRATED,
    Decision,
    Done,
    PartlyDone,
    RefreshToken,
    Retry,
    Split,
    Stop,
)
from importer.destinations.titles import AccountRating, is_held, possible_kinds
from importer.errors import StopRunError
from importer.model import Batch, Outcome, RatingJob, RowOutcome, Status

OUTAGE_AFTER = 10
"""So many batches given up in a row are no bad luck of theirs: the run stops instead of failing them all."""

_GIVEN_UP = frozenset({Status.FAILED, Status.UNSURE})

GRACE_SECONDS = 30.0
"""How long requests in flight may take to finish once the pool is told to stop."""


class WorkerPool:
    """Sends batches until there are none, a verdict says stop, or somebody calls `stop`."""

    def __init__(
        self,
        destination: Destination,
        courier: Courier,
        on_outcomes: Callable[[Sequence[RowOutcome]], None],
        *,
        workers: int,
        size: BatchSize | None = None,
    ) -> None:
        self._destination = destination
        self._courier = courier
        self._read_back = ReadBack(destination, courier)
        self._on_outcomes = on_outcomes
        self._worker_count = workers
        self._size = size or BatchSize(destination.batch_size)
        self._given_up = 0
        self._later: list[tuple[str, RatingJob]] = []
        self._queue: asyncio.Queue[Batch | None] = asyncio.Queue(maxsize=2 * workers)
        self._tasks: list[asyncio.Task[None]] = []
        self.stopped_by: BaseException | None = None
        """Why the pool stopped before its work was done, if it did."""
        self.unsure_rows: set[int] = set()
        """Rows that may have arrived although no answer settled them."""

    async def run(self, batches: AsyncIterator[Batch]) -> None:
        """Work until the batches end or the pool is stopped."""
        self._tasks = [asyncio.create_task(self._feed(batches))]
        self._tasks += [asyncio.create_task(self._work()) for _ in range(self._worker_count)]
        try:
            await asyncio.wait(self._tasks)
        finally:
            self.stop_now()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def stop(self, reason: BaseException) -> None:
        """Start nothing more; requests in flight get `GRACE_SECONDS` to finish."""
        if self.stopped_by is not None:
            return
        self.stopped_by = reason
        current = asyncio.current_task()
        for task in self._tasks:
            if task is not current and not self._courier.is_in_flight(task):
                task.cancel()
        asyncio.get_running_loop().call_later(GRACE_SECONDS, self.stop_now)

    def stop_now(self) -> None:
        """Give up on requests in flight, too; their rows become unsure."""
        for task in self._tasks:
            task.cancel()

    async def _feed(self, batches: AsyncIterator[Batch]) -> None:
        try:
            async for batch in batches:
                await self._queue.put(batch)
            await self._queue.join()
            while self._later:
                for batch in self._take_later():
                    await self._queue.put(batch)
                await self._queue.join()
            for _ in range(self._worker_count):
                await self._queue.put(None)
        except Exception as error:  # noqa: BLE001 - a pool without a feeder would wait for ever
            self.stop(error)

    def _take_later(self) -> list[Batch]:
        """Put together what has to be asked once more in another way, by method."""
        batcher = Batcher(self._size)
        again, self._later = self._later, []
        return [*batcher.add(again), *batcher.flush()]

    async def _work(self) -> None:
        try:
            while self.stopped_by is None and (batch := await self._queue.get()) is not None:
                await self._deliver(batch)
                self._queue.task_done()
        except _StoppedError:
            pass
        except Exception as error:  # noqa: BLE001 - the worker's edge: one worker's end stops the pool
            self.stop(error)

    async def _deliver(self, batch: Batch) -> None:
        pending = [batch]
        while pending and self.stopped_by is None:
            part = pending.pop()
            trace = Trace()
            try:
                decision = await self._settle(part, trace)
            finally:
                if trace.unsure:
                    self.unsure_rows.update(job.row for job in part.jobs)
            match decision:
                case Done(outcomes):
                    self._on_outcomes(_build_row_outcomes(part.jobs, outcomes, trace))
                    self._watch_for_outage(outcomes)
                    self._size.grow()
                case PartlyDone(outcomes, halves, later):
                    self._on_outcomes(_build_row_outcomes(part.jobs, outcomes, trace))
                    pending.extend(reversed(halves))
                    # Some of them may be stored already; only their own answer will tell.
                    self.unsure_rows.update(job.row for half in halves for job in half.jobs)
                    self._watch_for_outage([outcome for outcome in outcomes if outcome is not None])
                    self._later.extend((each.method, job) for each in later for job in each.jobs)
                    self._size.grow()
                case Split():
                    pending.extend(reversed(part.halves()))
                    if decision.too_much:
                        self._size.shrink()
                case Stop(error, unsure):
                    if unsure:
                        self.unsure_rows.update(job.row for job in part.jobs)
                    self.stop(error)
                    return
                case Retry() | RefreshToken():
                    raise AssertionError("never leaves the backoff and the courier")

    def _watch_for_outage(self, outcomes: Sequence[Outcome]) -> None:
        if outcomes:
            gave_up = all(outcome.status in _GIVEN_UP for outcome in outcomes)
            self._given_up = self._given_up + 1 if gave_up else 0
        if self._given_up >= OUTAGE_AFTER:
            self.stop(
                StopRunError(f"the last {OUTAGE_AFTER} requests were all given up; the server is in trouble")
            )

    async def _settle(self, batch: Batch, trace: Trace) -> Decision:
        decision = await self._attempt(batch, trace)
        if isinstance(decision, Retry):
            decision = await self._courier.persist(decision, partial(self._again, batch, trace))
        return decision

    async def _attempt(self, batch: Batch, trace: Trace) -> Decision:
        request = self._destination.build_request(batch)
        read = partial(self._destination.interpret_response, batch)
        decision = await self._courier.attempt(request, read, trace)
        if self.stopped_by is not None and not isinstance(decision, Done | PartlyDone):
            raise _StoppedError
        return decision

    async def _again(self, batch: Batch, trace: Trace, last: Retry) -> Decision:
        if not last.look_first and (not last.unsure or self._destination.repeats_safely):
            return await self._attempt(batch, trace)
        ratings: dict[str, AccountRating] = {}
        for kind in sorted({kind for job in batch.jobs for kind in possible_kinds(job)}):
            found = await self._read_back.attempt(kind)
            if self.stopped_by is not None:
                raise _StoppedError
            if isinstance(found, Retry):
                # Not being able to look is one more try of the same row, with the same end.
                return replace(found, unsure=True, tries=last.tries, otherwise=last.otherwise)
            if isinstance(found, Stop):
                return replace(found, unsure=True)
            assert not isinstance(found, Decision)
            ratings.update(found)
        if all(is_held(self._destination.as_stored(job), ratings) for job in batch.jobs):
            return Done(tuple(verified(job) for job in batch.jobs))
        trace.unsure = False
        return await self._attempt(batch, trace)


class _StoppedError(Exception):
    """The pool was stopped while this worker was busy: it leaves its batch as it is."""


def verified(job: RatingJob) -> Outcome:
    """The fate of a job whose answer was lost but whose rating is there."""
    status = (RATED if job.rating else UNRATED).status
    return Outcome(status, "verified", "the answer was lost; reading back showed that the account holds it")


def _build_row_outcomes(
    jobs: Sequence[RatingJob], outcomes: Sequence[Outcome | None], trace: Trace
) -> list[RowOutcome]:
    sent_at = trace.sent_at
    duration_ms = round(trace.duration_seconds * 1000)
    attempts, http_status = trace.attempts, trace.http_status
    return [
        RowOutcome(job.row, outcome, attempts, http_status, sent_at, duration_ms)
        for job, outcome in zip(jobs, outcomes, strict=True)
        if outcome is not None
    ]
