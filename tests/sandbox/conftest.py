from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from importer.sandbox import Sandbox, SandboxOptions

from .api import CATALOGUE, Api

OpenSandbox = Callable[..., Awaitable[Api]]


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    file = tmp_path / "catalogue.csv"
    file.write_text(CATALOGUE, encoding="utf-8")
    return file


@pytest.fixture
async def open_sandbox(catalogue: Path) -> AsyncIterator[OpenSandbox]:
    """Start a sandbox with these options and return a client; all end with the test."""
    async with AsyncExitStack() as stack:

        async def open_one(**options: Any) -> Api:
            sandbox = await stack.enter_async_context(Sandbox(SandboxOptions(catalogue=catalogue, **options)))
            return Api(sandbox, await stack.enter_async_context(aiohttp.ClientSession()))

        yield open_one


@pytest.fixture
async def api(open_sandbox: OpenSandbox) -> Api:
    return await open_sandbox()
