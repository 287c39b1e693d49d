"""The state of a sync job between runs: versions of its source, and rows that are known to fail.

```text
sync/nightly.json                          one private file for each job
  version      {"digest": "9f2c...", "etag": "W/abc"}     same as now: nothing to read
  activities   {"movies": "2026-11-28T03:00:12.000Z"}        same as now: the account did not change
  known        {"<hash of a row>": {"status": "not_found", "tried_on": "2026-11-01", "tries": 1 ...}}
                                                             not sent again for `retry_permanent_after` days
```
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from importer.files import make_private_folder, write_privately
from importer.interrupts import pause
from importer.journal import JournalRun, in_blocks
from importer.model import RESULT_COLUMNS, UNRATE, Outcome, RatingJob, RowsOutcome, Status
from importer.runs.verify import NOT_STORED
from importer.state_files import take_lock
from importer.sync.config import SyncJob
from importer.sync.keys import values_by_key
from importer.sync.source import Version

LOCK_POLL_SECONDS = 0.2

_IDENTITY = RESULT_COLUMNS[RESULT_COLUMNS.index("kind") : RESULT_COLUMNS.index("rated_at") + 1]
"""The fields that identify a row of an earlier run, at any line."""

_WITHOUT_EFFECT_ON_ROWS = {
    "every",
    "cron",
    "accept",
    "wait",
    "out",
    "guard",
    "workers",
    "rate",
    "verify",
    "retry_permanent_after",
}

_PLACES = {name: RESULT_COLUMNS.index(name) for name in RESULT_COLUMNS}


class KnownFailure(BaseModel):
    """A row that fails permanently: its last outcome, first and last day (UTC) of attempts, their number."""

    status: Status
    reason: str
    message: str
    since: date
    tried_on: date
    tries: int


class JobState(BaseModel):
    """The content of the state file. A job that never ran has the defaults."""

    model_config = ConfigDict(extra="ignore")

    importer: str = ""
    """The version of this program; another version may read a file differently."""
    options: str = ""
    version: Version = Version()
    related_files: dict[str, str] = {}
    """Other files that shaped the rows, and their content's hashes."""
    account: str = ""
    """The signed-in user, as last confirmed."""
    activities: dict[str, str] = {}
    began_at: str = ""
    """The start of the last run, finished or not."""
    ended_at: str = ""
    """The end of the last run that finished."""
    counts: dict[Status, int] = {}
    is_settled: bool = False
    """Whether the last run finished and left no row that may succeed later."""
    known: dict[str, KnownFailure] = {}
    missed: dict[str, int] = {}
    """By a hash of row and status, how many rows of the last run did not succeed."""

    @field_validator("began_at", "ended_at")
    @classmethod
    def _check_moment(cls, text: str) -> str:
        if text and datetime.fromisoformat(text).tzinfo is None:
            raise ValueError("it has no offset")
        return text


def load_state(path: Path) -> JobState:
    """Read the file. A missing or invalid one counts as empty: the next run reads everything."""
    try:
        return JobState.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return JobState()


def save_state(path: Path, state: JobState) -> None:
    """Write the private file atomically. Raises StateFileError."""
    write_privately(path, state.model_dump_json(indent=1).encode() + b"\n")


def is_permanent(status: Status, reason: str | None) -> bool:
    """Whether the outcome is permanent: the row is not sent again until it changes or many days pass."""
    return status in {Status.NOT_FOUND, Status.REJECTED} or (status, reason) == NOT_STORED


def hash_options(job: SyncJob, *more: str) -> str:
    """Hash all options that change how a job reads and sends its source; the schedule does not."""
    shaping = [
        f"{key} {' '.join(value) if isinstance(value, tuple) else value}"
        for key, value in values_by_key(job)
        if key not in _WITHOUT_EFFECT_ON_ROWS
    ]
    return hashlib.sha256("\0".join([*shaping, *more]).encode()).hexdigest()


def next_try(known: KnownFailure, retry_after_days: int) -> datetime:
    """Return when a row that failed permanently is tried again."""
    return datetime.combine(known.tried_on, time(), UTC) + timedelta(days=retry_after_days)


def is_any_due(state: JobState, retry_after_days: int, now: datetime) -> bool:
    """Whether any known failure is due for another attempt."""
    return any(next_try(known, retry_after_days) <= now for known in state.known.values())


def close_known(
    run: JournalRun, known: Mapping[str, KnownFailure], retry_after_days: int, now: datetime
) -> None:
    """Close the rows that are known to fail, without sending them."""
    if not known:
        return
    outcomes = []
    for job in chain.from_iterable(in_blocks(run.open_jobs)):
        failure = known.get(_hash_job(job))
        if failure is not None and now < next_try(failure, retry_after_days):
            outcome = Outcome(failure.status, failure.reason, _describe(job, failure, retry_after_days))
            outcomes.append(RowsOutcome([job.row], outcome, 0, None, None, None))
    if outcomes:
        run.record(outcomes)


def collect_known(
    lines: Iterable[Sequence[Any]], before: Mapping[str, KnownFailure], now: datetime
) -> dict[str, KnownFailure]:
    """Collect the permanent failures from a run's results, including those that were not sent again."""
    today = now.astimezone(UTC).date()
    found: dict[str, KnownFailure] = {}
    for line in lines:
        status, reason = Status(line[_PLACES["status"]]), line[_PLACES["reason"]] or ""
        if not is_permanent(status, reason):
            continue
        key = _hash_cells(line[_PLACES[name]] for name in _IDENTITY)
        earlier = before.get(key)
        if not line[_PLACES["attempts"]]:
            if earlier is not None:
                found[key] = earlier
            continue
        found[key] = KnownFailure(
            status=status,
            reason=reason,
            message=line[_PLACES["message"]] or "",
            since=earlier.since if earlier else today,
            tried_on=today,
            tries=earlier.tries + 1 if earlier else 1,
        )
    return found


def list_missed(lines: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
    """Take the rows that did not succeed from a run's results."""
    return [line for line in lines if not Status(line[_PLACES["status"]]).is_success]


def count_missed(missed: Iterable[Sequence[Any]]) -> dict[tuple[Status, str], int]:
    """Count such rows by status and by a hash of row and status."""
    found: Counter[tuple[Status, str]] = Counter()
    for line in missed:
        status = Status(line[_PLACES["status"]])
        found[status, _hash_cells((status, *(line[_PLACES[name]] for name in _IDENTITY)))] += 1
    return found


def count_told(missed: Mapping[tuple[Status, str], int], before: Mapping[str, int]) -> dict[Status, int]:
    """Count by status the rows that did not succeed before, either."""
    told: Counter[Status] = Counter()
    for (status, key), rows in missed.items():
        if again := min(rows, before.get(key, 0)):
            told[status] += again
    return told


@contextmanager
def account_queue(lock_file: Path, report_wait: Callable[[], None]) -> Iterator[None]:
    """Lock the account's queue while the block runs: the jobs of an account run one at a time.

    Raises StateFileError.
    """
    make_private_folder(lock_file.parent)
    lock = FileLock(lock_file, timeout=0, mode=0o600)
    if not take_lock(lock, "take this lock"):
        report_wait()
        while not take_lock(lock, "take this lock"):
            pause(LOCK_POLL_SECONDS)
    try:
        yield
    finally:
        lock.release()


def _describe(job: RatingJob, failure: KnownFailure, retry_after_days: int) -> str:
    """Build the message with its date, without the reader's note, which the journal adds to each message."""
    message = failure.message.removeprefix(f"{job.note}; ") if job.note else failure.message
    again = next_try(failure, retry_after_days).date().isoformat()
    parts = [message, f"known since {failure.since}", f"tried again after {again}, or when the row changes"]
    return "; ".join(filter(None, parts))


def _hash_job(job: RatingJob) -> str:
    cells = (getattr(job, name) for name in _IDENTITY)
    return _hash_cells("unrate" if cell == UNRATE and isinstance(cell, int) else cell for cell in cells)


def _hash_cells(cells: Iterable[object]) -> str:
    # As text, since the journal may return a number or its text.
    text = "\0".join("" if cell is None else str(cell) for cell in cells)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
