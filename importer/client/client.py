"""The client: sends every request of the importer, whether a batch, a page, a look-up or a sign-in.

```text
request(request, read)
  attempt                  wait for a turn -> token -> send -> read the answer: a decision
    RefreshToken           renew the token once, wait for a turn, send again; still refused: Stop
  retry                    while the decision is a Retry: wait as its policy says, attempt again
  Done -> its value        Stop, or a Retry whose attempts are used up -> raises StopRunError
```

The `Trace` of a batch that is sent four times:

```text
                        attempts   effect    why
before                  0          NONE
while it is in flight   1          UNKNOWN   if the worker is cancelled now, nobody knows
500                     1          UNKNOWN   the server may have acted before it failed
429                     1          UNKNOWN   not about the rows: no attempt; the 500 stays unknown
connection refused      2          UNKNOWN   this one never arrived, but the first one may have
201                     3          NONE      the answer is complete
```
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, Self, TypeVar

from importer.client.rate_limit import Limiter, Turn
from importer.client.retry import QUESTION_BUDGET, RetryBudget, RetryLoop
from importer.client.transport import HttpSender
from importer.destinations.decisions import (
    Decision,
    Done,
    Effect,
    PartlyDone,
    RefreshToken,
    Retry,
    Split,
    Stop,
)
from importer.errors import AuthorizationError, ConnectionLostError, StopRunError
from importer.http import Request, Response
from importer.progress import Progress, RequestRecord

T = TypeVar("T")


@dataclass(slots=True)
class Trace:
    """The progress of one request: the facts that a row's outcome reports beside its status."""

    attempts: int = 0
    http_status: int | None = None
    sent_at: float | None = None
    """When the last attempt started, seconds since the epoch."""
    duration_seconds: float = 0.0
    rows: int = 0
    """How many ratings it has."""
    effect: Effect = Effect.NONE
    """UNKNOWN while the server may have carried out a request that has no complete answer."""


class Tokens(Protocol):
    """The source of the signed-in account's token."""

    async def access_token(self) -> str:
        """Return a token that is valid for the next request."""
        ...

    async def renew(self, stale: str) -> None:
        """Get a newer token than this one, which was not accepted."""
        ...


class _Patience(NamedTuple):
    """How long the questions of a run wait for a lost network, and who sees that they wait."""

    network_seconds: float
    progress: Progress


_PATIENCE: ContextVar[_Patience | None] = ContextVar("patience", default=None)


@contextmanager
def waiting_for_network(network_seconds: float, progress: Progress) -> Iterator[None]:
    """Let clients for questions that this thread builds in the block wait so long, and show it in `progress`.

    0 is as long as their attempts take.
    """
    before = _PATIENCE.set(_Patience(network_seconds, progress))
    try:
        yield
    finally:
        _PATIENCE.reset(before)


class Client:
    """Sends requests over one transport, under one limiter, for one account."""

    def __init__(
        self,
        transport: HttpSender,
        limiter: Limiter,
        tokens: Tokens | None = None,
        budget: RetryBudget | None = None,
    ) -> None:
        self._transport = transport
        self._tokens = tokens
        self._limiter = limiter
        self._loop = RetryLoop(limiter, budget or RetryBudget())
        self._in_flight: set[asyncio.Task[object] | None] = set()

    @classmethod
    def for_questions(cls, transport: HttpSender, tokens: Tokens | None = None) -> Self:
        """Build a client for a sign-in or a few questions: see also `waiting_for_network`."""
        patience = _PATIENCE.get() or _Patience(0.0, Progress())
        budget = replace(QUESTION_BUDGET, network_seconds=patience.network_seconds)
        return cls(transport, Limiter(None, patience.progress), tokens, budget)

    def is_in_flight(self, task: asyncio.Task[None]) -> bool:
        """Whether the task's request is in flight, rather than waiting to be sent."""
        return task in self._in_flight

    async def request(
        self, request: Request, read: Callable[[Response | ConnectionLostError], Decision[T]]
    ) -> T:
        """Send, with retries, and return the value of the answer. Raises StopRunError if there is none."""
        return value_of(await self.decide(request, read))

    async def decide(
        self, request: Request, read: Callable[[Response | ConnectionLostError], Decision[T]]
    ) -> Decision[T]:
        """As `request`, but return the decision, a Stop included. It is never a Retry."""
        trace = Trace()
        decision = await self.attempt(request, read, trace)
        if isinstance(decision, Retry):
            decision = await self.retry(decision, lambda _: self.attempt(request, read, trace))
        return decision.stop() if isinstance(decision, Retry) else decision

    async def retry(self, first: Retry, again: Callable[[Retry], Awaitable[Decision[T]]]) -> Decision[T]:
        """Call `again` until it returns no Retry; a Retry is returned only if its attempts are used up."""
        return await self._loop.run(first, again)

    async def attempt(
        self,
        request: Request,
        read: Callable[[Response | ConnectionLostError], Decision[T]],
        trace: Trace,
        before_leaving: Callable[[], Awaitable[None]] | None = None,
    ) -> Decision[T]:
        """Send once, when the rate limit allows it, and write the result to `trace`.

        If the token is not accepted, it is renewed and the request sent once more, in the same attempt.
        `before_leaving` is awaited just before sending; if it raises, the request is not sent.
        """
        if not request.needs_token or self._tokens is None:
            turn = await self._limiter.acquire(request.method)
            return await self._send(request, read, trace, turn, before_leaving)
        token, turn = await self._take_turn(request, self._tokens)
        decision = await self._send(_authorize(request, token), read, trace, turn, before_leaving)
        if isinstance(decision, RefreshToken):
            await self._tokens.renew(token)
            token, turn = await self._take_turn(request, self._tokens)
            decision = await self._send(_authorize(request, token), read, trace, turn, None)
        if isinstance(decision, RefreshToken):
            # If a new token is refused, the account is broken on the server's side (issue #155 of trakt-api).
            return Stop(AuthorizationError(decision.if_refused_again))
        return decision

    async def _take_turn(self, request: Request, tokens: Tokens) -> tuple[str, Turn]:
        # Once before, or all that wait for a renewal would start at once afterwards; and once after, because
        # the token may have expired before the turn came.
        await tokens.access_token()
        turn = await self._limiter.acquire(request.method)
        try:
            return await tokens.access_token(), turn
        except BaseException:
            turn.answered()
            raise

    async def _send(
        self,
        request: Request,
        read: Callable[[Response | ConnectionLostError], Decision[T]],
        trace: Trace,
        turn: Turn,
        before_leaving: Callable[[], Awaitable[None]] | None,
    ) -> Decision[T]:
        if before_leaving is not None:
            try:
                await before_leaving()
            except BaseException:
                turn.answered()
                raise
            turn.leaves()
        task = asyncio.current_task()
        self._in_flight.add(task)
        trace.attempts += 1
        trace.sent_at = time.time()
        effect_before, trace.effect = trace.effect, Effect.UNKNOWN  # if cancelled from here on, nobody knows
        begun = time.perf_counter()
        answer: Response | ConnectionLostError
        try:
            answer = await self._transport.send(request)
            trace.http_status = answer.status
            self._limiter.adapt_to(request.method, answer.headers)
        except ConnectionLostError as loss:
            answer = loss
            trace.http_status = None
        except StopRunError:
            trace.effect = effect_before  # it did not leave
            raise
        finally:
            self._in_flight.discard(task)
            turn.answered()
        trace.duration_seconds = time.perf_counter() - begun
        decision = read(answer)  # if this raises, the effect stays unknown
        if (traffic := self._limiter.traffic) is not None:
            traffic.requests.append(_build_record(request, trace, decision))
        if isinstance(decision, (Done, PartlyDone)):
            trace.effect = Effect.NONE
            return decision
        trace.effect = effect_before
        if isinstance(decision, RefreshToken):
            return decision
        if decision.effect is Effect.UNKNOWN:
            trace.effect = Effect.UNKNOWN
        if isinstance(decision, Retry) and not decision.policy.counts:
            trace.attempts -= 1
            self._limiter.back_off(request.method)
        return decision


def _build_record(request: Request, trace: Trace, decision: Decision[T]) -> RequestRecord:
    reason = ""
    match decision:
        case Done():
            pass
        case Retry(reason) | Split(reason):
            pass
        case Stop(error):
            reason = str(error)
        case RefreshToken():
            reason = "the token was not accepted"
    ms = round(trace.duration_seconds * 1000)
    return RequestRecord(trace.sent_at or 0.0, ms, request.method, trace.http_status, trace.rows, reason)


def value_of(decision: Decision[T]) -> T:
    """Return the value of a decision on a question. Raises the StopRunError of a Stop."""
    if isinstance(decision, Retry):
        decision = decision.stop()
    if isinstance(decision, Stop):
        raise decision.error
    assert isinstance(decision, Done), f"no decision on a question: {decision}"
    return decision.value


def _authorize(request: Request, token: str) -> Request:
    return request._replace(headers={**request.headers, "Authorization": f"Bearer {token}"})
