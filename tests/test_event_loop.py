"""The event loop that a run waits in, and the signals it hears meanwhile."""

import asyncio
import signal

import pytest

from importer.interrupts import listening_to_signals, new_event_loop, passing_signals_on


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_heard_in_the_loop_and_then_goes_where_it_went_before(name: signal.Signals) -> None:
    heard: list[int] = []
    afterwards: list[int] = []

    async def wait_for_it() -> None:
        arrived = asyncio.Event()

        def hear(number: int) -> None:
            heard.append(number)
            arrived.set()

        with passing_signals_on(hear):
            asyncio.get_running_loop().call_soon(signal.raise_signal, name)
            await arrived.wait()

    with listening_to_signals(lambda number, _: afterwards.append(number)):
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(wait_for_it())
        assert (heard, afterwards) == ([name], [])
        signal.raise_signal(name)
    assert (heard, afterwards) == ([name], [name])


def test_what_nohup_ignores_stays_ignored() -> None:
    if not hasattr(signal, "SIGHUP"):
        pytest.skip("there is no such signal here")
    heard: list[int] = []
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with listening_to_signals(lambda number, _: heard.append(number)):
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert heard == []
