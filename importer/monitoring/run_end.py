"""The end of one run of a job, with all facts for log, health file, metrics and notifications."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from importer.errors import ImporterError, UnreachableError
from importer.model import Status
from importer.report.summary import Summary
from importer.report.summary_text import build_reasons


@dataclass(frozen=True, slots=True)
class RunEnd:
    """The end of one run of a job. Times are aware, counts are rows by status."""

    job: str
    exit_code: int
    began_at: datetime
    ended_at: datetime
    run_id: str = ""
    """Empty if it ended before a run began, for example because of wrong settings."""
    counts: Mapping[str, int] = field(default_factory=dict)
    told: Mapping[str, int] | None = None
    """Of `counts`, the rows that did not succeed and of which the last run told the same; None: not known."""
    accepted: Collection[str] = ()
    """Statuses that count as success in this job."""
    reasons: Sequence[str] = ()
    """Why rows did not succeed, the most frequent reason first."""
    stopped: str = ""
    """The reason of an early stop, or an empty text."""
    is_unreachable: bool = False
    """Whether it stopped because a server could not be reached."""
    needs_yes: bool = False
    """Whether it stopped at a question that a yes said beforehand would answer."""

    @property
    def reason(self) -> str:
        """The first reason why it is not good; empty if it is."""
        return "" if self.is_good else self.stopped or next(iter(self.reasons), "")

    @property
    def new_misses(self) -> int:
        """Rows that did not succeed, are not accepted, and were not told of before."""
        missed = (status for status in self.counts if not Status(status).is_success)
        told = self.told or {}
        return sum(
            self.counts[status] - told.get(status, 0) for status in missed if status not in self.accepted
        )

    @property
    def is_good(self) -> bool:
        """Whether every row succeeded, or is accepted as it is."""
        return self.exit_code == 0

    @property
    def has_tried(self) -> bool:
        """Whether anything was tried: a sync without changes has neither a run nor an error."""
        return bool(self.run_id or self.stopped)

    @property
    def seconds(self) -> float:
        """The duration of the run."""
        return (self.ended_at - self.began_at).total_seconds()


def build_run_end(
    job: str,
    summary: Summary,
    exit_code: int,
    *,
    began_at: datetime,
    ended_at: datetime,
    stopped_by: ImporterError | None = None,
) -> RunEnd:
    """Build the end of a run with a summary."""
    return RunEnd(
        job,
        exit_code,
        began_at,
        ended_at,
        run_id=summary.run_id,
        counts={str(status): number for status, number in summary.counts.items()},
        told={str(status): number for status, number in summary.told.items()},
        accepted=[str(status) for status in summary.accepted],
        reasons=build_reasons(summary),
        stopped=summary.stopped or "",
        is_unreachable=isinstance(stopped_by, UnreachableError),
        needs_yes=stopped_by is not None and stopped_by.needs_yes,
    )


def build_failed_start(
    job: str, error: ImporterError, *, began_at: datetime, ended_at: datetime, stopped: str = ""
) -> RunEnd:
    """Build the end of a run that an error ended before it began; `stopped` is the error's text."""
    return RunEnd(
        job,
        error.exit_code,
        began_at,
        ended_at,
        stopped=stopped or str(error),
        is_unreachable=isinstance(error, UnreachableError),
        needs_yes=error.needs_yes,
    )
