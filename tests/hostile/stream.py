"""A server in the test's own event loop that sends pieces of bytes as slowly as asked."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple


class Drip(NamedTuple):
    """A piece of an answer, and how long to wait before it."""

    piece: bytes
    after_seconds: float = 0.0


@asynccontextmanager
async def stream_server(drips: Iterable[Drip]) -> AsyncIterator[str]:
    """Answer the one request with these pieces, then hang up; gives the URL."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            for drip in drips:
                await asyncio.sleep(drip.after_seconds)
                writer.write(drip.piece)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has had enough
        finally:
            writer.close()

    listening = await asyncio.start_server(converse, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
