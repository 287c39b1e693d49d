"""What is asked before a run changes the account, and what a mirror is measured against.

A source that breaks slowly cannot empty an account in slices.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from importer.destinations.spec import DestinationSpec
from importer.journal import JournalRun, RunKind
from importer.runs.mirror import NOT_RATED
from importer.runs.prompts import Observer, Prompts, insist
from importer.runs.rules import RunRules
from importer.runs.snapshot import Snapshot

SPAN = timedelta(days=30)


def ask_about_lists(run: JournalRun, spec: DestinationSpec, prompts: Prompts, observer: Observer) -> None:
    """Before the account's first new title, say what the service does besides rating it, and ask."""
    effect = spec.listing_effect
    if effect and (additions := run.count_additions()) and not run.has_added_before():
        observer.warned(f"{effect}.")
        insist(prompts.confirm_listing(additions))


def ask_about_changes(run: JournalRun, snapshot: Snapshot, rules: RunRules, prompts: Prompts) -> None:
    """Ask before a run changes much of the account, or removes ratings because rows of a file say so."""
    snapshot = look_back(run, snapshot, is_mirror=rules.removes_missing)
    if snapshot.exceeds(rules.guard_percent):
        insist(prompts.confirm_changes(snapshot))
        allow(run, snapshot)
    elif rules.kind is RunKind.IMPORT and not rules.removes_missing:
        removals = run.count_open_removals()
        if removals:
            insist(prompts.confirm_removals(removals))


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
