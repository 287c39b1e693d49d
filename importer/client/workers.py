"""Several tasks at one stream of questions."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


async def work_side_by_side(work: Callable[[], Coroutine[Any, Any, None]], workers: int) -> None:
    """Do the work in so many tasks at once, until all have ended; the error of one ends the others."""
    tasks = [asyncio.ensure_future(work()) for _ in range(workers)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
