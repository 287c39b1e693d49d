"""What every destination must do, shown on the real sandbox over real TCP.

A subclass says how to build its destination for a sandbox, and how to sign in; the suite brings jobs there
through the whole delivery (workers, client, retries, limiter, transport) while the sandbox misbehaves, and
compares what the outcomes say with what the sandbox holds.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from importer.client.batching import Batcher, BatchSize
from importer.client.client import Client, Tokens
from importer.client.pool import WorkerPool
from importer.client.rate_limit import Limiter
from importer.client.transport import Transport
from importer.destinations.base import Destination
from importer.destinations.decisions import Done, Stop
from importer.errors import AuthorizationError, StopRunError
from importer.model import Batch, MediaKind, RatingJob, RowsOutcome, Status
from importer.progress import Progress
from importer.sandbox import Sandbox, SandboxOptions
from importer.sandbox.catalogue import Kind
from tests.builders import build_job
from tests.hurried_time import run_hurried

MOVIES = ("tt0111161", "tt0068646", "tt0468569", "tt0050083", "tt0108052", "tt0167260")
SHOW = "tt0903747"
UNKNOWN = "tt9999999"


@dataclass
class Delivery:
    """What came of bringing some jobs to a sandbox."""

    row_outcomes: dict[int, RowsOutcome] = field(default_factory=dict)
    stopped_by: BaseException | None = None
    unconfirmed_rows: set[int] = field(default_factory=set)
    stored: dict[str, float | str] = field(default_factory=dict)
    posts: int = 0
    requests: list[str] = field(default_factory=list)
    """Every request as the sandbox logged it: `POST sync/ratings 201`."""

    @property
    def statuses(self) -> dict[int, Status]:
        return {row: row_outcome.outcome.status for row, row_outcome in sorted(self.row_outcomes.items())}


class DestinationConformance(ABC):
    """Inherit, and say how to build the destination; where it needs tokens, also how to sign in."""

    @abstractmethod
    def build(self, url: str, *, password: str = "demo") -> Destination: ...

    def sign_in(self, sandbox: Sandbox, password: str) -> Tokens | None:
        return None

    def options(self, faults: tuple[str, ...], **options: Any) -> SandboxOptions:
        return SandboxOptions(faults=faults, social=("twitter",), **options)

    def open_sandbox(self, options: SandboxOptions | None = None) -> Sandbox:
        return Sandbox(options)

    async def prepare(
        self,
        jobs: Sequence[RatingJob],
        url: str,
        client: Client,
        take: Callable[[Sequence[RowsOutcome]], None],
    ) -> Sequence[RatingJob]:
        """What a run does with its rows before it sends them; returns those that are sent."""
        return jobs

    def deliver(
        self,
        jobs: Sequence[RatingJob],
        *faults: str,
        password: str = "demo",
        workers: int = 3,
        stop_after_seconds: float | None = None,
        **options: Any,
    ) -> Delivery:
        sandbox = self.open_sandbox(self.options(faults, **options))
        return run_hurried(self._deliver(jobs, sandbox, password, workers, stop_after_seconds))

    async def _deliver(
        self,
        jobs: Sequence[RatingJob],
        sandbox: Sandbox,
        password: str,
        workers: int,
        stop_after_seconds: float | None,
    ) -> Delivery:
        result = Delivery()

        def take(settled: Sequence[RowsOutcome]) -> None:
            for each in settled:
                assert not result.row_outcomes.keys() & set(each.rows), "a second outcome for one row"
                result.row_outcomes.update(dict.fromkeys(each.rows, each))

        async with sandbox:
            destination = self.build(sandbox.url, password=password)
            async with Transport(workers) as transport:
                limiter = Limiter(None, Progress())
                client = Client(transport, limiter, self.sign_in(sandbox, password))
                ready = await self.prepare(jobs, sandbox.url, client, take)
                pool = WorkerPool(destination, client, take, workers=workers)
                if stop_after_seconds is not None:
                    loop = asyncio.get_running_loop()
                    loop.call_later(stop_after_seconds, pool.stop, StopRunError("told to"))
                await pool.run(_batches(destination, ready))
            for kind in Kind:
                for rated in sandbox.store.ratings("demo", kind):
                    result.stored[rated.title.imdb_id or rated.title.title] = rated.rating
            result.posts = sum(sandbox.store.posts("demo").values())
            result.requests = [f"{it.method} {it.path} {it.status}" for it in sandbox.store.requests()]
        result.stopped_by = pool.stopped_by
        result.unconfirmed_rows = pool.unconfirmed_rows
        assert not result.unconfirmed_rows & result.row_outcomes.keys()
        return result

    def test_right_credentials_pass_the_probe(self) -> None:
        assert self._probe("demo") == Done(None)

    def test_wrong_credentials_stop_the_run_at_the_probe(self) -> None:
        decision = self._probe("wrong")
        assert isinstance(decision, Stop)
        assert isinstance(decision.error, AuthorizationError)

    def _probe(self, password: str) -> object:
        async def probe() -> object:
            async with self.open_sandbox() as sandbox, Transport(1) as transport:
                limiter = Limiter(None, Progress())
                destination = self.build(sandbox.url, password=password)
                client = Client(transport, limiter, self.sign_in(sandbox, password))
                return await client.decide(
                    destination.build_credentials_check(), destination.interpret_credentials_check
                )

        return run_hurried(probe())

    def test_every_rating_arrives_as_it_is(self) -> None:
        jobs = [build_job(row, imdb_id=MOVIES[row % 6], rating=row) for row in range(1, 7)]
        result = self.deliver(jobs)
        assert result.statuses == dict.fromkeys(range(1, 7), Status.RATED)
        assert result.stored == {MOVIES[row % 6]: row for row in range(1, 7)}

    def test_a_show_is_rated_as_a_show(self) -> None:
        result = self.deliver([build_job(1, kind=MediaKind.SHOW, imdb_id=SHOW, rating=10)])
        assert result.stored == {SHOW: 10}

    def test_a_title_in_any_script_is_no_trouble(self) -> None:
        job = build_job(1, imdb_id=MOVIES[0], title="Побег из Шоушенка 🎬 \"'\\", year=1994)
        result = self.deliver([job])
        assert result.statuses == {1: Status.RATED}

    def test_sending_a_rating_again_changes_nothing(self) -> None:
        jobs = [build_job(row, imdb_id=MOVIES[0], rating=9) for row in (1, 2)]
        assert self.deliver(jobs, workers=1).stored == {MOVIES[0]: 9}

    def test_the_last_of_two_ratings_counts(self) -> None:
        jobs = [build_job(row, imdb_id=MOVIES[0], rating=row) for row in (4, 7)]
        assert self.deliver(jobs, workers=1).stored == {MOVIES[0]: 7}

    def test_an_unknown_title_is_not_found_and_its_neighbours_are_rated(self) -> None:
        jobs = [build_job(1), build_job(2, imdb_id=UNKNOWN), build_job(3)]
        jobs = [jobs[0]._replace(imdb_id=MOVIES[0]), jobs[1], jobs[2]._replace(imdb_id=MOVIES[1])]
        result = self.deliver(jobs)
        assert result.statuses == {1: Status.RATED, 2: Status.NOT_FOUND, 3: Status.RATED}
        assert set(result.stored) == {MOVIES[0], MOVIES[1]}

    def test_unrating_removes_a_rating(self) -> None:
        jobs = [build_job(1, imdb_id=MOVIES[0], rating=9), build_job(2, imdb_id=MOVIES[0], rating=0)]
        result = self.deliver(jobs, workers=1)
        assert result.statuses == {1: Status.RATED, 2: Status.UNRATED}
        assert result.stored == {}

    @pytest.mark.parametrize(
        "fault",
        [
            "429:retry-after=2",
            "429x2",
            "overcapacity",
            "500",
            "502x3",
            "html502",
            "html200",
            "empty200",
            "truncate",
            "reset",
            "reset-after",
            "partial",
            "hang=90s",
            "hang-after=90s",
        ],
    )
    def test_after_a_passing_fault_everything_is_stored(self, fault: str) -> None:
        jobs = [build_job(row, imdb_id=MOVIES[row], rating=row + 1) for row in range(6)]
        result = self.deliver(jobs, fault)
        assert result.statuses == dict.fromkeys(range(6), Status.RATED)
        assert result.stored == {MOVIES[row]: row + 1 for row in range(6)}
        assert result.stopped_by is None

    @pytest.mark.parametrize("fault", ["401@1-", "502@1-", "html200@1-", "301@1-", "overcapacity@1-"])
    def test_a_lasting_fault_stops_the_run_and_no_row_is_called_a_success(self, fault: str) -> None:
        jobs = [build_job(row, imdb_id=MOVIES[row]) for row in range(6)]
        result = self.deliver(jobs, fault)
        assert isinstance(result.stopped_by, StopRunError)
        assert not any(status.is_success for status in result.statuses.values())

    def test_a_stop_lets_the_request_in_flight_finish(self) -> None:
        jobs = [build_job(row, imdb_id=MOVIES[row]) for row in range(6)]
        result = self.deliver(jobs, "hang-after=5s", workers=1, stop_after_seconds=2)
        assert len(result.stored) == len(result.row_outcomes) + len(result.unconfirmed_rows)


async def _batches(destination: Destination, jobs: Sequence[RatingJob]) -> AsyncIterator[Sequence[Batch]]:
    batcher = Batcher(BatchSize(destination.batch_size))
    yield [*batcher.add((destination.request_kind(job), job) for job in jobs)]
    yield [*batcher.flush()]
