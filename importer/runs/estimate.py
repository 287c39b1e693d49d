"""runs.estimate."""

from collections import Counter
from itertools import chain
from typing import NamedTuple

from importer.journal import JournalRun, in_blocks
from importer.runs.open_destination import OpenDestination


class Effort(NamedTuple):
    """What it takes to send the open rows of a run; `seconds` is 0 where nothing limits the pace."""

    ratings: int
    """Rows that rate; the others remove a rating."""
    requests: int
    seconds: float


def estimate_effort(target: OpenDestination, run: JournalRun) -> Effort:
    """Count what travels together, which is only jobs of one kind of request."""
    assert target.api is not None
    sizes: Counter[str] = Counter()
    ratings = 0
    for job in chain.from_iterable(in_blocks(run.open_jobs)):
        sizes[target.api.request_kind(job)] += 1
        ratings += bool(job.rating)
    requests = sum(-(-size // target.api.batch_size) for size in sizes.values())
    rate = target.options.rate
    seconds = requests * rate.period_seconds / rate.requests if rate else 0.0
    return Effort(ratings, requests, seconds)
