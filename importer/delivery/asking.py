"""A question outside of the stream of ratings: asked again as its verdicts say, under no rating limiter.

For a sign-in, a look-up or a download. What an answer means is decided by the pure rules in `destinations/`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar

from importer.destinations.base import Answer, Retry, Stop
from importer.errors import ConnectionLostError
from importer.wire import Request, Response

PATIENCE_SECONDS = 600.0
"""How long one question may wait in all, however often the server asks to slow down."""

LONGEST_WAIT_SECONDS = 300.0
"""Where a growing wait stops growing."""

_Found = TypeVar("_Found")


class Sender(Protocol):
    """What sends a request: the transport, or a test's stand-in."""

    async def send(self, request: Request) -> Response:
        """Send once. Raises ConnectionLostError."""
        ...


async def send_once(sender: Sender, request: Request) -> Answer:
    """Send, and give the answer or the way it got lost."""
    try:
        return await sender.send(request)
    except ConnectionLostError as loss:
        return loss


async def ask(attempt: Callable[[], Awaitable[_Found | Retry | Stop]]) -> _Found:
    """Attempt until there is something better than a Retry. Raises the StopRunError of a Stop."""
    tries = waits = 0
    waited = 0.0
    while True:
        verdict = await attempt()
        if isinstance(verdict, Stop):
            raise verdict.error
        if not isinstance(verdict, Retry):
            return verdict
        tries += verdict.is_attempt
        seconds = verdict.after_seconds
        if verdict.grows:
            seconds = max(seconds, min(seconds * 2**waits, LONGEST_WAIT_SECONDS))
        if tries >= verdict.tries or waited + seconds > PATIENCE_SECONDS:
            assert isinstance(verdict.otherwise, Stop), "outside of batches only a Stop ends a Retry"
            raise verdict.otherwise.error
        await asyncio.sleep(seconds)
        waits += 1
        waited += seconds


async def see_through(work: Coroutine[Any, Any, _Found]) -> _Found:
    """Bring work to its end although the caller is cancelled meanwhile; only then is the caller, too.

    A second cancellation is obeyed at once.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # looked at, so that nobody complains that it was not
        raise
