"""HTTP as values: what a destination wants sent, and what came back. No I/O.

A `Request` may hold a key in its URL and a password in its body, so neither is ever shown: its repr is
its `label`, which is what logs and messages use.
"""

from collections.abc import Mapping
from typing import NamedTuple

_NO_HEADERS: Mapping[str, str] = {}


class Request(NamedTuple):
    """One HTTP request. `label` names it without secrets, e.g. `POST rate/movie`."""

    method: str
    url: str
    label: str
    body: bytes | None = None
    headers: Mapping[str, str] = _NO_HEADERS
    needs_token: bool = False
    """Whether the courier must add the signed-in account's token."""

    def __repr__(self) -> str:
        return f"<Request {self.label}>"


class Response(NamedTuple):
    """One HTTP answer, read to its end. Header names are matched without regard to case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"<Response {self.status}>"
