"""What it takes to send the open rows of a run."""

from collections import Counter
from itertools import chain
from typing import NamedTuple

from importer.client.rate import Rate
from importer.destinations.base import Destination
from importer.journal import JournalRun, in_blocks


class Effort(NamedTuple):
    """What it takes to send the open rows of a run; `seconds` is 0 where nothing limits the pace."""

    requests: int
    seconds: float


def estimate_effort(destination: Destination, rate: Rate | None, run: JournalRun) -> Effort:
    """Count what travels together, which is only jobs of one kind of request."""
    sizes: Counter[str] = Counter()
    for job in chain.from_iterable(in_blocks(run.open_jobs)):
        sizes[destination.request_kind(job)] += 1
    requests = sum(-(-size // destination.batch_size) for size in sizes.values())
    seconds = requests * rate.period_seconds / rate.requests if rate else 0.0
    return Effort(requests, seconds)
