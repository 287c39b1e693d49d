from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from importer.sandbox import Sandbox, SandboxOptions
from tests.sandbox.api import Api
from tests.sandbox.trakt.api import Clock, TraktApi

OpenTrakt = Callable[..., Awaitable[TraktApi]]


@pytest.fixture
async def open_trakt(catalogue: Path) -> AsyncIterator[OpenTrakt]:
    """Start a sandbox whose time stands still, by default without rate limits, and return a client."""
    async with AsyncExitStack() as stack:

        async def open_one(*, sign_in: bool = True, **options: Any) -> TraktApi:
            clock = Clock()
            chosen = SandboxOptions(
                **{"catalogue": catalogue, "post_rate": None, "get_rate": None, **options}
            )
            sandbox = await stack.enter_async_context(Sandbox(chosen, clock=clock))
            session = await stack.enter_async_context(aiohttp.ClientSession())
            client = TraktApi(Api(sandbox, session), clock)
            if sign_in:
                await client.sign_in()
            return client

        yield open_one


@pytest.fixture
async def trakt(open_trakt: OpenTrakt) -> TraktApi:
    return await open_trakt()
