"""The client and the signed-in account: a token with each request, one renewal, and no loop."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from importer.client.client import Client, Trace
from importer.client.pool import WorkerPool
from importer.client.rate import Rate
from importer.client.rate_limit import Limiter
from importer.client.retry import RetryBudget
from importer.client.transport import Transport
from importer.destinations.decisions import (
    RATED,
    BatchDecision,
    Done,
    Effect,
    RefreshToken,
    Retry,
    RetryPolicy,
    Stop,
)
from importer.errors import AuthorizationError, ConnectionLostError, ImporterError, Loss, StopRunError
from importer.http import Request, Response
from importer.model import Batch, MediaKind, RowsOutcome, Status
from importer.progress import Progress
from tests.builders import build_job
from tests.client.fakes import FakeApi
from tests.virtual_time import run_in_virtual_time

DONE = Done((RATED,))
RATE_LIMIT = RetryPolicy(attempts=1, first_wait_seconds=30, pauses_all_workers=True, counts=False)
TROUBLE = RetryPolicy(attempts=3, first_wait_seconds=1)
REQUEST = Request("POST", "http://127.0.0.1:1", "POST sync/ratings", b"{}", {"x": "y"}, needs_token=True)


class FakeTokens:
    """Hands out `token-1` until it is renewed, then `token-2` and so on; notes who asked when."""

    def __init__(self, renewal: ImporterError | None = None, ended: ImporterError | None = None) -> None:
        self._renewal = renewal
        self._ended = ended
        self.number = 1
        self.asked = 0
        self.stale: list[str] = []

    async def access_token(self) -> str:
        self.asked += 1
        if self._ended is not None:
            raise self._ended
        return f"token-{self.number}"

    async def renew(self, stale: str) -> None:
        self.stale.append(stale)
        if self._renewal is not None:
            raise self._renewal
        if stale == f"token-{self.number}":
            self.number += 1


class TokenServer(Transport):
    """Answers with these codes in turn, then with 200 for ever; a lost line is a 0."""

    def __init__(self, *codes: int, accepts: Sequence[str] = ()) -> None:
        super().__init__(1)
        self._codes = list(codes)
        self._accepts = accepts
        self.requests: list[Request] = []
        self.times: list[float] = []

    @property
    def bearers(self) -> list[str | None]:
        return [request.headers.get("Authorization") for request in self.requests]

    async def send(self, request: Request) -> Response:
        self.requests.append(request)
        self.times.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0.1)
        if self._accepts:
            word = request.headers["Authorization"].removeprefix("Bearer ")
            return Response(200 if word in self._accepts else 401, {}, b"")
        code = self._codes.pop(0) if self._codes else 200
        if code == 0:
            raise ConnectionLostError(Loss.TIMEOUT)
        return Response(code, {}, b"")


def read(answer: Response | ConnectionLostError) -> BatchDecision:
    """200 is done, 401 wants a newer token, 429 is no attempt, all else is tried twice more."""
    code = 0 if isinstance(answer, ConnectionLostError) else answer.status
    if code == 200:
        return DONE
    if code == 401:
        return RefreshToken()
    if code == 429:
        return Retry("429", RATE_LIMIT)
    return Retry(str(code), TROUBLE, Effect.NONE if code else Effect.UNKNOWN)


def send(
    server: TokenServer, tokens: FakeTokens | None, request: Request = REQUEST, rate: Rate | None = None
) -> BatchDecision:
    async def main() -> BatchDecision:
        limiter = Limiter(rate, Progress())
        client = Client(server, limiter, tokens, RetryBudget(jitter=0.0))
        return await client.decide(request, read)

    return run_in_virtual_time(main())


def test_the_token_is_added_to_the_headers_of_the_request() -> None:
    server = TokenServer()
    assert send(server, FakeTokens()) is DONE
    (sent,) = server.requests
    assert sent.headers == {"x": "y", "Authorization": "Bearer token-1"}
    assert (sent.method, sent.url, sent.body, sent.label) == REQUEST_PARTS
    assert "token-1" not in repr(sent)
    assert "Authorization" not in REQUEST.headers


REQUEST_PARTS = (REQUEST.method, REQUEST.url, REQUEST.body, REQUEST.label)


@pytest.mark.parametrize("tokens", [None, FakeTokens()])
def test_a_request_that_needs_no_token_gets_none(tokens: FakeTokens | None) -> None:
    server = TokenServer()
    send(server, tokens, Request("POST", "http://127.0.0.1:1", "POST rate/movies"))
    assert server.bearers == [None]
    assert tokens is None or not tokens.asked


def test_the_token_is_asked_for_before_each_attempt() -> None:
    tokens, server = FakeTokens(), TokenServer(500, 500)
    assert send(server, tokens) is DONE
    # Twice each: before the turn, for a renewal must not use turns up, and after it, for it may come late.
    assert (len(server.requests), tokens.asked, tokens.stale) == (3, 6, [])


def test_401_renews_once_and_sends_again_at_once() -> None:
    tokens, server = FakeTokens(), TokenServer(401)
    assert send(server, tokens) is DONE
    assert server.bearers == ["Bearer token-1", "Bearer token-2"]
    assert tokens.stale == ["token-1"]
    assert server.times[1] - server.times[0] < 0.2


def test_what_is_sent_after_a_renewal_waits_for_its_turn_like_all_else() -> None:
    server = TokenServer(401)
    send(server, FakeTokens(), rate=Rate(1, 1))
    assert server.times[1] - server.times[0] >= 1


def test_401_for_a_new_token_stops_the_run_without_a_third_request() -> None:
    tokens, server = FakeTokens(), TokenServer(401, 401)
    decision = send(server, tokens)
    assert isinstance(decision, Stop)
    assert isinstance(decision.error, AuthorizationError)
    assert "token-" not in str(decision.error)
    assert len(server.requests) == 2
    assert tokens.stale == ["token-1"]


def test_a_token_may_end_again_in_a_later_attempt() -> None:
    tokens, server = FakeTokens(), TokenServer(401, 500, 401, 200)
    assert send(server, tokens) is DONE
    assert tokens.stale == ["token-1", "token-2"]
    assert server.bearers[-1] == "Bearer token-3"


def test_after_a_renewal_a_retry_is_a_retry_with_the_new_token() -> None:
    server = TokenServer(401, 500)
    assert send(server, FakeTokens()) is DONE
    assert server.bearers == ["Bearer token-1", "Bearer token-2", "Bearer token-2"]


@pytest.mark.parametrize(
    "tokens",
    [
        pytest.param(FakeTokens(renewal=AuthorizationError("signed out")), id="renewal refused"),
        pytest.param(FakeTokens(ended=AuthorizationError("signed out")), id="not signed in"),
    ],
)
def test_a_sign_in_that_has_ended_is_raised(tokens: FakeTokens) -> None:
    server = TokenServer(401, 401, 401)
    with pytest.raises(AuthorizationError, match="signed out"):
        send(server, tokens)
    assert len(server.requests) <= 1


def test_429_uses_up_no_tries_whenever_it_comes() -> None:
    trace = Trace()
    server = TokenServer(429, 500, 429, 429, 500, 429, 200)

    async def main() -> BatchDecision:
        limiter = Limiter(Rate(1, 1), Progress())
        client = Client(server, limiter, FakeTokens(), RetryBudget(jitter=0.0))
        decision = await client.attempt(REQUEST, read, trace)
        assert isinstance(decision, Retry)
        return await client.retry(decision, lambda _: client.attempt(REQUEST, read, trace))

    assert run_in_virtual_time(main()) is DONE
    assert (trace.attempts, trace.http_status) == (3, 200)


def test_429_for_ever_ends_with_the_total_time() -> None:
    server = TokenServer(*[429] * 100)
    assert isinstance(send(server, FakeTokens()), Stop)
    assert server.times[-1] - server.times[0] <= RetryBudget().total_seconds
    assert len(server.requests) > 20


def test_429_slows_down_all_that_follows() -> None:
    server = TokenServer(429)

    async def main() -> None:
        limiter = Limiter(Rate(1, 1), Progress())
        client = Client(server, limiter, FakeTokens(), RetryBudget(jitter=0.0))
        for _ in range(4):
            assert await client.decide(REQUEST, read) is DONE

    run_in_virtual_time(main())
    _, retried, *following = server.times
    assert retried - server.times[0] >= 30
    assert following[0] - retried >= 1.1
    assert following[1] - following[0] >= 1.1


# In the pool


class TokenApi(FakeApi):
    """The fake API, whose requests need a token."""

    def build_request(self, batch: Batch) -> Request:
        return REQUEST

    def interpret_response(self, batch: Batch, answer: Response | ConnectionLostError) -> BatchDecision:
        decision = read(answer)
        return Done([RATED] * len(batch.jobs)) if decision is DONE else decision


def deliver(
    server: TokenServer, tokens: FakeTokens, rows: int, workers: int = 3
) -> tuple[WorkerPool, dict[int, Status]]:
    row_outcomes: dict[int, RowsOutcome] = {}

    async def batches() -> AsyncIterator[Sequence[Batch]]:
        for row in range(1, rows + 1):
            yield [Batch("rate", [build_job(row, kind=MediaKind.MOVIE)])]

    async def main() -> WorkerPool:
        limiter = Limiter(None, Progress())
        client = Client(server, limiter, tokens)

        def take(settled: Sequence[RowsOutcome]) -> None:
            row_outcomes.update({row: each for each in settled for row in each.rows})

        pool = WorkerPool(TokenApi(repeats_safely=True), client, take, workers=workers)
        await pool.run(batches())
        return pool

    pool = run_in_virtual_time(main())
    return pool, {row: row_outcome.outcome.status for row, row_outcome in sorted(row_outcomes.items())}


def test_a_token_that_ends_in_the_middle_costs_no_row() -> None:
    tokens, server = FakeTokens(), TokenServer(accepts=["token-2"])
    pool, statuses = deliver(server, tokens, 12)
    assert statuses == dict.fromkeys(range(1, 13), Status.RATED)
    assert pool.stopped_by is None
    assert set(tokens.stale) == {"token-1"}
    assert server.bearers[-1] == "Bearer token-2"


@pytest.mark.parametrize(
    "tokens",
    [
        pytest.param(FakeTokens(renewal=AuthorizationError("signed out")), id="renewal refused"),
        pytest.param(FakeTokens(renewal=StopRunError("no answer")), id="renewal not possible"),
        pytest.param(FakeTokens(ended=AuthorizationError("signed out")), id="not signed in"),
    ],
)
def test_a_sign_in_that_ends_stops_the_pool_and_its_rows_were_not_stored(tokens: FakeTokens) -> None:
    server = TokenServer(accepts=["another"])
    pool, statuses = deliver(server, tokens, 20)
    assert isinstance(pool.stopped_by, StopRunError)
    assert statuses == {}
    assert not pool.unconfirmed_rows
    assert len(server.requests) <= 3


def test_a_new_token_that_is_refused_stops_the_pool() -> None:
    server = TokenServer(accepts=["another"])
    pool, statuses = deliver(server, FakeTokens(), 20, workers=1)
    assert isinstance(pool.stopped_by, AuthorizationError)
    assert (statuses, pool.unconfirmed_rows, len(server.requests)) == ({}, set(), 2)
