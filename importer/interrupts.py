"""What ends a run early: signals in the main thread, a StopRequest in any; and the event loop of a run.

```text
before and after sending    translate_interrupts()          SIGTERM, like Ctrl-C, is a StopRunError
while requests are out      passing_signals_on(on_signal)      the loop calls on_signal(SIGTERM)
while results are written   delaying_signals()               a first signal waits

another thread              with stop.of_this_thread():      stop(StopRunError("interrupted (SIGTERM)"))
                                run_in_loop(ask())           ends what it waits for, as a signal would
```
"""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from types import FrameType, MappingProxyType
from typing import Any, TypeVar

from importer.errors import StopRunError

_Result = TypeVar("_Result")


class StopRequest:
    """Passes a request to stop to the stage that is running, from any thread."""

    def __init__(self) -> None:
        self.error: StopRunError | None = None
        """Why the run must stop; None while it may go on."""
        self._listener: Callable[[StopRunError], object] | None = None
        self._lock = threading.RLock()  # a signal may arrive inside a `with` block of it

    def __call__(self, error: StopRunError) -> None:
        """Request it. A second request makes the run wait for no answer."""
        with self._lock:
            self.error = self.error or error
            listener = self._listener
        if listener is not None:
            listener(error)

    def check(self) -> None:
        """Raise the requested error, if there is one."""
        if self.error is not None:
            raise self.error

    @contextmanager
    def calling(self, listener: Callable[[StopRunError], object]) -> Iterator[None]:
        """Call `listener` at each request while the block runs, in the thread that requests it."""
        with self._lock:
            before, self._listener = self._listener, listener
        try:
            yield
        finally:
            with self._lock:
                self._listener = before

    @contextmanager
    def of_this_thread(self) -> Iterator[None]:
        """Let it end, while the block runs, whatever this thread waits for: no signal reaches a thread."""
        before = _STOP.set(self)
        try:
            yield
        finally:
            _STOP.reset(before)


_STOP: ContextVar[StopRequest | None] = ContextVar("stop", default=None)


def stop_request() -> StopRequest:
    """Return the request of this thread, or a new one where it has none."""
    return _STOP.get() or StopRequest()


def run_in_loop(
    work: Coroutine[Any, Any, _Result], loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
) -> _Result:
    """Run it as `asyncio.run` does. Raises KeyboardInterrupt, too, once this thread is requested to stop."""
    stop = stop_request()

    async def run() -> _Result:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        with stop.calling(lambda _: loop.call_soon_threadsafe(task.cancel)):
            if stop.error is not None:
                task.cancel()  # at the first wait
            return await work

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        try:
            return runner.run(run())
        except asyncio.CancelledError:
            if stop.error is None:
                raise
            raise KeyboardInterrupt from None


def pause(seconds: float) -> None:
    """Sleep. Raises KeyboardInterrupt at once if this thread is requested to stop."""
    is_requested = threading.Event()
    stop = stop_request()
    with stop.calling(lambda _: is_requested.set()):
        if stop.error is not None or is_requested.wait(seconds):
            raise KeyboardInterrupt


def interrupted_by(number: int) -> StopRunError:
    """Build the error that ends a run after this signal."""
    return StopRunError(f"interrupted ({signal.Signals(number).name})")


@contextmanager
def listening_to_signals(listener: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Call `listener` for signals that would end the process, until the block ends."""
    before = {}
    try:
        for number in _stop_signals():
            with suppress(ValueError):  # outside the main thread no signal arrives anyway
                before[number] = signal.signal(number, listener)
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


@contextmanager
def translate_interrupts(
    what_is_kept: str = "what was done is in the journal", goes_on: str = "goes on from there"
) -> Iterator[None]:
    """Raise StopRunError for Ctrl-C and similar signals, while nothing else handles them.

    It says what is kept, and what the same command then does.
    """
    try:
        with listening_to_signals(signal.default_int_handler):
            yield
    except KeyboardInterrupt:
        message = f"interrupted; {what_is_kept}, and the same command {goes_on}"
        raise StopRunError(message) from None


@contextmanager
def delaying_signals() -> Iterator[Sequence[StopRunError]]:
    """Delay signals while results are written.

    A delayed signal is in the yielded list; a second one raises KeyboardInterrupt.
    """
    delayed: list[StopRunError] = []

    def delay(number: int, _frame: FrameType | None) -> None:
        if delayed:
            raise KeyboardInterrupt
        delayed.append(interrupted_by(number))

    with listening_to_signals(delay):
        yield delayed


def ending_signals() -> list[signal.Signals]:
    """List the signals by which a person or another program ends this one."""
    ctrl_break: signal.Signals | None = getattr(signal, "SIGBREAK", None)  # on Windows, also from a parent
    return [signal.SIGINT, signal.SIGTERM, *([] if ctrl_break is None else [ctrl_break])]


def ask_to_end(child: "subprocess.Popen[Any] | asyncio.subprocess.Process") -> None:
    """Ask a process that was started with `OWN_GROUP` to end; on Windows `terminate` would kill it."""
    child.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))


OWN_GROUP: Mapping[str, Any] = MappingProxyType(
    {
        "start_new_session": os.name == "posix",
        "creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    }
)
"""How a child is started that Ctrl-C is not for: this process passes it on once."""


def _stop_signals() -> Sequence[signal.Signals]:
    signals = ending_signals()
    hangup = getattr(signal, "SIGHUP", None)  # not on Windows
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:  # as it is after `nohup`
        signals.append(hangup)
    return signals


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop: uvloop's where it is installed, else asyncio's own."""
    if sys.platform != "win32":
        with suppress(ImportError):  # not every Python has a build of it
            import uvloop  # noqa: PLC0415 - only where it exists; it nearly doubles the requests a second

            return uvloop.new_event_loop()
    return asyncio.new_event_loop()


@contextmanager
def passing_signals_on(on_signal: Callable[[int], None]) -> Iterator[None]:
    """Call `on_signal` in the running loop for signals that would end the process.

    The old handlers are restored at the end: Ctrl-C must end a question that is asked between two stages.
    """
    loop = asyncio.get_running_loop()
    # Not loop.add_signal_handler: removing it sets SIGTERM to kill, whatever it did before.
    with listening_to_signals(lambda number, _: loop.call_soon_threadsafe(on_signal, number)):
        yield


@contextmanager
def on_signals(actions: Mapping[signal.Signals, Callable[[], object]]) -> Iterator[None]:
    """Call the actions in the running loop when their signals arrive; in the main thread only."""
    loop = asyncio.get_running_loop()
    before: dict[signal.Signals, Any] = {}
    watched: list[signal.Signals] = []
    with suppress(RuntimeError, ValueError):  # not in the main thread
        for number, action in actions.items():
            try:
                loop.add_signal_handler(number, action)
                watched.append(number)
            except NotImplementedError:  # the loop of Windows
                before[number] = signal.signal(number, partial(_call_in_loop, loop, action))
    try:
        yield
    finally:
        for number in watched:
            loop.remove_signal_handler(number)
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _call_in_loop(
    loop: asyncio.AbstractEventLoop, action: Callable[[], object], _number: int, _frame: FrameType | None
) -> None:
    loop.call_soon_threadsafe(action)
