"""What passes between the server and one API: a call, its answer, and the route that joins them. No I/O.

An API (`v1.py`) offers a list of routes whose `answer` is a plain function. Everything that waits or goes
wrong on purpose (latency, quota, faults, dropped lines) is the business of `app.py` and `misbehave.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Target(StrEnum):
    """The calls that a fault script can aim at, whichever API they belong to."""

    RATE = "rate"
    PROBE = "probe"
    READ = "read"


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """One request, read to its end. It has no repr to show: path, headers and body hold credentials."""

    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API says. `rows` counts the ratings that the call carried or that the answer lists."""

    status: int
    body: bytes
    rows: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Route:
    """One method of an API. `label` names it in the request log, where no key or user may appear."""

    method: str
    path: str
    label: str
    answer: Callable[[Call], Answer]
    target: Target | None = None
