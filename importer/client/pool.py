"""The pool: N workers fetch batches for themselves, and each sends its batch until it has outcomes.

A batch ends with one outcome per job, or, if the run stops, without: then its rows either were not sent, or
may have arrived (`unconfirmed_rows`). `runs/send.py` handles the stop of a run.

A batch whose answer was lost, if a repeat may do harm (v1 may post to a feed twice):

```text
send rows 1-3      connection dropped     Retry(effect UNKNOWN)
wait 1 s           read the account       it has row 1, but not rows 2 and 3
send rows 1-3      201                    all three are rated; with all three there, nothing is sent again
```

If the account cannot be read, that counts as one more attempt of the same rows; the last one: `unconfirmed`.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from importer.client.batching import Batcher, BatchSize, cut_to_room, share_outcomes
from importer.client.client import Client, Trace
from importer.client.read_back import ReadBack, as_absent, seen, verified
from importer.destinations.base import Destination
from importer.destinations.decisions import (
    BatchDecision,
    Done,
    Effect,
    PartlyDone,
    RefreshToken,
    Retry,
    Split,
    Stop,
)
from importer.errors import StopRunError
from importer.model import Batch, Outcome, RatingJob, RowsOutcome, Status

OUTAGE_AFTER = 10
"""After so many failed batches in a row the run stops: the fault is the server's, not theirs."""

_GIVEN_UP = frozenset({Status.FAILED, Status.UNCONFIRMED})

GRACE_SECONDS = 30.0
"""The time that requests in flight have to finish after `stop`."""


class WorkerPool:
    """Sends batches until there are none, until a decision is Stop, or until `stop` is called."""

    def __init__(
        self,
        destination: Destination,
        client: Client,
        on_outcomes: Callable[[Sequence[RowsOutcome]], None],
        *,
        workers: int,
        size: BatchSize | None = None,
        before_leaving: Callable[[Batch], Awaitable[None]] | None = None,
    ) -> None:
        self._destination = destination
        self._client = client
        self._read_back = ReadBack(destination, client)
        self._on_outcomes = on_outcomes
        self._before_leaving = before_leaving
        self.count_room: Callable[[int | None], Awaitable[int | None]] | None = None
        """Gives how many more ratings the account takes, if it can.

        Its argument is the account's limit, if an answer said it.
        """
        self._worker_count = workers
        self._size = size or BatchSize(destination.batch_size)
        self._given_up = 0
        self._later: list[tuple[str, RatingJob]] = []
        self._fetched: deque[Batch] = deque()
        self._fetching: asyncio.Event | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.stopped_by: BaseException | None = None
        """Why the pool stopped early, if it did."""
        self.unconfirmed_rows: set[int] = set()
        """Rows that were sent and have no outcome."""

    async def run(self, batches: AsyncIterator[Iterable[Batch]]) -> None:
        """Work until the batches end or the pool is stopped. They come in groups, as one for each worker."""
        await self._work_through(batches)
        while self._later and self.stopped_by is None:
            # Only after all others, for their answers may add more to it.
            await self._work_through(self._take_later())

    async def _work_through(self, batches: AsyncIterator[Iterable[Batch]]) -> None:
        self._tasks = [asyncio.create_task(self._work(batches)) for _ in range(self._worker_count)]
        try:
            await asyncio.wait(self._tasks)
        finally:
            self.stop_now()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def stop(self, reason: BaseException) -> None:
        """Start no more requests; those in flight get `GRACE_SECONDS` to finish."""
        if self.stopped_by is not None:
            return
        self.stopped_by = reason
        current = asyncio.current_task()
        for task in self._tasks:
            if task is not current and not self._client.is_in_flight(task):
                task.cancel()
        asyncio.get_running_loop().call_later(GRACE_SECONDS, self.stop_now)

    def stop_now(self) -> None:
        """Cancel the requests in flight as well; their rows become unconfirmed."""
        for task in self._tasks:
            task.cancel()

    async def _take_later(self) -> AsyncIterator[Iterable[Batch]]:
        """Batch the rows to send again as another kind of request."""
        batcher = Batcher(self._size)
        again, self._later = self._later, []
        yield batcher.add(again)
        yield batcher.flush()

    async def _work(self, batches: AsyncIterator[Iterable[Batch]]) -> None:
        try:
            while self.stopped_by is None and (self._fetched or await self._fetch(batches)):
                await self._deliver(self._fetched.popleft())
        except _StoppedError:
            pass
        except Exception as error:  # noqa: BLE001 - any error of a worker stops the pool
            self.stop(error)

    async def _fetch(self, batches: AsyncIterator[Iterable[Batch]]) -> bool:
        """Fetch the next batches for all workers; whether there are any."""
        while not self._fetched:
            if self._fetching is not None:
                await self._fetching.wait()  # all go on at once, and their rows are claimed together
                continue
            self._fetching = fetching = asyncio.Event()
            try:
                if (group := await anext(batches, None)) is None:
                    return False
                self._fetched.extend(group)
            finally:
                self._fetching = None
                fetching.set()
        return True

    async def _deliver(self, batch: Batch) -> None:
        pending = [batch]
        while pending and self.stopped_by is None:
            part = pending.pop()
            trace = Trace(rows=len(part.jobs))
            try:
                decision = await self._decide(part, trace)
            finally:
                if trace.effect is Effect.UNKNOWN:
                    self.unconfirmed_rows.update(job.row for job in part.jobs)
            match decision:
                case Done(outcomes):
                    self._report(share_outcomes(part.jobs, outcomes, trace))
                    self._watch_for_outage(outcomes)
                    self._size.grow()
                case PartlyDone(outcomes, halves, later):
                    self._report(share_outcomes(part.jobs, outcomes, trace))
                    pending.extend(reversed(halves))
                    # Some rows may be stored already; only their next answer will show.
                    self.unconfirmed_rows.update(job.row for half in halves for job in half.jobs)
                    self._watch_for_outage([outcome for outcome in outcomes if outcome is not None])
                    self._later.extend((each.request_kind, job) for each in later for job in each.jobs)
                    self._size.grow()
                case Split():
                    if decision.reads_back and (others := await self._close_shown(part, trace)) is not part:
                        pending.extend([others] if others.jobs else [])
                    else:
                        pending.extend(reversed(await self._split(part, decision)))
                    if decision.too_much:
                        self._size.shrink()
                case Stop(error):
                    self.stop(error)
                    return
                case Retry() | RefreshToken():
                    raise AssertionError("never leaves the client and `give_up`")

    def _report(self, outcomes: Sequence[RowsOutcome]) -> None:
        for each in outcomes if self.unconfirmed_rows else ():
            self.unconfirmed_rows.difference_update(each.rows)
        self._on_outcomes(outcomes)

    async def _split(self, batch: Batch, split: Split) -> Sequence[Batch]:
        room = await self.count_room(split.cap) if split.lacks_room and self.count_room else None
        return batch.halves() if room is None else cut_to_room(batch, room)

    async def _close_shown(self, batch: Batch, trace: Trace) -> Batch:
        """Close the rows that the account shows as they were sent; return the others, as a part of the batch.

        Returns the batch itself if it shows none of them, or cannot be read.
        """
        shown = await self._read_back.find_shown(batch)
        if not shown or self.stopped_by is not None:
            return batch
        trace.effect = Effect.NONE
        self._report(share_outcomes(shown, [seen(job) for job in shown], trace))
        rows = {job.row for job in shown}
        return Batch(batch.request_kind, [job for job in batch.jobs if job.row not in rows], is_part=True)

    def _watch_for_outage(self, outcomes: Sequence[Outcome]) -> None:
        if outcomes:
            gave_up = all(outcome.status in _GIVEN_UP for outcome in outcomes)
            self._given_up = self._given_up + 1 if gave_up else 0
        if self._given_up >= OUTAGE_AFTER:
            self.stop(
                StopRunError(f"the last {OUTAGE_AFTER} requests were all given up; the server is in trouble")
            )

    async def _decide(self, batch: Batch, trace: Trace) -> BatchDecision:
        decision = await self._attempt(batch, trace)
        if isinstance(decision, Retry):
            decision = await self._client.retry(decision, partial(self._again, batch, trace))
        if not isinstance(decision, Retry):
            return decision
        if trace.effect is Effect.UNKNOWN and not self._destination.repeats_safely:
            return await self._check_after_last_attempt(batch, trace, decision)
        return decision.give_up(batch)

    async def _check_after_last_attempt(self, batch: Batch, trace: Trace, last: Retry) -> BatchDecision:
        """After the last attempt, read the account: it shows whether that one arrived."""
        given_up = last.give_up(batch)
        if not isinstance(given_up, Done):
            return given_up
        found = await self._read_back.read_once(batch)
        if self.stopped_by is not None:
            raise _StoppedError
        if not isinstance(found, Done) or (is_there := self._read_back.is_there(batch, found.value)) is None:
            return given_up
        trace.effect = Effect.NONE
        if is_there:
            return Done(tuple(verified(job) for job in batch.jobs))
        return Done(tuple(as_absent(outcome) for outcome in given_up.value))

    async def _attempt(self, batch: Batch, trace: Trace) -> BatchDecision:
        request = self._destination.build_request(batch)
        read = partial(self._destination.interpret_response, batch)
        before_leaving = partial(self._before_leaving, batch) if self._before_leaving else None
        decision = await self._client.attempt(request, read, trace, before_leaving)
        if self.stopped_by is not None and not isinstance(decision, Done | PartlyDone):
            raise _StoppedError
        return decision

    async def _again(self, batch: Batch, trace: Trace, last: Retry) -> BatchDecision:
        """Send the batch again. If it may have arrived and a repeat may do harm, read the account first.

        See the example at the head of this file. `last` is the Retry to carry out.
        """
        may_do_harm = last.effect is Effect.UNKNOWN and not self._destination.repeats_safely
        if not may_do_harm and not last.policy.reads_back_first:
            return await self._attempt(batch, trace)
        found = await self._read_back.read_once(batch)
        if self.stopped_by is not None:
            raise _StoppedError
        if isinstance(found, Retry):
            # A failed reading counts as one more attempt of the same rows, with the same end: the wait is the
            # reading's, the rest is theirs.
            policy = replace(
                last.policy,
                first_wait_seconds=found.policy.first_wait_seconds,
                exponential=found.policy.exponential,
                counts=found.policy.counts,
                pauses_all_workers=found.policy.pauses_all_workers,
                error=found.policy.error,  # without a network, both wait for it
            )
            return Retry(found.reason, policy, Effect.UNKNOWN, found.wait_seconds)
        if isinstance(found, Stop):
            return found  # the trace still says that the rows may have arrived
        assert isinstance(found, Done)
        is_there = self._read_back.is_there(batch, found.value)
        if is_there is None:
            return Retry(found.value.doubt, last.policy, Effect.UNKNOWN)
        trace.effect = Effect.NONE
        if is_there:
            return Done(tuple(verified(job) for job in batch.jobs))
        return await self._attempt(batch, trace)  # it did not arrive: only the repeat counts now


class _StoppedError(Exception):
    """The pool was stopped while this worker was busy: it leaves its batch without outcomes."""
