"""The signals that would end the process: who listens to them, and what they mean for a run.

The event loop that a run waits in, and the signals that end it in good order.
"""

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

from importer.errors import StopRunError


def interrupted_by(number: int) -> StopRunError:
    """Build what a signal means for a run."""
    return StopRunError(f"interrupted ({signal.Signals(number).name})")


@contextmanager
def listening_to_signals(hear: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Have `hear` get the signals that would end the process, and give them back in the end."""
    before = {}
    try:
        for number in _stop_signals():
            with suppress(ValueError):  # outside the main thread no signal arrives anyway
                before[number] = signal.signal(number, hear)
        yield
    finally:
        for number, listener in before.items():
            signal.signal(number, listener)


@contextmanager
def holding_signals() -> Iterator[Sequence[StopRunError]]:
    """Let a signal wait, as an error in what is given, while that is written down which must not get lost.

    Whoever asks a second time does not want to wait even for that.
    """
    held: list[StopRunError] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        if held:
            raise KeyboardInterrupt
        held.append(interrupted_by(number))

    with listening_to_signals(hold):
        yield held


def _stop_signals() -> Sequence[signal.Signals]:
    signals = [signal.SIGINT, signal.SIGTERM]
    hangup = getattr(signal, "SIGHUP", None)  # not on Windows
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:  # as it is after `nohup`
        signals.append(hangup)
    return signals


def new_event_loop() -> asyncio.AbstractEventLoop:
    """The fastest loop that this system has."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop  # noqa: PLC0415 - only where it exists; it nearly doubles the requests a second

    return uvloop.new_event_loop()


@contextmanager
def hearing_signals(on_signal: Callable[[int], None]) -> Iterator[None]:
    """Hear in the loop what would end the process, and give the signals back in the end.

    Between two stages a question may be asked, and Ctrl-C must end it.
    """
    loop = asyncio.get_running_loop()
    # Not the loop's own signal handlers: they leave behind a SIGTERM that kills, whatever it did before.
    with listening_to_signals(lambda number, _: loop.call_soon_threadsafe(on_signal, number)):
        yield
