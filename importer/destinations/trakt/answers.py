"""The decision table for answers of `POST /sync/ratings`, today's API. Pure.

The codes are those of the API page "Status Codes"; the decisions are ours, tested line by line.

```text
201, counted, row 2 in not_found     Done: rated, not_found, rated ...
201, nothing counted, nothing named  many rows: Split; a single row: unconfirmed
201, counted and in not_found        many rows: in parts; a single row: read back, then again (CONTRADICTION)
400 413 422                          many rows: Split; a single row: rejected
420                                  many rows: Split, to the room left; a single row: Stop
401 403 423 426                      RefreshToken, or Stop: the sign-in, the app
409                                  many rows: Split; a single row: read back, then once more (CONFLICT)
429                                  Retry(RATE_LIMIT)
500 501 505 ...                      Retry(SERVER_ERROR)
502 503 504 520-524                  Retry(OVERLOADED)
anything that is not the API's       Retry(NONSENSE)
```
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from importer.destinations.decisions import (
    BatchDecision,
    Done,
    Effect,
    PartlyDone,
    Retry,
    RetryPolicy,
    Split,
    Stop,
    WhenExhausted,
    interpret_loss,
    narrow,
)
from importer.destinations.not_found import Missing, find_missing, flatten_item
from importer.destinations.policies import (
    SERVER_ERROR,
    SERVER_ERROR_FOR_MANY,
    ask_again,
    build_contradiction,
    build_nonsense,
)
from importer.destinations.trakt.trouble import (
    NOT_TRAKTS,
    REFRESH_TOKEN,
    explain_forbidden,
    interpret_rate_limit,
)
from importer.errors import AccountLimitError, AuthorizationError, ConnectionLostError, StopRunError
from importer.http import Response, parse_object, read_retry_after
from importer.model import Batch, Outcome, RatingJob, Status

NONSENSE = build_nonsense("Trakt")
OVERLOADED = RetryPolicy(
    attempts=5,
    first_wait_seconds=30,  # docs: "try again in 30 s"
    when_exhausted=WhenExhausted.SPLIT_ONCE,
    stop_message="{reason}: Trakt still gives no answer after {attempts} attempts",
    too_much=True,
)
CONFLICT = RetryPolicy(
    # Not documented for ratings: if the rating is not in the account, it was refused.
    attempts=2,
    first_wait_seconds=1,
    reads_back_first=True,
    when_exhausted=WhenExhausted.SPLIT,
    outcome=Outcome(
        Status.REJECTED, "http_409", "Trakt reports a conflict (409), and the rating is not there"
    ),
)
CONTRADICTION = build_contradiction("Trakt")

_match_limit = re.compile(r"[0-9]{1,9}").fullmatch
_match_upgrade = re.compile(r"https://(?:[a-z]+\.)?trakt\.tv(?:/[a-z/-]{0,60})?").fullmatch
"""Only such header values are shown: they cannot be a token and cannot move a cursor."""

_OVERLOADED = frozenset({502, 503, 504, 520, 521, 522, 523, 524})
_WRONG_PATH = frozenset({404, 405, 410, 412})
_NOT_COUNTED = Outcome(
    Status.UNCONFIRMED,
    "not_counted",
    "Trakt neither counted the row nor said that it does not know the title",
)
_MISSING = Outcome(Status.NOT_FOUND, "not_found", "Trakt does not know this title by the ids of the row")


@dataclass(frozen=True, slots=True)
class Sent:
    """A batch as it was sent: its items in the order of its jobs, and the outcome of a success."""

    batch: Batch
    build_items: Callable[[], Sequence[Mapping[str, Any]]]
    """Built again only if an answer must be compared with them."""
    success_of: Callable[[RatingJob], Outcome]
    second_kind_of: Callable[[RatingJob], str | None]


def interpret_ratings(sent: Sent, answer: Response | ConnectionLostError) -> BatchDecision:
    """Decide on the answer to a batch of ratings or removals."""
    if isinstance(answer, ConnectionLostError):
        return interpret_loss(answer, "Trakt")
    if 200 <= answer.status < 300:
        return _interpret_success(sent, answer)
    return _interpret_refusal(sent.batch, answer) or _interpret_trouble(sent.batch, answer)


def _interpret_success(sent: Sent, answer: Response) -> BatchDecision:
    content = parse_object(answer.body)
    counts = content.get("added", content.get("deleted"))
    if not isinstance(counts, Mapping) or not isinstance(content.get("not_found", {}), Mapping):
        return Retry(NOT_TRAKTS, NONSENSE, Effect.UNKNOWN)
    jobs = sent.batch.jobs
    missing = Missing(set(), set())
    if any(content.get("not_found", {}).values()):
        if len(jobs) == 1 and _count(content) > 0:
            return Retry("an answer that contradicts itself", CONTRADICTION, Effect.UNKNOWN)
        named = find_missing([flatten_item(item) for item in sent.build_items()], content["not_found"])
        missing = named.doubt(_count(content), len(jobs))
    if not _accounts_for(content, len(jobs)):
        missing = missing._replace(unclear=set(range(len(jobs))) - missing.certain)
    if len(missing.unclear) == len(jobs):
        if len(jobs) > 1:
            return Split("the answer does not identify its rows", Effect.UNKNOWN)
        return Done((_NOT_COUNTED,))
    return _sort_out(sent, missing)


def _sort_out(sent: Sent, missing: Missing) -> BatchDecision:
    """Give each row its outcome; those that are unclear, or may be of a second kind, are sent again."""
    jobs = sent.batch.jobs
    outcomes: list[Outcome | None] = [sent.success_of(job) for job in jobs]
    later: dict[str, list[RatingJob]] = {}
    for position in missing.certain:
        second_kind = sent.second_kind_of(jobs[position])
        outcomes[position] = None if second_kind else _MISSING
        if second_kind:
            later.setdefault(second_kind, []).append(jobs[position])
    for position in missing.unclear:
        outcomes[position] = None
    known = [outcome for outcome in outcomes if outcome is not None]
    if len(known) == len(jobs):
        return Done(known)
    unclear = Batch(sent.batch.request_kind, [jobs[position] for position in sorted(missing.unclear)])
    halves = [half for half in unclear.halves() if half.jobs]
    return PartlyDone(outcomes, halves, [Batch(request_kind, again) for request_kind, again in later.items()])


def _accounts_for(content: Mapping[str, Any], rows: int) -> bool:
    """Whether the rows that the answer does not name as missing were rated.

    `added` counts updates, too (issue #448), so nothing counted means nothing rated. Removing a rating that
    does not exist counts nothing. The sums of real answers need not add up (API page "addratings").
    """
    counted = _count(content)
    if "not_found" not in content:
        return counted >= rows
    return counted > 0 or "added" not in content


def _count(content: Mapping[str, Any]) -> int:
    counts = content.get("added", content.get("deleted", {}))
    return sum(count for count in counts.values() if type(count) is int)  # True is an int, too


def _interpret_refusal(batch: Batch, answer: Response) -> BatchDecision | None:
    """Decide on permanent refusals; None for answers that may be temporary."""
    status = answer.status
    if status == 401:
        return REFRESH_TOKEN
    if status == 403:
        return Stop(explain_forbidden(answer))
    if status == 420:
        if len(batch.jobs) > 1:
            limit = _match_limit(answer.headers.get("X-Account-Limit", ""))
            reason = "the account has no room for all of these rows (420)"  # but for some of them, maybe
            return Split(reason, lacks_room=True, cap=int(limit[0]) if limit else None)
        return Stop(AccountLimitError(_explain_limit(answer)))
    if status == 423:
        return Stop(AuthorizationError("Trakt has locked or deactivated this account (423): ask its support"))
    if status == 426:
        return Stop(AuthorizationError("Trakt keeps this for VIP members (426)"))
    if status in _WRONG_PATH or 300 <= status < 400:
        return Stop(StopRunError(f"this is not Trakt's API (HTTP {status}): check IMPORTER_TRAKT_BASE_URL"))
    if status in {400, 413, 422} or (400 <= status < 500 and status not in {409, 429}):
        message = f"Trakt refuses the row (HTTP {status})"
        return narrow(batch, Outcome(Status.REJECTED, f"http_{status}", message), too_much=status == 413)
    return None


def _interpret_trouble(batch: Batch, answer: Response) -> BatchDecision:
    status = answer.status
    if status == 429:
        return interpret_rate_limit(answer)
    if status == 409:
        reason = "conflict (409)"
        if len(batch.jobs) > 1:
            return Split(reason, Effect.UNKNOWN)
        return Retry(reason, CONFLICT, Effect.UNKNOWN)
    if status in _OVERLOADED:
        return ask_again(f"overloaded ({status})", OVERLOADED, read_retry_after(answer.headers))
    policy = SERVER_ERROR_FOR_MANY if len(batch.jobs) > 1 else SERVER_ERROR
    return Retry(f"server error ({status})", policy, Effect.UNKNOWN)


def _explain_limit(answer: Response) -> str:
    limit = answer.headers.get("X-Account-Limit", "")
    upgrade = answer.headers.get("X-Upgrade-URL", "")
    return (
        "the account is full (420): Trakt stores "
        + (f"{limit} ratings" if _match_limit(limit) else "no more ratings")
        + " for it. What was rated stays rated"
        + (f"; {upgrade} offers more" if _match_upgrade(upgrade) else "")
    )
