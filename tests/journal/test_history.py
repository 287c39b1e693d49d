"""Looking back at runs: while they go on, after they were stopped, and from a folder of many journals."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.errors import AlreadyUndoneError, ImporterError, UsageError
from importer.journal import Journal, JournalRun
from importer.journal.history import (
    LAST,
    find_run,
    find_undoable,
    list_runs,
    list_without_changes,
    read_results,
    read_tallies,
)
from importer.model import RESULT_COLUMNS, ClosedRow, Outcome, RowsOutcome, SourceRow, Status
from tests.builders import build_invalid, build_job

RATED = Outcome(Status.RATED)
STATUS = RESULT_COLUMNS.index("status")


def add_run(
    journal: Journal, source: str = "ratings.csv", rows: int = 3, *, undo_of: str | None = None
) -> JournalRun:
    with journal.loading():
        run = journal.begin(f"print of {source}", source, "sandbox", undo_of=undo_of)
        run.add_rows([build_job(row) for row in range(1, rows + 1)], [None] * rows)
    return run


def rate(journal: Journal, run: JournalRun, *rows: int) -> None:
    run.claim(0, 1000)
    run.record([RowsOutcome([row], RATED, 1, 200, 1.0, 5) for row in rows])


def test_no_folder_and_an_empty_folder_have_no_runs(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "none") == []
    assert list_runs(tmp_path) == []


def test_an_ended_run_tells_when_and_what(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo") as journal:
        run = add_run(journal)
        rate(journal, run, 1, 2, 3)
        run.finish()
    (past,) = list_runs(tmp_path)
    assert (past.run_id, past.source, past.destination) == (run.run_id, "ratings.csv", "sandbox")
    assert past.counts == {Status.RATED: 3}
    assert past.started_at <= (past.ended_at or "")


def test_what_a_version_before_has_not_counted_is_counted_now(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo") as journal:
        run = add_run(journal)
        rate(journal, run, 1, 2)
        run.close_rows([3], Outcome(Status.REJECTED, "http_400", "no"))
        run.finish()
    (past,) = list_runs(tmp_path)
    tallies = read_tallies(past)
    with Journal(tmp_path, "demo") as journal, journal.transaction():
        assert journal.count("tally") == 2
        journal.connection.execute("DELETE FROM tally")
    assert list_runs(tmp_path) == [past]
    assert read_tallies(past) == tallies


def test_a_stopped_run_has_not_ended(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo") as journal:
        run = add_run(journal)
        rate(journal, run, 1)
        run.unclaim(except_rows=[2])
    (past,) = list_runs(tmp_path)
    assert past.ended_at is None
    assert past.counts == {Status.RATED: 1, Status.UNCONFIRMED: 1, Status.NOT_SENT: 1}


def test_a_run_can_be_read_while_it_is_under_way(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo") as journal:
        run = add_run(journal)
        past = find_run(tmp_path, run.run_id)
        reading = read_results(past)
        assert next(reading)[STATUS] == Status.NOT_SENT
        rate(journal, run, 1, 2)  # the writer is not held up by a reader in the middle
        assert [line[STATUS] for line in reading] == [Status.NOT_SENT] * 2  # who reads on sees one moment
        assert [line[STATUS] for line in read_results(past)] == [
            Status.RATED,
            Status.RATED,
            Status.UNCONFIRMED,
        ]
        assert find_run(tmp_path, run.run_id).counts[Status.RATED] == 2


def test_a_run_that_is_being_planned_is_not_seen_before_it_is_whole(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo") as journal:
        with journal.loading():
            run = journal.begin("print", "ratings.csv", "sandbox")
            run.add_rows([build_job()], [None])
            assert list_runs(tmp_path) == []
        assert [past.run_id for past in list_runs(tmp_path)] == [run.run_id]


def test_runs_of_all_accounts_stand_in_the_order_of_their_starts(tmp_path: Path) -> None:
    for account, started_at in (("b", 1), ("a", 2), ("b", 3), ("c", 4)):
        with Journal(tmp_path, account) as journal:
            run = add_run(journal, f"{account}{started_at}")
            run.finish()
            with journal.transaction():
                journal.connection.execute(
                    "UPDATE run SET started_at = ? WHERE run_id = ?", (started_at, run.run_id)
                )
    assert [run.source for run in list_runs(tmp_path)] == ["b1", "a2", "b3", "c4"]


def test_runs_of_one_second_stand_in_the_order_they_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their ids differ in drawn words only."""
    words = iter(["cccc", "bbbb", "aaaa"])
    monkeypatch.setattr("secrets.token_hex", lambda _: next(words))
    with Journal(tmp_path, "demo") as journal:
        runs = [add_run(journal, name) for name in ("first.csv", "second.csv", "third.csv")]
    assert [past.run_id for past in list_runs(tmp_path)] == [run.run_id for run in runs]
    assert find_run(tmp_path, LAST).source == "third.csv"


def test_last_is_never_an_undo(tmp_path: Path) -> None:
    """The same words continue an undo that did not end; afterwards they must not mean an older run."""
    with Journal(tmp_path, "demo") as journal:
        run = add_run(journal, "ratings.csv")
        rate(journal, run, 1, 2, 3)
        run.finish()
        undo = add_run(journal, f"undo {run.run_id}", undo_of=run.run_id)
        assert find_run(tmp_path, LAST).run_id == run.run_id
        assert find_undoable(tmp_path, LAST).run_id == run.run_id
        rate(journal, undo, 1, 2, 3)
        undo.finish()
        assert find_run(tmp_path, LAST).undone_by == undo.run_id
        with pytest.raises(AlreadyUndoneError, match=f"{run.run_id} is undone already, by {undo.run_id}"):
            find_undoable(tmp_path, LAST)
        assert find_undoable(tmp_path, undo.run_id).run_id == undo.run_id  # which brings it all back
        redone = add_run(journal, f"undo {undo.run_id}", undo_of=undo.run_id)
        rate(journal, redone, 1, 2, 3)
        redone.finish()
        assert find_undoable(tmp_path, LAST).undone_by is None
        assert find_run(tmp_path, undo.run_id).undone_by == redone.run_id


def add_undo(journal: Journal, of: JournalRun, *statuses: Status, ends: bool = True) -> JournalRun:
    with journal.loading():
        undo = journal.begin("print", f"undo {of.run_id}", "sandbox", undo_of=of.run_id)
        rows = [build_job(row) for row in range(1, len(statuses) + 1)]
        undo.add_rows(rows, [Outcome(status) for status in statuses])
    if ends:
        undo.finish()
    return undo


class TestUndoneInPart:
    @pytest.fixture
    def journal(self, tmp_path: Path) -> Iterator[Journal]:
        with Journal(tmp_path, "demo") as journal:
            yield journal

    @pytest.fixture
    def run(self, journal: Journal) -> JournalRun:
        run = add_run(journal)
        rate(journal, run, 1, 2, 3)
        run.finish()
        return run

    def test_by_an_undo_that_was_stopped(self, tmp_path: Path, journal: Journal, run: JournalRun) -> None:
        undo = add_undo(journal, run, Status.RATED, ends=False)
        past = find_undoable(tmp_path, LAST)
        assert (past.run_id, past.undone_by, past.undone_in_part) == (run.run_id, undo.run_id, True)

    @pytest.mark.parametrize("status", [Status.KEPT, Status.UNCHANGED, Status.FAILED, Status.UNSUPPORTED])
    def test_not_by_an_undo_that_changed_nothing(
        self, tmp_path: Path, journal: Journal, run: JournalRun, status: Status
    ) -> None:
        add_undo(journal, run, status)
        assert find_undoable(tmp_path, LAST).undone_by is None

    def test_the_next_one_finds_nothing_left(self, tmp_path: Path, journal: Journal, run: JournalRun) -> None:
        first = add_undo(journal, run, Status.RATED, Status.FAILED)
        add_undo(journal, run, Status.UNCHANGED, Status.UNCHANGED)
        past = find_run(tmp_path, run.run_id)
        assert (past.undone_by, past.is_undone) == (first.run_id, True)

    def test_every_undo_that_did_a_part_is_named(
        self, tmp_path: Path, journal: Journal, run: JournalRun
    ) -> None:
        undos = [add_undo(journal, run, Status.RATED, status) for status in (Status.FAILED, Status.RATED)]
        past = find_run(tmp_path, run.run_id)
        assert (past.undone_by, *past.undone_with) == (undos[1].run_id, undos[0].run_id)

    def test_when_the_undo_was_undone_in_part(
        self, tmp_path: Path, journal: Journal, run: JournalRun
    ) -> None:
        undo = add_undo(journal, run, Status.RATED, Status.RATED)
        add_undo(journal, undo, Status.RATED, ends=False)
        past = find_undoable(tmp_path, LAST)
        assert (past.undone_by, past.undone_in_part) == (undo.run_id, True)

    def test_what_a_retry_took_over_is_no_change_of_its_own(
        self, tmp_path: Path, journal: Journal, run: JournalRun
    ) -> None:
        none = dict.fromkeys(ClosedRow._fields)
        taken_over = ClosedRow(**none | {"row": 1, "line": 2, "status": Status.RATED})  # type: ignore[arg-type]
        with journal.loading():
            retry = journal.begin("print", "ratings.results.csv", "sandbox")
            retry.add_rows([taken_over], [None])
        retry.finish()
        assert find_undoable(tmp_path, LAST).run_id == run.run_id
        assert list_without_changes(tmp_path, find_undoable(tmp_path, LAST)) == [retry.run_id]
        with pytest.raises(UsageError, match="changed nothing"):
            find_undoable(tmp_path, retry.run_id)


@pytest.mark.parametrize(
    ("status", "in_part"), [(Status.RATED, False), (Status.UNSUPPORTED, False), (Status.KEPT, True),
                            (Status.FAILED, True)]
)  # fmt: skip
def test_a_run_undone_in_part_may_be_undone_again(tmp_path: Path, status: Status, in_part: bool) -> None:
    with Journal(tmp_path, "demo") as journal:
        run = add_run(journal, "ratings.csv")
        rate(journal, run, 1, 2, 3)
        run.finish()
        undo = add_undo(journal, run, Status.RATED, status)
    past = find_run(tmp_path, run.run_id)
    assert (past.undone_by, past.undone_in_part) == (undo.run_id, in_part)
    if in_part:
        assert find_undoable(tmp_path, LAST) == past


def test_a_run_is_found_by_its_beginning(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo") as journal:
        run = add_run(journal)
    assert find_run(tmp_path, run.run_id).run_id == run.run_id
    assert find_run(tmp_path, run.run_id[:-1]).run_id == run.run_id


def test_a_beginning_of_two_runs_is_refused(tmp_path: Path) -> None:
    for account in ("a", "b"):
        with Journal(tmp_path, account) as journal:
            run = add_run(journal)
    with pytest.raises(UsageError, match="may mean 2 runs; type more of the id") as refused:
        find_run(tmp_path, run.run_id[:2])
    assert run.run_id in str(refused.value)  # a short id cannot be made longer without it


def test_an_id_that_is_the_beginning_of_another_is_still_its_own(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo") as journal:
        first, second = add_run(journal, "first"), add_run(journal, "second")
        with journal.transaction():
            for run_id, run in (("2026", first), ("2026-2", second)):
                journal.connection.execute("UPDATE run SET run_id = ? WHERE number = ?", (run_id, run.number))
    assert find_run(tmp_path, "2026").source == "first"


@pytest.mark.parametrize("run_id", ["", "nothing", "%", "2%"])
def test_an_unknown_run_names_the_command_that_lists_them(tmp_path: Path, run_id: str) -> None:
    with Journal(tmp_path, "demo") as journal:
        add_run(journal)
    with pytest.raises(UsageError, match="The list of runs has those there are"):
        find_run(tmp_path, run_id)


def test_tallies_count_and_give_examples_of_what_failed(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo") as journal:
        with journal.loading():
            run = journal.begin("print", "ratings.csv", "sandbox")
            rows: list[SourceRow] = [build_job(1), build_job(2), *map(build_invalid, range(3, 8))]
            run.add_rows(rows, [None] * 7)
        rate(journal, run, 1, 2)
        run.finish()
    failed, rated = read_tallies(find_run(tmp_path, run.run_id))
    assert (failed.status, failed.reason, failed.count) == (Status.INVALID, "bad_rating", 5)
    assert [line for line, _, _ in failed.examples] == [4, 5, 6]
    assert (rated.status, rated.count, list(rated.examples)) == (Status.RATED, 2, [])


def test_a_journal_that_is_only_just_being_made_has_no_runs(tmp_path: Path) -> None:
    """An account's first run makes the file before it makes the tables, and may end between the two."""
    (tmp_path / "new.sqlite3").touch()
    with Journal(tmp_path, "demo") as journal:
        run = add_run(journal)
    assert [past.run_id for past in list_runs(tmp_path)] == [run.run_id]


def test_a_file_that_is_no_journal_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd.sqlite3").write_bytes(b"this is no database, whatever its name says " * 99)
    with pytest.raises(ImporterError, match=r"odd\.sqlite3: cannot read the journal"):
        list_runs(tmp_path)


def test_a_folder_with_the_name_of_a_journal_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd.sqlite3").mkdir()
    with pytest.raises(ImporterError, match=r"odd\.sqlite3: cannot read the journal"):
        list_runs(tmp_path)


def test_a_journal_that_breaks_in_the_rows_is_named(tmp_path: Path) -> None:
    with Journal(tmp_path, "demo") as journal:
        run = add_run(journal)
        past = find_run(tmp_path, run.run_id)
        journal.connection.execute("DROP VIEW result")
    with pytest.raises(ImporterError, match="cannot read the journal"):
        list(read_results(past))
    with pytest.raises(ImporterError, match="cannot read the journal"):
        read_tallies(past)


def test_the_name_that_a_status_had_before_is_understood() -> None:
    assert Status("unsure") is Status.UNCONFIRMED
    with pytest.raises(ValueError, match="sure"):
        Status("sure")
