"""What a run is doing right now, for whoever shows it. The road writes it, the terminal reads it.

A plain mutable value that is polled, so that the hot path pays an integer addition for it and no call.
"""

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """Where on the road the run is."""

    READING = "reading"
    PLANNING = "planning"
    LOOKING = "reading the account"
    RESOLVING = "looking up"
    SENDING = "sending"
    VERIFYING = "reading back"
    WRITING = "writing results"


@dataclass(slots=True)
class Progress:
    """Counts of one run. `to_send` is known once reading is over; rows already settled are not in it."""

    phase: Phase = Phase.READING
    rows_read: int = 0
    to_send: int | None = None
    done: int = 0
    """Rows of `to_send` that have their outcome, good or bad."""
    failed: int = 0
    """Rows of `done` whose outcome is no success."""
    waiting_for: str = ""
    """Why nothing moves, e.g. `over capacity (503)`; empty while things move."""
    waiting_until: float = 0.0
    """When it goes on, on the event loop's clock (`loop.time()`, seconds)."""
