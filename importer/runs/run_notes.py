"""The remarks of a run's report: what the reader found out, and what its numbers do not say."""

from collections.abc import Sequence

from importer.journal.results import Tally
from importer.model import Status
from importer.runs.destination import OpenDestination
from importer.runs.load import LoadedRun
from importer.runs.room import describe_room
from importer.runs.rules import RunRules
from importer.runs.verify import describe_unseen


def gather_notes(
    loaded: LoadedRun, tallies: Sequence[Tally], rules: RunRules, destination: OpenDestination
) -> list[str]:
    """Gather the remarks, those about the file first."""
    notes = ["continues the run that was stopped or interrupted"] if loaded.run.continued else []
    notes += loaded.notes
    if rules.is_dry_run and rules.follows_plan:
        notes.append(
            "the account is not asked: only sending checks whether it changed since the plan was made"
        )
    if rules.is_dry_run and loaded.room is not None and loaded.room.left_out:
        notes += describe_room(loaded.room)
    if not rules.is_dry_run:
        is_written = any(tally.status is Status.RATED for tally in tallies)
        notes += destination.notes_on_file(is_written=is_written)
    return [*notes, *describe_unseen(tallies)]
