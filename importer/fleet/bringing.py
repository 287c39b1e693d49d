"""Brings one account, from claim to finish: the road of a sync job, in a folder that lives as long.

```text
claim               lease with fence 7, and what was saved last     the transport asks before each request
unpack              journal and state into a folder of this turn
run_job             read the source, look at the account
  before sending    save a copy of the journal with all open rows marked
  each minute       again
finish              save, due again in a day
```

A worker that dies leaves the marked copy: whoever claims the account next finds an unfinished run whose open
rows may have arrived, looks at the account, notes what is there as `verified`, and sends the rest. A worker
whose lease is lost sends nothing more and saves nothing.
"""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import NamedTuple

from importer.client.transport import asking_first
from importer.config.folders import own_state_dir
from importer.errors import AuthorizationError, ImporterError, StopRunError
from importer.fleet.account_job import SealedTokenStore, build_job, hold, next_turn_seconds
from importer.fleet.depot import Claim, Depot, DepotUnreachableError, Ending, LeaseLostError
from importer.fleet.lease import Gate, Held, Leases
from importer.fleet.saved import pack, unpack
from importer.fleet.saving import Saving
from importer.fleet.sealing import Sealer
from importer.model import SUCCESSES
from importer.runs.prompts import Observer, Unattended, Unwatched
from importer.runs.run_report import RunReport
from importer.sync.config import SyncJob
from importer.sync.job import Unchanged, run_job

RETRY_SECONDS = 900.0
"""After a turn that stopped early, for what it stopped for may pass; never later than the next turn."""

FINISH_PATIENCE_SECONDS = 300.0
"""How long a turn that has ended waits for a depot that does not answer, rather than being lost."""


class Outcome(StrEnum):
    """What became of an account's turn."""

    ENDED = "ended"
    REFUSED = "refused"
    GIVEN_BACK = "given_back"
    """It was interrupted; the account stays due."""
    LOST = "lost"
    SIGNED_OUT = "signed_out"
    SET_ASIDE = "set_aside"


class Brought(NamedTuple):
    """The outcome, as it goes back to the driver."""

    name: str
    outcome: Outcome
    exit_code: int = 0
    message: str = ""


@dataclass(frozen=True, slots=True)
class FleetOptions:
    """The settings of a fleet that a worker needs. All JSON values: a child process gets them, too."""

    depot: str = ""
    defaults: Mapping[str, object] = field(default_factory=dict)
    every: str = "1d"
    lease_seconds: float = 30.0
    scratch: str | None = None
    """Where the folders of turns are made; None: where the system keeps temporary files."""


Road = Callable[[SyncJob, Saving], RunReport | Unchanged]
"""What is done with an account: a sync, or an undo."""


class Bringing:
    """Brings accounts of one depot; of one process, for many threads."""

    def __init__(
        self,
        depot: Depot,
        sealer: Sealer,
        leases: Leases,
        options: FleetOptions,
        observe: Callable[[str], Observer] = lambda _: Unwatched(),
    ) -> None:
        self.depot = depot
        self.leases = leases
        self.options = options
        self._sealer = sealer
        self._observe = observe

    def work(self, claim: Claim, held: Held, road: Road | None = None) -> Brought:
        """Do what is to be done under a lease that this process has. Raises DepotUnreachableError."""
        name = claim.lease.name
        with (
            self.leases.working(held),
            held.stop.of_this_thread(),
            asking_first(Gate(self.leases, held)),
            tempfile.TemporaryDirectory(
                prefix="turn-", dir=self.options.scratch, ignore_cleanup_errors=True
            ) as temporary,
        ):
            folder = Path(temporary)
            with own_state_dir(folder):
                try:
                    ending, error = self._run(claim, folder, road or partial(self._sync, name))
                except Exception as unexpected:  # noqa: BLE001 - one account must not end the others
                    ending, error = _unexpected(unexpected), None
            try:
                return self._end(claim, held, folder, ending, error)
            except LeaseLostError as lost:
                return Brought(name, Outcome.LOST, lost.exit_code, str(lost))

    def _run(self, claim: Claim, folder: Path, road: Road) -> tuple[Ending, ImporterError | None]:
        due_in_seconds = RETRY_SECONDS
        try:
            if claim.copy is not None:
                unpack(claim.copy, folder)
            job = self._build_job(claim, folder)
            due_in_seconds = next_turn_seconds(job, self.options.every)
            with Saving(self.depot, claim.lease, folder) as saving:
                ended = road(job, saving)
        except ImporterError as error:
            return _stopped(error, due_in_seconds), error
        if isinstance(ended, Unchanged):
            return Ending(0, due_in_seconds, counts=dict(ended.counts)), None
        return _describe(ended, job, due_in_seconds), ended.stopped_by

    def _build_job(self, claim: Claim, folder: Path) -> SyncJob:
        secrets = self._sealer.open(claim.lease.name, claim.sealed)
        content = None
        if claim.content is not None:
            named = str({**self.options.defaults, **claim.keys}.get("source") or "ratings.csv")
            content = folder / "source" / Path(named).name
            content.parent.mkdir(mode=0o700)
            content.write_bytes(claim.content)
        job = build_job(claim, self.options.defaults, content)
        store = SealedTokenStore(self.depot, self._sealer, claim.lease, secrets)
        return hold(job, secrets, store)

    def _sync(self, name: str, job: SyncJob, saving: Saving) -> RunReport | Unchanged:
        return run_job(name, job, job.files.out, Unattended(), self._observe(name), saving.before_sending)

    def _end(
        self, claim: Claim, held: Held, folder: Path, ending: Ending, error: ImporterError | None
    ) -> Brought:
        lease, name = claim.lease, claim.lease.name
        if held.is_lost or isinstance(error, LeaseLostError):
            raise LeaseLostError(name)
        is_same = error is None and not ending.run_id
        copy = None if is_same else pack(folder)
        is_interrupted = held.stop.error is not None and ending.exit_code == StopRunError.exit_code
        if is_interrupted or isinstance(error, DepotUnreachableError):  # neither is the account's fault
            self._insist(partial(self.depot.release, lease, copy))
            return Brought(name, Outcome.GIVEN_BACK, ending.exit_code, ending.message)
        if isinstance(error, AuthorizationError):
            self._insist(partial(self.depot.park, lease, copy, ending))
            return Brought(name, Outcome.SIGNED_OUT, ending.exit_code, ending.message)
        self._insist(partial(self.depot.finish, lease, copy, ending))
        return Brought(name, Outcome.ENDED, ending.exit_code, ending.message)

    def _insist(self, change: Callable[[], None]) -> None:
        deadline = time.monotonic() + FINISH_PATIENCE_SECONDS
        while True:
            try:
                return change()
            except DepotUnreachableError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(1)


def _describe(report: RunReport, job: SyncJob, due_in_seconds: float) -> Ending:
    counts: dict[str, int] = {}
    for tally in report.tallies:
        counts[str(tally.status)] = counts.get(str(tally.status), 0) + tally.count
    if report.stopped_by is not None:
        stopped = _stopped(report.stopped_by, due_in_seconds)
        return replace(stopped, run_id=report.run.run_id, counts=counts)
    fine = {*SUCCESSES, *job.ends.accept}
    has_failed = any(tally.status not in fine for tally in report.tallies)
    return Ending(int(has_failed), due_in_seconds, run_id=report.run.run_id, counts=counts)


def _stopped(error: ImporterError, due_in_seconds: float) -> Ending:
    may_pass = error.exit_code == StopRunError.exit_code
    return Ending(
        error.exit_code, min(RETRY_SECONDS, due_in_seconds) if may_pass else due_in_seconds, str(error)
    )


def _unexpected(error: Exception) -> Ending:
    # Its text may quote anything, a secret, too.
    return Ending(1, RETRY_SECONDS, f"an unexpected error ({type(error).__name__})")
