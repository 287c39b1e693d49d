"""Starts and stops the sandbox: options in, a listening server out, for a test or for the command line."""

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from importer.sandbox.catalogue import Catalogue
from importer.sandbox.faults import parse_faults
from importer.sandbox.page import add_page
from importer.sandbox.pipeline import Pipeline, build_app
from importer.sandbox.services import SERVICES, SandboxOptions, Service
from importer.sandbox.shared import Shared
from importer.sandbox.store import Store

# Requests that still run when the server stops (a hang, say) get this long; then they are dropped.
_GRACE_SECONDS = 0.1
_KEEP_ALIVE_SECONDS = 3600.0


def _quotes_no_request(record: logging.LogRecord) -> bool:
    """Keep malformed requests out of the log: aiohttp quotes them, with their keys."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


_logger = logging.getLogger(__name__)
_logger.addFilter(_quotes_no_request)


class Sandbox:
    """A running sandbox, as an async context manager. `url` and `store` exist while it runs.

    `clock` tells the services the time in Unix seconds, so that a test need not wait for a token to expire.
    """

    url: str
    store: Store

    def __init__(
        self,
        options: SandboxOptions | None = None,
        *,
        clock: Callable[[], float] = time.time,
        services: Iterable[Service] = SERVICES,
    ) -> None:
        self._services = services
        self.options = options or SandboxOptions()
        self._clock = clock

    async def __aenter__(self) -> Self:
        options = self.options
        keep_alive = options.keep_alive_seconds
        self.store = Store(options.data)
        self._runner = web.AppRunner(
            self._build_app(),
            # aiohttp's access log would show the URL, and with it the key; the store has its own log.
            access_log=None,
            logger=_logger,
            # A client that leaves cancels its request: see the hang in `misbehave.py`.
            handler_cancellation=True,
            shutdown_timeout=_GRACE_SECONDS,
            keepalive_timeout=_KEEP_ALIVE_SECONDS if keep_alive is None else keep_alive,
        )
        try:
            await self._runner.setup()
            await web.TCPSite(self._runner, options.host, options.port).start()
        except BaseException:
            await self._stop()
            raise
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stop()

    async def _stop(self) -> None:
        try:
            await self._runner.cleanup()
        finally:
            self.store.close()

    def _build_app(self) -> web.Application:
        options = self.options
        pipeline = Pipeline(self.store, parse_faults(options.faults), options.latency_ms / 1000)
        catalogue = Catalogue(options.catalogue, any_title=options.any_title, merged=options.merged)
        shared = Shared(self.store, catalogue, self._clock)
        app = build_app(pipeline, (route for build in self._services for route in build(options, shared)))
        add_page(app, self.store, options.account_limit)
        return app


async def serve(
    options: SandboxOptions, *, ready: Callable[[str], None], until: asyncio.Event | None = None
) -> None:
    """Run the sandbox until SIGTERM, SIGINT or `until`. `ready` gets the URL when it listens."""
    stop = until or asyncio.Event()
    loop = asyncio.get_running_loop()
    watched: list[signal.Signals] = []
    # Loops on Windows and in other threads than the main one cannot watch signals; `until` works everywhere.
    with suppress(NotImplementedError, RuntimeError, ValueError):
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
            watched.append(number)
    try:
        async with Sandbox(options) as sandbox:
            ready(sandbox.url)
            await stop.wait()
    finally:
        for number in watched:
            loop.remove_signal_handler(number)
