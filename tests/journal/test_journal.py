"""The journal: what it keeps, for whom, and what it says when it cannot."""

import os
import sqlite3
import stat
import subprocess
import sys
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from importer.errors import ImporterError, JournalLockedError, StateFileError
from importer.journal import Journal, JournalRun, RunKind, blocks, states
from importer.journal.history import find_run, list_runs, read_results
from importer.journal.results import Tally
from importer.journal.traffic_rows import read_traffic
from importer.model import (
    RESULT_COLUMNS,
    UNRATE,
    ClosedRow,
    MediaKind,
    Outcome,
    Rating,
    RowsOutcome,
    SourceRow,
    Status,
)
from importer.progress import RequestRecord, Traffic
from tests.builders import build_invalid, build_job

RATED = Outcome(Status.RATED)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def journal(folder: Path) -> Iterator[Journal]:
    with Journal(folder, "account") as journal:
        yield journal


def plan(
    journal: Journal,
    *rows: SourceRow,
    outcomes: Sequence[Outcome | None] | None = None,
    fingerprint: str = "file",
) -> JournalRun:
    """Plan a run of these rows as `run.py` does, duplicates aside."""
    with journal.loading():
        run = journal.begin(fingerprint, "ratings.csv", "trakt-v1")
        run.add_rows(rows, outcomes or [None] * len(rows))
        run.close_unchanged()
    return run


def row_outcome(row: int, outcome: Outcome = RATED) -> RowsOutcome:
    return RowsOutcome([row], outcome, 1, 200, 1_700_000_000.5, 42)


def deliver(journal: Journal, run: JournalRun, outcome: Outcome = RATED) -> None:
    """Send every open row, with the same fate for all."""
    jobs = run.claim(0, 1000)
    run.record([row_outcome(job.row, outcome) for job in jobs])


def rate(journal: Journal, rating: Rating, outcome: Outcome = RATED, **fields: Any) -> JournalRun:
    """A whole run that rates one title."""
    run = plan(journal, build_job(rating=rating, **fields))
    deliver(journal, run, outcome)
    run.finish()
    return run


def results(journal: Journal, run: JournalRun) -> list[dict[str, Any]]:
    return [dict(zip(RESULT_COLUMNS, line, strict=True)) for line in run.results()]


def column(journal: Journal, run: JournalRun, name: str) -> list[Any]:
    return [line[name] for line in results(journal, run)]


# Planning


def test_a_planned_run_is_there_whole(journal: Journal) -> None:
    run = plan(journal, build_job(1), build_invalid(2), build_job(3))
    assert column(journal, run, "row") == [1, 2, 3]
    assert run.count_open() == 2


def test_a_plan_that_fails_half_way_leaves_nothing(journal: Journal) -> None:
    def plan_half() -> None:
        with journal.loading():
            run = journal.begin("file", "ratings.csv", "trakt-v1")
            run.add_rows([build_job(1)], [None])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        plan_half()
    assert journal.find_unfinished("file") is None
    assert journal.connection.execute("SELECT count(*) FROM row").fetchone() == (0,)


def test_a_rehearsal_leaves_nothing(journal: Journal) -> None:
    with journal.loading(keep=False):
        run = journal.begin("file", "ratings.csv", "trakt-v1")
        run.add_rows([build_job(1)], [None])
        run.close_open(Outcome(Status.NOT_SENT, "dry_run", "would be sent"))
        assert column(journal, run, "reason") == ["dry_run"]
    assert journal.find_unfinished("file") is None
    assert results(journal, run) == []
    rate(journal, 8)  # and the journal goes on as if nothing had been


def test_rows_can_come_out_of_order_and_in_chunks_and_leave_in_order(journal: Journal) -> None:
    with journal.loading():
        run = journal.begin("file", "ratings.csv", "trakt-v1")
        run.add_rows([build_job(3), build_invalid(4)], [None, None])
        run.add_rows([build_invalid(2), build_job(1)], [None, None])
    assert column(journal, run, "row") == [1, 2, 3, 4]


def test_a_row_keeps_its_cells(journal: Journal) -> None:
    job = build_job(
        kind=MediaKind.EPISODE,
        title='七人の侍, "x"\n\'',
        year=1954,
        season=0,
        episode=3,
        imdb_id="tt0047478",
        tvdb_id=7,
        rating="love",
        rated_at="2024-05-01T14:06:03Z",
        second_kind=MediaKind.MOVIE,
    )
    run = plan(journal, job)
    assert run.claim(0, 10) == [job]
    (line,) = results(journal, run)
    assert line["title"] == job.title
    assert (line["kind"], line["season"], line["episode"]) == ("episode", 0, 3)
    assert (line["tmdb_id"], line["rated_at"]) == (None, "2024-05-01T14:06:03Z")


def test_what_the_reader_noted_stands_before_what_became_of_the_row(journal: Journal) -> None:
    told, silent = build_job(1, note="8.5 was rounded to 9"), build_job(2, imdb_id="tt0000002", note="noted")
    run = plan(journal, told, silent)
    run.record([row_outcome(1, Outcome(Status.NOT_FOUND, "not_found", "nobody knows it")), row_outcome(2)])
    assert column(journal, run, "message") == ["8.5 was rounded to 9; nobody knows it", "noted"]


VERSION_5 = Path(__file__).with_name("schema-5.sql").read_text("utf-8")
"""The form of the journals before this one, as that version wrote it."""

OLDER = {
    5: "",
    4: "DROP VIEW result; DROP VIEW marked; DROP TABLE tally; ALTER TABLE run DROP COLUMN program; "
    "ALTER TABLE run DROP COLUMN repeatable; ALTER TABLE run DROP COLUMN repeats; CREATE VIEW result AS "
    "SELECT run, {} FROM row;".format(", ".join(RESULT_COLUMNS)),
}
OLDER[3] = OLDER[4] + (
    "DROP TABLE mark; ALTER TABLE run DROP COLUMN compared; "
    "ALTER TABLE row ADD COLUMN sending INTEGER NOT NULL DEFAULT 0; UPDATE row SET previous_known = 0; "
    "UPDATE row SET sending = 1, previous_known = 1 WHERE run = 2 AND row = 2;"
)
OLDER[2] = OLDER[3] + "ALTER TABLE row DROP COLUMN note;"
"""What makes a journal of version 5 one of a version before."""

LEFT_BY_VERSION_5 = """
INSERT INTO run (number, run_id, fingerprint, source, destination, started_at, ended_at, settled, compared)
VALUES (1, 'first', 'file', 'ratings.csv', 'trakt-v1', '2026-11-01', '2026-11-01', 1, 1),
    (2, 'second', 'file', 'undo list.csv', 'trakt-v1', '2026-11-02', NULL, 0, 1),
    (3, 'third', 'undo first', 'undo first', 'trakt-v1', '2026-11-03', '2026-11-03', 1, 1);
INSERT INTO row (run, row, line, kind, imdb_id, rating, status)
VALUES (1, 1, 2, 'movie', 'tt0000001', 8, 'rated'), (2, 1, 2, 'movie', 'tt0000002', 8, NULL),
    (2, 2, 3, 'movie', 'tt0000003', 8, NULL), (3, 1, 2, 'movie', 'tt0000001', 0, 'unsure');
INSERT INTO mark VALUES (2, 2, 2);
INSERT INTO held VALUES ('imdb:tt0000001', 8, NULL);
INSERT INTO tally VALUES (3, 'unsure', '', 1);
"""


def write_older_journal(folder: Path, version: int) -> None:
    folder.mkdir(exist_ok=True)
    with closing(sqlite3.connect(folder / "account.sqlite3")) as database:
        database.executescript(VERSION_5 + LEFT_BY_VERSION_5 + OLDER[version])
        database.execute(f"PRAGMA user_version = {version}")


@pytest.mark.parametrize("version", OLDER)
def test_a_journal_of_a_version_before_is_brought_up_to_date(folder: Path, version: int) -> None:
    write_older_journal(folder, version)
    with Journal(folder, "account") as journal:
        runs = [journal.open_run(number, run_id) for number, run_id in enumerate(("first", "second"), 1)]
        assert column(journal, runs[0], "status") == ["rated"]
        stopped = runs[1]
        assert column(journal, stopped, "status") == ["not_sent", "unconfirmed"]
        assert [job.row for job in stopped.unanswered()] == [2]
        stopped.note_unreadable()
        assert [changed.is_known for changed in stopped.changed_rows(0, 10)] == [True]
        assert column(journal, journal.open_run(3, "third"), "status") == ["unconfirmed"]
        kinds = journal.connection.execute("SELECT kind, undo_of FROM run ORDER BY number").fetchall()
        assert kinds == [("import", None), ("import", None), ("undo", "first")]
        later = plan(journal, build_job(note="noted"))
        assert column(journal, later, "message") == [f"noted; {states.KNOWN.message}"]


def test_a_table_that_is_read_in_pieces_has_the_checksum_of_the_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Journal(folder, "account") as journal:
        run = plan(
            journal,
            *(build_job(row, imdb_id=f"tt{row:07}", rating=8, rated_at="2014-09-01") for row in range(1, 8)),
        )
        deliver(journal, run)
        run.finish()
    whole = ",".join(f'["tt{row:07}",8,"2014-09-01"]' for row in range(1, 8))
    with closing(sqlite3.connect(folder / "account.sqlite3")) as database:
        for piece in (2, 3, 7, 100):
            monkeypatch.setattr(blocks, "PIECE", piece)
            crc = blocks.measure(database, blocks.read_queries(database), 0, "known", 0)
            assert crc == zlib.crc32(whole.encode())


VERSION_11 = Path(__file__).with_name("version-11.sql").read_text("utf-8")
"""A journal as that version wrote it: all of its rows ended in other ways, and one run repeats another."""

_WITHOUT_CHECKSUMS = (
    "DROP TABLE checksum; ALTER TABLE run DROP COLUMN rated_titles; ALTER TABLE run DROP COLUMN rated_kinds;"
)
AFTER_5 = {
    11: "",
    10: "DROP TABLE request; DROP TABLE wait;",
    8: "DROP TABLE own_date;" + _WITHOUT_CHECKSUMS,
    6: "DROP TABLE unlisted; DROP TABLE own_date;" + _WITHOUT_CHECKSUMS,
}
"""What makes a journal of version 11 one of a version before."""


def write_journal_after_5(folder: Path, version: int, damage: str = "") -> dict[str, list[tuple[Any, ...]]]:
    """Write one, and return the results of its runs as that version told them."""
    folder.mkdir(exist_ok=True, parents=True)
    with closing(sqlite3.connect(folder / "account.sqlite3")) as database:
        database.executescript(f"{VERSION_11} {AFTER_5[version]} PRAGMA user_version = {version};")
        if version == 10:
            crc = blocks.measure(database, blocks.read_queries(database), 0, "schema", 0)
            database.execute("UPDATE checksum SET crc = ? WHERE part = 'schema'", (crc,))
        database.executescript(damage)
        database.commit()
        lines = database.execute(
            f"SELECT (SELECT run_id FROM run WHERE number = run), {', '.join(RESULT_COLUMNS)} FROM"
            " (SELECT * FROM result UNION ALL SELECT * FROM repeated_result) ORDER BY run, row"
        ).fetchall()
    return {run_id: [line[1:] for line in lines if line[0] == run_id] for run_id, *_ in lines}


@pytest.mark.parametrize("version", AFTER_5)
def test_a_journal_tells_the_same_before_and_after_it_is_brought_up_to_date(
    folder: Path, version: int
) -> None:
    told = write_journal_after_5(folder, version)
    past = list_runs(folder)
    assert {run.run_id: list(read_results(run)) for run in past} == told
    with Journal(folder, "account") as journal:
        assert journal.count("checksum") > len(told)
        runs = [journal.open_run(run.number, run.run_id) for run in past]
        assert {run.run_id: list(run.results()) for run in runs} == told
        _, repeat, mixed, _undo, stopped = runs
        assert not mixed.unlisted()
        assert journal.find_unfinished("stopped") == stopped
        assert [job.row for job in stopped.unanswered()] == [4]
        assert [job.row for job in stopped.open_jobs(0, 10)] == [3, 5, 6, 7]
        assert not any(changed.is_known for changed in stopped.changed_rows(0, 10))
        before = [(changed.job.row, *changed[1:]) for changed in mixed.changed_rows(0, 10)]
        assert before == [(2, True, 2, "2024-05-01"), (6, True, 3, "2024-05-02T10:00:00Z")]
        assert repeat.changed_rows(0, 10) == []
        assert mixed.undone_rows() == {2, 6}
    assert [replace(run, counts={}) for run in list_runs(folder)] == [replace(run, counts={}) for run in past]
    assert [run.counts for run in list_runs(folder)] == [run.counts for run in past]


def test_a_journal_keeps_its_requests_or_gets_a_table_for_them(folder: Path) -> None:
    for version, is_whole in ((11, True), (10, False)):
        write_journal_after_5(folder / str(version), version)
        mixed = list_runs(folder / str(version))[2]
        assert read_traffic(mixed).is_whole is is_whole
        with Journal(folder / str(version), "account") as journal:
            opened = journal.open_run(mixed.number, mixed.run_id)
            opened.note_traffic(Traffic(deque([RequestRecord(1.0, 5, "POST", 200, 1, "")])))
        assert read_traffic(mixed).is_whole


@pytest.mark.parametrize("version", [10, 11])
def test_damage_from_before_is_told_after_a_journal_was_brought_up_to_date(
    folder: Path, version: int
) -> None:
    write_journal_after_5(folder, version, "UPDATE row SET rating = 3 WHERE run = 3 AND row = 2")
    with pytest.raises(StateFileError, match="not as"):
        find_run(folder, list_runs(folder)[2].run_id)
    past = list_runs(folder)
    with Journal(folder, "account") as journal:
        journal.open_run(past[3].number, past[3].run_id)
        with pytest.raises(StateFileError, match="not as"):
            journal.open_run(past[2].number, past[2].run_id)


@pytest.mark.parametrize("version", [4, 5])
def test_a_journal_of_a_version_before_can_be_looked_at_as_it_is(folder: Path, version: int) -> None:
    write_older_journal(folder, version)
    path = folder / "account.sqlite3"
    before = path.read_bytes()
    runs = {run.run_id: run for run in list_runs(folder)}
    first, undo = runs["first"], runs["third"]
    assert (first.kind, first.undo_of, first.counts) == ("import", None, {Status.RATED: 1})
    assert (undo.kind, undo.undo_of, undo.counts) == ("undo", "first", {Status.UNCONFIRMED: 1})
    if version == 5:
        assert [line[2] for line in read_results(runs["second"])] == ["not_sent", "unconfirmed"]
    assert path.read_bytes() == before


def test_an_invalid_row_keeps_its_cells_as_text_and_its_reason(journal: Journal) -> None:
    run = plan(journal, build_invalid(year="1995?", rating="11"))
    (line,) = results(journal, run)
    assert (line["status"], line["reason"], line["message"]) == (
        "invalid",
        "bad_rating",
        "line 2: 11 is no rating",
    )
    assert (line["year"], line["rating"]) == ("1995?", "11")


def test_a_row_settled_in_planning_is_not_sent(journal: Journal) -> None:
    refused = Outcome(Status.UNSUPPORTED, "season", "no seasons")
    run = plan(journal, build_job(1), build_job(2), outcomes=[refused, None])
    assert [job.row for job in run.claim(0, 10)] == [2]
    assert results(journal, run)[0]["reason"] == "season"


def test_unrate_is_spelled_out(journal: Journal) -> None:
    run = plan(journal, build_job(rating=UNRATE))
    assert run.claim(0, 1)[0].rating == UNRATE
    assert column(journal, run, "rating") == ["unrate"]


@pytest.mark.parametrize("status", [Status.UNCONFIRMED, Status.FAILED])
def test_before_a_row_in_doubt_the_accounts_rating_was_ours(journal: Journal, status: Status) -> None:
    """So the newer row is sent again: the account dates ours by its arrival, which is newer than any row."""
    rate(journal, 5, rated_at="2019-01-01")
    rate(journal, 4, Outcome(status, "why"), rated_at="2021-01-01")
    again = plan(journal, build_job(rating=4, rated_at="2021-01-01"), fingerprint="again")
    assert again.count_open() == 1
    again.note_previous([(1, 5, "2026-11-30T00:00:00Z")])
    (replaced,) = again.conflicts(0, 10)
    assert (replaced.is_ours, replaced.sent_rated_at) == (True, "2019-01-01")

    again.close_rows([1], Outcome(Status.KEPT, "policy_newest"))
    again.note_previous([(1, 7, "2026-11-30T00:00:00Z")])
    later = plan(journal, build_job(rating=3, rated_at="2027-01-01"), fingerprint="later")
    later.note_previous([(1, 5, "2026-11-30T00:00:00Z")])
    assert [each.is_ours for each in later.conflicts(0, 10)] == [False]  # somebody rated it since


def test_the_view_holds_the_columns_of_the_results_file(journal: Journal) -> None:
    columns = journal.connection.execute("PRAGMA table_info(result)").fetchall()
    assert tuple(name for _, name, *_ in columns) == ("run", *RESULT_COLUMNS)


# Titles rated twice


@pytest.mark.parametrize(
    ("first", "second", "is_one_title"),
    [
        ({"imdb_id": "tt1"}, {"imdb_id": "tt1", "tmdb_id": 7}, True),
        ({"imdb_id": "tt1"}, {"imdb_id": "tt1", "kind": MediaKind.SHOW}, True),  # unique over all kinds
        ({"tmdb_id": 7}, {"tmdb_id": 7}, True),
        ({"tmdb_id": 7}, {"imdb_id": "tt1", "tmdb_id": 7}, True),  # any shared id will do
        ({"tmdb_id": 7}, {"tmdb_id": 7, "kind": MediaKind.SHOW}, False),  # not unique over kinds
        ({"tmdb_id": 7}, {"tvdb_id": 7}, False),
        ({"title": "Heat", "year": 1995}, {"title": "HEAT", "year": 1995}, False),  # APIs match exactly
        ({"title": "Heat", "year": 1995}, {"title": "Heat", "year": 1986}, False),
        ({"title": "Heat", "year": 1995}, {"title": "Heat", "year": 1995}, True),
        ({"title": "Heat", "year": None}, {"title": "Heat", "year": None}, False),  # a remake, perhaps
        ({"imdb_id": "tt1", "season": 1, "episode": 2}, {"imdb_id": "tt1", "season": 1, "episode": 3}, False),
        ({"imdb_id": "tt1", "season": 1, "episode": 2}, {"imdb_id": "tt1", "season": 1, "episode": 2}, True),
        ({"imdb_id": "tt1", "season": 1}, {"imdb_id": "tt1"}, False),
    ],
)
def test_what_makes_two_rows_one_title(
    journal: Journal, first: dict[str, Any], second: dict[str, Any], is_one_title: bool
) -> None:
    run = plan(journal, build_job(1, **first), build_job(2, **second))
    assert bool(list(run.titles_rated_twice())) is is_one_title


def test_titles_rated_twice_come_as_groups_of_open_rows(journal: Journal) -> None:
    with journal.loading():
        run = journal.begin("file", "ratings.csv", "trakt-v1")
        rows: list[SourceRow] = [
            build_job(1, imdb_id="tt2"),
            build_job(2, imdb_id="tt1", rated_at="2024-01-01"),
            build_job(3, imdb_id="tt3"),
            build_job(4, imdb_id="tt2"),
            build_job(5, imdb_id="tt1"),
            build_invalid(6, imdb_id="tt1"),
            build_job(7, imdb_id="tt2"),
        ]
        run.add_rows(rows, [None] * 7)
        groups = []
        for group in run.titles_rated_twice():
            groups.append(group)
            for row, _, _ in group[1:]:  # settling while the groups come does not disturb them
                run.close_rows([row], Outcome(Status.DUPLICATE, "duplicate", "another row counts"))
    assert groups == [
        [(2, 3, "2024-01-01"), (5, 6, None)],
        [(1, 2, None), (4, 5, None), (7, 8, None)],
    ]
    assert list(run.titles_rated_twice()) == []
    assert run.count_open() == 3


# What the account holds


def test_what_an_earlier_run_brought_is_unchanged(journal: Journal) -> None:
    rate(journal, 8)
    run = plan(journal, build_job(rating=8))
    assert column(journal, run, "status") == ["unchanged"]
    assert run.count_open() == 0


def test_another_rating_is_sent_and_the_one_before_is_noted(journal: Journal) -> None:
    rate(journal, 7)
    assert column(journal, rate(journal, 8), "previous_rating") == [7]
    assert column(journal, rate(journal, "love"), "previous_rating") == [8]


def test_a_removal_is_brought_once_and_noted(journal: Journal) -> None:
    rate(journal, 7)
    removed = Outcome(Status.UNRATED)
    assert column(journal, rate(journal, UNRATE, removed), "previous_rating") == [7]
    assert column(journal, plan(journal, build_job(rating=UNRATE)), "status") == ["unchanged"]
    assert column(journal, rate(journal, 7), "previous_rating") == ["unrate"]


def test_a_removal_nobody_knows_of_is_sent(journal: Journal) -> None:
    assert plan(journal, build_job(rating=UNRATE)).count_open() == 1


@pytest.mark.parametrize("status", [Status.NOT_FOUND, Status.REJECTED])
def test_what_the_destination_refused_changes_nothing(journal: Journal, status: Status) -> None:
    rate(journal, 7)
    rate(journal, 8, Outcome(status, "refused", "no"))
    assert column(journal, plan(journal, build_job(rating=7)), "status") == ["unchanged"]


@pytest.mark.parametrize("status", [Status.UNCONFIRMED, Status.FAILED])
def test_a_rating_that_may_have_arrived_leaves_nothing_known(journal: Journal, status: Status) -> None:
    rate(journal, 7)
    rate(journal, 8, Outcome(status, "no_answer", "?"))
    run = plan(journal, build_job(rating=7))
    assert run.count_open() == 1


def test_what_the_account_was_seen_to_hold_outdoes_what_an_earlier_run_brought(journal: Journal) -> None:
    rate(journal, 7)
    run = plan(journal, build_job(rating=8))
    run.close_rows([1], Outcome(Status.UNCHANGED, "already_rated", "the account already has this rating"))
    run.finish()
    assert plan(journal, build_job(rating=7)).count_open() == 1


def test_a_run_given_up_for_another_leaves_nothing_known_of_what_was_under_way(journal: Journal) -> None:
    rate(journal, 7)
    plan(journal, build_job(rating=8), fingerprint="given up").claim(0, 10)
    assert plan(journal, build_job(rating=7)).count_open() == 1


def test_a_run_given_up_for_another_has_changed_the_account_too(journal: Journal) -> None:
    run = plan(journal, build_job(1), build_job(2), fingerprint="given up")
    run.claim(0, 1)
    run.record([row_outcome(1)])
    assert column(journal, plan(journal, build_job(1), build_job(2)), "status") == ["unchanged", "not_sent"]


def test_a_run_given_up_never_outdoes_a_later_one(journal: Journal) -> None:
    deliver(journal, plan(journal, build_job(rating=7), fingerprint="given up"))
    rate(journal, 9)
    assert plan(journal, build_job(rating=7)).count_open() == 1
    assert column(journal, plan(journal, build_job(rating=9)), "status") == ["unchanged"]


def test_a_rehearsal_settles_nothing_for_good(journal: Journal) -> None:
    deliver(journal, plan(journal, build_job(rating=7), fingerprint="under way"))
    with journal.loading(keep=False):
        pass
    assert column(journal, plan(journal, build_job(rating=7)), "status") == ["unchanged"]


# The same file once more


def find_repeatable(
    journal: Journal, fingerprint: str = "file", destination: str = "trakt-v1"
) -> JournalRun | None:
    return journal.find_repeatable(fingerprint, destination)


def test_a_run_that_repeats_another_tells_its_rows_and_has_none(journal: Journal) -> None:
    rows: list[SourceRow] = [
        build_job(1, note="noted"),
        build_job(2, rating=UNRATE),
        build_job(3),
        build_invalid(4),
    ]
    duplicate = Outcome(Status.DUPLICATE, "duplicate", "row 1 counts")
    run = plan(journal, *rows, outcomes=[None, None, duplicate, None])
    run.note_previous([(1, 3, "2020-01-01")])
    run.record([row_outcome(1), row_outcome(2, Outcome(Status.UNRATED))])
    run.finish()
    again = plan(journal, *rows, outcomes=[None, None, duplicate, None])
    expected, tallies = results(journal, again), again.tallies()
    assert again.count_open() == 0
    again.finish()
    earlier = find_repeatable(journal)
    assert earlier is not None
    for _ in range(2):  # the second time it is told of the same run, not of the repeat
        with journal.loading():
            repeat = journal.begin("file", "ratings.csv", "trakt-v1")
            repeat.repeat(earlier)
        assert results(journal, repeat) == expected
        assert repeat.tallies() == tallies
        assert repeat.count_open() == 0
        assert list(repeat.changed_rows(0, 10)) == []
        repeat.finish()
        assert find_repeatable(journal) == earlier


@pytest.mark.parametrize(
    "outcome", [RATED, Outcome(Status.RATED, "verified", "read back"), Outcome(Status.UNRATED)]
)
def test_a_run_that_brought_all_of_its_rows_can_be_repeated(journal: Journal, outcome: Outcome) -> None:
    run = rate(journal, UNRATE if outcome.status is Status.UNRATED else 8, outcome)
    assert find_repeatable(journal) == run


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(Status.UNCHANGED, "already_rated", "the account already has this rating"),
        *(Outcome(status, "why") for status in (Status.KEPT, Status.NOT_FOUND, Status.REJECTED)),
        *(Outcome(status, "why") for status in (Status.FAILED, Status.UNCONFIRMED, Status.NOT_SENT)),
    ],
)
def test_a_run_with_a_row_that_must_be_asked_for_again_cannot_be_repeated(
    journal: Journal, outcome: Outcome
) -> None:
    run = plan(journal, build_job(1), build_job(2))
    run.record([row_outcome(1), row_outcome(2, outcome)])
    run.finish()
    assert find_repeatable(journal) is None


def test_a_run_that_took_rows_over_from_results_cannot_be_repeated(journal: Journal) -> None:
    cells: dict[str, Any] = dict.fromkeys(ClosedRow._fields)
    cells |= {"row": 2, "line": 3, "imdb_id": "tt0000002", "rating": 8, "status": Status.RATED}
    run = plan(journal, build_job(1), ClosedRow(**cells))
    deliver(journal, run)
    run.finish()
    assert find_repeatable(journal) is None


def test_a_run_that_was_not_finished_cannot_be_repeated(journal: Journal) -> None:
    deliver(journal, plan(journal, build_job()))
    assert find_repeatable(journal) is None


def test_a_run_of_something_else_cannot_be_repeated(journal: Journal) -> None:
    rate(journal, 8)
    assert find_repeatable(journal, fingerprint="other") is None
    assert find_repeatable(journal, destination="trakt") is None
    assert find_repeatable(journal) is not None


def test_a_run_before_another_cannot_be_repeated(journal: Journal) -> None:
    rate(journal, 8)
    plan(journal, build_job(2), fingerprint="other")
    assert find_repeatable(journal) is None


@pytest.mark.parametrize("fields", [{"rating": "love"}, {"rating": 8, "tmdb_id": 278}])
def test_what_the_journal_cannot_know_for_sure_cannot_be_repeated(
    journal: Journal, fields: dict[str, Any]
) -> None:
    rate(journal, **fields)
    assert find_repeatable(journal) is None


def test_what_another_version_of_the_program_read_cannot_be_repeated(journal: Journal) -> None:
    rate(journal, 8)
    for program in ("'0.0.1'", "NULL"):  # an earlier one, and one that did not note it
        with journal.transaction():
            journal.connection.execute(f"UPDATE run SET program = {program}")
        assert find_repeatable(journal) is None


# Sending


def test_take_marks_and_gives_open_rows_in_order(journal: Journal) -> None:
    run = plan(journal, *map(build_job, range(1, 6)), outcomes=[None, RATED, None, None, None])
    assert [job.row for job in run.claim(0, 2)] == [1, 3]
    assert [job.row for job in run.claim(3, 10)] == [4, 5]
    assert run.claim(5, 10) == []
    assert [job.row for job in run.unanswered()] == [1, 3, 4, 5]


def test_claims_of_rows_between_others_are_theirs_alone(journal: Journal) -> None:
    run = plan(journal, *map(build_job, range(1, 8)), outcomes=[None, None, RATED, None, None, None, None])
    run.claim(0, 5)
    run.unclaim(except_rows=[5, 2])
    taken = [[job.row for job in run.claim(after, 2)] for after in (0, 4, 7)]
    assert taken == [[1, 4], [6, 7], []]
    assert [job.row for job in run.unanswered()] == [1, 2, 4, 5, 6, 7]


def test_what_one_run_has_marked_is_open_in_another(journal: Journal) -> None:
    first = plan(journal, build_job(1), build_job(2))
    first.claim(0, 10)
    second = plan(journal, build_job(1), build_job(2))
    assert second.unanswered() == []
    assert [job.row for job in second.claim(0, 10)] == [1, 2]


def test_a_row_is_not_taken_twice(journal: Journal) -> None:
    run = plan(journal, build_job(1))
    run.claim(0, 10)
    assert run.claim(0, 10) == []


def test_released_rows_can_be_taken_again_and_the_others_cannot(journal: Journal) -> None:
    run = plan(journal, *map(build_job, range(1, 5)))
    run.claim(0, 3)
    run.record([row_outcome(1)])
    run.unclaim(except_rows={2})
    assert [job.row for job in run.unanswered()] == [2]
    assert column(journal, run, "status") == ["rated", "unconfirmed", "not_sent", "not_sent"]
    assert column(journal, run, "reason") == [None, "no_answer", "stopped", "stopped"]
    assert [job.row for job in run.claim(0, 10)] == [3, 4]


def test_an_outcome_is_written_with_how_it_went(journal: Journal) -> None:
    run = plan(journal, build_job(1), build_job(2))
    run.claim(0, 10)
    run.record([row_outcome(1), RowsOutcome([2], Outcome(Status.FAILED, "why", "so"), 6, None, None, None)])
    first, second = results(journal, run)
    assert (first["status"], first["reason"], first["message"]) == ("rated", None, None)
    assert (first["attempts"], first["http_status"], first["duration_ms"]) == (1, 200, 42)
    assert first["sent_at"] == "2023-11-14T22:13:20.500Z"
    assert (second["status"], second["reason"], second["message"]) == ("failed", "why", "so")
    assert (second["attempts"], second["http_status"], second["sent_at"]) == (6, None, None)


@pytest.mark.parametrize(
    "rows", [[1, 2, 3, 4, 5], [1, 2, 4, 5], [5, 4, 3, 2, 1], [2, 1, 4, 5], [1, 1, 2, 2], [3]]
)
def test_outcomes_of_neighbours_are_written_to_no_other_row(journal: Journal, rows: list[int]) -> None:
    run = plan(journal, *map(build_job, range(1, 6)))
    missing = Outcome(Status.NOT_FOUND, "not_found", "nobody knows it")
    outcomes = {row: missing if row == 2 else RATED for row in rows}
    run.record([row_outcome(row, outcomes[row]) for row in rows])
    told = {line["row"]: line["status"] for line in results(journal, run)}
    assert told == {row: outcomes[row].status if row in outcomes else "not_sent" for row in range(1, 6)}


def test_an_outcome_written_twice_changes_nothing(journal: Journal) -> None:
    run = plan(journal, build_job(1))
    deliver(journal, run)
    before = results(journal, run)
    run.record([row_outcome(1)])
    assert results(journal, run) == before


def test_tallies_count_by_status_and_reason_with_examples_of_what_missed(journal: Journal) -> None:
    run = plan(journal, *map(build_job, range(1, 7)), build_invalid(7))
    run.claim(0, 10)
    missing = Outcome(Status.NOT_FOUND, "not_found", "unknown title")
    run.record([row_outcome(1)] + [row_outcome(row, missing) for row in range(2, 6)])
    run.unclaim()
    assert run.tallies() == [
        Tally(Status.NOT_FOUND, "not_found", 4, [(row + 1, None, "unknown title") for row in (2, 3, 4)]),
        Tally(Status.INVALID, "bad_rating", 1, [(8, "Heat", "line 2: 11 is no rating")]),
        Tally(
            Status.NOT_SENT,
            "stopped",
            1,
            [(7, None, "the run stopped before this row; the same command continues")],
        ),
        Tally(Status.RATED, "", 1, []),
    ]


# Continuing


def test_after_a_crash_the_rows_under_way_are_unsure_and_found_again(folder: Path) -> None:
    with Journal(folder, "account") as journal:
        run = plan(journal, build_job(1), build_job(2), build_job(3))
        run.claim(0, 2)
        run.record([row_outcome(1)])
    with Journal(folder, "account") as journal:
        again = journal.find_unfinished("file")
        assert again is not None
        assert (again.run_id, again.continued) == (run.run_id, True)
        assert [job.row for job in again.unanswered()] == [2]
        assert column(journal, again, "status") == ["rated", "unconfirmed", "not_sent"]
        assert again.count_open() == 2


def test_only_the_newest_run_of_the_same_command_is_continued(journal: Journal) -> None:
    assert journal.find_unfinished("file") is None
    run = plan(journal, build_job(1))
    assert journal.find_unfinished("another file") is None
    found = journal.find_unfinished("file")
    assert found is not None
    assert found.number == run.number
    plan(journal, build_job(1), fingerprint="another file")
    assert journal.find_unfinished("file") is None


def test_a_run_goes_on_although_an_undo_was_refused_since(folder: Path) -> None:
    def begin_undo(journal: Journal) -> JournalRun:
        with journal.loading():
            undo = journal.begin("undo", "undo x", "trakt-v1", kind=RunKind.UNDO, undo_of="x")
            undo.add_rows([build_job(1)], [None])
        return undo

    with Journal(folder, "account") as journal:
        run = plan(journal, build_job(1), build_job(2), build_job(3))
        run.claim(0, 1)
        run.record([row_outcome(1)])
        begin_undo(journal)
    with Journal(folder, "account") as journal:
        again = journal.find_unfinished("file")
        assert again == run
        assert journal.find_unfinished("undo") is None  # its rows are of before
        again.claim(0, 1)
        again.record([row_outcome(2)])
    with Journal(folder, "account") as journal:
        # What it did after the undo is known to the runs after it, too.
        other = plan(journal, build_job(1), build_job(2), build_job(3), fingerprint="other")
        assert column(journal, other, "status") == ["unchanged", "unchanged", "not_sent"]
        undo = begin_undo(journal)
        assert journal.find_unfinished("undo") == undo
        undo.claim(0, 1)  # it may have changed what the run has sent
        assert journal.find_unfinished("other") is None


def test_a_finished_run_is_not_continued(journal: Journal) -> None:
    rate(journal, 8)
    assert journal.find_unfinished("file") is None


# One run at a time

HOLD = """
import sys
from pathlib import Path
from importer.journal import Journal
with Journal(Path(sys.argv[1]), "account"):
    print("locked", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_by_another_process(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_run_for_the_account_is_told_who_holds_the_journal(folder: Path) -> None:
    with held_by_another_process(folder) as process:
        with pytest.raises(JournalLockedError, match=rf"process {process.pid}, since \d{{4}}-\d\d-\d\dT"):
            Journal(folder, "account").__enter__()
        with Journal(folder, "another account"):
            pass


def test_the_lock_dies_with_its_process(folder: Path) -> None:
    with held_by_another_process(folder) as process:
        process.kill()
        process.wait()
        with Journal(folder, "account") as journal:
            rate(journal, 8)


def test_the_lock_ends_with_the_run(folder: Path) -> None:
    for _ in range(2):
        with Journal(folder, "account") as journal:
            rate(journal, 8)


def test_a_journal_that_cannot_be_opened_is_not_left_locked(folder: Path) -> None:
    folder.mkdir()
    path = folder / "account.sqlite3"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(ImporterError):
        Journal(folder, "account").__enter__()
    path.unlink()
    with Journal(folder, "account"):
        pass


# The file


def test_nobody_else_may_read_the_journal(journal: Journal, folder: Path) -> None:
    rate(journal, 8)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert {"account.sqlite3", "account.sqlite3-wal", "account.lock"} <= modes.keys()
    assert set(modes.values()) == {0o600}


def test_a_file_that_is_no_database_is_named_and_left_alone(folder: Path) -> None:
    folder.mkdir()
    path = folder / "account.sqlite3"
    path.write_bytes(b"my holiday pictures" * 1000)
    with pytest.raises(
        ImporterError, match=r"account\.sqlite3: cannot use the journal .*Move the file aside"
    ):
        Journal(folder, "account").__enter__()
    assert path.read_bytes() == b"my holiday pictures" * 1000


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ImporterError, match="cannot use the journal"):
        Journal(tmp_path / "file" / "state", "account").__enter__()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told(folder: Path) -> None:
    folder.mkdir(mode=0o500)
    with pytest.raises(ImporterError, match="cannot use the journal"):
        Journal(folder, "account").__enter__()


def fill_the_disk(journal: Journal) -> None:
    """Let the journal grow no more."""
    pages = journal.connection.execute("PRAGMA page_count").fetchone()[0]
    journal.connection.execute(f"PRAGMA max_page_count = {pages}")


def test_a_full_disk_while_planning_leaves_nothing_half_written(journal: Journal) -> None:
    rate(journal, 8)
    fill_the_disk(journal)
    with pytest.raises(ImporterError, match=r"cannot write the journal \(its drive is full\)"):
        plan(journal, *[build_job(row, title="x" * 500) for row in range(1, 1000)], fingerprint="big")
    assert journal.find_unfinished("big") is None
    assert journal.connection.execute("SELECT count(*) FROM row").fetchone() == (1,)


def test_a_full_disk_while_recording_leaves_all_of_these_outcomes_or_none(journal: Journal) -> None:
    run = plan(journal, *map(build_job, range(1, 101)))
    run.claim(0, 1000)
    fill_the_disk(journal)
    long = Outcome(Status.REJECTED, "refused", "x" * 5000)
    with pytest.raises(ImporterError, match="the same command"):
        run.record([row_outcome(row, long) for row in range(1, 101)])
    assert set(column(journal, run, "status")) == {"unconfirmed"}


@pytest.mark.parametrize("step", ["take", "release", "finish"])
def test_whatever_cannot_be_written_is_told_in_our_words(journal: Journal, step: str) -> None:
    run = plan(journal, build_job(1))
    journal.connection.execute("PRAGMA query_only = 1")
    calls: dict[str, Callable[[], object]] = {
        "take": lambda: run.claim(0, 1),
        "release": run.unclaim,
        "finish": run.finish,
    }
    with pytest.raises(ImporterError, match="cannot write the journal"):
        calls[step]()


def test_the_sqlite_of_this_python_knows_what_the_journal_needs() -> None:
    assert sqlite3.sqlite_version_info >= (3, 35)
