"""The page's server: its addresses, and how it starts and ends."""

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from aiohttp import web

from importer.errors import ImporterError
from importer.files import make_private_folder
from importer.web import file_pages, sign_in_page
from importer.web.access import ACCESS, Access
from importer.web.drafts import FOLDER, remove_old
from importer.web.guard import guard
from importer.web.render import serve_static

_FORM_BYTES = 2 << 20
_SOON_SECONDS = 2


def build_app(access: Access, folder: Path) -> web.Application:
    """Build the page; `folder` is where imports are kept."""
    app = web.Application(
        middlewares=[guard], client_max_size=_FORM_BYTES, logger=logging.getLogger("importer.web")
    )
    app[ACCESS], app[FOLDER] = access, folder
    app.add_routes(
        [
            web.get("/static/{name}", serve_static),
            web.get("/password", sign_in_page.show_password),
            web.post("/password", sign_in_page.take_password),
            web.post("/leave", sign_in_page.leave),
            web.get("/", file_pages.show_home),
            web.post("/imports", file_pages.take_file),
            web.get("/imports/{draft}", file_pages.show_file),
            web.post("/imports/{draft}/reading", file_pages.change_reading),
            web.post("/imports/{draft}/remove", file_pages.remove_draft),
        ]
    )
    return app


async def serve(
    access: Access,
    host: str,
    folder: Path,
    ready: Callable[[int], None],
    until: asyncio.Event | None = None,
) -> None:
    """Serve until Ctrl-C; `ready` is called with the port. Raises ImporterError if the port is taken."""
    make_private_folder(folder)
    remove_old(folder)
    runner = web.AppRunner(build_app(access, folder), access_log=None, shutdown_timeout=_SOON_SECONDS)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, access.port)
        try:
            await site.start()
        except OSError as error:
            raise ImporterError(
                f"The page cannot listen at {host}, port {access.port}: {error.strerror or error}"
            ) from error
        access.port = runner.addresses[0][1]
        ready(access.port)
        await (until or _until_signal()).wait()
    finally:
        await runner.cleanup()


def _until_signal() -> asyncio.Event:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    with suppress(NotImplementedError):
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ended.set)
    return ended
