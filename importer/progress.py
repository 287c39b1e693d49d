"""The progress of a run: the pipeline writes it, the terminal polls it.

A plain mutable value, so that a sent row costs an integer addition and no call.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Phase(StrEnum):
    """The current stage of the run, as it is shown."""

    READING = "reading"
    PLANNING = "planning"
    SIGNING_IN = "signing in"
    COMPARING = "reading the account"
    RESOLVING = "looking up"
    DOWNLOADING = "downloading"
    BUILDING = "reading the data"
    INDEXING = "indexing"
    SORTING = "sorting the index"
    GROUPING = "putting the rows of each user together"
    SENDING = "sending"
    VERIFYING = "reading back"
    WRITING = "writing results"
    ASKING = "asking the services"


class RequestRecord(NamedTuple):
    """A request that was sent, once."""

    at: float
    """When it was sent, seconds since the epoch."""
    ms: int
    """How long its answer took."""
    method: str
    status: int | None
    """None: there was no answer."""
    rows: int
    """How many ratings it had; 0 for a question."""
    reason: str
    """Why it must be repeated, split, or ends the run; empty if all is well."""


class WaitRecord(NamedTuple):
    """A wait, of all requests or of one."""

    at: float
    seconds: float
    reason: str


@dataclass(slots=True)
class Traffic:
    """The requests and waits since they were last taken: the journal takes them with its next commit.

    One thread may add while another takes.
    """

    requests: deque[RequestRecord] = field(default_factory=deque)
    waits: deque[WaitRecord] = field(default_factory=deque)

    def __bool__(self) -> bool:
        return bool(self.requests or self.waits)

    def take(self) -> tuple[list[RequestRecord], list[WaitRecord]]:
        """Return what there is, and begin anew."""
        requests = [self.requests.popleft() for _ in range(len(self.requests))]
        return requests, [self.waits.popleft() for _ in range(len(self.waits))]


@dataclass(slots=True)
class Progress:
    """Counts of one run. `to_send` is known once the file is read, and excludes rows closed by then."""

    phase: Phase = Phase.READING
    rows_read: int = 0
    to_send: int | None = None
    done: int = 0
    """Rows of `to_send` that have their outcome, good or bad."""
    failed: int = 0
    """Rows of `done` that did not succeed."""
    requests: int = 0
    """Requests that looking titles up took."""
    waiting_for: str = ""
    """Why the run waits, such as `over capacity (503)`; empty while it sends."""
    waiting_detail: str = ""
    """More about the wait, such as `try 4 of 6`."""
    waiting_requests: int = 0
    """How many requests wait alone, while others go on."""
    workers: int = 1
    """Requests in flight at once."""
    is_paused: bool = False
    """Whether all requests wait, rather than one of them."""
    waiting_until: float = 0.0
    """When the wait ends, on the event loop's clock (`loop.time()`, seconds)."""
    told: Phase | None = None
    """The phase that was told last in plain lines: blocks that follow each other do not tell it again."""
    traffic: Traffic | None = None
    """What goes over the network, if somebody takes it."""
