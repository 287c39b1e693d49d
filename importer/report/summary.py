"""The outcome of a run as values, and as JSON for programs. Pure.

The journal counts; `summary_text.py` writes it for people, and the command line chooses the exit code.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from importer.model import Status


class Tally(Protocol):
    """How many rows share a status and a reason, with up to three of them as (line, title, message)."""

    @property
    def status(self) -> Status:
        """The rows' status."""

    @property
    def reason(self) -> str:
        """The rows' reason, a fixed word, or an empty text."""

    @property
    def count(self) -> int:
        """The number of rows."""

    @property
    def examples(self) -> Sequence[tuple[int, str | None, str | None]]:
        """The first of the rows."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run came to. `sent` rows took `seconds`; rows settled without sending are not in them."""

    run_id: str
    source: str
    destination: str
    tallies: Sequence[Tally]
    sent: int
    seconds: float
    notes: Sequence[str] = ()
    results: Path | None = None
    stopped: str | None = None
    next_command: str | None = None
    next_reason: str = ""
    dry_run: bool = False
    is_file: bool = False
    """Whether the destination is a file to upload, so that nothing has reached any account yet."""
    is_uploaded: bool = True
    """Whether that file is for a site; else it is what was wanted."""
    is_undo: bool = False
    taken_over: Mapping[Status, int] = field(default_factory=dict)
    """By status, the rows that an earlier run had closed, and a retry took over as they stood."""
    first_rows: Sequence[tuple[Any, ...]] = ()
    """The first lines of the results file, where they are shown."""
    accepted: Collection[Status] = ()
    """Statuses that count as success, since the user said so."""
    told: Mapping[Status, int] = field(default_factory=dict)
    """By status, the rows that did not succeed and of which an earlier run told the same."""
    follows_plan: bool = False
    """Whether they were closed in a plan instead, and by no run."""

    @property
    def rows(self) -> int:
        """All rows of the run."""
        return sum(tally.count for tally in self.tallies)

    @property
    def counts(self) -> dict[Status, int]:
        """Rows by status, successes first; a status that no row has is left out."""
        sums = {status: sum(t.count for t in self.tallies if t.status is status) for status in Status}
        return {status: number for status, number in sums.items() if number}

    @property
    def misses(self) -> list[Tally]:
        """The tallies that are no success, the most frequent first."""
        # What a dry run does not send is what was asked of it.
        fine = {Status.NOT_SENT, *self.accepted} if self.dry_run else set(self.accepted)
        missed = [tally for tally in self.tallies if not tally.status.is_success and tally.status not in fine]
        return sorted(missed, key=lambda tally: -tally.count)

    @property
    def missed(self) -> int:
        """Rows that did not succeed."""
        return sum(tally.count for tally in self.misses)

    @property
    def told_again(self) -> int:
        """Rows of the missed ones of which an earlier run told the same."""
        return sum(number for status, number in self.told.items() if status not in self.accepted)

    @property
    def all_succeeded(self) -> bool:
        """Whether every row succeeded."""
        return not self.misses and self.stopped is None

    @property
    def rows_per_second(self) -> float | None:
        """Rows sent per second; None when nothing was sent."""
        return self.sent / self.seconds if self.sent and self.seconds > 0 else None

    def as_json(self) -> dict[str, object]:
        """Return the summary as values for JSON, with texts unchanged."""
        return {
            "run": self.run_id,
            "source": self.source,
            "destination": self.destination,
            "dry_run": self.dry_run,
            "notes": list(self.notes),
            "rows": self.rows,
            "counts": {str(status): number for status, number in self.counts.items()},
            "all_succeeded": self.all_succeeded,
            "taken_over": {str(status): number for status, number in self.taken_over.items()},
            "accepted": [str(status) for status in self.counts if status in self.accepted],
            "told_before": {str(status): number for status, number in self.told.items()},
            "misses": [
                {
                    "status": str(tally.status),
                    "reason": tally.reason,
                    "count": tally.count,
                    "examples": [
                        {"line": line, "title": title, "message": message}
                        for line, title, message in tally.examples
                    ],
                }
                for tally in self.misses
            ],
            "sent": self.sent,
            "seconds": round(self.seconds, 3),
            "rows_per_second": None if self.rows_per_second is None else round(self.rows_per_second, 1),
            "results": None if self.results is None else str(self.results),
            "stopped": self.stopped,
            "next_command": self.next_command,
        }
