"""What passes between the server and one API: a call, its answer, and the route that joins them. No I/O.

An API (`v1.py`, `v2.py`) offers a list of routes whose `answer` is a plain function. Everything that waits
or goes wrong on purpose (latency, faults, dropped lines) is the business of `app.py` and `misbehave.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Target(StrEnum):
    """The calls that a fault script can aim at, whichever API they belong to."""

    RATE = "rate"
    PROBE = "probe"
    READ = "read"
    TOKEN = "token"  # noqa: S105 - a word of the fault grammar
    SEARCH = "search"


class Twist(StrEnum):
    """What a fault script can ask of the API itself: it answers, but makes the client's life harder."""

    EXPIRE = "expire"
    NOT_FOUND_WITHOUT_IDS = "notfound-without-ids"


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """One request. It has no repr to show: path, headers and body hold credentials.

    `body` is empty until the request has been read to its end.
    """

    params: Mapping[str, str]
    headers: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    twist: Twist | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API says. `rows` counts the ratings that the call carried or that the answer lists.

    `delay_seconds` is how long the work took: it is done, but the client hears of it only then.
    """

    status: int
    body: bytes
    rows: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    delay_seconds: float = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """What a rate limit says to one request: a refusal if there is no room, headers for its answer if so."""

    refusal: Answer | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """One method of an API. `label` names it in the request log, where no key or user may appear.

    `limit` gets the call before its body is read, and the moment of its arrival.
    """

    method: str
    path: str
    label: str
    answer: Callable[[Call], Answer]
    target: Target | None = None
    limit: Callable[[Call, float], Pace] | None = None
