"""What a depot is: the place of a fleet's accounts, of their state, and of who may work on them.

```text
add(accounts)                        from `accounts.csv`; secrets come sealed
due(100)                  ["ada"]    the driver hands these names to workers
claim("ada", 30)          Claim      lease with fence 7, and the copy that the last worker saved
beat([lease], 30)         Pulse      every quarter of a lease, for all that this process works on
save(lease, copy)                    only while fence 7 is the newest: else LeaseLostError
finish(lease, copy, end)             the account waits until it is due again
```

The depot, not the engine, decides who works on an account: each claim raises the account's *fence*, and what
comes with an older fence is refused. An account whose holder died is claimed by another once its lease has
ended. Moments are the depot's: workers' clocks are compared with nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, Self

from importer.errors import StopRunError, UsageError


class State(StrEnum):
    """What an account of the fleet is doing."""

    DUE = "due"
    """Free, and to be brought now."""
    RUNNING = "running"
    """A worker has its lease."""
    WAITING = "waiting"
    """Free, and not due yet."""
    SIGNED_OUT = "signed_out"
    """Its tokens are not accepted any more; it waits for new ones."""
    SET_ASIDE = "set_aside"
    """Its workers died, or a run of it was undone; it waits for a person."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account as it is added. One with a known name replaces its description and keeps its state."""

    name: str
    keys: Mapping[str, object] = field(default_factory=dict)
    """Its own keys of `[jobs.NAME]`: source, to, every ...; the rest is in `[fleet.defaults]`."""
    sealed: bytes | None = None
    """Its secrets, sealed: see `sealing.py`. None leaves those that the depot has."""
    content: bytes | None = None
    """Its file, if that lies in the depot instead of at `source`. None leaves the one that the depot has."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What came of an account's turn."""

    exit_code: int
    """As the command's own: 0, 1 if rows failed, 3 if it stopped early."""
    due_in_seconds: float
    message: str = ""
    """Why it stopped, or empty."""
    run_id: str = ""
    """Its newest run; empty if there was nothing to do, which keeps the one before."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Rows by status."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the depot knows it, without secrets and content."""

    name: str
    keys: Mapping[str, object]
    state: State
    due_at: datetime
    held_until: datetime | None
    """Set while a worker has it."""
    holder: str
    """The worker that has it, or had it last."""
    fence: int
    deaths: int
    """How many workers died with it since its last ending."""
    ended_at: datetime | None
    """The end of its last turn; None if there was none."""
    last: Ending | None
    """The last turn's end; `due_in_seconds` is as it was then."""
    note: str
    """Why it is signed out or set aside, or empty."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one account. Worth nothing once a newer fence exists."""

    name: str
    fence: int


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker gets with a lease."""

    lease: Lease
    keys: Mapping[str, object]
    sealed: bytes | None
    content: bytes | None
    copy: bytes | None
    """The account's state as it was saved last; None if it never was."""
    deaths: int
    """How many workers in a row died with it; the present one is not among them."""
    run_id: str
    """The newest run that ended."""


class Refusal(StrEnum):
    """Why nobody may work on an account now."""

    HELD = "another worker has it"
    NOT_DUE = "it is not due"
    ASIDE = "it is signed out or set aside"
    UNKNOWN = "there is no such account"


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a worker process learns with each beat."""

    lost: frozenset[str] = frozenset()
    """Names whose lease is another's now."""
    pause_seconds: float = 0.0
    """How long nobody of the fleet sends anything: a server asked all for it."""
    share: float | None = None
    """Requests a second for each worker process, all its accounts together; None: no bound."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The whole fleet in figures."""

    states: Mapping[State, int]
    overdue_seconds: float
    """How long the account that waits longest has been due; 0 if none is due."""
    counts: Mapping[str, int]
    """Rows by status, of every account's last turn."""
    leases_lost: int
    """How often an account was taken over from a worker that died or was cut off."""
    saves: int
    pause_seconds: float
    share: float | None


class LeaseLostError(StopRunError):
    """Another worker has the account, or may have it: nothing is sent and nothing is saved any more."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: the lease has ended; whoever has it now goes on")


class DepotUnreachableError(StopRunError):
    """The depot does not answer. What was saved is safe, and leases end by themselves."""


class UnknownAccountError(UsageError):
    """The fleet has no account of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: the fleet has no account of this name")


class Depot(Protocol):
    """Where a fleet's state is. A context manager; every method may be called from any thread.

    Every method may raise DepotUnreachableError or StateFileError; those that take a lease, LeaseLostError.
    """

    @property
    def folder(self) -> Path | None:
        """The private folder that it is in; None if other machines can reach it."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    # What operators do

    def add(self, accounts: Iterable[NewAccount]) -> int:
        """Add accounts, or replace their description; returns how many.

        They are due at once. One that was signed out is not any more if new secrets come with it.
        """
        ...

    def remove(self, name: str) -> None:
        """Forget an account and all that is known of it.

        Raises UnknownAccountError, and StopRunError if it is held.
        """
        ...

    def get(self, name: str) -> Account:
        """Return one account. Raises UnknownAccountError."""
        ...

    def accounts(
        self, states: Iterable[State] = (), *, after: str = "", limit: int = 100, failed: bool = False
    ) -> Sequence[Account]:
        """Return accounts in these states, or in any, in the order of their names: those `after` a name.

        `failed`: only those whose last turn had another exit code than 0.
        """
        ...

    def sealed(self, *, after: str = "", limit: int = 100) -> Sequence[tuple[str, bytes]]:
        """Return accounts that have secrets, by name, with these: those `after` a name."""
        ...

    def tally(self) -> Tally:
        """Count the fleet."""
        ...

    def copy_of(self, name: str) -> bytes | None:
        """Return the state that was saved last; a run may be at work. Raises UnknownAccountError."""
        ...

    def resume(self, name: str) -> None:
        """Make an account due now, whatever it was set aside for. Raises UnknownAccountError."""
        ...

    # What the driver does

    def due(self, limit: int) -> Sequence[str]:
        """Return names of accounts that are due and free, the longest due first."""
        ...

    def retry_stopped(self) -> int:
        """Make those due whose last turn stopped early (exit code 3), and return how many."""
        ...

    def set_share(self, requests_per_second: float | None) -> None:
        """Say how much each worker process may send."""
        ...

    # What a worker does

    def claim(
        self, name: str, lease_seconds: float, holder: str = "", *, early: bool = False
    ) -> Claim | Refusal:
        """Take an account's lease if it is free and due; `early`: also one not due or set aside."""
        ...

    def claimed(self, lease: Lease) -> Claim:
        """Return once more what the claim of this lease gave: for a process that goes on under it."""
        ...

    def beat(self, leases: Iterable[Lease], lease_seconds: float) -> Pulse:
        """Extend these leases, and no others: one that nobody works on ends by itself."""
        ...

    def save(self, lease: Lease, copy: bytes) -> None:
        """Replace the account's saved state."""
        ...

    def store_secrets(self, lease: Lease, sealed: bytes) -> None:
        """Replace the account's secrets."""
        ...

    def finish(self, lease: Lease, copy: bytes | None, ending: Ending) -> None:
        """Save the state if it changed (`copy`), note the ending, and give the lease back."""
        ...

    def release(self, lease: Lease, copy: bytes | None = None) -> None:
        """Give the lease back without an ending: the account stays due. A `copy` is saved before."""
        ...

    def park(self, lease: Lease, copy: bytes | None, ending: Ending) -> None:
        """Note the ending, and leave the account alone until new secrets come: it is signed out."""
        ...

    def set_aside(self, lease: Lease, why: str) -> None:
        """Leave the account alone until a person resumes it."""
        ...

    def pause_all(self, seconds: float) -> None:
        """Let nobody of the fleet send anything for so long; a longer pause stays."""
        ...
