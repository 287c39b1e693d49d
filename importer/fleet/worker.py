"""A worker process: brings accounts by name, in as many threads as it is asked from.

```text
bring("ada")     another has it          Brought("ada", REFUSED)
                 two workers died        alone, in a process of its own (`alone.py`)
                 else                    here, among the others
```
"""

import math
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from importer.errors import StateFileError, StopRunError
from importer.fleet.alone import work_alone
from importer.fleet.bringing import Bringing, Brought, FleetOptions, Outcome, Road
from importer.fleet.depot import Claim, Depot, Refusal
from importer.fleet.lease import Held, Leases
from importer.fleet.opening import open_depot, open_sealer_of
from importer.runs.prompts import Observer, Unwatched

ALONE_AFTER_DEATHS = 2
"""A worker dies with all that it works on. So an account is suspected, not convicted, and tried alone."""


class Worker:
    """Claims accounts and brings them."""

    def __init__(self, bringing: Bringing, holder: str = "") -> None:
        self._bringing = bringing
        self._holder = holder or f"{socket.gethostname()}/{os.getpid()}"
        self._closed_for = ""
        self._closed_until = 0.0
        self._turns = 0
        self._mutex = threading.Lock()

    def bring(self, name: str, road: Road | None = None, *, early: bool = False) -> Brought:
        """Bring one account, if it is due and free. Raises DepotUnreachableError."""
        with self._mutex:
            if self._closed_for and time.monotonic() < self._closed_until:
                return Brought(name, Outcome.GIVEN_BACK, StopRunError.exit_code, self._closed_for)
            self._turns += 1
        try:
            return self._bring(name, road, early=early)
        finally:
            with self._mutex:
                self._turns -= 1

    @property
    def is_busy(self) -> bool:
        """Whether any turn has not ended."""
        return self._turns > 0

    def _bring(self, name: str, road: Road | None, *, early: bool) -> Brought:
        found = self._bringing.leases.claim(name, self._holder, early=early)
        if isinstance(found, Refusal):
            return Brought(name, Outcome.REFUSED, 0, str(found))
        claim, held = found
        if claim.deaths >= ALONE_AFTER_DEATHS and road is None:
            return self._bring_alone(claim, held)
        try:
            return self._bringing.work(claim, held, road)
        except (OSError, StateFileError) as error:  # of this machine: its disk is full, for one
            self._bringing.depot.release(claim.lease)
            problem = f"the worker has no room to work in ({error})"
            return Brought(name, Outcome.GIVEN_BACK, StopRunError.exit_code, problem)

    def close(self, reason: str, for_seconds: float = math.inf) -> None:
        """Begin no more turns, for some time or for good; let those that have begun end in good order."""
        with self._mutex:
            self._closed_for, self._closed_until = reason, time.monotonic() + for_seconds
        self._bringing.leases.stop(StopRunError(reason))

    def reopen(self) -> None:
        """Begin turns again, unless it was closed for good."""
        with self._mutex:
            if self._closed_until != math.inf:
                self._closed_for = ""

    def _bring_alone(self, claim: Claim, held: Held) -> Brought:
        bringing = self._bringing
        with bringing.leases.working(held):
            return work_alone(claim.lease, held, bringing.depot, bringing.options)


@contextmanager
def open_worker(
    options: FleetOptions, observe: Callable[[str], Observer] = lambda _: Unwatched()
) -> Iterator[tuple[Worker, Depot]]:
    """Open the depot and what a worker needs. Raises SettingsError, MissingPartError, StopRunError."""
    with open_depot(options.depot) as depot:
        sealer = open_sealer_of(depot)
        with Leases(depot, options.lease_seconds) as leases:
            yield Worker(Bringing(depot, sealer, leases, options, observe)), depot
