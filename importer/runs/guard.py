"""What a mirror is measured against: a source that breaks slowly cannot empty an account in slices."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from importer.journal import JournalRun
from importer.runs.mirror import NOT_RATED
from importer.runs.snapshot import Snapshot

SPAN = timedelta(days=30)


def look_back(run: JournalRun, snapshot: Snapshot, *, is_mirror: bool) -> Snapshot:
    """Note what the account has; for a mirror add what it and the source had in earlier runs."""
    if not snapshot.kinds:
        return snapshot  # the account was not read
    run.note_rated_titles(snapshot.rated_titles, snapshot.kinds)
    if not is_mirror:
        return snapshot
    rows, rows_before = run.count_listed(except_note=NOT_RATED)
    most_rated = run.find_most_rated(snapshot.kinds, datetime.now(UTC) - SPAN)
    return replace(snapshot, most_rated=most_rated, rows=rows, rows_before=rows_before)


def allow(run: JournalRun, snapshot: Snapshot) -> None:
    """Measure later runs against what this one leaves: somebody has said that it is right."""
    run.forget_most_rated(snapshot.kinds, snapshot.rated_titles - snapshot.removals)
