"""A damaged journal ends in a right answer or in an error; a kill between two commits is no damage."""

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from importer.errors import ImporterError, StateFileError
from importer.journal import Journal, JournalRun
from importer.journal.blocks import BLOCK
from importer.journal.checksums import check_run
from importer.journal.history import count_sent, find_run, list_runs, read_results, read_tallies
from importer.journal.prune import PrunedJournal
from importer.model import UNRATE, Outcome, RowsOutcome, Status
from tests.builders import build_invalid, build_job

ROWS = 3 * BLOCK
NAME = "account.sqlite3"
OUTCOMES = (
    Outcome(Status.RATED),
    Outcome(Status.NOT_FOUND, "not_found", "the destination does not know the title"),
    Outcome(Status.FAILED, "http_500", "given up after 5 attempts"),
)


def load(journal: Journal, name: str, rows: int, rating: int = 8) -> JournalRun:
    with journal.loading():
        run = journal.begin(name, f"{name}.csv", "trakt")
        jobs = [
            build_job(row, imdb_id=f"tt{row:07d}", title=f"The {row}. title", rating=rating)
            for row in range(1, rows)
        ]
        run.add_rows([*jobs, build_invalid(rows)], [None] * rows)
    return run


def send(run: JournalRun, until: int) -> None:
    jobs = [job.row for job in run.claim(0, until)]
    run.record(RowsOutcome([row], OUTCOMES[row % 7 % 3], 1, 200, 1.7e9 + row, 42) for row in jobs[:-3])


def build_journal(folder: Path) -> None:
    with Journal(folder, "account") as journal:
        for number in range(7):  # two more than are always kept
            small = load(journal, f"small{number}", 20)
            send(small, 30)
            small.finish()
        ended = load(journal, "ended", ROWS, 7)
        ended.note_previous([(row, row % 10 + 1, "2024-05-01T14:06:03Z") for row in range(1, ROWS, 2)])
        send(ended, ROWS)
        ended.close_rows([job.row for job in ended.open_jobs(0, ROWS)], Outcome(Status.REJECTED, "why", "so"))
        ended.finish()
        with journal.loading():
            undo = journal.begin("undo", "undo ended", "trakt", undo_of=ended.run_id)
            undo.add_rows([build_job(1, rating=UNRATE)], [None])
        send(undo, 4)
        undo.finish()
        stopped = load(journal, "stopped", 400, 9)
        send(stopped, 200)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    build_journal(folder)
    return folder


def past(folder: Path, source: str) -> str:
    return next(run.run_id for run in list_runs(folder) if run.source == source)


# What the commands read of a journal, each as one value.


def report(folder: Path) -> object:
    run = find_run(folder, past(folder, "ended.csv"))
    return run.counts, read_tallies(run), count_sent(run), list(read_results(run))


def retry(folder: Path) -> object:
    return list(read_results(find_run(folder, past(folder, "stopped.csv"))))


def undo(folder: Path) -> object:
    run = find_run(folder, past(folder, "ended.csv"))
    with Journal(folder, "account") as journal:
        return journal.open_run(run.number, run.run_id).changed_rows(0, ROWS)


def go_on(folder: Path) -> object:
    with Journal(folder, "account") as journal:
        run = journal.find_unfinished("stopped")
        return run and (run.unanswered(), run.open_jobs(0, ROWS), run.still_unconfirmed())


def prune(folder: Path) -> object:
    with PrunedJournal(folder, "account") as journal:
        pruned = journal.prune(keep=5, is_dry_run=True)
        return pruned.run_ids, pruned.rows


COMMANDS = (report, retry, undo, go_on, prune)


# Damage


def flip_a_bit(content: bytearray, draw: random.Random) -> None:
    content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)


def put_noise(content: bytearray, draw: random.Random) -> None:
    place = draw.randrange(len(content) - 64)
    content[place : place + 64] = draw.randbytes(64)


def zero_a_page(content: bytearray, draw: random.Random) -> None:
    page = draw.randrange(len(content) // 4096) * 4096
    content[page : page + 4096] = bytes(4096)


def swap_pages(content: bytearray, draw: random.Random) -> None:
    one, other = (page * 4096 for page in draw.sample(range(len(content) // 4096), 2))
    content[one : one + 4096], content[other : other + 4096] = (
        content[other : other + 4096],
        content[one : one + 4096],
    )


def cut_off(content: bytearray, draw: random.Random) -> None:
    del content[draw.randrange(1, len(content)) :]


DAMAGES = (flip_a_bit, put_noise, zero_a_page, swap_pages, cut_off)


def judge(folder: Path, command: Callable[[Path], object], right: object) -> str:
    try:
        return "right" if command(folder) == right else "wrong"
    except ImporterError:
        return "error"
    except Exception as error:  # noqa: BLE001 - what users would see as "unexpected ..."
        return f"unexpected {error!r}"


@pytest.mark.parametrize("damage", DAMAGES)
def test_no_command_tells_wrong_things_from_a_damaged_journal(
    whole: Path, tmp_path: Path, damage: Callable[[bytearray, random.Random], None]
) -> None:
    right = {command: command(whole) for command in COMMANDS}
    content = (whole / NAME).read_bytes()
    verdicts: dict[int, list[str]] = {}
    for seed in range(90):
        damaged = bytearray(content)
        damage(damaged, random.Random(seed))
        verdicts[seed] = []
        for command in COMMANDS:
            shutil.rmtree(tmp_path)
            tmp_path.mkdir()
            (tmp_path / NAME).write_bytes(damaged)
            verdicts[seed].append(judge(tmp_path, command, right[command]))
    told = [verdict for each in verdicts.values() for verdict in each]
    assert [verdict for verdict in told if verdict.startswith("unexpected")] == []
    assert sum("wrong" in each for each in verdicts.values()) * 100 <= 2 * len(verdicts), verdicts
    assert "error" in told


def test_the_runs_that_are_whole_can_still_be_told(whole: Path, tmp_path: Path) -> None:
    content = (whole / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(content.replace(b"The 300. title", b"The 300. tit1e", 1))
    with pytest.raises(StateFileError, match=r"rows 256 to 511 of run number \d+ is not as .* Other runs"):
        report(tmp_path)
    assert find_run(tmp_path, past(tmp_path, "small6.csv")).counts
    assert retry(tmp_path)


@pytest.mark.parametrize(
    ("damage", "whose"),
    [("UPDATE state SET status = 'failed'", "repeat"), ("UPDATE row SET title = 'another'", "first")],
)
def test_what_a_repeat_tells_is_its_own_and_its_rows_are_those_of_another_run(
    tmp_path: Path, damage: str, whose: str
) -> None:
    with Journal(tmp_path, "account") as journal:
        first = load(journal, "first", 9)
        send(first, 9)
        first.finish()
        with journal.loading():
            repeat = journal.begin("first", "first.csv", "trakt")
            repeat.repeat(first)
        repeat.finish()
    assert find_run(tmp_path, repeat.run_id)
    number = (repeat if whose == "repeat" else first).number
    with closing(sqlite3.connect(tmp_path / NAME)) as database, database:
        database.execute(f"{damage} WHERE run = ?", (number,))
    with pytest.raises(StateFileError, match="is not as it was written"):
        find_run(tmp_path, repeat.run_id)


# What is no damage


def copies(folder: Path, target: Path) -> Iterator[Path]:
    """Copy the files of a journal that is open, as a kill would leave them now."""
    number = 0
    while True:
        number += 1
        copy = target / str(number)
        copy.mkdir(parents=True)
        for name in (NAME, f"{NAME}-wal"):
            shutil.copy(folder / name, copy)
        yield copy


def test_a_kill_after_any_commit_leaves_no_damage(tmp_path: Path) -> None:
    copied = copies(tmp_path / "state", tmp_path / "copies")
    with Journal(tmp_path / "state", "account") as journal:
        steps: list[Callable[[], object]] = []
        run = load(journal, "killed", 20 * BLOCK)
        steps += [lambda: None, lambda: run.note_previous([(row, 3, None) for row in range(1, 5000, 3)])]
        steps += [lambda: run.close_rows(range(30, 400), OUTCOMES[1]), lambda: send(run, 12 * BLOCK)]
        steps += [lambda: run.unclaim(except_rows=[5]), lambda: send(run, 99), run.finish]
        for step in steps:
            step()
            folder = next(copied)
            with Journal(folder, "account") as left:
                left.open_run(run.number, run.run_id)
                assert left.count("checksum WHERE crc IS NULL") <= 8
            assert list_runs(folder)


def test_a_transaction_that_fails_leaves_the_checksums_as_they_were(tmp_path: Path) -> None:
    with Journal(tmp_path, "account") as journal:
        run = load(journal, "failing", 20 * BLOCK)
        send(run, 3 * BLOCK)

        def fail() -> None:
            with journal.transaction():
                run.record([RowsOutcome([row], OUTCOMES[0], 1, 200, 1.0, 1) for row in range(1, 4000)])
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        run.record([RowsOutcome([1], OUTCOMES[2], 1, 200, 1.0, 1)])
        check_run(journal.connection, run.number)
    with Journal(tmp_path, "account") as journal:
        journal.open_run(run.number, run.run_id)
        assert not journal.count("checksum WHERE crc IS NULL")


# A journal that somebody prepared


@pytest.mark.parametrize(
    ("prepared", "problem"),
    [
        ("CREATE TRIGGER t AFTER UPDATE ON row BEGIN DELETE FROM known; END", "trigger, 't'"),
        ("CREATE TABLE more (x)", "table, 'more'"),
        ("CREATE VIEW v AS SELECT 1", "view, 'v'"),
        ("CREATE INDEX i ON row (line)", "index, 'i'"),
        ("DROP TABLE known; CREATE VIRTUAL TABLE known USING fts4(title_key, rating, rated_at)", "known"),
        ("DROP VIEW result; CREATE VIEW result AS SELECT * FROM row", "its schema is not as it was written"),
        ("PRAGMA user_version = 8", "its version is not as it was written"),
        ("PRAGMA user_version = 0", "its version is not as it was written"),
    ],
)
def test_a_schema_that_is_not_the_importers_is_refused(
    whole: Path, tmp_path: Path, prepared: str, problem: str
) -> None:
    shutil.copy(whole / NAME, tmp_path)
    with closing(sqlite3.connect(tmp_path / NAME)) as database:
        database.executescript(prepared)
    with pytest.raises(StateFileError, match=problem):
        Journal(tmp_path, "account").__enter__()
    with pytest.raises(StateFileError, match=problem):
        list_runs(tmp_path)


def test_nothing_in_the_file_is_trusted(tmp_path: Path) -> None:
    with Journal(tmp_path, "account") as journal:
        assert journal.connection.execute("PRAGMA trusted_schema").fetchone() == (0,)
