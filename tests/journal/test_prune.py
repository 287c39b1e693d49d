"""Pruning: what nothing depends on goes, and only that."""

import sqlite3
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import JournalLockedError, StopRunError
from importer.journal import Journal, JournalRun
from importer.journal.history import find_run, list_runs, read_results
from importer.journal.prune import NEWEST_KEPT, Pruned, PrunedJournal
from importer.model import Outcome, RowsOutcome, Status
from importer.progress import RequestRecord, Traffic, WaitRecord
from tests.builders import build_job

RATED, NOT_FOUND = Outcome(Status.RATED), Outcome(Status.NOT_FOUND)
UNSURE = Outcome(Status.UNCONFIRMED, "no_answer", "")


def add_run(
    journal: Journal, *outcomes: Outcome, ends: bool = True, first_title: int = 1, rating: int = 8
) -> JournalRun:
    """A run with a row for each fate, which all runs have about the same titles."""
    rows = range(1, len(outcomes) + 1)
    with journal.loading():
        run = journal.begin("print", "ratings.csv", "sandbox")
        jobs = [build_job(row, imdb_id=f"tt{row + first_title:07}", rating=rating) for row in rows]
        run.add_rows(jobs, [None] * len(jobs))
    run.claim(0, 1000)
    run.record(
        [RowsOutcome([row], outcome, 1, 200, 1.0, 5) for row, outcome in zip(rows, outcomes, strict=True)]
    )
    request, wait = RequestRecord(1.0, 5, "POST", 200, len(rows), ""), WaitRecord(1.0, 2.0, "429")
    run.note_traffic(Traffic(deque([request]), deque([wait])))
    if ends:
        run.finish()
    return run


def prune(folder: Path, keep: int = NEWEST_KEPT, *, is_dry_run: bool = False) -> Pruned:
    with PrunedJournal(folder, "demo") as journal:
        return journal.prune(keep=keep, is_dry_run=is_dry_run)


def ids(runs: Sequence[JournalRun]) -> list[str]:
    return [run.run_id for run in runs]


def left(folder: Path) -> set[str]:
    return {run.run_id for run in list_runs(folder)}


def dump(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "demo.sqlite3")) as database:
        return list(database.iterdump())


def test_the_oldest_runs_go_with_their_rows(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo") as journal:
        runs = [add_run(journal, RATED, NOT_FOUND) for _ in range(9)]
    pruned = prune(tmp_path, keep=6)
    assert (pruned.run_ids, pruned.rows) == (ids(runs[:3]), 6)
    assert left(tmp_path) == set(ids(runs[3:]))
    with closing(sqlite3.connect(tmp_path / "demo.sqlite3")) as database:
        assert database.execute("SELECT count(*), min(run) FROM row").fetchone() == (12, 4)
        for table in ("request", "wait"):
            assert database.execute(f"SELECT count(*), min(run) FROM {table}").fetchone() == (6, 4)


def test_a_rehearsal_changes_nothing_and_says_the_same(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo") as journal:
        for _ in range(9):
            add_run(journal, RATED)
    before = dump(tmp_path)
    told = prune(tmp_path, is_dry_run=True)
    assert dump(tmp_path) == before
    assert told.freed_bytes == 0
    done = prune(tmp_path)
    assert (done.run_ids, done.rows) == (told.run_ids, told.rows)
    assert prune(tmp_path).run_ids == []


def test_what_a_run_that_stays_repeats_stays(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo") as journal:
        runs = [add_run(journal, RATED) for _ in range(3)]
        for _ in range(7):
            runs.append(journal.begin("print", "ratings.csv", "sandbox"))
            runs[-1].repeat(runs[2])
            runs[-1].finish()
    assert prune(tmp_path).run_ids == ids(runs[:2] + runs[3:5])
    assert prune(tmp_path).run_ids == []
    assert len(list(read_results(find_run(tmp_path, "last")))) == 1
    with Journal(tmp_path, "demo") as journal:
        for _ in range(NEWEST_KEPT):
            add_run(journal, RATED)
    assert prune(tmp_path).run_ids == ids(runs[2:3] + runs[5:])  # all at once


def test_what_an_undo_that_did_not_end_takes_back_stays(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo") as journal:
        runs = [add_run(journal, RATED) for _ in range(9)]
        undo = journal.begin("undo", f"undo {runs[1].run_id}", "sandbox", undo_of=runs[1].run_id)
    assert prune(tmp_path).run_ids == ids([runs[0], *runs[2:4]])
    with Journal(tmp_path, "demo") as journal:
        journal.open_run(undo.number, undo.run_id).finish()
    assert prune(tmp_path).run_ids == ids([runs[1], runs[4]])


def test_the_newest_stay_whatever_is_asked_for(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo") as journal:
        runs = [add_run(journal, RATED) for _ in range(8)]
    prune(tmp_path, keep=0)
    assert left(tmp_path) == set(ids(runs[-NEWEST_KEPT:]))


def test_only_what_ended_long_ago_goes(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo") as journal:
        runs = [add_run(journal, RATED) for _ in range(9)]
        ended = datetime(2026, 1, 1, 23, 0, tzinfo=UTC)
        for number, run in enumerate(runs):
            moment = (ended + timedelta(days=number)).isoformat(timespec="seconds")
            with journal.transaction():
                ended_at = moment, run.number
                journal.connection.execute("UPDATE run SET ended_at = ? WHERE number = ?", ended_at)
    with PrunedJournal(tmp_path, "demo") as journal_:
        pruned = journal_.prune(keep=0, ended_before=ended + timedelta(days=1, seconds=1))
    assert pruned.run_ids == ids(runs[:2])


def test_an_unfinished_run_stays_and_counts_for_nothing(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo") as journal:
        stopped = add_run(journal, RATED, ends=False)
        ended = [add_run(journal, RATED) for _ in range(7)]
        newest = add_run(journal, RATED, ends=False)
    assert prune(tmp_path).run_ids == ids(ended[:2])
    assert {stopped.run_id, newest.run_id} < left(tmp_path)


def test_a_row_that_may_have_arrived_keeps_its_run(tmp_path: Path) -> None:
    """It is what keeps a rating from being posted twice."""
    with Journal(tmp_path, "demo") as journal:
        unsure = add_run(journal, UNSURE, RATED, first_title=100)
        others = [add_run(journal, RATED) for _ in range(8)]
    assert prune(tmp_path).run_ids == ids(others[:3])
    with Journal(tmp_path, "demo") as journal:
        with journal.loading():
            again = journal.begin("print", "ratings.csv", "sandbox")
            again.add_rows([build_job(1, imdb_id="tt0000101")], [None])
        assert [job.row for job in again.still_unconfirmed()] == [1]
        again.claim(0, 10)
        again.record([RowsOutcome([1], RATED, 1, 200, 1.0, 5)])
        again.finish()
    assert unsure.run_id in prune(tmp_path).run_ids  # now that is known


def test_what_the_account_holds_stays_known(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo") as journal:
        add_run(journal, RATED, RATED, first_title=100, rating=9)
        for _ in range(6):
            add_run(journal, NOT_FOUND)
    prune(tmp_path)
    with Journal(tmp_path, "demo") as journal, journal.loading():
        run = journal.begin("print", "ratings.csv", "sandbox")
        run.add_rows([build_job(1, imdb_id="tt0000101", rating=9)], [None])
        run.close_unchanged()
        assert [tally.status for tally in run.tallies()] == [Status.UNCHANGED]


def test_a_new_run_never_takes_the_number_of_one_that_went(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo") as journal:
        runs = [add_run(journal, RATED) for _ in range(9)]
    prune(tmp_path)
    with Journal(tmp_path, "demo") as journal:
        assert add_run(journal, RATED).number == runs[-1].number + 1


def test_the_file_becomes_smaller_by_what_is_told(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo") as journal:
        for _ in range(9):
            add_run(journal, *[RATED] * 900)
    before = (tmp_path / "demo.sqlite3").stat().st_size
    pruned = prune(tmp_path)
    assert before - (tmp_path / "demo.sqlite3").stat().st_size == pruned.freed_bytes
    assert pruned.freed_bytes > before * 0.3
    with closing(sqlite3.connect(tmp_path / "demo.sqlite3")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_journal_in_use_is_left_alone(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo"), pytest.raises(JournalLockedError):
        prune(tmp_path)


def test_who_reads_an_old_run_meanwhile_reads_it_to_its_end(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo") as journal:
        runs = [add_run(journal, *[RATED] * 100) for _ in range(7)]
    lines = read_results(find_run(tmp_path, runs[0].run_id))
    first = next(lines)
    with PrunedJournal(tmp_path, "demo") as pruned:
        pruned.connection.execute("PRAGMA busy_timeout = 0")
        assert pruned.prune(keep=5).freed_bytes == 0
    assert len([first, *lines]) == 100
    assert left(tmp_path) == set(ids(runs[2:]))


def test_space_that_cannot_be_freed_is_told_and_loses_nothing(tmp_path: Path) -> None:
    def refuse_a_second_file(action: int, *_: object) -> int:
        return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_ATTACH else sqlite3.SQLITE_OK

    with Journal(tmp_path, "demo") as journal:
        runs = [add_run(journal, RATED) for _ in range(7)]
    with PrunedJournal(tmp_path, "demo") as pruned:
        pruned.connection.set_authorizer(refuse_a_second_file)  # which VACUUM needs, as it needs room for it
        with pytest.raises(StopRunError, match="removed, but their space is not freed yet"):
            pruned.prune(keep=5)
    assert left(tmp_path) == set(ids(runs[2:]))


def test_a_journal_that_cannot_be_written_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Journal(tmp_path, "demo") as journal:
        for _ in range(7):
            add_run(journal, RATED)
    with PrunedJournal(tmp_path, "demo") as pruned:
        pruned.connection.execute("PRAGMA query_only = 1")
        with pytest.raises(StopRunError, match="type the same command"):
            pruned.prune(keep=5)


KINDS = {
    "good": (RATED, True),
    "open": (RATED, False),
    "unconfirmed": (UNSURE, True),
    "miss": (NOT_FOUND, True),
}


@given(kinds=st.lists(st.sampled_from(sorted(KINDS)), max_size=12), keep=st.integers(0, 9))
def test_whatever_ran_the_newest_and_the_open_stay(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[str], keep: int
) -> None:
    folder = tmp_path_factory.mktemp("journals")
    with Journal(folder, "demo") as journal:
        runs = []
        for number, kind in enumerate(kinds):
            outcome, ends = KINDS[kind]
            runs.append(add_run(journal, outcome, ends=ends, first_title=100 * number))
        held = journal.connection.execute("SELECT * FROM known").fetchall()
    prune(folder, keep)
    ended = [run.run_id for run, kind in zip(runs, kinds, strict=True) if KINDS[kind][1]]
    newest = ended[-max(keep, NEWEST_KEPT) :]
    expected = {
        run.run_id
        for run, kind in zip(runs, kinds, strict=True)
        if kind in {"open", "unconfirmed"} or run.run_id in newest or run is runs[-1]
    }
    assert left(folder) == expected
    with Journal(folder, "demo") as journal:
        assert journal.connection.execute("SELECT * FROM known").fetchall() == held
