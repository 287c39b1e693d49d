"""Policies of retries that several services share, and what they have in common in reading trouble. Pure.

```text
a question (whose account is it?)     3 attempts; 5 if it matters, 2 if a person waits
429                                   all workers wait; no attempt is used up
500 for a batch                       4 attempts, then halves; 2 for many rows: halves find the bad row sooner
```
"""

from dataclasses import replace

from importer.destinations.decisions import Effect, Retry, RetryPolicy, WhenExhausted
from importer.model import Outcome, Status

RETRY_MARGIN_SECONDS = 0.9
"""`Retry-After` is rounded to whole seconds; other clients wait this much longer."""

RATE_LIMIT = RetryPolicy(
    attempts=1,
    first_wait_seconds=30,
    exponential=True,
    counts=False,  # it says nothing about what was sent: only the total time ends it
    pauses_all_workers=True,
    stop_message="{reason} and goes on asking. Type the same command again later.",
)

SERVER_ERROR_OUTCOME = Outcome(Status.FAILED, "server_error", "gave up after {reason}")
SERVER_ERROR = RetryPolicy(
    attempts=4,
    first_wait_seconds=2,
    exponential=True,
    when_exhausted=WhenExhausted.SPLIT,
    outcome=SERVER_ERROR_OUTCOME,
    too_much=True,
)
SERVER_ERROR_FOR_MANY = replace(SERVER_ERROR, attempts=2)
"""Splitting finds the row that breaks the server sooner than more attempts with the whole batch."""


def build_question(server: str) -> RetryPolicy:
    """Build the policy of what changes nothing: whose sign-in it is, what is rated, what there is."""
    message = f"{server} gives no proper answer ({{reason}}). Type the same command again later."
    return RetryPolicy(attempts=3, first_wait_seconds=2, stop_message=message)


def build_nonsense(server: str) -> RetryPolicy:
    """Build the policy for answers to a batch that are not the service's."""
    message = f"{server}'s answers make no sense: what became of a batch is unknown"
    return RetryPolicy(attempts=3, first_wait_seconds=5, stop_message=message)


def build_not_counted(server: str, first_wait_seconds: float) -> RetryPolicy:
    """Build the policy for a row of which an answer says nothing: the account is read before a repeat."""
    message = f"{server} neither counted the row nor said that it does not know the title"
    return RetryPolicy(
        attempts=2,
        first_wait_seconds=first_wait_seconds,
        reads_back_first=True,
        when_exhausted=WhenExhausted.SPLIT,
        outcome=Outcome(Status.UNCONFIRMED, "not_counted", message),
    )


def build_contradiction(server: str) -> RetryPolicy:
    """Build the policy for a row that an answer counts and names as not found: the account knows."""
    message = f"{server} counted the row and said that it does not know the title; the rating is not there"
    policy = build_not_counted(server, first_wait_seconds=1)
    return replace(policy, outcome=Outcome(Status.NOT_FOUND, "not_found", message))


def ask_again(
    reason: str, policy: RetryPolicy, asked_seconds: float | None = None, effect: Effect = Effect.UNKNOWN
) -> Retry:
    """Send it again, after the policy's wait or what the server asks for if that is longer."""
    seconds = None if asked_seconds is None else max(policy.first_wait_seconds, asked_seconds)
    return Retry(reason, policy, effect, seconds)
