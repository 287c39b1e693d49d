"""A small JSON file for each job, with the result of its last run, for watchdogs and metrics."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from importer.files import AtomicFiles
from importer.model import Status
from importer.monitoring.run_end import RunEnd
from importer.monitoring.switches import is_off


@dataclass(frozen=True, slots=True)
class Health:
    """The result of a job's last run. Times are ISO 8601 with their offset."""

    job: str
    run_id: str
    ended_at: str
    seconds: float
    exit_code: int
    consecutive_failures: int
    """The number of failed runs since the last good one, without those that tried nothing."""
    last_success_at: str | None
    next_run_at: str | None
    """The time of the next run; None without a daemon."""
    counts: Mapping[str, int]
    told: Mapping[str, int] = field(default_factory=dict)
    """Of `counts`, the rows that did not succeed and of which the run before told the same."""
    reason: str = ""
    """Why it stopped, or else why the first of the rows did not succeed."""
    unreachable_since: str | None = None
    """The first of the runs in a row, up to the last, that could not reach a server."""
    switched_off: bool = False
    """Whether nothing runs the job but somebody who names it."""


def write_health(folder: Path, end: RunEnd) -> Health | None:
    """Write the file of the run's job, and return the previous content. Raises OSError."""
    path = _path_of(folder, end.job)
    before = _read(path)
    ended_at = end.ended_at.isoformat(timespec="seconds")
    failures, last_success_at = (before.consecutive_failures, before.last_success_at) if before else (0, None)
    health = Health(
        job=end.job,
        run_id=end.run_id,
        ended_at=ended_at,
        seconds=round(end.seconds, 3),
        exit_code=end.exit_code,
        consecutive_failures=0 if end.is_good else failures + end.has_tried,
        last_success_at=ended_at if end.is_good else last_success_at,
        next_run_at=None,
        counts=dict(end.counts),
        told=dict(end.told or {}),
        reason=end.reason if end.has_tried or end.is_good or before is None else before.reason,
        unreachable_since=((before and before.unreachable_since) or ended_at) if end.is_unreachable else None,
        switched_off=is_off(folder, end.job),
    )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(path, health)
    return before


def note_next_run(folder: Path, job: str, at: datetime | None) -> None:
    """Write the time of a daemon's next run, or None, into the job's file. Raises OSError."""
    path = _path_of(folder, job)
    health = _read(path)
    if health is not None:
        _write(path, replace(health, next_run_at=at.isoformat(timespec="seconds") if at else None))


def note_switch(folder: Path, job: str) -> None:
    """Write into the job's file whether it is switched off, which no daemon runs. Raises OSError."""
    health = _read(_path_of(folder, job))
    if health is not None:
        off = is_off(folder, job)
        at = None if off else health.next_run_at
        _write(_path_of(folder, job), replace(health, next_run_at=at, switched_off=off))


def read_job(folder: Path, job: str) -> Health | None:
    """Read the file of one job; None if it is missing or not valid."""
    return _read(_path_of(folder, job))


def read_health(folder: Path) -> list[Health]:
    """Read the files of all jobs, in the order of their names; anything else in the folder is ignored."""
    found = [_read(path) for path in sorted(folder.glob("*.json"))]
    return sorted((health for health in found if health is not None), key=lambda health: health.job)


def _path_of(folder: Path, job: str) -> Path:
    return folder / f"{quote(job, safe='')}.json"


def _write(path: Path, health: Health) -> None:
    with AtomicFiles() as drafts:
        drafts.open(path).write(json.dumps(asdict(health), indent=2) + "\n")
        drafts.commit([path])


def _read(path: Path) -> Health | None:
    # People may have edited it: an invalid file counts as missing.
    try:
        fields: dict[str, Any] = json.loads(path.read_text("utf-8"))
        health = Health(**fields)
        datetime.fromisoformat(health.ended_at)
        for moment in (health.last_success_at, health.unreachable_since):
            if moment is not None:
                datetime.fromisoformat(moment)
        if not isinstance(health.consecutive_failures, int) or not {*health.counts, *health.told} <= set(
            Status
        ):
            return None
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return health
