"""How the last run of each job went, a small JSON file each: for watchdogs, metrics and notifications."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from importer.atomic import Drafts
from importer.operations.run_end import RunEnd


@dataclass(frozen=True, slots=True)
class Health:
    """How the last run of a job went. Times are ISO 8601 with their offset."""

    job: str
    run_id: str
    ended_at: str
    seconds: float
    exit_code: int
    consecutive_failures: int
    """Runs since the last good one."""
    last_success_at: str | None
    next_run_at: str | None
    """When a daemon runs it again; nothing where a timer outside does."""
    counts: Mapping[str, int]


def write_health(
    folder: Path, end: RunEnd, next_run_at: datetime | None = None
) -> tuple[Health, Health | None]:
    """Write the job's file, and give what it holds now and what it held before. Raises OSError."""
    path = folder / f"{quote(end.job, safe='')}.json"
    before = _read(path)
    health = Health(
        job=end.job,
        run_id=end.run_id,
        ended_at=end.ended_at.isoformat(timespec="seconds"),
        seconds=round(end.seconds, 3),
        exit_code=end.exit_code,
        consecutive_failures=0 if end.is_good else (before.consecutive_failures if before else 0) + 1,
        last_success_at=(
            end.ended_at.isoformat(timespec="seconds")
            if end.is_good
            else before.last_success_at
            if before
            else None
        ),
        next_run_at=next_run_at.isoformat(timespec="seconds") if next_run_at else None,
        counts=dict(end.counts),
    )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Drafts() as drafts:
        drafts.begin(path).write(json.dumps(asdict(health), indent=2) + "\n")
        drafts.publish([path])
    return health, before


def read_health(folder: Path) -> list[Health]:
    """Read the files of all jobs, in the order of their names; what is no health file is left out."""
    found = [_read(path) for path in sorted(folder.glob("*.json"))]
    return sorted((health for health in found if health is not None), key=lambda health: health.job)


def _read(path: Path) -> Health | None:
    # Only this program writes these files, but a watchdog's owner may have touched one: begin anew then.
    try:
        fields: dict[str, Any] = json.loads(path.read_text("utf-8"))
        health = Health(**fields)
        datetime.fromisoformat(health.ended_at)
        if health.last_success_at is not None:
            datetime.fromisoformat(health.last_success_at)
        if not isinstance(health.consecutive_failures, int) or not isinstance(health.counts, dict):
            return None
    except (OSError, ValueError, TypeError):
        return None
    return health
