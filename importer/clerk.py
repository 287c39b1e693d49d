"""Writes into the journal while requests are under way: in one thread, in order, and never in their way."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from importer.journal import Journal, Run
from importer.model import Outcome

WRITE_SECONDS = 0.2
"""How long an answer may wait to be written together with others."""

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class Clerk:
    """Keeps the journal of one run up to date."""

    def __init__(self, journal: Journal, run: Run) -> None:
        self._journal = journal
        self._run = run
        self._thread = ThreadPoolExecutor(1, "journal")
        self._unwritten: list[Outcome] = []

    def note(self, outcomes: Sequence[Outcome]) -> None:
        """Take outcomes that are to be written."""
        self._unwritten += outcomes

    async def write_now_and_then(self) -> None:
        """Write what was noted, until cancelled. Raises StopRunError where the journal cannot be written."""
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            if self._unwritten:
                await self._write()

    async def _write(self) -> None:
        outcomes, self._unwritten = self._unwritten, []
        try:
            await self.call(self._journal.record, self._run, outcomes)
        except BaseException:
            # Whether or not it was written: writing an outcome twice changes nothing, losing it would.
            self._unwritten = outcomes + self._unwritten
            raise

    async def call(
        self, call: Callable[_Arguments, _Result], *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> _Result:
        """Ask the journal something, when all that was begun earlier is done."""
        return await asyncio.wrap_future(self._thread.submit(call, *args, **kwargs))

    def finish(self) -> None:
        """Write all that is left; afterwards nothing more may be asked."""
        self._thread.shutdown()
        outcomes, self._unwritten = self._unwritten, []
        self._journal.record(self._run, outcomes)
