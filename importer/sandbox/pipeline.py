"""The way of a request through the server, whichever service answers it.

arrival -> rate limit -> fault -> latency -> the service's work -> answer or misbehaviour -> request log
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from functools import partial
from weakref import WeakSet

from aiohttp import web

from importer.sandbox.exchange import Answer, Call, Pace, Route
from importer.sandbox.faults import Faults
from importer.sandbox.misbehave import misbehave, respond
from importer.sandbox.store import NO_ANSWER, LoggedRequest, Store

UNKNOWN_PATH = "(unknown)"
"""In the log for a path that is no route: it is the client's text and may hold a key."""

_FREE = Pace()


class Pipeline:
    """Serves the routes of all services."""

    def __init__(self, store: Store, faults: Faults, latency_seconds: float) -> None:
        self._store = store
        self._faults = faults
        self._latency_seconds = latency_seconds
        self._used: WeakSet[object] = WeakSet()  # connections that have served a request

    async def serve(self, route: Route, request: web.Request) -> web.StreamResponse:
        """Answer one request of a known route and log it, also if it fails."""
        is_reused = request.transport in self._used
        self._used.add(request.transport)
        arrived = time.monotonic()
        status, rows = NO_ANSWER, 0
        try:
            response, status, rows = await self._answer(route, request, arrived, is_reused=is_reused)
        except web.HTTPException as refusal:
            status = refusal.status
            raise
        finally:
            self._log(arrived, request.method, route.label, status, rows)
        return response

    async def _answer(
        self, route: Route, request: web.Request, arrived: float, *, is_reused: bool
    ) -> tuple[web.StreamResponse, int, int]:
        """The response, the status for the log (0: none was sent), and the number of rows."""
        call = Call(request.match_info, request.headers, request.query)
        pace = route.limit(call, arrived) if route.limit else _FREE
        if pace.refusal is not None:
            return respond(pace.refusal), pace.refusal.status, 0
        fault = self._faults.next_fault(route.target) if route.target else None
        call = replace(call, body=await request.read(), twist=fault.twist if fault else None)
        if self._latency_seconds:
            await asyncio.sleep(self._latency_seconds)
        if fault is not None and fault.twist is None:
            work = partial(_work, route, call, pace)
            return await misbehave(fault, request, work, is_reused=is_reused)
        answer = _work(route, call, pace)
        if answer.delay_seconds:
            await asyncio.sleep(answer.delay_seconds)
        return respond(answer), answer.status, answer.rows

    @web.middleware
    async def log_strays(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Log a request without a route: an unknown path (404) or a wrong method (405)."""
        refusal = request.match_info.http_exception
        if refusal is not None:
            self._log(time.monotonic(), request.method, UNKNOWN_PATH, refusal.status, 0)
        return await handler(request)

    def _log(self, arrived: float, method: str, label: str, status: int, rows: int) -> None:
        self._store.log_request(LoggedRequest(time.time(), arrived, method, label, status, rows))


def build_app(pipeline: Pipeline, routes: Iterable[Route]) -> web.Application:
    """The aiohttp application that sends every route through the pipeline."""
    app = web.Application(middlewares=[pipeline.log_strays])
    for route in routes:
        app.router.add_route(route.method, route.path, partial(pipeline.serve, route))
    return app


def _work(route: Route, call: Call, pace: Pace) -> Answer:
    """The service's answer, with the headers of the rate limit: a fault never has these."""
    answer = route.answer(call)
    return replace(answer, headers={**answer.headers, **pace.headers}) if pace.headers else answer
