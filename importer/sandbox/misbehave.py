"""Carries out a fault on a real connection. `faults.py` decides which request gets it."""

import asyncio
import json
import socket
import struct
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

from aiohttp import web

from importer.sandbox.exchange import Answer
from importer.sandbox.faults import Effect, Fault

_HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


def respond(answer: Answer) -> web.Response:
    """The HTTP response of an answer."""
    return web.Response(
        status=answer.status, body=answer.body, headers=answer.headers, content_type=answer.content_type
    )


async def misbehave(
    fault: Fault, request: web.Request, do_work: Callable[[], Answer], *, is_reused: bool
) -> tuple[web.StreamResponse, int, int]:
    """Let the request go wrong. Returns the response, the status for the log (0: none sent), and the rows.

    `is_reused`: the connection has served a request before.
    """
    spares = fault.effect is Effect.RESET_REUSED and not is_reused
    done = do_work() if fault.after or spares else None
    rows = done.rows if done else 0
    if spares and done:
        return respond(done), done.status, rows
    if fault.effect is Effect.HANG:
        # The server cancels this when the client leaves, so nothing is stored after that.
        await asyncio.sleep(fault.hang_seconds)
        done = done or do_work()
        return respond(done), done.status, done.rows
    if fault.effect in {Effect.RESET, Effect.RESET_REUSED}:
        return _reset(request), 0, rows
    if fault.effect is Effect.PARTIAL and done:
        return await _send_and_close(request, done, len(done.body) // 2), 0, rows
    if fault.effect is Effect.CLOSE and done:
        return await _send_and_close(request, done, len(done.body)), done.status, rows
    answer = _change_true_answer(fault, done) if done else None
    answer = answer or _spoilt_answer(fault)
    return respond(answer), answer.status, rows


def _change_true_answer(fault: Fault, done: Answer) -> Answer | None:
    """The true answer in a form that breaks clients; None if the fault replaces it."""
    if fault.effect is Effect.TRUNCATE:
        return Answer(done.status, done.body[: len(done.body) // 2])
    if fault.effect is Effect.LARGE_HEADERS:
        tags, hosts = "movie-1234567,", " https://images.example.org"
        headers = {
            "Cache-Tag": (tags * (fault.header_bytes // len(tags) + 1))[: fault.header_bytes],
            "Content-Security-Policy": "img-src" + hosts * (fault.header_bytes // len(hosts)),
        }
        return replace(done, headers={**done.headers, **headers})
    if fault.effect is Effect.UNKNOWN_ENCODING:
        encoded = {**done.headers, "Content-Encoding": "sandbox"}
        return replace(done, body=done.body[::-1], headers=encoded)
    if fault.effect is Effect.BROKEN_GZIP:
        return replace(done, headers={**done.headers, "Content-Encoding": "gzip"})
    return None


def _spoilt_answer(fault: Fault) -> Answer:
    """An answer that does not come from the service."""
    try:
        reason = f"{fault.status} {HTTPStatus(fault.status).phrase}"
    except ValueError:
        reason = str(fault.status)
    headers = {}
    if fault.retry_after_seconds is not None:
        headers["Retry-After"] = str(fault.retry_after_seconds)
    if fault.status == 426:
        headers["X-Upgrade-URL"] = "https://trakt.tv/vip"
    if 300 <= fault.status < 400:
        headers["Location"] = "/moved"
    if fault.effect is Effect.OVERCAPACITY:
        body = {"status": "failure", "error": "server is over capacity"}
        return Answer(fault.status, json.dumps(body).encode())
    if fault.effect is Effect.HTML:
        return Answer(fault.status, _HTML.format(reason).encode(), headers=headers, content_type="text/html")
    if fault.effect is Effect.EMPTY:
        return Answer(fault.status, b"", headers=headers)
    return Answer(fault.status, reason.encode(), headers=headers, content_type="text/plain")


def _reset(request: web.Request) -> web.Response:
    """Drop the connection so that the client sees a reset and not an orderly end."""
    if (transport := request.transport) is not None:
        # With a linger time of zero the kernel sends RST instead of FIN.
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        transport.abort()
    return web.Response()


async def _send_and_close(request: web.Request, answer: Answer, length: int) -> web.StreamResponse:
    """Promise the whole body, send so much of it, and close the connection without saying so before."""
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_type = answer.content_type
    response.content_length = len(answer.body)
    await response.prepare(request)
    await response.write(answer.body[:length])
    if request.transport is not None:
        request.transport.close()
    return response
