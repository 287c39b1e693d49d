"""The decision table for answers of `POST /sync/ratings` and its `/remove`. Pure.

A row is rated if it was sent, is counted, and is not among the echoes of `not_found`.

```text
201 or 200, all counted, row 2 echoed     Done: rated, not_found, rated ...; first its other sections
201, too few counted                      Retry(NOT_COUNTED): the account is read before it is sent again
201 to a removal, empty                   the same, once its title was removed from every section
201, a further section counts nothing     Done: not_found
400 413 422                               many rows: Split; a single row: rejected
500                                       Retry(SERVER_ERROR): 1, 2, 4 ... s
502 503 504 520-524                       Retry(OVERLOADED)
anything that is not the API's            Retry(NONSENSE)
401 403 409 412 423 429 ...               see trouble.py
```

Whether an equal rating, sent again, is counted is not documented: so too small a count is no failure yet.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from importer.destinations.decisions import (
    BatchDecision,
    Done,
    Effect,
    PartlyDone,
    Retry,
    RetryPolicy,
    Split,
    WhenExhausted,
    interpret_loss,
    narrow,
)
from importer.destinations.not_found import Missing, find_missing
from importer.destinations.policies import (
    SERVER_ERROR_OUTCOME,
    build_contradiction,
    build_nonsense,
    build_not_counted,
)
from importer.destinations.simkl.trouble import NOT_SIMKLS, interpret_refusal
from importer.errors import ConnectionLostError
from importer.http import Response, parse_object, read_retry_after
from importer.model import Batch, Outcome, RatingJob, Status

NONSENSE = build_nonsense("Simkl")
OVERLOADED = RetryPolicy(
    attempts=6,
    first_wait_seconds=1,  # docs: 1, 2, 4, 8, 16 s
    exponential=True,
    when_exhausted=WhenExhausted.SPLIT_ONCE,
    stop_message="{reason}: Simkl still gives no answer after {attempts} attempts",
    too_much=True,
)
SERVER_ERROR = replace(OVERLOADED, when_exhausted=WhenExhausted.SPLIT, outcome=SERVER_ERROR_OUTCOME)
SERVER_ERROR_FOR_MANY = replace(SERVER_ERROR, attempts=3)

NOT_COUNTED = build_not_counted("Simkl", first_wait_seconds=1)
CONTRADICTION = build_contradiction("Simkl")

_OVERLOADED = frozenset({502, 503, 504, 520, 521, 522, 523, 524})
_MISSING = Outcome(Status.NOT_FOUND, "not_found", "Simkl does not know this title by the ids of the row")


@dataclass(frozen=True, slots=True)
class Sent:
    """A batch as it was sent: its items in the order of its jobs, and the outcome of a success."""

    batch: Batch
    removes: bool
    is_further: bool
    """Whether the section is not the first one that is tried for these jobs."""
    build_items: Callable[[], Sequence[Mapping[str, Any]]]
    """Built again only if an answer must be compared with them."""
    success_of: Callable[[RatingJob], Outcome]
    next_kind_of: Callable[[RatingJob], str | None]
    """The kind of request that tries the next section for a title that is not found; None if none is left."""


def interpret_ratings(sent: Sent, answer: Response | ConnectionLostError) -> BatchDecision:
    """Decide on the answer to a batch of ratings or removals."""
    if isinstance(answer, ConnectionLostError):
        return interpret_loss(answer, "Simkl")
    status = answer.status
    if 200 <= status < 300:
        return _interpret_success(sent, answer)
    if decision := interpret_refusal(answer):
        return decision
    if 400 <= status < 500:
        message = f"Simkl refuses the row (HTTP {status})"
        outcome = Outcome(Status.REJECTED, f"http_{status}", message)
        return narrow(sent.batch, outcome, too_much=status == 413)
    if status in _OVERLOADED:
        asked = read_retry_after(answer.headers)
        return Retry(f"overloaded ({status})", OVERLOADED, Effect.UNKNOWN, asked)
    policy = SERVER_ERROR_FOR_MANY if len(sent.batch.jobs) > 1 else SERVER_ERROR
    return Retry(f"server error ({status})", policy, Effect.UNKNOWN, read_retry_after(answer.headers))


def _interpret_success(sent: Sent, answer: Response) -> BatchDecision:
    content, jobs = parse_object(answer.body), sent.batch.jobs
    if sent.removes and not answer.body.strip():
        return _interpret_silence(sent)
    counts = content.get("deleted" if sent.removes else "added")
    # An empty object may be written as an empty list.
    echoes = content.get("not_found") or {}
    if isinstance(counts, list) and not counts:
        counts = {}
    if not isinstance(counts, Mapping) or not isinstance(echoes, Mapping):
        return Retry(NOT_SIMKLS, NONSENSE, Effect.UNKNOWN)
    counted = sum(count for count in counts.values() if type(count) is int)  # True is an int, too
    missing = find_missing(sent.build_items(), echoes) if any(echoes.values()) else Missing(set(), set())
    missing = missing.doubt(counted, len(jobs))
    if len(missing.unclear) == len(jobs):
        if len(jobs) == 1:
            return Retry("an answer that contradicts itself", CONTRADICTION, Effect.UNKNOWN)
        return Split("the answer does not identify its rows", Effect.UNKNOWN)
    found = set(range(len(jobs))) - missing.certain - missing.unclear
    if counted < len(found):
        if sent.is_further and not counted and not sent.batch.is_part:
            # Perhaps this section is not known to the server, which then ignores it. A part was sent before:
            # what that stored is perhaps not counted again, so the account tells.
            missing = missing._replace(certain=found | missing.certain)
        elif not missing.certain and not missing.unclear:
            return Retry(f"only {counted} of {len(jobs)} rows are counted", NOT_COUNTED, Effect.UNKNOWN)
        else:
            missing = missing._replace(unclear=found | missing.unclear)
        found = set()
    return _close(sent, missing, found)


def _interpret_silence(sent: Sent) -> BatchDecision:
    """Decide on a removal without a body, as the older blueprint has it: try every section, then read."""
    further = {place for place, job in enumerate(sent.batch.jobs) if sent.next_kind_of(job) is not None}
    if further:
        return _close(sent, Missing(further, set(range(len(sent.batch.jobs))) - further), set())
    return Retry("an empty answer", NOT_COUNTED, Effect.UNKNOWN)


def _close(sent: Sent, missing: Missing, found: set[int]) -> BatchDecision:
    """Close what is certain; try the next section for what is missing, and send again what is unclear."""
    jobs, kind = sent.batch.jobs, sent.batch.request_kind
    outcomes: list[Outcome | None] = [None] * len(jobs)
    later: dict[str, list[RatingJob]] = {}
    for position in found:
        outcomes[position] = sent.success_of(jobs[position])
    for position in sorted(missing.certain):
        next_kind = sent.next_kind_of(jobs[position])
        if next_kind is None:
            outcomes[position] = _MISSING
        else:
            later.setdefault(next_kind, []).append(jobs[position])
    known = [outcome for outcome in outcomes if outcome is not None]
    if len(known) == len(jobs):
        return Done(known)
    unclear = Batch(kind, [jobs[position] for position in sorted(missing.unclear)])
    parts = unclear.halves() if not missing.certain else (unclear,)
    halves = [part for part in parts if part.jobs]
    return PartlyDone(outcomes, halves, [Batch(each, again) for each, again in later.items()])
