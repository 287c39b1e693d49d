"""One errand at a time: attempt a request, and persist while the verdict says so.

Knows pace, patience and network; does not know what a batch is.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from importer.client.rate_limit import Limiter
from importer.client.retry import Backoff
from importer.client.transport import Transport
from importer.destinations.decisions import Answer, Decision, RefreshToken, Retry, Split, Stop
from importer.errors import AuthorizationError, ConnectionLostError
from importer.http import Request


@dataclass(slots=True)
class Trace:
    """How an errand went so far: what an outcome reports beside its fate."""

    attempts: int = 0
    http_status: int | None = None
    sent_at: float | None = None
    """When the last attempt started, seconds since the epoch."""
    duration_seconds: float = 0.0
    unsure: bool = False
    """Whether a request went out whose effect is not known (yet)."""


class Tokens(Protocol):
    """Where the token of the signed-in account comes from."""

    async def access_token(self) -> str:
        """Give a token that is good for the next request."""
        ...

    async def renew(self, stale: str) -> None:
        """Get a newer token than this one, which was not accepted."""
        ...


class Courier:
    """Carries requests over one transport, under one limiter, for one account."""

    def __init__(
        self,
        transport: Transport,
        limiter: Limiter,
        backoff: Backoff,
        credentials: Tokens | None = None,
    ) -> None:
        self._transport = transport
        self._credentials = credentials
        self._limiter = limiter
        self._backoff = backoff
        self._in_flight: set[asyncio.Task[object] | None] = set()

    def is_in_flight(self, task: asyncio.Task[None]) -> bool:
        """Whether the task has a request under way right now, rather than waiting to send one."""
        return task in self._in_flight

    async def carry(self, request: Request, read: Callable[[Answer], Decision]) -> Decision:
        """Send, and send again for as long as the verdict is a Retry."""
        trace = Trace()
        decision = await self.attempt(request, read, trace)
        return await self.persist(decision, lambda _: self.attempt(request, read, trace))

    async def persist(self, decision: Decision, again: Callable[[Retry], Awaitable[Decision]]) -> Decision:
        """Go on from a first verdict: unless it is a Retry, that was it."""
        if isinstance(decision, Retry):
            return await self._backoff.persist(decision, again)
        return decision

    async def attempt(self, request: Request, read: Callable[[Answer], Decision], trace: Trace) -> Decision:
        """Send once, when the pace allows it, and note in `trace` how it went.

        A token that is not accepted is renewed, and the request sent once more, within the same attempt.
        """
        if not request.needs_token or self._credentials is None:
            answered = await self._limiter.acquire(request.method)
            return await self._send(request, read, trace, answered)
        token, answered = await self._take_turn(request, self._credentials)
        decision = await self._send(_authorize(request, token), read, trace, answered)
        if isinstance(decision, RefreshToken):
            await self._credentials.renew(token)
            token, answered = await self._take_turn(request, self._credentials)
            decision = await self._send(_authorize(request, token), read, trace, answered)
        if isinstance(decision, RefreshToken):
            # A new token that is refused is an account fault on the server's side (issue #155 of trakt-api).
            return Stop(AuthorizationError("the sign-in is not accepted although it is new; sign in again"))
        return decision

    async def _take_turn(self, request: Request, credentials: Tokens) -> tuple[str, Callable[[], None]]:
        # Once before, or all who wait for a renewal would then start at once; and once after, for the turn
        # may come long after the token was good.
        await credentials.access_token()
        answered = await self._limiter.acquire(request.method)
        return await credentials.access_token(), answered

    async def _send(
        self, request: Request, read: Callable[[Answer], Decision], trace: Trace, answered: Callable[[], None]
    ) -> Decision:
        task = asyncio.current_task()
        self._in_flight.add(task)
        trace.attempts += 1
        trace.sent_at = time.time()
        unsure_before, trace.unsure = trace.unsure, True  # cancelled from here on, the effect is unknown
        begun = time.perf_counter()
        answer: Answer
        try:
            answer = await self._transport.send(request)
            trace.http_status = answer.status
            self._limiter.learn(request.method, answer.headers)
        except ConnectionLostError as loss:
            answer = loss
            trace.http_status = None
        finally:
            self._in_flight.discard(task)
            answered()
        trace.duration_seconds = time.perf_counter() - begun
        decision = read(answer)
        if isinstance(decision, Retry) and not decision.is_attempt:
            trace.attempts -= 1
            self._limiter.slow_down(request.method)
        trace.unsure = unsure_before and isinstance(decision, RefreshToken)
        if isinstance(decision, Retry | Split | Stop):
            trace.unsure = decision.unsure or unsure_before
        return decision


def _authorize(request: Request, token: str) -> Request:
    return request._replace(headers={**request.headers, "Authorization": f"Bearer {token}"})
