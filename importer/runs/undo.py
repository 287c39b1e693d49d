"""Undoing a run: reads the jobs that restore the ratings from before it. Sends nothing."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from importer.destinations.registry import is_file
from importer.journal import JournalRun, in_blocks
from importer.journal.history import PastRun, list_account_runs, list_runs
from importer.model import UNRATE, InvalidRow, Rating, RatingJob, SourceRow, Status


class UndoReader:
    """Reads the rows that a run changed, as jobs that restore the earlier rating; see `readers.base.Reader`.

    Rows keep the numbers they had in that run.
    """

    format_name = "undo"

    def __init__(self, undone: JournalRun) -> None:
        self._undone = undone
        self.notes: Sequence[str] = (f"undoes the run {undone.run_id}",)

    def chunks(self) -> Iterator[list[SourceRow]]:
        """Yield the jobs; a row whose earlier rating is not known becomes an `InvalidRow`.

        Rows that an undo restored are passed over: their rating may be of a run that was undone since.
        """
        undone_rows = self._undone.undone_rows()
        for changed in in_blocks(self._undone.changed_rows):
            yield [_build_row(*entry) for entry in changed if entry.job.row not in undone_rows]


def list_to_undo(first: PastRun) -> list[PastRun]:
    """List a run and those after it whose changes stand, the newest first: the order to undo them in."""
    wanted = {first.run_id, *find_later(first)}
    runs = reversed(list_account_runs(first.journal))
    return [run for run in runs if run.run_id in wanted and _stands(run)]


def find_later(past: PastRun) -> list[str]:
    """Find the runs after it, of the same account, whose changes stand.

    An undo counts unless it only undoes `past`, or a run after it.
    """
    runs = list_account_runs(past.journal)
    numbers = {run.run_id: run.number for run in runs}
    return [
        run.run_id
        for run in runs
        if run.number > past.number
        and _stands(run)
        and (run.undo_of is None or numbers.get(run.undo_of, 0) < past.number)
    ]


def find_last_sent(folder: Path) -> PastRun | None:
    """Find the newest run that can be undone: it is no undo and wrote no file, and its changes stand."""
    runs = [run for run in list_runs(folder, []) if run.undo_of is None and _stands(run)]
    return next((run for run in reversed(runs) if not is_file(run.destination)), None)


def _stands(run: PastRun) -> bool:
    return run.has_changes and not run.is_undone


def _build_row(job: RatingJob, is_known: bool, rating: Rating | None, rated_at: str | None) -> SourceRow:
    if not is_known:
        return InvalidRow(
            *(job.row, job.line, str(job.kind), job.title, _text(job.year), _text(job.season)),
            *(_text(job.episode), job.imdb_id, _text(job.tmdb_id), _text(job.tvdb_id), _text(job.trakt_id)),
            *(str(job.rating), job.rated_at, Status.UNSUPPORTED, "previous_unknown"),
            "the rating from before that run is not known: the account could not be read then, "
            "or listed a title of this name under other ids",
        )
    return job._replace(rating=UNRATE if rating is None else rating, rated_at=rated_at, note=None)


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
