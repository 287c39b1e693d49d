"""Jobs through the pool to a server of pure rules, in virtual time."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

from importer.client.batching import Batcher, BatchSize
from importer.client.client import Client
from importer.client.pool import WorkerPool
from importer.client.rate_limit import Limiter
from importer.destinations.base import Destination
from importer.errors import StopRunError
from importer.http import Request, Response
from importer.model import Batch, RatingJob, RowsOutcome
from importer.progress import Progress
from importer.sandbox.exchange import Call, Route, Twist
from tests.virtual_time import run_in_virtual_time


def deliver_jobs(
    client: Client,
    destination: Destination,
    jobs: Iterable[RatingJob],
    *,
    workers: int = 1,
    stop_seconds: float | None = None,
) -> tuple[WorkerPool, dict[int, RowsOutcome]]:
    """Send the jobs and return the outcomes by row, of which each has at most one."""
    row_outcomes: dict[int, RowsOutcome] = {}

    def take(settled: Sequence[RowsOutcome]) -> None:
        for each in settled:
            assert not row_outcomes.keys() & set(each.rows), "a second outcome for one row"
            row_outcomes.update(dict.fromkeys(each.rows, each))

    async def batches() -> AsyncIterator[Sequence[Batch]]:
        batcher = Batcher(BatchSize(destination.batch_size))
        yield [*batcher.add((destination.request_kind(job), job) for job in jobs)]
        yield [*batcher.flush()]

    async def main() -> WorkerPool:
        pool = WorkerPool(destination, client, take, workers=workers)
        if stop_seconds is not None:
            asyncio.get_running_loop().call_later(stop_seconds, pool.stop, StopRunError("told to"))
        await pool.run(batches())
        return pool

    return run_in_virtual_time(main()), row_outcomes


def without_limit() -> Limiter:
    """A limiter that never waits by itself."""
    return Limiter(None, Progress())


def call_route(
    routes: Iterable[Route],
    request: Request,
    headers: Mapping[str, str] | None = None,
    twist: Twist | None = None,
) -> Response:
    """Let a look-alike's own method answer, without a socket; `headers` go below those of the request."""
    parts = urlsplit(request.url)
    for route in routes:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path)
        found = re.fullmatch(pattern, parts.path)
        if route.method == request.method and found:
            sent = {**(headers or {}), **request.headers}
            query = dict(parse_qsl(parts.query))
            answer = route.answer(Call(found.groupdict(), sent, query, request.body or b"", twist))
            return Response(answer.status, answer.headers, answer.body)
    raise AssertionError(f"there is no {request.method} {parts.path}")
