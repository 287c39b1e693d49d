"""The decision table for answers of the v1 API. Pure.

The errors are those of the API page "errors" and of compatible servers; the decisions are ours,
tested line by line.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from importer.destinations.decisions import (
    RATED,
    UNRATED,
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
from importer.destinations.policies import SERVER_ERROR_OUTCOME
from importer.errors import AuthorizationError, ConnectionLostError, StopRunError
from importer.http import Response, parse_object, read_retry_after
from importer.model import Batch, Outcome, Status
from importer.text import clean_words

CAPACITY_SECONDS = 10.0
"""How long to wait when the server is over capacity (API page errors: "about 10 seconds")."""

BUSY = RetryPolicy(
    attempts=6,
    first_wait_seconds=CAPACITY_SECONDS,
    pauses_all_workers=True,
    stop_message="{reason}: the server goes on refusing; it asks to wait {seconds:,.0f} s",
)
OUTAGE = RetryPolicy(attempts=6, first_wait_seconds=CAPACITY_SECONDS)
NONSENSE = RetryPolicy(attempts=2, first_wait_seconds=CAPACITY_SECONDS)
SERVER_ERROR = RetryPolicy(
    attempts=2,
    first_wait_seconds=10,
    when_exhausted=WhenExhausted.SPLIT,
    outcome=SERVER_ERROR_OUTCOME,
)

_CREDENTIAL_ERROR = re.compile("invalid (development )?API (key|permission)|failed authentication")
"""The documented errors (API page errors); no title in an error text may match."""


def interpret_rating(
    batch: Batch, answer: Response | ConnectionLostError, secrets: Iterable[str]
) -> BatchDecision:
    """Decide on the answer to a batch of ratings. Secrets that the server quotes are masked."""
    if isinstance(answer, Response) and (content := read_success(answer)) is not None:
        return _interpret_success(batch, content)
    return interpret_trouble(batch, answer, secrets)


def read_success(answer: Response) -> Mapping[str, Any] | None:
    """Return the body of a success; None for anything else."""
    content = parse_object(answer.body) if answer.status == 200 else {}
    return content if content.get("status") == "success" else None


def interpret_question(answer: Response | ConnectionLostError, secrets: Iterable[str]) -> Retry | Stop:
    """Decide on a failed or lost answer to a request that sent no ratings."""
    decision = interpret_trouble(Batch("question", ()), answer, secrets)
    assert isinstance(decision, Retry | Stop), "a question has no rows to split or close"
    return decision


def interpret_trouble(
    batch: Batch, answer: Response | ConnectionLostError, secrets: Iterable[str]
) -> BatchDecision:
    """Decide on a failed or lost answer to a batch."""
    if isinstance(answer, ConnectionLostError):
        return interpret_loss(answer, "the server")
    return _interpret_failure(batch, answer, secrets)


def _interpret_success(batch: Batch, content: Mapping[str, Any]) -> BatchDecision:
    if content.get("skipped") not in (None, 0, "0"):
        # A bulk answer counts what it skipped but does not name it (section "bulk" of the API pages).
        if len(batch.jobs) > 1:
            return Split("the server skipped some rows of the batch without naming them", Effect.UNKNOWN)
        return Done((_not_found("skipped by the server"),))
    return Done([RATED if job.rating else UNRATED for job in batch.jobs])


def _interpret_failure(batch: Batch, response: Response, secrets: Iterable[str]) -> BatchDecision:
    status = response.status
    content = parse_object(response.body)
    error = _read_error(content, secrets)
    if status == 401 or _CREDENTIAL_ERROR.match(error):
        return Stop(AuthorizationError(f"the server refuses the credentials: {error or 'HTTP 401'}"))
    if 300 <= status < 400:
        return Stop(
            StopRunError(f"the server redirects elsewhere (HTTP {status}): wrong base URL, not followed")
        )
    asked_seconds = read_retry_after(response.headers) or None  # "0" would make us hammer a busy server
    if status == 429:
        return Retry("rate limit (429)", BUSY, wait_seconds=asked_seconds)
    if status == 503:
        # Without the documented body it may come from a proxy, after the server did the work.
        effect = Effect.NONE if content else Effect.UNKNOWN
        return Retry("over capacity (503)", BUSY, effect, asked_seconds)
    if status == 500:
        return Retry("server error (500)", SERVER_ERROR, Effect.UNKNOWN)
    if status >= 500:
        return Retry(f"HTTP {status}", OUTAGE, Effect.UNKNOWN)
    if content.get("status") == "failure":
        return _interpret_refusal(batch, status, error)
    if 200 <= status < 300:
        return Retry("an answer that is not the API's", NONSENSE, Effect.UNKNOWN)
    if not batch.jobs:
        return Stop(StopRunError(f"the server answered HTTP {status}"))
    return narrow(batch, Outcome(Status.REJECTED, f"http_{status}", f"the server answered HTTP {status}"))


def _interpret_refusal(batch: Batch, status: int, error: str) -> BatchDecision:
    if len(batch.jobs) > 1:
        return Split(error or f"HTTP {status}")
    if not batch.jobs:
        return Stop(StopRunError(f"the server says: {error or 'failure'}"))
    if status == 404 or "not found" in error:
        return Done((_not_found(error),))
    return Done((Outcome(Status.REJECTED, "refused", f"the server says: {error or 'failure'}"),))


def _not_found(error: str) -> Outcome:
    detail = f" ({error})" if error else ""
    return Outcome(Status.NOT_FOUND, "not_found", f"the destination does not know this title{detail}")


def _read_error(content: Mapping[str, Any], secrets: Iterable[str]) -> str:
    """Return the server's error text, safe to show."""
    words = (content.get(name) for name in ("error", "message"))
    return next(filter(None, (clean_words(word, secrets) for word in words)), "")
