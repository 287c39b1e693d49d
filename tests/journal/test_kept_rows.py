"""Rows that stay in memory are those of the journal, whatever they were read from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.errors import UsageError
from importer.journal import Journal, JournalRun, rows
from importer.model import Outcome, RowsOutcome, SourceRow, Status
from importer.readers import open_reader
from tests.builders import build_invalid, build_job

SAMPLES = Path(__file__).parents[2] / "samples"

ALL = 1_000_000


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path, "account") as journal:
        yield journal


def begin(journal: Journal, *added: SourceRow) -> JournalRun:
    run = journal.begin("file", "ratings.csv", "trakt")
    add(run, *added)
    return run


def add(run: JournalRun, *added: SourceRow) -> None:
    run.add_rows(added, [None] * len(added))


def open_again(journal: Journal, run: JournalRun) -> JournalRun:
    """The handle of a later command."""
    return journal.open_run(run.number, run.run_id)


def test_all_samples_are_read_from_the_journal_as_they_were_added(journal: Journal) -> None:
    compared = 0
    for sample in sorted(SAMPLES.iterdir()):
        try:
            reader = open_reader(sample)
        except UsageError:
            continue  # it takes an option, or is no table
        run = begin(journal)
        for chunk in reader.chunks():
            add(run, *chunk)
        kept = run.open_jobs(0, ALL)
        # Their repr tells 8 from 8.0, and a kind from its text.
        assert [*map(repr, kept)] == [*map(repr, open_again(journal, run).open_jobs(0, ALL))], sample.name
        compared += len(kept)
    assert compared > 500


def test_rows_that_get_their_ids_are_read_with_them(journal: Journal) -> None:
    run = begin(journal, build_job(1, title="Heat", year=1995))
    found = build_job(1, title="Heat", year=1995, imdb_id="tt0113277")

    run.note_ids([found])

    assert run.open_jobs(0, ALL) == [found]


def test_a_run_with_more_rows_reads_them_from_the_journal(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "KEPT_ROWS", 3)
    jobs = [build_job(row) for row in range(1, 5)]
    run = begin(journal, *jobs[:2])

    add(run, *jobs[2:])

    assert run.open_jobs(0, ALL) == jobs


def test_what_is_added_to_a_continued_run_is_not_all_of_it(journal: Journal) -> None:
    first, removal = build_job(1), build_job(2, rating=0)
    run = open_again(journal, begin(journal, first))

    add(run, removal, build_invalid(3))

    assert run.open_jobs(0, ALL) == [first, removal]


def test_a_kept_row_comes_with_what_the_account_had(journal: Journal) -> None:
    run = begin(journal, build_job(1), build_job(2))
    run.note_previous([(2, 5, "2020-01-01T00:00:00Z")])
    run.record([RowsOutcome([row], Outcome(Status.RATED), 1, 201, 1.0, 5) for row in (1, 2)])

    sent = run.sent_rows(0, ALL)

    assert [(each.job.row, each.is_known, each.rating) for each in sent] == [(1, True, None), (2, True, 5)]
    assert sent == open_again(journal, run).sent_rows(0, ALL)


def test_results_are_those_of_the_journal(journal: Journal) -> None:
    run = begin(
        journal,
        build_job(2, rating=0),
        build_job(3, title="Heat", year=1995, note="rounded"),
        build_job(1, rating=9, rated_at="2020-01-01"),
    )
    run.note_previous([(1, 0, None), (2, 5, "2020-01-01T00:00:00Z")])
    run.record([RowsOutcome([1, 3], Outcome(Status.RATED, "", "so"), 1, 201, 1.0, 5)])

    lines = [*run.results()]

    assert [line[0] for line in lines] == [1, 2, 3]
    assert lines == [*open_again(journal, run).results()]


def test_results_with_a_row_that_is_no_job_come_from_the_journal(journal: Journal) -> None:
    run = begin(journal, build_job(1), build_invalid(2))

    assert [line[0] for line in run.results()] == [1, 2]
