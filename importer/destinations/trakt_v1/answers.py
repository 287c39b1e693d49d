"""What an answer of the v1 API means: its decision table. Pure.

Errors as documented (API page errors) and what compatible servers say; what to do about them is ours,
tested line by line.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from importer.destinations.decisions import RATED, UNRATED, Answer, Decision, Done, Retry, Split, Stop
from importer.errors import AuthorizationError, ConnectionLostError, Loss, StopRunError
from importer.http import Response, parse_object, read_retry_after
from importer.model import Batch, Outcome, Status
from importer.text import clean_words

CAPACITY_SECONDS = 10.0
"""How long to wait when the server is over capacity (API page errors: "about 10 seconds")."""

_CREDENTIAL_ERROR = re.compile("invalid (development )?API (key|permission)|failed authentication")
"""The documented errors (API page errors); a title in an error text must not look like one."""


def interpret_rating(batch: Batch, answer: Answer, secrets: Iterable[str]) -> Decision:
    """Judge the answer to a batch of ratings. No secret is shown that the server may quote."""
    if isinstance(answer, Response) and (content := read_success(answer)) is not None:
        return _judge_success(batch, content)
    return interpret_trouble(batch, answer, secrets)


def read_success(answer: Response) -> Mapping[str, Any] | None:
    """What the API says when it did what it was asked for; None for anything else."""
    content = parse_object(answer.body) if answer.status == 200 else {}
    return content if content.get("status") == "success" else None


def interpret_trouble(batch: Batch, answer: Answer, secrets: Iterable[str]) -> Decision:
    """Judge an answer that is no success, or the loss of one; a batch without jobs is a question."""
    if isinstance(answer, ConnectionLostError):
        return _judge_loss(batch, answer)
    return _judge_failure(batch, answer, secrets)


def _judge_success(batch: Batch, content: Mapping[str, Any]) -> Decision:
    if content.get("skipped") not in (None, 0, "0"):
        # A bulk answer counts what it skipped but does not name it (section "bulk" of the API pages).
        if len(batch.jobs) > 1:
            return Split("the server skipped some rows of the batch without naming them", unsure=True)
        return Done((_not_found("skipped by the server"),))
    return Done([RATED if job.rating else UNRATED for job in batch.jobs])


def _judge_failure(batch: Batch, response: Response, secrets: Iterable[str]) -> Decision:
    status = response.status
    content = parse_object(response.body)
    error = _read_error(content, secrets)
    if status == 401 or _CREDENTIAL_ERROR.match(error):
        return Stop(AuthorizationError(f"the server refuses the credentials: {error or 'HTTP 401'}"))
    if 300 <= status < 400:
        return Stop(
            StopRunError(f"the server redirects elsewhere (HTTP {status}): wrong base URL, not followed")
        )
    if status == 429:
        return _wait_out(response, "rate limit (429)")
    if status == 503:
        # Without the documented body it may be a proxy's, sent after the server had done its work.
        return _wait_out(response, "over capacity (503)", unsure=not content)
    if status == 500:
        return Retry(10, "server error (500)", 2, _give_up(batch, Status.FAILED, "server_error"), unsure=True)
    if status >= 500:
        return _retry_outage(f"HTTP {status}", 6)
    if content.get("status") == "failure":
        return _judge_refusal(batch, status, error)
    if 200 <= status < 300:
        return _retry_outage("an answer that is not the API's", 2)
    return _give_up(batch, Status.REJECTED, f"http_{status}", f"the server answered HTTP {status}")


def _judge_refusal(batch: Batch, status: int, error: str) -> Decision:
    if len(batch.jobs) > 1:
        return Split(error or f"HTTP {status}")
    if not batch.jobs:
        return Stop(StopRunError(f"the server says: {error or 'failure'}"))
    if status == 404 or "not found" in error:
        return Done((_not_found(error),))
    return Done((Outcome(Status.REJECTED, "refused", f"the server says: {error or 'failure'}"),))


def _judge_loss(batch: Batch, loss: ConnectionLostError) -> Decision:
    match loss.loss:
        case Loss.CERTIFICATE:
            return Stop(StopRunError(f"the server's identity cannot be proved: {loss}"))
        case Loss.REFUSED:
            stop = Stop(StopRunError(f"the server cannot be reached: {loss}"))
            return Retry(1, str(loss.loss), 6, stop, grows=True)
        case Loss.TIMEOUT:
            return Retry(1, str(loss.loss), 2, _give_up(batch, Status.UNSURE, "no_answer"), unsure=True)
        case Loss.DROPPED:
            last = _give_up(batch, Status.UNSURE, "no_answer")
            return Retry(1, str(loss.loss), 6, last, grows=True, unsure=True)
        case Loss.TOO_LARGE:
            return Stop(StopRunError(f"the server's answer makes no sense: {loss}"), unsure=True)


def _wait_out(response: Response, reason: str, *, unsure: bool = False) -> Decision:
    seconds = read_retry_after(response.headers) or CAPACITY_SECONDS
    message = f"{reason}: the server goes on refusing; it asks to wait {seconds:,.0f} s"
    return Retry(seconds, reason, 6, Stop(StopRunError(message), unsure), pause_all=True, unsure=unsure)


def _retry_outage(reason: str, tries: int) -> Retry:
    stop = Stop(StopRunError(f"{reason}: no proper answer after {tries} tries"), unsure=True)
    return Retry(CAPACITY_SECONDS, reason, tries, stop, unsure=True)


def _give_up(batch: Batch, status: Status, reason: str, message: str = "") -> Decision:
    """What follows when the tries are used up: smaller batches, and in the end the row alone."""
    if len(batch.jobs) > 1:
        return Split(reason)
    if not batch.jobs:
        return Stop(StopRunError(f"gave up after the last try: {message or reason}"))
    if not message:
        message = (
            "gave up after the last try" if status is Status.FAILED else "sent, but the answer never came"
        )
    return Done((Outcome(status, reason, message),))


def _not_found(error: str) -> Outcome:
    detail = f" ({error})" if error else ""
    return Outcome(Status.NOT_FOUND, "not_found", f"the destination does not know this title{detail}")


def _read_error(content: Mapping[str, Any], secrets: Iterable[str]) -> str:
    """The server's own words, fit to be shown."""
    words = (content.get(name) for name in ("error", "message"))
    return next(filter(None, (clean_words(word, secrets) for word in words)), "")
