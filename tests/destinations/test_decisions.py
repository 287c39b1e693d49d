"""Decisions: what a policy comes to when its attempts are used up, and what each lost connection means."""

import pytest

from importer.destinations.decisions import (
    LOSSES,
    Done,
    Effect,
    Retry,
    RetryPolicy,
    Split,
    Stop,
    WhenExhausted,
    interpret_loss,
)
from importer.errors import ConnectionLostError, Loss
from importer.model import Batch, Outcome, Status
from tests.builders import build_batch, build_job

ONE = build_batch(build_job(1))
MANY = build_batch(build_job(1), build_job(2))
PART = Batch("rate", MANY.jobs, is_part=True)
QUESTION = Batch("question", ())


def give_up(when: WhenExhausted, batch: Batch) -> Done[object] | Split | Stop:
    policy = RetryPolicy(
        attempts=3,
        first_wait_seconds=2,
        when_exhausted=when,
        outcome=Outcome(Status.FAILED, "why", "gave up after {reason}"),
        stop_message="{reason}: {attempts} attempts, {seconds:.0f} s",
    )
    return Retry("a {brace}", policy, Effect.UNKNOWN, wait_seconds=7).give_up(batch)


@pytest.mark.parametrize("when", WhenExhausted)
def test_a_question_always_stops_and_says_why(when: WhenExhausted) -> None:
    decision = give_up(when, QUESTION)
    assert isinstance(decision, Stop)
    assert str(decision.error) == "a {brace}: 3 attempts, 7 s"
    assert decision.effect is Effect.UNKNOWN


@pytest.mark.parametrize(
    ("when", "batch", "kind"),
    [
        (WhenExhausted.STOP, ONE, Stop),
        (WhenExhausted.STOP, MANY, Stop),
        (WhenExhausted.SPLIT, MANY, Split),
        (WhenExhausted.SPLIT, PART, Split),
        (WhenExhausted.SPLIT, ONE, Done),
        (WhenExhausted.SPLIT_ONCE, MANY, Split),
        (WhenExhausted.SPLIT_ONCE, PART, Stop),
        (WhenExhausted.SPLIT_ONCE, ONE, Stop),
    ],
)
def test_what_follows_is_the_policys_word(when: WhenExhausted, batch: Batch, kind: type) -> None:
    decision = give_up(when, batch)
    assert isinstance(decision, kind)
    if isinstance(decision, Done):
        assert decision.value == (Outcome(Status.FAILED, "why", "gave up after a {brace}"),)


@pytest.mark.parametrize("loss", Loss)
def test_every_way_to_lose_a_connection_has_its_rule(loss: Loss) -> None:
    decision = interpret_loss(ConnectionLostError(loss, "detail"), "Trakt")
    assert decision.effect is LOSSES[loss].effect
    text = decision.reason if isinstance(decision, Retry) else str(decision.error)
    assert "detail" in text
    if LOSSES[loss].policy is None:
        assert isinstance(decision, Stop)
        assert "Trakt" in text


def test_only_what_never_left_has_no_effect() -> None:
    assert {loss for loss, rule in LOSSES.items() if rule.effect is Effect.NONE} == {
        Loss.ADDRESS,
        Loss.PROXY,
        Loss.REFUSED,
        Loss.CERTIFICATE,
    }
