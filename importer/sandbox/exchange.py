"""What passes between the server and one service: a call, its answer, and the route that joins them. No I/O.

    Route("POST", "/sync/ratings", "sync/ratings", answer)        a service offers a list of these
    Call(params, headers, query, body)  ->  answer(call)  ->  Answer(201, b"{...}")

`answer` is a plain function. Latency, faults and dropped connections are added in `pipeline.py` and
`misbehave.py`. The words are not aiohttp's `Request` and `Response` because both kinds appear side by side
there.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Target(StrEnum):
    """The calls that a fault script can aim at, whichever service they belong to."""

    RATE = "rate"
    PROBE = "probe"
    READ = "read"
    TOKEN = "token"  # noqa: S105 - a word of the fault grammar
    SEARCH = "search"


class Twist(StrEnum):
    """The faults of a script that the service itself carries out: the answer arrives, but it is odd."""

    EXPIRE = "expire"
    NOT_FOUND_WITHOUT_IDS = "notfound-without-ids"
    NOT_FOUND_EMPTY = "notfound-empty"
    NOT_FOUND_AND_COUNTED = "notfound-and-counted"
    SAME_PAGE = "same-page"
    OVERLAP = "overlap"
    EMPTY_LIST = "empty-list"
    NULL_IDS = "null-ids"
    NULL_YEARS = "null-years"
    NULL_RATINGS = "null-ratings"


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """One request. It has no repr, because path, headers and body hold credentials.

    `body` is empty until the request has been read to its end.
    """

    params: Mapping[str, str]
    headers: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    twist: Twist | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answers. `rows` counts the ratings that the call carried or that the answer lists.

    `delay_seconds` is how long the work took: it is done, but the answer leaves only then.
    """

    status: int
    body: bytes
    rows: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    delay_seconds: float = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """What a rate limit says to one request: a refusal, or headers for the answer."""

    refusal: Answer | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """One method of a service. `label` names it in the request log, where no key or user may appear.

    `limit` gets the call before its body is read, and the moment of its arrival.
    """

    method: str
    path: str
    label: str
    answer: Callable[[Call], Answer]
    target: Target | None = None
    limit: Callable[[Call, float], Pace] | None = None


class NotAnObjectError(Exception):
    """The body of a request is not a JSON object."""


def read_object(call: Call) -> dict[str, Any]:
    """The JSON object of a request; an empty body is an empty object. Raises NotAnObjectError."""
    try:
        body = json.loads(call.body or b"{}")
    except (ValueError, RecursionError) as error:
        raise NotAnObjectError("the body is not JSON") from error
    if not isinstance(body, dict):
        raise NotAnObjectError("the body is not a JSON object")
    return body


def build_json(
    status: int, body: object, *, rows: int = 0, headers: Mapping[str, str] | None = None, delay: float = 0
) -> Answer:
    """A JSON answer; `delay` in seconds."""
    return Answer(status, json.dumps(body).encode(), rows, headers or {}, delay_seconds=delay)


def build_text(status: int, text: str, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer in plain text."""
    return Answer(status, text.encode(), headers=headers or {}, content_type="text/plain")


def build_page(status: int, html: str, headers: Mapping[str, str] | None = None) -> Answer:
    """A web page."""
    return Answer(status, html.encode(errors="replace"), headers=headers or {}, content_type="text/html")
