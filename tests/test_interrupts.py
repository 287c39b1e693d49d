"""A stop that is requested for a thread ends what it waits for, as a signal does in the main thread."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.errors import StopRunError
from importer.interrupts import StopRequest, pause, run_in_loop, stop_request, translate_interrupts
from importer.journal import Journal
from importer.sync.state import account_queue

LONG_SECONDS = 3600


def stopped_by(wait: Callable[[], object]) -> BaseException | None:
    """Wait in a thread that is asked to stop; return how the wait ended."""
    stop, ended = StopRequest(), []

    def work() -> None:
        with stop.of_this_thread():
            assert stop_request() is stop
            try:
                with translate_interrupts():
                    wait()
            except StopRunError as error:
                ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    stop(StopRunError("interrupted (SIGTERM)"))
    thread.join()
    return ended[0] if ended else None


def test_a_wait_in_a_loop_ends() -> None:
    assert "the same command goes on" in str(stopped_by(lambda: run_in_loop(asyncio.sleep(LONG_SECONDS))))


def test_a_pause_ends() -> None:
    assert "the same command goes on" in str(stopped_by(lambda: pause(LONG_SECONDS)))


def test_a_wait_for_a_journal_ends(tmp_path: Path) -> None:
    with Journal(tmp_path, "ada"):
        waiting = Journal(tmp_path, "ada", LONG_SECONDS)
        assert "the same command goes on" in str(stopped_by(waiting.__enter__))


def test_a_wait_for_another_job_of_the_account_ends(tmp_path: Path) -> None:
    lock = tmp_path / "x.lock"

    def wait() -> None:
        with account_queue(lock, lambda: None):
            pass

    with account_queue(lock, lambda: None):
        assert "the same command goes on" in str(stopped_by(wait))
    wait()


def test_what_is_not_stopped_gives_its_result_and_its_error() -> None:
    async def answer() -> int:
        return 7

    async def fail() -> int:
        raise ValueError("its own")

    async def give_up() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    assert run_in_loop(answer()) == 7
    with pytest.raises(ValueError, match="its own"):
        run_in_loop(fail())
    with pytest.raises(asyncio.CancelledError):
        run_in_loop(give_up())


def test_other_threads_go_on() -> None:
    mine = StopRequest()
    with mine.of_this_thread():
        mine(StopRunError("interrupted (SIGTERM)"))
        others: list[StopRequest] = []
        thread = threading.Thread(target=lambda: others.append(stop_request()))
        thread.start()
        thread.join()
    assert others[0] is not mine
    assert stop_request().error is None
