"""Undoing a run: the jobs that bring back what stood there before it. Reads the journal, sends nothing."""

from collections.abc import Iterator, Sequence

from importer.journal import JournalRun, in_blocks
from importer.model import UNRATE, InvalidRow, Rating, RatingJob, SourceRow, Status


class UndoReader:
    """Reads the rows that a run changed, as the jobs that change them back; see `readers.base.Reader`.

    Rows keep the numbers they had in that run.
    """

    format_name = "undo"

    def __init__(self, undone: JournalRun) -> None:
        self._undone = undone
        self.notes: Sequence[str] = (f"undoes the run {undone.run_id}",)

    def chunks(self) -> Iterator[list[SourceRow]]:
        """Yield the jobs; a row of which nobody knows what stood there before cannot become one."""
        for changed in in_blocks(self._undone.changed_rows):
            yield [_build_row(*entry) for entry in changed]


def _build_row(job: RatingJob, is_known: bool, rating: Rating | None, rated_at: str | None) -> SourceRow:
    if not is_known:
        return InvalidRow(
            *(job.row, job.line, str(job.kind), job.title, _text(job.year), _text(job.season)),
            *(_text(job.episode), job.imdb_id, _text(job.tmdb_id), _text(job.tvdb_id), _text(job.trakt_id)),
            *(str(job.rating), job.rated_at, Status.UNSUPPORTED, "previous_unknown"),
            "what stood there before that run is not known: the account could not be read then",
        )
    return job._replace(rating=UNRATE if rating is None else rating, rated_at=rated_at)


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
