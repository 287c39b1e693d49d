"""Decisions, as tests look at them."""

from typing import TypeVar

from importer.destinations.decisions import Decision, Done, PartlyDone, RefreshToken, Retry, Split, Stop

T = TypeVar("T")


def value_or(decision: Decision[T]) -> T | PartlyDone | Retry | Split | RefreshToken | Stop:
    """The value of a decision that has one; else the decision itself."""
    return decision.value if isinstance(decision, Done) else decision
