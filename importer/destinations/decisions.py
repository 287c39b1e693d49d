"""Decisions: a destination reads an answer and decides, the client does it. Pure.

```text
answer                     decision                        what the client does
201, all rows counted      Done([RATED, RATED])            returns the value
201, row 2 is not known    Done([RATED, NOT_FOUND])        returns the value
400 for a batch of 100     Split                           the pool sends two halves of 50
200, 99 of 100 counted     Split(reads_back)               reads the account, sends again what it lacks
429, Retry-After: 12       Retry(RATE_LIMIT, wait 12.9)    all workers wait; no attempt is used up
500                        Retry(SERVER_ERROR)             waits 2, 4, 8 s, then `Retry.give_up`
connection dropped         Retry, Effect.UNKNOWN           reads back first where a repeat may do harm
401                        RefreshToken                    renews once, sends the request again
403                        Stop(AuthorizationError)        ends the run
```

A `Retry` names a policy. When the attempts of a batch are used up, `Retry.give_up` decides; a question (a
look-up, a page of ratings) then always stops.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Generic, NamedTuple, TypeVar

from importer.errors import ConnectionLostError, Loss, StopRunError, UnreachableError
from importer.model import Batch, Outcome, Status

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Effect(Enum):
    """The effect of a request that got no proper answer."""

    NONE = "none"
    UNKNOWN = "unknown"
    """Perhaps it was carried out: check the account before sending it again, unless a repeat does no harm."""


class WhenExhausted(Enum):
    """What to do when the attempts of a batch are used up."""

    STOP = "stop"
    SPLIT = "split"
    """Split the batch; a single row gets the policy's outcome."""
    SPLIT_ONCE = "split once"
    """Split the batch, once: if a half fails as well, stop the run."""


_GAVE_UP = Outcome(Status.FAILED, "no_answer", "gave up: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a request is sent, how long to wait between attempts, and what follows the last one.

    `{reason}`, `{attempts}` and `{seconds}` in the texts are filled in from the last attempt.
    """

    attempts: int
    """The number of attempts, the first one included."""
    first_wait_seconds: float
    exponential: bool = False
    """Whether each wait is twice the one before. A wait that the server asked for never grows."""
    counts: bool = True
    """False if the answer says nothing about the request (a rate limit): then no attempt is used up."""
    pauses_all_workers: bool = False
    """Whether the answer applies to the whole client rather than to this request."""
    reads_back_first: bool = False
    """Whether to read the account before sending again, even if a repeat would do no harm."""
    when_exhausted: WhenExhausted = WhenExhausted.STOP
    outcome: Outcome = _GAVE_UP
    stop_message: str = "{reason}: no proper answer after {attempts} attempts"
    waits_for_network: bool = True
    """False for a minor question, which does not wait half a minute for a connection."""
    error: type[StopRunError] = StopRunError
    """The error that a stop raises."""
    too_much: bool = False
    """Whether smaller batches are wise from here on."""


@dataclass(frozen=True, slots=True)
class Done(Generic[T_co]):
    """The answer is complete. For a batch the value has one outcome per job, in the batch's order."""

    value: T_co


@dataclass(frozen=True, slots=True)
class PartlyDone:
    """The answer gives some jobs of the batch an outcome; the others are in `halves` or `later`.

    `halves` are sent at once; `later` are batched again with others of their kind of request and sent last.
    """

    outcomes: Sequence[Outcome | None]
    halves: Sequence[Batch] = ()
    later: Sequence[Batch] = ()


@dataclass(frozen=True, slots=True)
class Retry:
    """Send the request again, as the policy says.

    `wait_seconds` is the wait that the server asked for; it replaces the policy's and is never shortened.
    """

    reason: str
    policy: RetryPolicy
    effect: Effect = Effect.NONE
    wait_seconds: float | None = None

    @property
    def seconds(self) -> float:
        """The first wait, before it grows."""
        return self.policy.first_wait_seconds if self.wait_seconds is None else self.wait_seconds

    @property
    def grows(self) -> bool:
        """Whether the wait grows with every attempt."""
        return self.policy.exponential and self.wait_seconds is None

    def stop(self) -> "Stop":
        """Return the Stop that this retry becomes when it must not be repeated."""
        return Stop(self.policy.error(self._fill(self.policy.stop_message)), self.effect)

    def give_up(self, batch: Batch) -> "Done[Sequence[Outcome]] | Split | Stop":
        """Return the decision on a batch whose attempts are used up."""
        policy = self.policy
        if policy.when_exhausted is WhenExhausted.SPLIT and batch.jobs:
            outcome = policy.outcome._replace(message=self._fill(policy.outcome.message))
            return narrow(batch, outcome, effect=self.effect, too_much=policy.too_much)
        if policy.when_exhausted is WhenExhausted.SPLIT_ONCE and len(batch.jobs) > 1 and not batch.is_part:
            return Split(self.reason, self.effect, policy.too_much)
        return self.stop()

    def _fill(self, template: str) -> str:
        return template.format(reason=self.reason, attempts=self.policy.attempts, seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class Split:
    """Send the batch in parts instead. Never the decision on a single job."""

    reason: str
    effect: Effect = Effect.NONE
    too_much: bool = False
    """Whether smaller batches are wise from here on."""
    lacks_room: bool = False
    """Whether the account has no room for all of it: it is cut to the room that is left, if that is known."""
    cap: int | None = None
    """How many ratings the account may hold, if the answer says so."""
    reads_back: bool = False
    """Whether to read the account first: the rows that it shows are done, and the others are sent again."""


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """The token was not accepted: renew it once, and send the same request again."""

    if_refused_again: str = field(default="the sign-in is not accepted although it is new", compare=False)
    """The message if the new token is not accepted either."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Send nothing more in this run."""

    error: StopRunError
    effect: Effect = Effect.NONE


Decision = Done[T] | PartlyDone | Retry | Split | RefreshToken | Stop
BatchDecision = Decision[Sequence[Outcome]]

RATED = Outcome(Status.RATED)
UNRATED = Outcome(Status.UNRATED)


def narrow(
    batch: Batch, outcome: Outcome, *, effect: Effect = Effect.NONE, too_much: bool = False
) -> Done[Sequence[Outcome]] | Split:
    """Split a batch; a single job gets the outcome. So one bad row never fails its neighbours."""
    if len(batch.jobs) > 1:
        return Split(outcome.message, effect, too_much)
    return Done((outcome,))


class LossRule(NamedTuple):
    """How to treat a lost connection. No policy: another attempt would not help."""

    effect: Effect
    policy: RetryPolicy | None
    reason: str = "{loss}"


_NO_ANSWER = Outcome(Status.UNCONFIRMED, "no_answer", "sent, but the answer never came")

_DROPPED = LossRule(
    Effect.UNKNOWN,
    RetryPolicy(
        attempts=6,
        first_wait_seconds=1,
        exponential=True,
        when_exhausted=WhenExhausted.SPLIT,
        outcome=_NO_ANSWER,
    ),
)

LOSSES: Mapping[Loss, LossRule] = {
    Loss.ADDRESS: LossRule(Effect.NONE, None, "{server} has an {loss}"),
    Loss.PROXY: LossRule(Effect.NONE, None, "{server} cannot be reached: {loss}"),
    Loss.CERTIFICATE: LossRule(Effect.NONE, None, "{server}'s identity cannot be proved: {loss}"),
    Loss.REFUSED: LossRule(
        Effect.NONE,
        # 31 s in all: a machine needs that long after waking up to find its network.
        RetryPolicy(
            attempts=6,
            first_wait_seconds=1,
            exponential=True,
            stop_message="{reason}",
            error=UnreachableError,
        ),
        "{server} cannot be reached: {loss}",
    ),
    Loss.TIMEOUT: LossRule(
        # A server that needs over a minute for a batch is not faster the third time; half a batch is.
        Effect.UNKNOWN,
        RetryPolicy(
            attempts=2,
            first_wait_seconds=1,
            when_exhausted=WhenExhausted.SPLIT,
            outcome=_NO_ANSWER,
            too_much=True,
        ),
    ),
    **dict.fromkeys((Loss.DROPPED, Loss.CUT_SHORT, Loss.ENCODING, Loss.NOT_HTTP), _DROPPED),
    Loss.HEADERS_TOO_LARGE: LossRule(Effect.UNKNOWN, None, "{server}'s answer cannot be read: {loss}"),
    Loss.TOO_LARGE: LossRule(Effect.UNKNOWN, None, "{server}'s answer makes no sense: {loss}"),
}
"""How to treat each kind of lost connection, for every service."""


def interpret_loss(
    loss: ConnectionLostError, server: str, question: RetryPolicy | None = None
) -> Retry | Stop:
    """Decide on a lost connection to `server`; `question` is the policy of a request that changes nothing."""
    rule = LOSSES[loss.loss]
    reason = rule.reason.format(server=server, loss=loss)
    if rule.policy is None:
        return Stop(StopRunError(reason), rule.effect)
    if question is None:
        return Retry(reason, rule.policy, rule.effect)
    # Without a connection, a question is treated like a batch: the network may come up soon.
    policy = rule.policy if loss.loss is Loss.REFUSED and question.waits_for_network else question
    message = question.stop_message
    if loss.loss is Loss.REFUSED:  # nothing answered, so nothing is wrong with an answer
        message = f"{server} cannot be reached ({{reason}}). Type the same command again later."
    policy = replace(policy, stop_message=message, error=UnreachableError)
    return Retry(str(loss), policy, rule.effect)
