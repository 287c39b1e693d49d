"""The page's server: its addresses, and how it starts and ends."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from weakref import WeakValueDictionary

from aiohttp import web

from importer.errors import UsageError
from importer.files import make_private_folder
from importer.http import explain_socket_error
from importer.interrupts import ending_signals, on_signals
from importer.web import (
    account_pages,
    chart_pages,
    file_pages,
    fleet_pages,
    job_pages,
    past_pages,
    place_pages,
    plan_pages,
    run_pages,
    sign_in_page,
    title_pages,
)
from importer.web.access import ACCESS, Access
from importer.web.account_pages import SIDES
from importer.web.drafts import FOLDER, remove_old
from importer.web.forms import NOT_HTTP
from importer.web.guard import guard
from importer.web.live import wait_for_news
from importer.web.render import serve_static
from importer.web.turns import TURNS, in_turn

_FORM_BYTES = 2 << 20
_SOON_SECONDS = 2


def build_app(access: Access, folder: Path) -> web.Application:
    """Build the page; `folder` is where imports are kept."""
    app = web.Application(
        middlewares=[guard, in_turn, wait_for_news],
        client_max_size=_FORM_BYTES,
        logger=logging.getLogger("importer.web"),
    )
    app[ACCESS], app[FOLDER], app[TURNS] = access, folder, WeakValueDictionary()
    app.add_routes(
        [
            web.get("/static/{name}", serve_static),
            web.get("/password", sign_in_page.show_password),
            web.post("/password", sign_in_page.take_password),
            web.post("/leave", sign_in_page.leave),
            web.get("/", file_pages.show_home),
            web.post("/imports", file_pages.take_file),
            web.post("/accounts", place_pages.take_account),
            web.get("/imports/{draft}", file_pages.show_file),
            web.post("/imports/{draft}/reading", file_pages.change_reading),
            web.post("/imports/{draft}/remove", file_pages.remove_draft),
            web.get("/imports/{draft}/where", place_pages.show_places),
            web.post("/imports/{draft}/where", place_pages.choose_place),
            web.get(f"/imports/{{draft}}/{SIDES}", account_pages.show_account),
            web.post(f"/imports/{{draft}}/{SIDES}", account_pages.begin_sign_in),
            web.post(f"/imports/{{draft}}/{SIDES}/stop", account_pages.stop_sign_in),
            web.post(f"/imports/{{draft}}/{SIDES}/next", account_pages.leave_account),
            web.get("/imports/{draft}/titles", title_pages.show_titles),
            web.post("/imports/{draft}/titles/look-up", title_pages.look_up),
            web.post("/imports/{draft}/titles/index", title_pages.get_index),
            web.post("/imports/{draft}/titles/choose", title_pages.choose_title),
            web.post("/imports/{draft}/titles/undo", title_pages.undo_choice),
            web.post("/imports/{draft}/titles/pictures", title_pages.switch_pictures),
            web.post("/imports/{draft}/titles/next", title_pages.go_on),
            web.get("/imports/{draft}/plan", plan_pages.show_plan),
            web.get("/imports/{draft}/plan/rows", plan_pages.show_rows),
            web.post("/imports/{draft}/plan/make", plan_pages.make_plan),
            web.post("/imports/{draft}/plan/take-out", plan_pages.take_out),
            web.get("/imports/{draft}/run", run_pages.show_run),
            web.post("/imports/{draft}/run", run_pages.start),
            web.post("/imports/{draft}/run/stop", run_pages.stop),
            web.post("/imports/{draft}/run/continue", run_pages.go_on),
            web.get("/imports/{draft}/result", run_pages.show_result),
            web.get("/imports/{draft}/files/{file}", past_pages.download_written),
            web.get("/runs", past_pages.show_runs),
            web.get("/runs/{run}", past_pages.show_result),
            web.get("/runs/{run}/rows", past_pages.show_result_rows),
            web.get("/runs/{run}/results.csv", past_pages.download),
            web.get("/runs/{run}/charts", chart_pages.show_charts),
            web.get("/runs/{run}/report.html", chart_pages.download_report),
            web.post("/runs/{run}/correct", past_pages.correct),
            web.post("/runs/{run}/retry", past_pages.retry),
            web.get("/runs/{run}/undo", past_pages.show_undo),
            web.post("/runs/{run}/undo/preview", past_pages.preview_undo),
            web.post("/runs/{run}/undo", past_pages.undo),
            web.get("/jobs", job_pages.show_jobs),
            web.post("/jobs/{job}/run", job_pages.run_job),
            web.post("/jobs/{job}/stop", job_pages.stop_job),
            web.post("/jobs/{job}/switch", job_pages.switch_job),
            web.get("/fleet", fleet_pages.show_fleet),
        ]
    )
    return app


def build_runner(access: Access, folder: Path) -> web.AppRunner:
    """Build what serves the page."""
    log = logging.getLogger("importer.web.server")
    log.addFilter(_shorten)
    return web.AppRunner(
        build_app(access, folder), access_log=None, shutdown_timeout=_SOON_SECONDS, logger=log
    )


async def serve(
    access: Access,
    host: str,
    folder: Path,
    ready: Callable[[int], None],
    until: asyncio.Event | None = None,
) -> None:
    """Serve until Ctrl-C; `ready` is called with the port. Raises UsageError if the port is taken."""
    make_private_folder(folder)
    remove_old(folder)
    runner = build_runner(access, folder)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, access.port)
        try:
            await site.start()
        except OSError as error:
            raise UsageError(
                f"The page cannot listen at {host}, port {access.port}: {explain_socket_error(error)}. "
                "Choose another with --port; --port 0 takes a free one."
            ) from error
        access.port = runner.addresses[0][1]
        ready(access.port)
        ended = until or asyncio.Event()
        with on_signals(dict.fromkeys(ending_signals(), ended.set)):
            await ended.wait()
    finally:
        await runner.cleanup()


def _shorten(record: logging.LogRecord) -> bool:
    """Keep out of the log what strangers send that is no HTTP, and tracebacks, which may quote anything."""
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        record.msg, record.args = "%s in the page's server", (type(error).__name__,)
        record.exc_info = None
    return not isinstance(error, NOT_HTTP)
