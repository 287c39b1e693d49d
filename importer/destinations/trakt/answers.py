"""What an answer of `POST /sync/ratings` means: the decision table of today's API. Pure.

Codes and their meaning: API page "Status Codes"; what to do about them is ours, tested line by line.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from importer.destinations.decisions import (
    Answer,
    Decision,
    Done,
    PartlyDone,
    RefreshToken,
    Retry,
    Split,
    Stop,
)
from importer.destinations.trakt.account import explain_forbidden, interpret_rate_limit
from importer.destinations.trakt.not_found import Missing, find_missing, flatten_item
from importer.errors import AccountLimitError, AuthorizationError, ConnectionLostError, Loss, StopRunError
from importer.http import Response, parse_object, read_retry_after
from importer.model import Batch, Outcome, RatingJob, Status

OVERLOAD_SECONDS = 30.0
"""How long to wait when the API is overloaded (docs: "try again in 30 s")."""

_match_limit = re.compile(r"[0-9]{1,9}").fullmatch
_match_upgrade = re.compile(r"https://(?:[a-z]+\.)?trakt\.tv(?:/[a-z/-]{0,60})?").fullmatch
"""What is shown of headers: nothing that could be a token, which the server knows, or move a cursor."""

_OVERLOADED = frozenset({502, 503, 504, 520, 521, 522, 523, 524})
_WRONG_PATH = frozenset({404, 405, 410, 412})
_NOT_CONFIRMED = Outcome(
    Status.UNSURE,
    "not_confirmed",
    "Trakt neither counted the row nor said that it does not know the title",
)
_MISSING = Outcome(Status.NOT_FOUND, "not_found", "Trakt does not know this title by the ids of the row")


@dataclass(frozen=True, slots=True)
class Sent:
    """A batch as it was sent: its items in the order of its jobs, and what a success means for a job."""

    batch: Batch
    build_items: Callable[[], Sequence[Mapping[str, Any]]]
    """Built once more only where an answer must be held against them."""
    success_of: Callable[[RatingJob], Outcome]
    second_method_of: Callable[[RatingJob], str | None]


def interpret_ratings(sent: Sent, answer: Answer) -> Decision:
    """Judge the answer to a batch of ratings or removals."""
    if isinstance(answer, ConnectionLostError):
        return _judge_loss(sent.batch, answer)
    if 200 <= answer.status < 300:
        return _judge_success(sent, answer)
    return _judge_refusal(sent.batch, answer) or _judge_trouble(sent.batch, answer)


def _judge_success(sent: Sent, answer: Response) -> Decision:
    content = parse_object(answer.body)
    counts = content.get("added", content.get("deleted"))
    if not isinstance(counts, Mapping) or not isinstance(content.get("not_found", {}), Mapping):
        stop = Stop(
            StopRunError("Trakt's answers make no sense: what became of a batch is unknown"), unsure=True
        )
        return Retry(5, "an answer that is not the API's", 3, stop, unsure=True)
    jobs = sent.batch.jobs
    missing = Missing(set(), set())
    if any(content.get("not_found", {}).values()):
        missing = find_missing([flatten_item(item) for item in sent.build_items()], content["not_found"])
    if not _accounts_for(content, len(jobs)):
        missing = missing._replace(doubtful=set(range(len(jobs))) - missing.certain)
    if len(missing.doubtful) == len(jobs):
        if len(jobs) > 1:
            return Split("the answer does not tell its rows apart", unsure=True)
        return Done((_NOT_CONFIRMED,))
    outcomes: list[Outcome | None] = [sent.success_of(job) for job in jobs]
    later: dict[str, list[RatingJob]] = {}
    for position in missing.certain:
        second_method = sent.second_method_of(jobs[position])
        outcomes[position] = None if second_method else _MISSING
        if second_method:
            later.setdefault(second_method, []).append(jobs[position])
    for position in missing.doubtful:
        outcomes[position] = None
    settled = [outcome for outcome in outcomes if outcome is not None]
    if len(settled) == len(jobs):
        return Done(settled)
    doubtful = Batch(sent.batch.method, [jobs[position] for position in sorted(missing.doubtful)])
    halves = [half for half in doubtful.halves() if half.jobs]
    return PartlyDone(outcomes, halves, [Batch(method, again) for method, again in later.items()])


def _accounts_for(content: Mapping[str, Any], rows: int) -> bool:
    """Whether the answer speaks for the rows that it does not name as missing.

    `added` counts updates, too (issue #448), so nothing counted is nothing rated; but to remove a rating that
    is not there counts nothing. The sums of real answers need not add up (API page "addratings").
    """
    counts = content.get("added", content.get("deleted", {}))
    counted = sum(count for count in counts.values() if type(count) is int)  # true counts nothing
    if "not_found" not in content:
        return counted >= rows
    return counted > 0 or "added" not in content


def _judge_refusal(batch: Batch, answer: Response) -> Decision | None:
    """Judge the answers that say no for good; None for those that may pass."""
    status = answer.status
    if status == 401:
        return RefreshToken()
    if status == 403:
        return Stop(AuthorizationError(explain_forbidden(answer)))
    if status == 420:
        return Stop(AccountLimitError(_explain_limit(answer)))
    if status == 423:
        return Stop(AuthorizationError("Trakt has locked or deactivated this account (423): ask its support"))
    if status == 426:
        return Stop(AuthorizationError("Trakt keeps this for VIP members (426)"))
    if status in _WRONG_PATH or 300 <= status < 400:
        return Stop(StopRunError(f"this is not Trakt's API (HTTP {status}): check IMPORTER_TRAKT_BASE_URL"))
    if status in {400, 413, 422} or (400 <= status < 500 and status not in {409, 429}):
        message = f"Trakt refuses the row (HTTP {status})"
        return _narrow(batch, Outcome(Status.REJECTED, f"http_{status}", message), too_much=status == 413)
    return None


def _judge_trouble(batch: Batch, answer: Response) -> Decision:
    status = answer.status
    if status == 429:
        return replace(interpret_rate_limit(answer), is_attempt=False)  # it says nothing about these rows
    if status == 409:
        # Not documented for ratings: look whether it is there, and believe the refusal if it is not.
        refused = Outcome(
            Status.REJECTED, "http_409", "Trakt reports a conflict (409), and the rating is not there"
        )
        if len(batch.jobs) > 1:
            return Split("conflict (409)", unsure=True)
        return Retry(1, "conflict (409)", 2, Done((refused,)), unsure=True, look_first=True)
    if status in _OVERLOADED:
        seconds = max(OVERLOAD_SECONDS, read_retry_after(answer.headers) or 0)
        reason = f"overloaded ({status})"
        stop: Decision = Stop(
            StopRunError(f"{reason}: Trakt still gives no answer after 5 tries"), unsure=True
        )
        if len(batch.jobs) > 1 and not batch.is_part:
            stop = Split(reason, unsure=True, too_much=True)
        return Retry(seconds, reason, 5, stop, unsure=True)
    failed = Outcome(Status.FAILED, "server_error", f"gave up after HTTP {status}")
    tries = 2 if len(batch.jobs) > 1 else 4
    last = _narrow(batch, failed, unsure=True, too_much=True)
    return Retry(2, f"server error ({status})", tries, last, grows=True, unsure=True)


def _judge_loss(batch: Batch, loss: ConnectionLostError) -> Decision:
    unsure = Outcome(Status.UNSURE, "no_answer", "sent, but the answer never came")
    match loss.loss:
        case Loss.CERTIFICATE:
            return Stop(StopRunError(f"Trakt's identity cannot be proved: {loss}"))
        case Loss.REFUSED:
            stop = Stop(StopRunError(f"Trakt cannot be reached: {loss}"))
            return Retry(1, str(loss.loss), 6, stop, grows=True)
        case Loss.TIMEOUT:
            return Retry(
                1, str(loss.loss), 2, _narrow(batch, unsure, unsure=True, too_much=True), unsure=True
            )
        case Loss.DROPPED:
            return Retry(1, str(loss.loss), 6, _narrow(batch, unsure, unsure=True), grows=True, unsure=True)
        case Loss.TOO_LARGE:
            return Stop(StopRunError(f"Trakt's answer makes no sense: {loss}"), unsure=True)


def _narrow(batch: Batch, outcome: Outcome, *, unsure: bool = False, too_much: bool = False) -> Decision:
    """One bad row never fails its neighbours: halve until it stands alone."""
    if len(batch.jobs) > 1:
        return Split(outcome.message, unsure=unsure, too_much=too_much)
    return Done((outcome,))


def _explain_limit(answer: Response) -> str:
    limit = answer.headers.get("X-Account-Limit", "")
    upgrade = answer.headers.get("X-Upgrade-URL", "")
    return (
        "the account is full (420): Trakt stores "
        + (f"{limit} ratings" if _match_limit(limit) else "no more ratings")
        + " for it. What was rated stays rated"
        + (f"; {upgrade} offers more" if _match_upgrade(upgrade) else "")
    )
