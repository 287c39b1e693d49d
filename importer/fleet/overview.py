"""How a fleet stands, for people: what `importer fleet status` prints and the page shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from importer.fleet.depot import Account, Depot, State, Tally
from importer.fleet.opening import find_key_problem
from importer.text import duration

MOST_SHOWN = 100
"""Accounts that are named; a fleet may have a million."""

MEANINGS = MappingProxyType(
    {
        State.DUE: "free, and to be imported now",
        State.RUNNING: "a worker has it",
        State.WAITING: "not due yet",
        State.SIGNED_OUT: "its sign-in is not accepted any more: add it again with a new one",
        State.SET_ASIDE: "left alone until `importer fleet resume NAME`; `importer fleet show NAME` says why",
    }
)
"""By state: what it means, and what people do about it."""

MOST_FAILED = 20
"""Accounts that are named whose last turn did not go well."""

FOR_PEOPLE = (State.SIGNED_OUT, State.SET_ASIDE)
"""The states that somebody has to end."""


@dataclass(frozen=True, slots=True)
class Overview:
    """A fleet in figures, and the accounts that wait for a person."""

    tally: Tally
    waiting_for_people: Sequence[Account]
    """The first of them, by name."""
    failed: Sequence[Account] = ()
    """The first of the others whose last turn did not go well, by name."""
    problem: str = ""
    """Why no account can be imported, or empty."""

    @classmethod
    def of(cls, depot: Depot) -> "Overview":
        """Ask the depot."""
        others = [state for state in State if state not in FOR_PEOPLE]
        return cls(
            depot.tally(),
            depot.accounts(FOR_PEOPLE, limit=MOST_SHOWN),
            depot.accounts(others, limit=MOST_FAILED, failed=True),
            find_key_problem(depot),
        )

    @property
    def lines(self) -> Iterator[tuple[State, int, str]]:
        """Each state, how many accounts are in it, and what it means."""
        for state in State:
            yield state, self.tally.states.get(state, 0), MEANINGS[state]

    @property
    def notes(self) -> Iterator[str]:
        """What else is to be said of the fleet as a whole."""
        tally = self.tally
        if self.problem:
            yield self.problem
        if tally.overdue_seconds >= 1:
            yield f"the account that waits longest has been due for {duration(tally.overdue_seconds)}"
        if tally.pause_seconds:
            yield f"a server asked all to wait: nobody sends for {duration(tally.pause_seconds)}"
        if tally.leases_lost:
            yield f"{tally.leases_lost:,} times an account was taken over from a worker that was gone"

    def as_json(self) -> dict[str, Any]:
        """All of it, for other programs."""
        return {
            "accounts": {str(state): number for state, number, _ in self.lines},
            "overdue_seconds": self.tally.overdue_seconds,
            "rows": dict(self.tally.counts),
            "leases_lost": self.tally.leases_lost,
            "saves": self.tally.saves,
            "pause_seconds": self.tally.pause_seconds,
            "share_per_second": self.tally.share,
            "problem": self.problem or None,
            "waiting_for_people": [as_json(account) for account in self.waiting_for_people],
            "failed": [as_json(account) for account in self.failed],
        }


def as_json(account: Account) -> dict[str, Any]:
    """One account, for other programs. There is no secret in it."""
    last = account.last
    return {
        "account": account.name,
        "state": str(account.state),
        "keys": dict(account.keys),
        "due_at": account.due_at.isoformat(),
        "held_until": account.held_until.isoformat() if account.held_until else None,
        "holder": account.holder or None,
        "deaths": account.deaths,
        "ended_at": account.ended_at.isoformat() if account.ended_at else None,
        "last": None
        if last is None
        else {
            "exit_code": last.exit_code,
            "message": last.message or None,
            "run": last.run_id or None,
            "counts": dict(last.counts),
        },
        "note": account.note or None,
    }
