"""The signals that would end the process: who listens to them, and what they mean for a run."""

import signal
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
