"""The event loop that a run waits in, and the signals that end it in good order."""

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

STOP_SIGNALS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


def new_event_loop() -> asyncio.AbstractEventLoop:
    """The fastest loop that this system has."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop  # noqa: PLC0415 - only where it exists; it nearly doubles the requests a second

    return uvloop.new_event_loop()


@contextmanager
def hearing_signals(on_signal: Callable[[signal.Signals], None]) -> Iterator[None]:
    """Hear what would end the process, and give the signals back in the end.

    Between two stages a question may be asked, and Ctrl-C must end it.
    """
    loop = asyncio.get_running_loop()
    # Not on Windows and not outside the main thread: there Ctrl-C cancels the task at once.
    for name in STOP_SIGNALS:
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(name, on_signal, name)
    try:
        yield
    finally:
        for name in STOP_SIGNALS:
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.remove_signal_handler(name)
