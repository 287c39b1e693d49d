"""The progress of a run: the pipeline writes it, the terminal polls it.

A plain mutable value, so that a sent row costs an integer addition and no call.
"""

from dataclasses import dataclass
from enum import StrEnum


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
    SENDING = "sending"
    VERIFYING = "reading back"
    WRITING = "writing results"


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
    is_paused: bool = False
    """Whether all requests wait, rather than one of them."""
    waiting_until: float = 0.0
    """When the wait ends, on the event loop's clock (`loop.time()`, seconds)."""
