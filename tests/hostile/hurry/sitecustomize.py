"""Loaded by every Python whose PYTHONPATH names this folder: cuts waits short, and breaks things on demand.

`HOSTILE_BREAK` makes the reading of a v1 or v2 answer fail with an error nobody foresaw; `HOSTILE_WATCH`
names a file that gets a line for each attempt to look up a host or to connect to one.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

_sleep = asyncio.sleep


async def _nap(seconds: float, result: object = None) -> object:
    return await _sleep(min(seconds, 0.01), result)


def _break(*_: object) -> NoReturn:
    raise RuntimeError("nobody foresaw this")


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.getaddrinfo"}:
        with Path(os.environ["HOSTILE_WATCH"]).open("a") as file:
            file.write(f"{event} {arguments}\n")


asyncio.sleep = _nap  # type: ignore[assignment]

if "HOSTILE_BREAK" in os.environ:
    from importer.destinations.trakt.api import TraktV2
    from importer.destinations.trakt_v1.api import TraktV1

    TraktV1.interpret_response = _break  # type: ignore[method-assign,assignment]
    TraktV2.interpret_response = _break  # type: ignore[method-assign,assignment]

if "HOSTILE_WATCH" in os.environ:
    sys.addaudithook(_note)
