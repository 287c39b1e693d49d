"""How close the limiter comes to its limit, and whether it ever passes it, as a server sees it."""

import asyncio
import time

import orjson
import uvloop

from benchmarks.children import Figures
from importer.client.client import Client, Trace
from importer.client.rate import Rate
from importer.client.rate_limit import Limiter
from importer.client.transport import Transport
from importer.destinations.decisions import Done
from importer.http import Request
from importer.progress import Progress

WORKERS = 16
_BODY = orjson.dumps({"rating": 8, "imdb_id": "tt0000001", "title": "Some Title", "year": 1999})


def keep_pace(url: str, per_second: int, seconds: float) -> Figures:
    """Send as fast as the limit allows; the share of it that was used, and the most in any second."""
    arrivals = uvloop.run(_send(url, per_second, seconds))
    used = (len(arrivals) - 1) / (arrivals[-1] - arrivals[0])
    return {
        "share": used / per_second,
        "most_sliding": most_in_a_second(arrivals),
        "most_fixed": most_in_fixed_seconds(arrivals),
    }


def most_in_a_second(arrivals: list[float]) -> int:
    """Count the most arrivals in any window of one second."""
    most = first = 0
    for last, arrival in enumerate(arrivals):
        while arrival - arrivals[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most


def most_in_fixed_seconds(arrivals: list[float]) -> int:
    """Count the most arrivals in one second of the clock."""
    counts: dict[int, int] = {}
    for arrival in arrivals:
        counts[int(arrival)] = counts.get(int(arrival), 0) + 1
    return max(counts.values())


async def _send(url: str, per_second: int, seconds: float) -> list[float]:
    limiter = Limiter(Rate(per_second, 1), Progress())
    request = Request("POST", f"{url}/rate/movie/key", "POST rate/movie", _BODY)
    end = time.monotonic() + seconds
    async with Transport(WORKERS) as transport:
        client = Client(transport, limiter)

        async def work() -> None:
            while time.monotonic() < end:
                await client.attempt(request, lambda _: Done(()), Trace())

        await asyncio.gather(*(work() for _ in range(WORKERS)))
        answer = await transport.send(Request("GET", f"{url}/arrivals", "GET arrivals"))
    arrivals: list[float] = orjson.loads(answer.body)
    return arrivals
