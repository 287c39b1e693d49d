"""The road of a request through the server: arrival, limit, faults, latency, the API's work, the log.

Knows no API: it serves the routes it is given. Their limits and answers come from `v1.py` and `v2.py`, the
faults' effects from `misbehave.py`; listening on a port is `server.py`'s part.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from functools import partial

from aiohttp import web

from importer.sandbox.exchange import Answer, Call, Pace, Route
from importer.sandbox.faults import Faults
from importer.sandbox.misbehave import misbehave, respond
from importer.sandbox.store import NO_ANSWER, LoggedRequest, Store

UNKNOWN_PATH = "(unknown)"
"""Stands in the log for a path that is no route: it is the client's text and may hold anything."""

_FREE = Pace()


class Front:
    """What every request passes on its way to an API and back."""

    def __init__(self, store: Store, faults: Faults, latency_seconds: float) -> None:
        self._store = store
        self._faults = faults
        self._latency_seconds = latency_seconds

    async def serve(self, route: Route, request: web.Request) -> web.StreamResponse:
        """Serve one request of a known route and log it, whatever happens to it."""
        arrived = time.monotonic()
        status, rows = NO_ANSWER, 0
        try:
            response, status, rows = await self._answer(route, request, arrived)
        except web.HTTPException as refusal:
            status = refusal.status
            raise
        finally:
            self._log(arrived, request.method, route.label, status, rows)
        return response

    async def _answer(
        self, route: Route, request: web.Request, arrived: float
    ) -> tuple[web.StreamResponse, int, int]:
        """The response, the status to log (0: none was given), and the number of rows."""
        call = Call(request.match_info, request.headers, request.query)
        pace = route.limit(call, arrived) if route.limit else _FREE
        if pace.refusal is not None:
            return respond(pace.refusal), pace.refusal.status, 0
        fault = self._faults.next_fault(route.target) if route.target else None
        call = replace(call, body=await request.read(), twist=fault.twist if fault else None)
        if self._latency_seconds:
            await asyncio.sleep(self._latency_seconds)
        if fault is not None and fault.twist is None:
            return await misbehave(fault, request, partial(_work, route, call, pace))
        answer = _work(route, call, pace)
        if answer.delay_seconds:
            await asyncio.sleep(answer.delay_seconds)
        return respond(answer), answer.status, answer.rows

    @web.middleware
    async def log_strays(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Log what no route took: an unknown path (404) or a method that the path does not have (405)."""
        refusal = request.match_info.http_exception
        if refusal is not None:
            self._log(time.monotonic(), request.method, UNKNOWN_PATH, refusal.status, 0)
        return await handler(request)

    def _log(self, arrived: float, method: str, label: str, status: int, rows: int) -> None:
        self._store.log_request(LoggedRequest(time.time(), arrived, method, label, status, rows))


def build_app(front: Front, routes: Iterable[Route]) -> web.Application:
    """The aiohttp application that leads every route through the front."""
    app = web.Application(middlewares=[front.log_strays])
    for route in routes:
        app.router.add_route(route.method, route.path, partial(front.serve, route))
    return app


def _work(route: Route, call: Call, pace: Pace) -> Answer:
    """Let the API do its work; what the limit has to say travels with the true answer, never with a fault."""
    answer = route.answer(call)
    return replace(answer, headers={**answer.headers, **pace.headers}) if pace.headers else answer
