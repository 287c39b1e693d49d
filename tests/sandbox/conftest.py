from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from importer.sandbox import Sandbox, SandboxOptions

from .api import CATALOGUE, Api
from .v2_api import Clock, V2Api

OpenSandbox = Callable[..., Awaitable[Api]]
OpenV2 = Callable[..., Awaitable[V2Api]]


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    file = tmp_path / "catalogue.csv"
    file.write_text(CATALOGUE, encoding="utf-8")
    return file


@pytest.fixture
async def open_sandbox(catalogue: Path) -> AsyncIterator[OpenSandbox]:
    """Start a sandbox with these options and hand back a client; all end with the test."""
    async with AsyncExitStack() as stack:

        async def open_one(**options: Any) -> Api:
            sandbox = await stack.enter_async_context(Sandbox(SandboxOptions(**options), catalogue=catalogue))
            return Api(sandbox, await stack.enter_async_context(aiohttp.ClientSession()))

        yield open_one


@pytest.fixture
async def api(open_sandbox: OpenSandbox) -> Api:
    return await open_sandbox()


@pytest.fixture
async def open_v2(catalogue: Path) -> AsyncIterator[OpenV2]:
    """Start a sandbox whose time stands still, without limits unless asked for; hand back a client."""
    async with AsyncExitStack() as stack:

        async def open_one(*, sign_in: bool = True, **options: Any) -> V2Api:
            clock = Clock()
            chosen = SandboxOptions(**{"post_rate": None, "get_rate": None, **options})
            sandbox = await stack.enter_async_context(Sandbox(chosen, catalogue=catalogue, clock=clock))
            session = await stack.enter_async_context(aiohttp.ClientSession())
            client = V2Api(Api(sandbox, session), clock)
            if sign_in:
                await client.sign_in()
            return client

        yield open_one


@pytest.fixture
async def v2(open_v2: OpenV2) -> V2Api:
    return await open_v2()
