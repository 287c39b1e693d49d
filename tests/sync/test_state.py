"""What a sync job remembers: known failures, versions, and whose turn it is."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from importer.journal import Journal, JournalRun
from importer.model import RESULT_COLUMNS, UNRATE, MediaKind, Outcome, RatingJob, RowsOutcome, Status
from importer.sync.source import Version
from importer.sync.state import (
    JobState,
    KnownFailure,
    account_queue,
    close_known,
    collect_known,
    hash_options,
    is_any_due,
    load_state,
    save_state,
)
from tests.builders import build_job
from tests.sync.jobs import job_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
UNKNOWN = build_job(1, imdb_id="tt9999999", rating=5)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journals", "account") as opened:
        yield opened


def plan(journal: Journal, *jobs: RatingJob) -> JournalRun:
    with journal.loading():
        run = journal.begin("print", "file", "trakt")
        run.add_rows(jobs, [None] * len(jobs))
    return run


def meet(
    journal: Journal, run: JournalRun, row: int, status: Status, message: str = "nobody knows it"
) -> None:
    """Let the destination say something of a row."""
    run.record([RowsOutcome([row], Outcome(status, "not_found", message), 1, 200, 0.0, 1)])


def lines(journal: Journal, run: JournalRun) -> list[dict[str, Any]]:
    return [dict(zip(RESULT_COLUMNS, line, strict=True)) for line in run.results()]


def learn(journal: Journal, job: RatingJob, now: datetime = NOW) -> dict[str, KnownFailure]:
    run = plan(journal, job)
    meet(journal, run, job.row, Status.NOT_FOUND)
    return collect_known(run.results(), {}, now)


class TestKnownFailures:
    def test_a_row_that_failed_for_good_keeps_its_fate_and_says_since_when(self, journal: Journal) -> None:
        known = learn(journal, UNKNOWN)
        run = plan(journal, build_job(1, imdb_id="tt0111161"), UNKNOWN._replace(row=2, line=3))
        close_known(run, known, 30, NOW + timedelta(days=3))
        first, second = lines(journal, run)
        assert first["status"] == "not_sent"
        assert (second["status"], second["reason"]) == ("not_found", "not_found")
        assert second["message"] == (
            "nobody knows it; known since 2026-11-23; tried again after 2026-12-23, or when the row changes"
        )

    @pytest.mark.parametrize(
        "change",
        [
            {"rating": 6},
            {"rated_at": "2024-01-01"},
            {"imdb_id": "tt9999998"},
            {"tmdb_id": 1},
            {"title": "Heat"},
            {"kind": MediaKind.SHOW},
            {"season": 1, "episode": 2},
        ],
    )
    def test_a_row_that_changed_is_another_row(self, journal: Journal, change: dict[str, Any]) -> None:
        known = learn(journal, UNKNOWN)
        run = plan(journal, UNKNOWN._replace(**change))
        close_known(run, known, 30, NOW)
        assert run.count_open() == 1

    def test_its_place_in_the_file_and_what_its_reader_noted_are_not(self, journal: Journal) -> None:
        known = learn(journal, UNKNOWN._replace(note="4.6 was rounded"))
        run = plan(journal, UNKNOWN._replace(row=7, line=99, note="4.6 was rounded"))
        close_known(run, known, 30, NOW)
        [line] = lines(journal, run)
        assert line["message"].startswith("4.6 was rounded; nobody knows it; known since")

    @pytest.mark.parametrize("rating", [UNRATE, "love", 10])
    def test_every_kind_of_rating_is_recognised(self, journal: Journal, rating: int | str) -> None:
        known = learn(journal, UNKNOWN._replace(rating=rating))
        run = plan(journal, UNKNOWN._replace(rating=rating))
        close_known(run, known, 30, NOW)
        assert run.count_open() == 0

    def test_after_the_days_it_is_tried_again_and_keeps_its_first_day(self, journal: Journal) -> None:
        known = learn(journal, UNKNOWN)
        later = NOW + timedelta(days=31)
        assert is_any_due(JobState(known=known), 30, later)
        assert not is_any_due(JobState(known=known), 30, NOW + timedelta(days=29))
        run = plan(journal, UNKNOWN)
        close_known(run, known, 30, later)
        assert run.count_open() == 1
        meet(journal, run, 1, Status.NOT_FOUND)
        [again] = collect_known(run.results(), known, later).values()
        assert (again.since, again.tried_on, again.tries) == (date(2026, 11, 23), later.date(), 2)

    def test_what_was_left_alone_is_still_known_and_what_is_gone_forgotten(self, journal: Journal) -> None:
        known = learn(journal, UNKNOWN)
        run = plan(journal, UNKNOWN)
        close_known(run, known, 30, NOW)
        assert collect_known(run.results(), known, NOW + timedelta(days=5)) == known
        other = plan(journal, build_job(1, imdb_id="tt0111161"))
        assert collect_known(other.results(), known, NOW) == {}

    def test_what_the_account_holds_otherwise_is_told_once_and_not_sent_again(self, journal: Journal) -> None:
        run = plan(journal, UNKNOWN)
        run.record([RowsOutcome([1], Outcome(Status.FAILED, "not_stored", "a rating of 4"), 1, 200, 0.0, 1)])
        known = collect_known(run.results(), {}, NOW)
        later = plan(journal, UNKNOWN)
        close_known(later, known, 30, NOW + timedelta(days=3))
        [line] = lines(journal, later)
        assert (line["status"], line["reason"]) == ("failed", "not_stored")
        assert later.changed_rows(0, 10) == []  # an undo of this run leaves it alone
        assert [changed.job for changed in run.changed_rows(0, 10)] == [UNKNOWN]

    @pytest.mark.parametrize(
        "status", [status for status in Status if status not in {"not_found", "rejected"}]
    )
    def test_nothing_else_is_for_good(self, journal: Journal, status: Status) -> None:
        run = plan(journal, UNKNOWN)
        meet(journal, run, 1, status)
        assert collect_known(run.results(), {}, NOW) == {}

    def test_thousands_take_one_commit(self, journal: Journal) -> None:
        jobs = [build_job(row, imdb_id=f"tt{9_000_000 + row}") for row in range(1, 9_001)]
        run = plan(journal, *jobs)
        run.record([RowsOutcome([job.row], Outcome(Status.NOT_FOUND), 1, 200, 0.0, 1) for job in jobs])
        known = collect_known(run.results(), {}, NOW)
        assert len(known) == 9_000
        again = plan(journal, *jobs)
        close_known(again, known, 30, NOW)
        assert again.count_open() == 0


class TestState:
    def test_it_comes_back_as_it_was(self, tmp_path: Path) -> None:
        known = KnownFailure(
            status=Status.REJECTED, reason="r", message="m", since=NOW.date(), tried_on=NOW.date(), tries=3
        )
        state = JobState(
            importer="1", options="o", version=Version("d", "e", "l"), account="a", known={"k": known}
        )
        path = tmp_path / "sync" / "a.json"
        save_state(path, state)
        assert load_state(path) == state
        assert path.stat().st_mode & 0o777 == 0o600
        assert [each.name for each in path.parent.iterdir()] == ["a.json"]

    @pytest.mark.parametrize(
        "content",
        [
            *(b"", b"{", b"[]", b"\xff", b'{"known": 1}', b'{"version": "x"}', b'{"counts": {"odd": 1}}'),
            *(b'{"began_at": "last night"}', b'{"ended_at": "2026-01-01T03:00:00"}'),
        ],
    )
    def test_what_makes_no_sense_is_nothing(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "a.json"
        path.write_bytes(content)
        assert load_state(path) == JobState()
        assert load_state(tmp_path / "none.json") == JobState()

    def test_options_that_shape_rows_are_told_apart(self) -> None:
        plain = job_of(source="x")
        shaping: list[dict[str, Any]] = [
            {"source": "y"},
            {"format": "csv"},
            {"map": {"a": "rating"}},
            {"mirror": True},
            {"on_conflict": "keep"},
            {"account": "a"},
            {"scale": "5"},
        ]
        hashes = {hash_options(job_of(**{"source": "x"} | change)) for change in shaping}
        assert len(hashes | {hash_options(plain), hash_options(plain, "https://example.org")}) == 9
        for change in ({"every": "6h"}, {"out": "z.csv"}, {"guard": 5}, {"retry_permanent_after": 3}):
            assert hash_options(job_of(source="x", **change)) == hash_options(plain)


def test_two_in_one_line_never_overlap(tmp_path: Path) -> None:
    lock = tmp_path / "sync" / "line.lock"
    inside, most, told = [0], [0], [0]

    def work() -> None:
        with account_queue(lock, lambda: told.append(1)):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            waiting.wait(0.05)
            inside[0] -= 1

    waiting = threading.Event()
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
    assert len(told) > 1
