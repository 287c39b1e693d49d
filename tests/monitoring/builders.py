"""The end of a run, with only the interesting parts spelled out."""

from datetime import UTC, datetime, timedelta
from typing import Any

from importer.monitoring.run_end import RunEnd

BEGAN_AT = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)


def build_end(exit_code: int = 0, **fields: Any) -> RunEnd:
    """A run of the job `nightly` that took two seconds."""
    usual: dict[str, Any] = {
        "job": "nightly",
        "began_at": BEGAN_AT,
        "ended_at": BEGAN_AT + timedelta(seconds=2),
        "run_id": "20260301-030000-abcd",
        "counts": {"rated": 25, "unchanged": 9975},
    }
    return RunEnd(exit_code=exit_code, **usual | fields)
