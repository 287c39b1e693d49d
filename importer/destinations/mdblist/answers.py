"""The decision table for answers of `POST /sync/ratings` and `/sync/ratings/remove`. Pure.

Answers only count. A sum proves something only where it leaves no choice; else the account is read:

```text
sent  updated  not_found  errors   decision
3     3        0          []       Done: all rated
3     0        3          []       Done: none found
3     3        missing    -        Split, what the account shows is closed first
3     2        1          []       the same: nobody says which
3     2        0          []       the same: an equal rating may not be counted
3     0        3          [...]    the same
1     1        -          []       Done: rated
1     0        1          []       Done: not found
1     0        0          [...]    Done: rejected
1     0        0          []       read the account, then once more; still nothing: unconfirmed
```

A removal is settled if removed and not found together are as many as were sent: what is not found has no
rating. The sums are compared, since the count of nested episodes may stand under `shows`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from importer.destinations.decisions import (
    BatchDecision,
    Done,
    Effect,
    Retry,
    RetryPolicy,
    Split,
    Stop,
    WhenExhausted,
    interpret_loss,
    narrow,
)
from importer.destinations.mdblist.trouble import (
    NOT_MDBLISTS,
    describe_refusal,
    interpret_refused_access,
)
from importer.destinations.policies import (
    SERVER_ERROR,
    SERVER_ERROR_FOR_MANY,
    build_nonsense,
    build_not_counted,
)
from importer.errors import ConnectionLostError, StopRunError
from importer.http import Response, parse_object, read_retry_after
from importer.model import Batch, Outcome, Status
from importer.text import clean_words

NONSENSE = build_nonsense("MDBList")
OVERLOADED = RetryPolicy(
    attempts=5,
    first_wait_seconds=15,
    when_exhausted=WhenExhausted.SPLIT_ONCE,
    stop_message="{reason}: MDBList still gives no answer after {attempts} attempts",
    too_much=True,
)
NOT_COUNTED = build_not_counted("MDBList", first_wait_seconds=2)

_NOT_FOUND = Outcome(Status.NOT_FOUND, "not_found", "MDBList does not know this title by the ids of the row")
_BROKEN = frozenset({500, 501, 505})
_BAD_REQUEST = frozenset({400, 404, 409, 413, 422})


class Counts(NamedTuple):
    """The sums of an answer. `missing` is None if it does not say how many titles were not found."""

    done: int
    missing: int | None
    errors: tuple[str, ...] = ()


def interpret_ratings(
    batch: Batch,
    answer: Response | ConnectionLostError,
    successes: list[Outcome],
    secrets: Iterable[str],
    *,
    removes: bool,
) -> BatchDecision:
    """Decide on the answer to a batch; `successes` are its outcomes if all of it was done."""
    if isinstance(answer, ConnectionLostError):
        return interpret_loss(answer, "MDBList")
    if 200 <= answer.status < 300:
        counts = read_counts(answer, secrets)
        if counts is None:
            return Retry(NOT_MDBLISTS, NONSENSE, Effect.UNKNOWN)
        return _interpret_counts(batch, counts, successes, removes=removes)
    return _interpret_refusal(batch, answer, secrets)


def read_counts(answer: Response, secrets: Iterable[str]) -> Counts | None:
    """Read the sums; None for an answer that is not MDBList's. An answer without a body counts nothing."""
    if answer.status == 204:
        return Counts(0, None)
    content = parse_object(answer.body)
    name = next((name for name in ("updated", "added", "removed", "deleted") if name in content), None)
    done = _add_up(content[name]) if name else None
    missing = _add_up(content["not_found"]) if content.get("not_found") is not None else None
    if done is None or (missing is None and content.get("not_found") is not None):
        return None
    return Counts(done, missing, _read_errors(content.get("errors"), secrets))


def _add_up(counts: object) -> int | None:
    """Add up counts by kind, or lists by kind; None if that is something else."""
    parts = list(counts.values()) if isinstance(counts, Mapping) else [counts]
    numbers = [len(part) if isinstance(part, list) else part for part in parts]
    if not all(type(number) is int and number >= 0 for number in numbers):  # True is an int, too
        return None
    return sum(number for number in numbers if isinstance(number, int))


def _read_errors(errors: Any, secrets: Iterable[str]) -> tuple[str, ...]:
    if not errors:
        return ()
    entries = errors if isinstance(errors, list) else [errors]
    words = (entry.get("message") if isinstance(entry, Mapping) else entry for entry in entries)
    return tuple(clean_words(word, secrets) or "an error without words" for word in words)


def _interpret_counts(
    batch: Batch, counts: Counts, successes: list[Outcome], *, removes: bool
) -> BatchDecision:
    rows, missing = len(batch.jobs), counts.missing or 0
    if not counts.errors:
        is_told = counts.missing is not None or rows == 1
        if removes and is_told and counts.done + missing == rows:
            return Done(successes)
        if not removes and is_told and (counts.done, missing) == (rows, 0):
            return Done(successes)
        if not removes and (counts.done, missing) == (0, rows):
            return Done([_NOT_FOUND] * rows)
    if rows == 1:
        if counts.errors and not counts.done:
            return Done([Outcome(Status.REJECTED, "refused", f"MDBList says: {counts.errors[0]}")])
        return Retry("MDBList's answer counts nothing", NOT_COUNTED, Effect.UNKNOWN)
    # The others of a part were read before: if nothing of it was counted, the account shows nothing new.
    is_worth_reading = counts.done > 0 or not batch.is_part
    return Split("the answer counts and names no row", Effect.UNKNOWN, reads_back=is_worth_reading)


def _interpret_refusal(batch: Batch, answer: Response, secrets: Iterable[str]) -> BatchDecision:
    if (decision := interpret_refused_access(answer)) is not None:
        return decision
    status, asked = answer.status, read_retry_after(answer.headers)
    if status in _BROKEN:
        policy = SERVER_ERROR if len(batch.jobs) == 1 else SERVER_ERROR_FOR_MANY
        return Retry(f"HTTP {status}", policy, Effect.UNKNOWN, asked or None)
    if status >= 500 or status == 408:
        seconds = max(asked, OVERLOADED.first_wait_seconds) if asked else None
        return Retry(f"MDBList is overloaded ({status})", OVERLOADED, Effect.UNKNOWN, seconds)
    told = describe_refusal(answer, secrets)
    is_about_rows = status in _BAD_REQUEST and (status != 404 or bool(parse_object(answer.body)))
    if is_about_rows:
        return narrow(batch, Outcome(Status.REJECTED, f"http_{status}", told))
    return Stop(StopRunError(f"{told}, which makes no sense here; is the base URL right?"))
