"""The event loop that a run waits in, and the signals that end it in good order."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from importer.signals import listening_to_signals


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
