"""The pool: one outcome for each job, or the truth about why there is none."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from importer.client.client import Client
from importer.client.pool import GRACE_SECONDS, WorkerPool
from importer.client.rate_limit import Limiter
from importer.client.retry import RetryBudget
from importer.destinations.decisions import BatchDecision
from importer.errors import ConnectionLostError, StopRunError
from importer.http import Response
from importer.model import Batch, RowsOutcome, Status
from importer.progress import Progress
from tests.builders import build_job
from tests.client.fakes import READ_BACK, FakeApi, FakeServer
from tests.virtual_time import run_in_virtual_time

BULK = FakeApi(batch_size=8, repeats_safely=True)
COUNTING = FakeApi(batch_size=8, repeats_safely=True, reads_back=True)


@dataclass
class Delivery:
    """What a pool did."""

    pool: WorkerPool
    row_outcomes: dict[int, RowsOutcome] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def statuses(self) -> dict[int, Status]:
        return {row: row_outcome.outcome.status for row, row_outcome in sorted(self.row_outcomes.items())}

    @property
    def unconfirmed_without_outcome(self) -> set[int]:
        assert not self.pool.unconfirmed_rows & self.row_outcomes.keys()
        return self.pool.unconfirmed_rows


def deliver(
    server: FakeServer,
    rows: int,
    api: FakeApi | None = None,
    *,
    workers: int = 1,
    meanwhile: Callable[[WorkerPool, "asyncio.Task[None]"], Awaitable[None]] | None = None,
    feed: Callable[[list[Batch]], AsyncIterator[Sequence[Batch]]] | None = None,
) -> Delivery:
    """Let a pool deliver jobs for rows 1 to `rows`, while `meanwhile` may meddle with it."""
    api = api or FakeApi()
    jobs = [build_job(row) for row in range(1, rows + 1)]
    batches = [Batch("rate", jobs[at : at + api.batch_size]) for at in range(0, rows, api.batch_size)]

    async def main() -> Delivery:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        limiter = Limiter(None, Progress())
        client = Client(server, limiter, budget=RetryBudget(jitter=0.0))
        row_outcomes: dict[int, RowsOutcome] = {}

        def take(settled: Sequence[RowsOutcome]) -> None:
            assert not row_outcomes.keys() & {row for each in settled for row in each.rows}
            row_outcomes.update({row: each for each in settled for row in each.rows})

        pool = WorkerPool(api, client, take, workers=workers)
        running = asyncio.create_task(pool.run((feed or _feed)(batches)))
        if meanwhile is not None:
            await meanwhile(pool, running)
        await asyncio.wait([running])
        if not running.cancelled():
            running.result()
        return Delivery(pool, row_outcomes, loop.time() - begun)

    return run_in_virtual_time(main())


async def _feed(batches: list[Batch]) -> AsyncIterator[Sequence[Batch]]:
    yield batches


def stop_after(seconds: float) -> Callable[[WorkerPool, "asyncio.Task[None]"], Awaitable[None]]:
    async def stop(pool: WorkerPool, running: "asyncio.Task[None]") -> None:
        await asyncio.sleep(seconds)
        pool.stop(StopRunError("interrupted"))

    return stop


# Every job comes to its end


def test_every_job_has_its_outcome_and_no_worker_idles() -> None:
    server = FakeServer(seconds=1)
    delivery = deliver(server, 20, workers=4)
    assert delivery.statuses == dict.fromkeys(range(1, 21), Status.RATED)
    assert server.most_in_flight == 4
    assert delivery.seconds == pytest.approx(5, abs=0.01)
    assert delivery.pool.stopped_by is None
    assert not delivery.pool.unconfirmed_rows


def test_nothing_to_deliver_ends_at_once() -> None:
    delivery = deliver(FakeServer(), 0, workers=4)
    assert delivery.row_outcomes == {}
    assert delivery.seconds < 0.01


def test_an_outcome_tells_how_it_went() -> None:
    delivery = deliver(FakeServer("trouble", "rated", seconds=0.25), 1, BULK)
    (row_outcome,) = delivery.row_outcomes.values()
    assert (row_outcome.attempts, row_outcome.http_status, row_outcome.duration_ms) == (2, 200, 250)
    assert row_outcome.sent_at is not None


def test_a_split_goes_down_to_the_culprit_and_delivers_the_others() -> None:
    server = FakeServer(answer=lambda rows: "refused" if 5 in rows else "rated")
    delivery = deliver(server, 8, BULK)
    assert delivery.statuses == dict.fromkeys(range(1, 9), Status.RATED) | {5: Status.REJECTED}
    assert server.ratings_sent == [
        [1, 2, 3, 4, 5, 6, 7, 8],
        [1, 2, 3, 4],
        [5, 6, 7, 8],
        [5, 6],
        [5],
        [6],
        [7, 8],
    ]


def test_a_retry_waits_and_then_succeeds() -> None:
    server = FakeServer("busy", "busy", "rated")
    delivery = deliver(server, 1)
    assert delivery.statuses == {1: Status.RATED}
    assert delivery.row_outcomes[1].attempts == 3
    assert delivery.seconds >= 20


def test_tries_used_up_end_as_the_verdict_says() -> None:
    delivery = deliver(FakeServer(*["trouble"] * 9), 1, FakeApi(repeats_safely=True))
    assert delivery.statuses == {1: Status.FAILED}
    assert delivery.row_outcomes[1].attempts == 3


def test_429_pauses_every_worker() -> None:
    server = FakeServer("rated", "busy", seconds=1)
    delivery = deliver(server, 30, workers=5)
    assert len(delivery.row_outcomes) == 30
    begun = server.sent[0].at
    assert not [sent for sent in server.sent if begun + 1.001 < sent.at < begun + 11]


def test_no_more_requests_in_flight_than_workers() -> None:
    server = FakeServer("trouble", "busy", "lost", "rated", "trouble")
    deliver(server, 50, workers=3)
    assert server.most_in_flight == 3


# Reading back before anything is sent twice


def test_what_did_arrive_is_not_sent_again() -> None:
    server = FakeServer("answer-lost")
    delivery = deliver(server, 1)
    assert [sent.label for sent in server.sent] == ["rate", READ_BACK]
    assert server.rated == {1: 1}
    assert delivery.row_outcomes[1].outcome[:2] == (Status.RATED, "verified")


def test_what_did_not_arrive_is_sent_again() -> None:
    server = FakeServer("lost")
    delivery = deliver(server, 1)
    assert [sent.label for sent in server.sent] == ["rate", READ_BACK, "rate"]
    assert delivery.row_outcomes[1].outcome[:2] == (Status.RATED, "")


def test_a_refusal_to_be_busy_is_repeated_without_reading_back() -> None:
    server = FakeServer("busy")
    deliver(server, 1)
    assert [sent.label for sent in server.sent] == ["rate", "rate"]


def test_bulk_repeats_without_reading_back() -> None:
    server = FakeServer("answer-lost")
    deliver(server, 3, BULK)
    assert [sent.label for sent in server.sent] == ["rate", "rate"]


def test_reading_back_is_tried_again_before_the_rating_is() -> None:
    server = FakeServer("answer-lost", "trouble", "busy", "rated")
    delivery = deliver(server, 1)
    assert server.ratings_sent == [[1]]
    assert delivery.row_outcomes[1].outcome.reason == "verified"


def test_a_rating_that_cannot_be_looked_up_is_unconfirmed_and_never_sent_twice() -> None:
    server = FakeServer("answer-lost", *["trouble"] * 9)
    delivery = deliver(server, 1)
    assert server.ratings_sent == [[1]]
    assert delivery.statuses == {1: Status.UNCONFIRMED}


def test_when_the_tries_are_used_up_the_account_is_looked_at_once_more() -> None:
    # Each look finds nothing, for what is sent is lost each time; the fourth and last one does arrive.
    server = FakeServer("lost", "rated", "lost", "rated", "lost", "rated", "answer-lost", "rated")
    delivery = deliver(server, 1)
    assert server.ratings_sent == [[1]] * 4
    assert delivery.row_outcomes[1].outcome[:2] == (Status.RATED, "verified")
    assert not delivery.pool.unconfirmed_rows


def test_a_rating_that_never_arrived_has_failed_and_nobody_need_wonder() -> None:
    server = FakeServer(*["lost", "rated"] * 4)
    delivery = deliver(server, 1)
    assert server.ratings_sent == [[1]] * 4
    assert delivery.statuses == {1: Status.FAILED}
    assert not delivery.pool.unconfirmed_rows
    assert not server.rated


def test_a_stop_while_reading_back_leaves_the_row_unconfirmed() -> None:
    delivery = deliver(FakeServer("answer-lost", "stop"), 1)
    assert delivery.row_outcomes == {}
    assert delivery.unconfirmed_without_outcome == {1}
    assert str(delivery.pool.stopped_by) == "stop"


# Stopping


def test_a_stop_verdict_lets_requests_in_flight_finish_and_starts_nothing_more() -> None:
    server = FakeServer("stop", seconds=1)
    delivery = deliver(server, 50, workers=3)
    assert server.ratings_sent == [[1], [2], [3]]
    assert delivery.statuses == {2: Status.RATED, 3: Status.RATED}
    assert str(delivery.pool.stopped_by) == "stop"
    assert not delivery.pool.unconfirmed_rows
    assert delivery.seconds < 2


def test_a_stop_from_outside_lets_requests_in_flight_finish() -> None:
    delivery = deliver(FakeServer(seconds=1), 50, workers=2, meanwhile=stop_after(1.5))
    assert delivery.statuses == dict.fromkeys([1, 2, 3, 4], Status.RATED)
    assert str(delivery.pool.stopped_by) == "interrupted"
    assert delivery.seconds == pytest.approx(2, abs=0.01)


def test_the_first_reason_to_stop_is_kept() -> None:
    async def stop_twice(pool: WorkerPool, running: "asyncio.Task[None]") -> None:
        await asyncio.sleep(0.5)
        pool.stop(StopRunError("first"))
        pool.stop(StopRunError("second"))

    delivery = deliver(FakeServer(seconds=1), 5, meanwhile=stop_twice)
    assert str(delivery.pool.stopped_by) == "first"


def test_a_request_in_flight_gets_its_grace_and_no_more() -> None:
    delivery = deliver(FakeServer("hang"), 2, meanwhile=stop_after(1))
    assert delivery.seconds == pytest.approx(1 + GRACE_SECONDS, abs=0.01)
    assert delivery.row_outcomes == {}
    assert delivery.unconfirmed_without_outcome == {1}


def test_stop_now_gives_up_requests_in_flight_as_unconfirmed() -> None:
    async def stop_now(pool: WorkerPool, running: "asyncio.Task[None]") -> None:
        await stop_after(1.5)(pool, running)
        pool.stop_now()

    delivery = deliver(FakeServer(seconds=1), 50, workers=2, meanwhile=stop_now)
    assert set(delivery.row_outcomes) == {1, 2}
    assert delivery.unconfirmed_without_outcome == {3, 4}
    assert delivery.seconds == pytest.approx(1.5, abs=0.01)


def test_a_cancelled_run_leaves_requests_in_flight_unconfirmed() -> None:
    async def cancel(pool: WorkerPool, running: "asyncio.Task[None]") -> None:
        await asyncio.sleep(1.5)
        running.cancel()

    delivery = deliver(FakeServer(seconds=1), 50, workers=2, meanwhile=cancel)
    assert set(delivery.row_outcomes) == {1, 2}
    assert delivery.unconfirmed_without_outcome == {3, 4}


@pytest.mark.parametrize(
    ("word", "unconfirmed"), [("busy", set()), ("trouble", {1}), ("answer-lost", {1})], ids=str
)
def test_a_stop_does_not_wait_for_who_only_waits_to_try_again(word: str, unconfirmed: set[int]) -> None:
    delivery = deliver(FakeServer(word), 1, meanwhile=stop_after(0.5))
    assert delivery.seconds == pytest.approx(0.5, abs=0.01)
    assert delivery.row_outcomes == {}
    assert delivery.unconfirmed_without_outcome == unconfirmed


@pytest.mark.parametrize("word", ["stop", "rated"])
def test_a_stop_does_not_wait_for_a_slow_feeder(word: str) -> None:
    async def feed(batches: list[Batch]) -> AsyncIterator[Sequence[Batch]]:
        yield batches[:1]
        await asyncio.sleep(3600)
        yield batches[1:]

    delivery = deliver(FakeServer(word, seconds=1), 2, feed=feed, meanwhile=stop_after(0.5))
    assert delivery.seconds == pytest.approx(1, abs=0.01)


def test_the_rest_of_a_split_batch_is_not_sent_after_a_stop() -> None:
    server = FakeServer("refused", seconds=1)
    delivery = deliver(server, 8, BULK, meanwhile=stop_after(1.5))
    assert server.ratings_sent == [[1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4]]
    assert set(delivery.row_outcomes) == {1, 2, 3, 4}
    assert not delivery.unconfirmed_without_outcome


def test_rows_of_a_batch_that_was_carried_out_in_part_are_unconfirmed_after_a_stop() -> None:
    delivery = deliver(FakeServer("skipped", "rated", "stop"), 8, BULK)
    assert set(delivery.row_outcomes) == {1, 2, 3, 4}
    assert delivery.unconfirmed_without_outcome == {5, 6, 7, 8}


# An answer that only counts


def test_what_the_account_shows_is_done_and_only_the_others_are_sent_again() -> None:
    server = FakeServer("skipped")
    delivery = deliver(server, 8, COUNTING)
    assert server.ratings_sent == [[1, 2, 3, 4, 5, 6, 7, 8], [5, 6, 7, 8]]
    assert delivery.statuses == dict.fromkeys(range(1, 9), Status.RATED)
    reasons = {row: row_outcome.outcome.reason for row, row_outcome in delivery.row_outcomes.items()}
    assert reasons == dict.fromkeys(range(1, 5), "verified") | dict.fromkeys(range(5, 9), "")


def test_if_it_shows_all_of_them_nothing_is_sent_again() -> None:
    server = FakeServer("skipped")
    server.rated.update(range(1, 9))
    delivery = deliver(server, 8, COUNTING)
    assert server.ratings_sent == [[1, 2, 3, 4, 5, 6, 7, 8]]
    assert delivery.statuses == dict.fromkeys(range(1, 9), Status.RATED)


def test_if_it_cannot_be_read_the_batch_is_halved() -> None:
    server = FakeServer("skipped", "refused")
    delivery = deliver(server, 8, COUNTING)
    assert server.ratings_sent == [[1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4], [5, 6, 7, 8]]
    assert delivery.statuses == dict.fromkeys(range(1, 9), Status.RATED)


def test_what_was_not_shown_is_unconfirmed_after_a_stop() -> None:
    delivery = deliver(FakeServer("skipped", "rated", "stop"), 8, COUNTING)
    assert set(delivery.row_outcomes) == {1, 2, 3, 4}
    assert delivery.unconfirmed_without_outcome == {5, 6, 7, 8}


def test_a_batch_whose_first_answer_was_lost_stays_unconfirmed_while_the_server_is_busy() -> None:
    delivery = deliver(FakeServer("answer-lost", *["busy"] * 9), 8, BULK)
    assert delivery.row_outcomes == {}
    assert delivery.unconfirmed_without_outcome == set(range(1, 9))


def test_a_rating_known_not_to_have_arrived_is_not_unconfirmed() -> None:
    delivery = deliver(FakeServer("lost", "rated", *["busy"] * 9), 1)
    assert delivery.row_outcomes == {}
    assert not delivery.unconfirmed_without_outcome


# What nobody foresaw


class BrokenApi(FakeApi):
    def interpret_response(self, batch: Batch, answer: Response | ConnectionLostError) -> BatchDecision:
        if batch.jobs[0].row == 3:
            raise ZeroDivisionError
        return super().interpret_response(batch, answer)


def test_an_exception_in_a_worker_stops_the_pool_and_is_kept() -> None:
    delivery = deliver(FakeServer(), 50, BrokenApi(), workers=2)
    assert isinstance(delivery.pool.stopped_by, ZeroDivisionError)
    assert {1, 2} <= set(delivery.row_outcomes)
    assert delivery.unconfirmed_without_outcome == {3}


def test_an_exception_in_the_feeder_stops_the_pool_and_is_kept() -> None:
    async def feed(batches: list[Batch]) -> AsyncIterator[Sequence[Batch]]:
        yield batches[:1]
        await asyncio.sleep(0.5)
        raise ZeroDivisionError

    delivery = deliver(FakeServer(seconds=1), 50, workers=2, feed=feed)
    assert isinstance(delivery.pool.stopped_by, ZeroDivisionError)
    assert set(delivery.row_outcomes) == {1}
    assert delivery.seconds < 2


# Whatever the server does

WORDS = st.sampled_from(
    (
        *("rated", "rated", "rated", "skipped", "refused", "busy", "trouble", "half-done"),
        *("lost", "answer-lost", "hang", "stop", "stop-unconfirmed"),
    )
)


@given(
    words=st.lists(WORDS, max_size=40),
    rows=st.integers(1, 12),
    workers=st.integers(1, 4),
    api=st.sampled_from([FakeApi(), FakeApi(4, repeats_safely=True), FakeApi(4, True, reads_back=True)]),
    stop_seconds=st.floats(0.01, 60),
)
@example(words=["skipped", "stop"], rows=4, workers=1, api=BULK, stop_seconds=1)
@example(words=["skipped", "rated", "stop"], rows=4, workers=1, api=COUNTING, stop_seconds=1)
@example(words=["answer-lost", "busy"], rows=1, workers=1, api=FakeApi(), stop_seconds=3)
def test_whatever_happens_each_row_is_told_of_once_and_truthfully(
    words: list[str], rows: int, workers: int, api: FakeApi, stop_seconds: float
) -> None:
    server = FakeServer(*words)
    # That no row has two outcomes is asserted where they are taken.
    delivery = deliver(server, rows, api, workers=workers, meanwhile=stop_after(stop_seconds))
    without_outcome = set(range(1, rows + 1)) - delivery.row_outcomes.keys()
    if delivery.pool.stopped_by is None:
        assert not without_outcome
    for row, status in delivery.statuses.items():
        assert server.rated[row] or not status.is_success
    assert {row for row in without_outcome if server.rated[row]} <= delivery.unconfirmed_without_outcome
    if not api.repeats_safely:
        assert not [row for row, times in server.rated.items() if times > 1]
        # Nothing was carried out that a row without success does not own up to.
        done = {
            row for row, status in delivery.statuses.items() if server.rated[row] and not status.is_success
        }
        assert {delivery.statuses[row] for row in done} <= {Status.UNCONFIRMED, Status.FAILED}
    assert server.most_in_flight <= workers
    assert delivery.seconds <= max(stop_seconds + GRACE_SECONDS, 1000)
