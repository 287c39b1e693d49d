"""Sends the open rows of a run to an account: between the journal and the worker pool, in one event loop.

```text
compare()   account --> snapshot: rows that need no sending are closed
send_all()  journal --open rows--> batches --> worker pool --outcomes--> journal
verify()    account --> rows that are not stored as they were reported
```

While requests are in flight, journal calls go through one thread, in order, so that no commit delays
a request.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice

from importer.client.account_reader import AccountReader, AccountReading
from importer.client.batching import Batcher, BatchSize
from importer.client.client import Client, waiting_for_network
from importer.client.pool import WorkerPool
from importer.client.rate_limit import Limiter
from importer.client.transport import Transport
from importer.destinations.base import Destination
from importer.errors import ImporterError, StopRunError
from importer.interrupts import delaying_signals, interrupted_by, new_event_loop, passing_signals_on
from importer.model import Batch, RatingJob, RowsOutcome
from importer.progress import Phase, Traffic
from importer.runs.access import Access
from importer.runs.compare import Comparison
from importer.runs.conflicts import Conflict
from importer.runs.delivery import Work
from importer.runs.journal_writer import JournalWriter
from importer.runs.room import count_ratings
from importer.runs.snapshot import Snapshot, answer_conflicts, read_account
from importer.runs.verify import VERIFY_PAUSES, Verification, forget_sent_again

READ_AHEAD = 2000
"""Rows that are read from the journal at once. They are claimed when their request is about to leave."""

USUAL_WORKERS = 8


class Sending:
    """Sends the open rows of one run."""

    def __init__(self, work: Work, destination: Destination, access: Access) -> None:
        self._run = work.run
        self._rules = work.rules
        self._comparison = Comparison(work, destination, self._count, access.finder)
        self._options = work.options
        self._progress = work.progress
        self._stop = work.stop
        self._destination = destination
        self._access = access
        self._workers = work.progress.workers = work.options.workers or USUAL_WORKERS
        self._size = BatchSize(destination.batch_size)
        self._pool: WorkerPool | None = None
        self._traffic = work.progress.traffic = Traffic()
        self._journal_writer = JournalWriter(work.run, self._traffic)
        self._snapshot: Snapshot | None = None
        self._gained_before = 0
        """By how many ratings earlier sessions of the run had made the account grow when it was read."""
        self._limiter: Limiter | None = None
        self._cancelled_by: ImporterError | None = None
        self.stopped_by: ImporterError | None = None
        """Why rows are left, if any are."""

    def compare(self) -> Snapshot:
        """Prove the credentials, read the account, and close what needs no sending because of it.

        The account's rating is written down for every row, so that an undo can restore it.
        """
        if not self._run.has_open() and not self._rules.removes_missing:
            return Snapshot(is_readable=True)  # no row is left to compare
        self._connect(self._read_and_compare)
        snapshot = self._snapshot or Snapshot(is_readable=False)
        if self._rules.is_unattended and not snapshot.is_readable and self.stopped_by is None:
            # Without the journal, every run of the sync job would send every row again.
            self._run.close_unchanged()
        confirm_user = self._access.confirm_user
        if confirm_user is not None and self.stopped_by is None and self._run.has_open():
            self._connect(confirm_user)
        self._run.note_traffic(self._traffic)
        return snapshot

    def resolve_conflicts(self, keeps: Callable[[Conflict], bool]) -> Snapshot:
        """After a comparison, close the rows whose account rating `keeps`."""
        answer_conflicts(self._run, self._destination, keeps)
        snapshot = self._snapshot or Snapshot(is_readable=False)
        changes, removals = self._run.count_changes()
        self._snapshot = replace(snapshot, changes=changes, removals=removals)
        return self._snapshot

    def send_all(self) -> None:
        """Send until every row has its outcome or the run stops; the journal is then up to date."""
        if self._snapshot is None and self.stopped_by is None and self._run.has_open():
            self.compare()
        self._progress.phase = Phase.SENDING
        self._progress.to_send = self._progress.done + self._run.count_open()
        try:
            if self.stopped_by is None and self._progress.done < self._progress.to_send:
                self._connect(self._work)
        finally:
            with delaying_signals() as delayed:
                self._journal_writer.finish()
                if self._pool is not None:  # else nothing was claimed, and old claims keep their meaning
                    self._run.unclaim(except_rows=self._pool.unconfirmed_rows)
        self.stopped_by = self.stopped_by or next(iter(delayed), None)
        if self.stopped_by is None and self._run.has_open():
            limited = self._options.limit is not None
            self.stopped_by = StopRunError("the limit was reached" if limited else "some rows were left over")

    def verify(self) -> None:
        """Read the account back: every row that is not stored as it was reported becomes a failure.

        Rows that an earlier session of the run sent are checked, too: it may have ended before this stage.
        """
        is_readable = self._snapshot is None or self._snapshot.is_readable
        forget_sent_again(self._run, self._destination)
        if self._options.verify and is_readable and self._run.sent_kinds():
            self._progress.phase = Phase.VERIFYING
            self._pool = None  # its work is done: Ctrl-C ends this stage, not that one
            self._connect(self._verify)
            self._run.note_traffic(self._traffic)

    def _connect(self, stage: Callable[[Client], Awaitable[None]]) -> None:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(self._connected(stage))

    async def _connected(self, stage: Callable[[Client], Awaitable[None]]) -> None:
        self._task = asyncio.current_task()
        access, loop, is_first = self._access, asyncio.get_running_loop(), self._limiter is None
        used = 2 if is_first and access.is_proven else 0  # whose account it is, how many ratings it has
        rate, get_rate = self._options.rate, access.get_rate
        limiter = Limiter(rate, self._progress, get_rate=get_rate, continues=self._limiter, used=used)
        self._limiter = limiter
        try:
            self._stop.check()
            with (
                passing_signals_on(lambda number: self._end_early(interrupted_by(number))),
                self._stop.calling(lambda error: loop.call_soon_threadsafe(self._end_early, error)),
            ):
                async with Transport(self._workers) as transport:
                    wait = self._options.wait or 0.0
                    with waiting_for_network(wait, self._progress):
                        tokens = access.build_tokens(transport) if access.build_tokens else None
                    if tokens is not None and access.signs_in and is_first:
                        phase, self._progress.phase = self._progress.phase, Phase.SIGNING_IN
                        await tokens.access_token()
                        self._progress.phase = phase
                    budget = replace(access.budget, network_seconds=wait)
                    await stage(Client(transport, limiter, tokens, budget))
        except StopRunError as stop:
            self.stopped_by = stop
        except asyncio.CancelledError:
            # Only `_end` and Ctrl-C cancel this outermost task: the run ends here, in good order.
            self.stopped_by = self._cancelled_by or StopRunError("interrupted")

    async def _read_and_compare(self, client: Client) -> None:
        self._progress.phase = Phase.COMPARING
        if not self._access.is_proven:
            await client.request(
                self._destination.build_credentials_check(), self._destination.interpret_credentials_check
            )
        self._snapshot = await self._comparison.read(client)
        if self._snapshot.is_readable:
            self._gained_before = self._run.count_gained()

    async def _verify(self, client: Client, *, sends_again: bool = True) -> None:
        account_reader = AccountReader(self._destination, client)
        verification = Verification(self._run, self._destination)
        for pause_seconds in VERIFY_PAUSES:
            await asyncio.sleep(pause_seconds)  # what was stored a moment ago may not be shown at once
            reading = await read_account(account_reader, verification.kinds)
            if isinstance(reading, AccountReading) and verification.is_all_there(reading.ratings):
                return
        if sends_again and (jobs := verification.list_to_send_again()):
            await self._send_again(client, jobs)
            if self.stopped_by is None:
                await self._verify(client, sends_again=False)
            return
        self._progress.failed += verification.close()

    async def _send_again(self, client: Client, jobs: Sequence[RatingJob]) -> None:
        """The rows keep their outcomes meanwhile: after a crash, reading back finds them once more."""

        async def batches() -> AsyncIterator[Iterable[Batch]]:
            batcher, request_kind = Batcher(self._size), self._destination.request_kind
            yield batcher.add((request_kind(job), job) for job in jobs)
            yield batcher.flush()

        record = self._run.record
        pool = WorkerPool(self._destination, client, record, workers=self._workers, size=self._size)
        self._pool = pool
        await pool.run(batches())
        self._pool = None
        self._note_stop(pool)

    async def _work(self, client: Client) -> None:
        pool = WorkerPool(
            self._destination,
            client,
            self._take_outcomes,
            workers=self._workers,
            size=self._size,
            before_leaving=self._journal_writer.claim,
        )
        pool.count_room = self._count_room
        self._pool = pool
        writing = asyncio.create_task(self._write_now_and_then())
        try:
            await pool.run(self._batches())
        finally:
            writing.cancel()
        self._note_stop(pool)

    def _note_stop(self, pool: WorkerPool) -> None:
        if isinstance(pool.stopped_by, ImporterError):
            self.stopped_by = pool.stopped_by
        elif pool.stopped_by is not None:
            raise pool.stopped_by

    async def _count_room(self, cap: int | None) -> int | None:
        account_info, snapshot = self._access.account_info, self._snapshot
        if account_info is None or snapshot is None or not snapshot.is_readable:
            return None
        rating_count = count_ratings(account_info, snapshot)
        cap = account_info.stated_cap if cap is None else cap
        if rating_count is None or cap is None:
            return None
        gained = await self._journal_writer.call_up_to_date(self._run.count_gained)
        return cap - rating_count - (gained - self._gained_before)

    async def _batches(self) -> AsyncIterator[Iterable[Batch]]:
        batcher = Batcher(self._size)
        left = self._run.count_open()
        if self._options.limit is not None:
            left = min(left, self._options.limit)
        # Changes and removals go first: they fit into a full account, and removals make room.
        for read in (self._run.open_changes, self._run.open_additions):
            last_row = 0
            while left > 0:
                jobs = await self._journal_writer.call(read, last_row, min(READ_AHEAD, left))
                if not jobs:
                    break
                last_row = jobs[-1].row
                left -= len(jobs)
                self._journal_writer.expect(job.row for job in jobs)
                batches = batcher.add((self._destination.request_kind(job), job) for job in jobs)
                # A group at a time: the size of the next ones follows the answers.
                while group := list(islice(batches, self._workers)):
                    yield group
            yield batcher.flush()

    def _take_outcomes(self, outcomes: Sequence[RowsOutcome]) -> None:
        self._journal_writer.note(outcomes)
        self._count(outcomes)

    def _count(self, outcomes: Sequence[RowsOutcome]) -> None:
        for each in outcomes:
            self._progress.done += len(each.rows)
            if not each.outcome.status.is_success:
                self._progress.failed += len(each.rows)

    async def _write_now_and_then(self) -> None:
        try:
            await self._journal_writer.write_now_and_then()
        except ImporterError as error:
            self._end(error)

    def _end_early(self, error: ImporterError) -> None:
        """Stop the run; at the second request, without waiting for requests in flight."""
        if self._pool is not None and self._pool.stopped_by is not None:
            self._pool.stop_now()
        else:
            self._end(error)

    def _end(self, error: ImporterError) -> None:
        if self._pool is not None:
            self._progress.waiting_for = "requests in flight, then the run stops"
            self._pool.stop(error)
        elif self._task is not None:
            self._cancelled_by = error
            self._task.cancel()
