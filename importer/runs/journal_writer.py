"""Writes into the journal while requests are under way: in one thread, in order, in grouped commits.

```text
worker 1   rows 1-100 have their turn    claim ----+
worker 2   rows 101-200 have their turn  claim ----+--> one commit, with the outcomes noted by then
                                                   |
           both requests leave          <----------+    on the disk: a crash leaves these 200 to look up
```

A commit for each of 2,000 single ratings in a second would cost more than sending them. At such a pace a
commit claims what will leave until the next one, too: `CLAIM_SECONDS` of work. At one request a second that
is nothing.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import ParamSpec, TypeVar

from importer.journal import JournalRun
from importer.model import Batch, RowsOutcome
from importer.progress import Traffic

WRITE_SECONDS = 0.2
"""How long an answer may wait to be written together with others."""

CLAIM_SECONDS = 0.05
"""How much work is claimed ahead of time."""

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class JournalWriter:
    """Keeps the journal of one run up to date."""

    def __init__(self, run: JournalRun, traffic: Traffic | None = None) -> None:
        self._run = run
        self._traffic = Traffic() if traffic is None else traffic
        self._thread = ThreadPoolExecutor(1, "journal")
        self._unwritten: list[RowsOutcome] = []
        self._claimed: set[int] = set()
        """Rows whose claim is on the disk and whose outcome is not known."""
        self._asked: dict[int, None] = {}
        """Rows whose request waits for their claim."""
        self._expected: dict[int, None] = {}
        """Rows that will be asked for, in about this order."""
        self._claiming: asyncio.Task[None] | None = None
        self._last_claim = (0.0, 0)

    def expect(self, rows: Iterable[int]) -> None:
        """Add rows that will be sent next."""
        self._expected.update(dict.fromkeys(rows))

    def note(self, outcomes: Sequence[RowsOutcome]) -> None:
        """Add outcomes to write."""
        self._unwritten += outcomes
        for each in outcomes:
            self._claimed.difference_update(each.rows)

    async def claim(self, batch: Batch) -> None:
        """Write the claims of rows that are not claimed yet. Raises StopRunError."""
        rows = [job.row for job in batch.jobs if job.row not in self._claimed]
        if not rows:
            return
        self._asked.update(dict.fromkeys(rows))
        # A commit waits for the disk: batches that come meanwhile share the next one.
        while not self._claimed.issuperset(rows):
            if self._claiming is None:
                self._claiming = asyncio.create_task(self._write_claims())
            await asyncio.shield(self._claiming)

    async def _write_claims(self) -> None:
        try:
            rows = self._choose_rows()
            await self._write(rows)
            self._claimed.update(rows)
            for row in rows:
                self._asked.pop(row, None)
        finally:
            self._claiming = None

    def _choose_rows(self) -> list[int]:
        """What was asked for, and what will be within `CLAIM_SECONDS` at the pace since the last claim."""
        rows = list(self._asked)
        for row in rows:
            self._expected.pop(row, None)
        now, (last, last_count) = asyncio.get_running_loop().time(), self._last_claim
        share = CLAIM_SECONDS / max(now - last, CLAIM_SECONDS / 4)
        ahead = list(islice(self._expected, max(0, int(last_count * share) - len(rows))))
        for row in ahead:
            del self._expected[row]
        self._last_claim = now, len(rows) + len(ahead)
        return rows + ahead

    async def write_now_and_then(self) -> None:
        """Write what was noted, until cancelled. Raises StopRunError where the journal cannot be written."""
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            if self._unwritten or self._traffic:
                await self._write()

    async def _write(self, claims: Sequence[int] = ()) -> None:
        outcomes, self._unwritten = self._unwritten, []
        try:
            await self.call(self._run.claim_rows, claims, outcomes, self._traffic)
        except BaseException:
            # Whether or not it was written: writing an outcome twice changes nothing, losing it would.
            self._unwritten = outcomes + self._unwritten
            raise

    async def call(
        self, call: Callable[_Arguments, _Result], *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> _Result:
        """Call the journal in its thread, after all earlier calls."""
        return await asyncio.wrap_future(self._thread.submit(call, *args, **kwargs))

    async def call_up_to_date(self, call: Callable[[], _Result]) -> _Result:
        """Ask the journal something when all that was noted is written. Raises StopRunError."""
        await self._write()
        return await self.call(call)

    def finish(self) -> None:
        """Write all that is left; afterwards nothing more may be asked."""
        self._thread.shutdown()
        outcomes, self._unwritten = self._unwritten, []
        self._run.claim_rows((), outcomes, self._traffic)
