from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from importer.sandbox import Sandbox, SandboxOptions
from tests.sandbox.api import Api
from tests.sandbox.simkl.api import Clock, SimklApi

OpenSimkl = Callable[..., Awaitable[SimklApi]]


@pytest.fixture
async def open_simkl(catalogue: Path) -> AsyncIterator[OpenSimkl]:
    """Start a sandbox whose time stands still, by default without rate limits, and return a client."""
    async with AsyncExitStack() as stack:

        async def open_one(*, sign_in: bool = True, **options: Any) -> SimklApi:
            clock = Clock()
            free = {"catalogue": catalogue, "simkl_post_rate": None, "simkl_get_rate": None}
            sandbox = Sandbox(SandboxOptions(**{**free, **options}), clock=clock)
            await stack.enter_async_context(sandbox)
            session = await stack.enter_async_context(aiohttp.ClientSession())
            client = SimklApi(Api(sandbox, session), clock)
            if sign_in:
                await client.sign_in()
            return client

        yield open_one


@pytest.fixture
async def simkl(open_simkl: OpenSimkl) -> SimklApi:
    return await open_simkl()
