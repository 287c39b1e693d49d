from pathlib import Path

from importer.journal import Journal, JournalRun
from importer.journal.copies import copy_journal, copy_marked
from importer.model import Outcome, RatingJob, RowsOutcome, Status
from tests.builders import build_job


def begin(journal: Journal, rows: int) -> JournalRun:
    with journal.loading():
        run = journal.begin("f", "ratings.csv", "trakt")
        run.add_rows([build_job(row) for row in range(1, rows + 1)], [None] * rows)
    return run


def reopen(content: bytes, folder: Path) -> Journal:
    folder.mkdir()
    (folder / "there.sqlite3").write_bytes(content)
    return Journal(folder, "there")


def rows_of(jobs: list[RatingJob]) -> list[int]:
    return [job.row for job in jobs]


def test_a_marked_copy_says_that_each_open_row_may_have_arrived(tmp_path: Path) -> None:
    with Journal(tmp_path, "here") as journal:
        run = begin(journal, 5)
        run.record([RowsOutcome([2], Outcome(Status.RATED), 1, 201, 1.0, 5)])
        run.claim_rows([3])
        content = copy_marked(journal.path, run)
        assert rows_of(run.unanswered()) == [3], "the run's own journal stays as it is"
    with reopen(content, tmp_path / "there") as there:
        found = there.find_unfinished("f")
        assert found is not None
        assert rows_of(found.unanswered()) == [1, 3, 4, 5]
        assert [(tally.status, tally.count) for tally in found.tallies()] == [
            ("unconfirmed", 4),
            ("rated", 1),
        ]


def test_a_copy_without_marks_says_what_was_claimed(tmp_path: Path) -> None:
    with Journal(tmp_path, "here") as journal:
        run = begin(journal, 3)
        run.claim_rows([3])
        content = copy_journal(journal.path)
    with reopen(content, tmp_path / "there") as there:
        found = there.find_unfinished("f")
        assert found is not None
        assert rows_of(found.unanswered()) == [3]


def test_nothing_is_left_beside_the_journal(tmp_path: Path) -> None:
    with Journal(tmp_path, "here") as journal:
        run = begin(journal, 3)
        before = sorted(tmp_path.iterdir())
        copy_marked(journal.path, run)
        assert sorted(tmp_path.iterdir()) == before
