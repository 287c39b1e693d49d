"""destinations.decisions."""

from collections.abc import Sequence
from dataclasses import dataclass

from importer.errors import ConnectionLostError, StopRunError
from importer.http import Response
from importer.model import Batch, Outcome, Status


@dataclass(frozen=True, slots=True)
class Done:
    """The answer settles the batch: one fate per job, in the batch's order."""

    outcomes: Sequence[Outcome]


@dataclass(frozen=True, slots=True)
class Retry:
    """Send the same request again after a while.

    `after_seconds` is never shortened; it doubles with each try if `grows`. After `tries` attempts in all
    (the first one included) `otherwise` holds instead. `pause_all` makes every worker wait, as a server
    that asks one client to slow down means all of its requests. `unsure` says that the server may have
    acted on the request already; `look_first` that it is to be read back in any case. A wait that says
    nothing about the request (a rate limit) `is_attempt` of nobody.
    """

    after_seconds: float
    reason: str
    tries: int
    otherwise: "Decision"
    grows: bool = False
    pause_all: bool = False
    unsure: bool = False
    look_first: bool = False
    is_attempt: bool = True


@dataclass(frozen=True, slots=True)
class Split:
    """Send the two halves of the batch instead. Never the verdict on a single job.

    `unsure` says that the server may have acted on some of its jobs, `too_much` that smaller batches are
    wise from here on.
    """

    reason: str
    unsure: bool = False
    too_much: bool = False


@dataclass(frozen=True, slots=True)
class PartlyDone:
    """The answer settles some jobs of the batch; the others, with no fate, are in one of `halves` or `later`.

    `halves` are sent at once, to find out more; `later` are put together with others of their method when
    all else is sent.
    """

    outcomes: Sequence[Outcome | None]
    halves: Sequence[Batch] = ()
    later: Sequence[Batch] = ()


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """The token was not accepted: renew it, once, and send the same request again."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Send nothing more in this run. `unsure` says that the server may have acted on this batch."""

    error: StopRunError
    unsure: bool = False


Decision = Done | PartlyDone | Retry | Split | RefreshToken | Stop


Answer = Response | ConnectionLostError
"""What came of a request: an HTTP answer, or the way it got lost."""


RATED = Outcome(Status.RATED)


UNRATED = Outcome(Status.UNRATED)
