"""What may end a run before or beside the sending."""

import signal

import pytest

from importer.errors import StopRunError
from importer.interrupts import translate_interrupts


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_run_and_does_not_say_what_nobody_knows(name: signal.Signals) -> None:
    """Rows may have been sent by then."""
    before = signal.getsignal(name)
    with pytest.raises(StopRunError, match="the same command goes on") as told, translate_interrupts():
        signal.raise_signal(name)
    assert "before anything was sent" not in str(told.value)
    assert signal.getsignal(name) is before
