"""The decision table for answers of `POST /rating` and `DELETE /rating`: one title each. Pure.

TMDB says in `status_code` of a JSON body what it did:

```text
rating      201   1 Success, 12 updated                  Done: rated
removal     200  13 deleted                              Done: unrated
removal     404  34 not found: no rating, or no title?   read the account; still unclear: not found
rating      404  34 not found                            Done: not found
any         400  18 the value                            Done: rejected
removal     2xx  another code                            read the account, then once more
any         2xx  anything else                           once more, then Stop
any         401, 403, 404 without a code, 3xx            Stop
any         429                                          all workers wait
any         500; 502, 503, 504                           Retry; then failed, or Stop
```
"""

from collections.abc import Iterable

from importer.destinations.decisions import (
    RATED,
    UNRATED,
    BatchDecision,
    Done,
    Effect,
    Retry,
    RetryPolicy,
    Stop,
    WhenExhausted,
    interpret_loss,
)
from importer.destinations.policies import SERVER_ERROR, build_nonsense, build_not_counted
from importer.destinations.tmdb.trouble import (
    NOT_FOUND,
    NOT_TMDBS,
    describe_answer,
    interpret_refusal,
    read_code,
)
from importer.errors import ConnectionLostError, StopRunError
from importer.http import Response, read_retry_after
from importer.model import Outcome, Status

RATED_CODES = frozenset({1, 12})
REMOVED_CODES = frozenset({13})

MISSING = Outcome(Status.NOT_FOUND, "not_found", "TMDB does not know this title by the id of the row")

NOT_REMOVED = RetryPolicy(
    attempts=2,
    first_wait_seconds=2,
    reads_back_first=True,
    when_exhausted=WhenExhausted.SPLIT,
    outcome=MISSING,
)
"""Whether TMDB answers so for a title that has no rating is not documented: the account shows it."""

NONSENSE = build_nonsense("TMDB")
NOT_COUNTED = build_not_counted("TMDB", first_wait_seconds=2)
OVERLOADED = RetryPolicy(
    attempts=5,
    first_wait_seconds=2,
    exponential=True,
    stop_message="{reason}: TMDB still gives no answer after {attempts} attempts",
)

_BROKEN = frozenset({500, 501, 505})
_BAD_REQUEST = frozenset({400, 404, 406, 409, 410, 413, 422})


def interpret_rating(
    answer: Response | ConnectionLostError, secrets: Iterable[str], *, removes: bool
) -> BatchDecision:
    """Decide on the answer to one rating or one removal."""
    if isinstance(answer, ConnectionLostError):
        return interpret_loss(answer, "TMDB")
    status, code = answer.status, read_code(answer)
    if 200 <= status < 300:
        if code in (REMOVED_CODES if removes else RATED_CODES):
            return Done((UNRATED if removes else RATED,))
        policy = NOT_COUNTED if removes and code is not None else NONSENSE
        return Retry(NOT_TMDBS, policy, Effect.UNKNOWN)
    if (decision := interpret_refusal(answer)) is not None:
        return decision
    told = describe_answer(answer, secrets)
    if status == 404 and code == NOT_FOUND:
        return Retry(told, NOT_REMOVED) if removes else Done((MISSING,))
    if status in _BAD_REQUEST:
        return Done((Outcome(Status.REJECTED, f"http_{status}", told),))
    if status in _BROKEN:
        return Retry(f"HTTP {status}", SERVER_ERROR, Effect.UNKNOWN, read_retry_after(answer.headers))
    if status >= 500 or status == 408:
        asked = read_retry_after(answer.headers)
        return Retry(f"TMDB is overloaded ({status})", OVERLOADED, Effect.UNKNOWN, asked)
    return Stop(StopRunError(f"{told}, which makes no sense here; is the base URL right?"))
