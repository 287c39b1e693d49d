"""Changes of one import are made one after another: two tabs that send at once must not undo each other's."""

import asyncio
from weakref import WeakValueDictionary

from aiohttp import web

from importer.web.guard import SAFE_METHODS, Handler

TURNS = web.AppKey("turns", WeakValueDictionary[str, asyncio.Lock])


@web.middleware
async def in_turn(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a form wait until the one before it, of the same import or run, has been answered."""
    name = request.match_info.get("draft") or request.match_info.get("run")
    if request.method in SAFE_METHODS or not name:
        return await handler(request)
    async with request.app[TURNS].setdefault(name.removeprefix("run-"), asyncio.Lock()):
        return await handler(request)
