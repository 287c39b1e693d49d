"""Forms as they come: what is no form is told to who sent it, and is no error of this program."""

import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

NOT_HTTP = (HttpProcessingError, web.RequestPayloadError)
"""What aiohttp raises where something came that breaks the rules of HTTP."""

# An unknown charset, bytes that are none of it, no boundary, an unknown way of packing ...
_BROKEN = (*NOT_HTTP, LookupError, ValueError, AssertionError, RuntimeError, zlib.error)


@contextmanager
def _refusing_broken_forms() -> Iterator[None]:
    """Translate what reading a broken form raises. Raises HTTPBadRequest."""
    try:
        yield
    except _BROKEN as error:
        raise web.HTTPBadRequest(text="This form cannot be read. Load the page again.") from error


async def read_form(request: web.Request) -> Mapping[str, Any]:
    """Read a form whole. Raises HTTPBadRequest and HTTPRequestEntityTooLarge."""
    with _refusing_broken_forms():
        return await request.post()


async def read_parts(request: web.Request) -> MultipartReader:
    """Begin to read a form part by part. Raises HTTPBadRequest, as the two below do."""
    with _refusing_broken_forms():
        return await request.multipart()


async def next_part(form: MultipartReader) -> MultipartReader | BodyPartReader | None:
    """Go on to the next part; None after the last."""
    with _refusing_broken_forms():
        return await form.next()


async def read_piece(part: BodyPartReader, size: int) -> bytes:
    """Read on in a part; empty at its end."""
    with _refusing_broken_forms():
        return await part.read_chunk(size)
