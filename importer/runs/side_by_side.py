"""Runs at work side by side, each in a thread; the main thread asks their questions and takes the signals.

```text
thread simkl      load  compare  ?......  send  send  verify
thread mdblist    load  compare  .............?  send  send  send  verify
main thread                      answer       answer     Ctrl-C: both stop in good order
```

A question stands still while another one is asked; the runs that have none go on meanwhile.
"""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any, cast

from importer.interrupts import StopRequest, interrupted_by, listening_to_signals
from importer.runs.import_run import ImportRun
from importer.runs.prompts import Prompts
from importer.runs.run_report import RunReport

Ended = RunReport | Exception
"""How one of the runs ended."""

_LONGEST_WAIT_SECONDS = 0.5
"""On Windows a signal is seen only after a wait."""


def execute_all(runs: Mapping[str, ImportRun]) -> dict[str, Ended]:
    """Execute all runs at once; an error of one ends no other. Call it in the main thread."""
    desk = _Desk([run.stop_request for run in runs.values()])
    for run in runs.values():
        run.prompts = cast(Prompts, _AskedAtTheDesk(run.prompts, desk))
    with ThreadPoolExecutor(len(runs)) as threads, listening_to_signals(desk.take_signal):
        futures = {label: threads.submit(run.execute) for label, run in runs.items()}
        for future in futures.values():
            future.add_done_callback(lambda _: desk.wake())
        while not all(future.done() for future in futures.values()):
            desk.answer_one()
    return {label: _ended(future) for label, future in futures.items()}


def _ended(future: Future[RunReport]) -> Ended:
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, Exception):
        return error
    raise error


class _Desk:
    """Where the questions of all runs are answered, one after the other, in the main thread."""

    def __init__(self, stops: Collection[StopRequest]) -> None:
        self._stops = stops
        self._asked: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._is_asking = False
        self._signal = 0
        """The last one that has come."""

    def ask(self, question: Callable[[], Any]) -> Any:
        """Have a question answered. Called in the thread of a run, which waits."""
        answer: Future[Any] = Future()
        self._asked.put(partial(self._answer, question, answer))
        return answer.result()

    def answer_one(self) -> None:
        """Answer a question, or wait a moment for one."""
        with suppress(Empty):
            self._asked.get(timeout=_LONGEST_WAIT_SECONDS)()

    def wake(self) -> None:
        """End the wait for a question. Called in the thread of a run."""
        self._asked.put(lambda: None)

    def take_signal(self, number: int, _: FrameType | None) -> None:
        """End the question that is open, and ask all runs to stop."""
        self._signal = number
        if self._is_asking:
            raise KeyboardInterrupt
        self._stop_all()

    def _stop_all(self) -> None:
        for stop in self._stops:
            stop(interrupted_by(self._signal))

    def _answer(self, question: Callable[[], Any], answer: Future[Any]) -> None:
        try:
            self._is_asking = True
            try:
                found = question()
            finally:
                self._is_asking = False
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - it is that of the run which asked
            if self._signal:  # whatever a terminal has made of it
                self._stop_all()
            answer.set_exception(interrupted_by(self._signal) if self._signal else error)
        else:
            answer.set_result(found)


class _AskedAtTheDesk:
    """The prompts of a run, asked in the main thread."""

    def __init__(self, prompts: Prompts, desk: _Desk) -> None:
        self._prompts = prompts
        self._desk = desk

    def __getattr__(self, question: str) -> Callable[..., Any]:
        return lambda *facts: self._desk.ask(partial(getattr(self._prompts, question), *facts))
