"""The step that gives rows the ids which a destination needs, with its cache and the journal."""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from importer.client.client import Client
from importer.client.transport import Transport
from importer.destinations.decisions import Decision, Done, Stop
from importer.destinations.titles import Candidate, Found
from importer.errors import ConnectionLostError, StopRunError
from importer.http import Request, Response
from importer.journal import Journal, JournalRun
from importer.model import MediaKind, Outcome, RatingJob, Status
from importer.progress import Phase, Progress
from importer.runs.delivery import Work
from importer.runs.find_ids import find_ids
from importer.runs.rules import RunRules, SendOptions
from tests.builders import build_job
from tests.property.delivery import without_limit
from tests.virtual_time import run_in_virtual_time

UNCHANGED = Outcome(Status.UNCHANGED, "known_from_journal", "as before")


class NumberFinder:
    """Knows the TMDB id of an IMDb id: its number. An odd one is a show, and none ends in 9."""

    kept_as = "numbers"
    is_clear = True

    def question_of(self, job: RatingJob) -> str | None:
        return job.imdb_id if job.imdb_id and not job.tmdb_id else None

    def build_find(self, question: str) -> Request:
        return Request("GET", f"http://127.0.0.1:1/{question}", "GET find")

    def read_find(self, answer: Response | ConnectionLostError) -> Decision[Found]:
        assert isinstance(answer, Response)
        if answer.status != 200:
            return Stop(StopRunError("no answer"))
        number = int(answer.body)
        kind = MediaKind.SHOW if number % 2 else MediaKind.MOVIE
        titles = () if number % 10 == 9 else (Candidate(kind, "", None, tmdb_id=number),)
        return Done(Found(titles, is_cut_off=not self.is_clear))

    def take_found(self, job: RatingJob, found: Found) -> RatingJob | Outcome:
        if not found.titles:
            return Outcome(Status.NOT_FOUND, "not_found", "nobody knows it")
        (title,) = found.titles
        return job._replace(kind=title.kind or job.kind, tmdb_id=title.tmdb_id).with_note("found")


@dataclass
class NumberServer(Transport):
    """Answers the number of the question; `fails_at` is the request that gets no answer."""

    fails_at: int = 0
    asked: list[str] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    phases: set[Phase] = field(default_factory=set)
    progress: Progress = field(default_factory=Progress)

    async def send(self, request: Request) -> Response:
        self.asked.append(request.url.rpartition("/tt")[2])
        number = len(self.asked)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.phases.add(self.progress.phase)
        await asyncio.sleep(0.1)
        self.in_flight -= 1
        return Response(503 if number == self.fails_at else 200, {}, self.asked[number - 1].encode())


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    monkeypatch.setenv("IMPORTER_STATE_DIR", str(tmp_path))
    with Journal(tmp_path / "journals", "demo") as journal:
        yield journal


def load(journal: Journal, *jobs: RatingJob, closed: Sequence[int] = ()) -> JournalRun:
    with journal.loading():
        run = journal.begin(f"{len(jobs)}", "ratings.csv", "numbers")
        run.add_rows(jobs, [UNCHANGED if job.row in closed else None for job in jobs])
    return run


def find(run: JournalRun, server: NumberServer, rules: RunRules | None = None, workers: int = 3) -> None:
    work = Work(run, rules or RunRules(), SendOptions(workers), server.progress)
    run_in_virtual_time(find_ids(work, NumberFinder(), Client(server, without_limit())))


def open_rows(run: JournalRun) -> dict[int, tuple[MediaKind, int | None]]:
    return {job.row: (job.kind, job.tmdb_id) for job in run.open_jobs(0, 100)}


def results(run: JournalRun) -> list[tuple[object, object, object]]:
    return [(line[2], line[3], line[4]) for line in run.results()]


def test_rows_get_their_ids_in_the_journal_and_others_are_closed(journal: Journal) -> None:
    jobs = [build_job(row, imdb_id=f"tt000000{row}") for row in (2, 3, 9)]
    run, server = load(journal, *jobs, build_job(10, tmdb_id=77)), NumberServer()
    find(run, server)
    assert open_rows(run) == {2: (MediaKind.MOVIE, 2), 3: (MediaKind.SHOW, 3), 10: (MediaKind.MOVIE, 77)}
    assert results(run)[2] == ("not_found", "not_found", "nobody knows it")
    assert results(run)[0][2] == "found; the run stopped before this row; the same command continues"
    assert server.phases == {Phase.RESOLVING}


def test_each_question_is_asked_once_and_several_at_a_time(journal: Journal) -> None:
    jobs = [build_job(row, imdb_id=f"tt000001{row % 5}", rating=row % 10 + 1) for row in range(1, 21)]
    server = NumberServer()
    find(load(journal, *jobs), server)
    assert sorted(server.asked) == [f"000001{number}" for number in range(5)]
    assert server.most_in_flight == 3


def test_the_answers_are_kept_for_later_runs(journal: Journal) -> None:
    jobs = [build_job(row, imdb_id=f"tt000000{row}") for row in (2, 9)]
    find(load(journal, *jobs), NumberServer())
    server = NumberServer()
    run = load(journal, *jobs)
    find(run, server)
    assert server.asked == []
    assert open_rows(run) == {2: (MediaKind.MOVIE, 2)}


def test_an_answer_that_cannot_be_understood_is_asked_for_again(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = build_job(2, imdb_id="tt0000002")
    monkeypatch.setattr(NumberFinder, "is_clear", False)
    find(load(journal, job), NumberServer())
    monkeypatch.setattr(NumberFinder, "is_clear", True)
    server = NumberServer()
    find(load(journal, job), server)
    assert server.asked == ["0000002"]


@pytest.mark.parametrize("damage", [b"{", b"[]", b"[false, [[1]]]", b'"text"', "text", 7])
def test_a_kept_answer_that_is_damaged_is_asked_for_again(
    journal: Journal, tmp_path: Path, damage: object
) -> None:
    job = build_job(2, imdb_id="tt0000002")
    find(load(journal, job), NumberServer())
    with closing(sqlite3.connect(tmp_path / "lookups.sqlite3")) as cache, cache:
        assert cache.execute("UPDATE lookup SET found = ?", (damage,)).rowcount == 1
    server, run = NumberServer(), load(journal, job)
    find(run, server)
    assert server.asked == ["0000002"]
    assert open_rows(run) == {2: (MediaKind.MOVIE, 2)}


def test_rows_of_one_title_are_seen_before_they_are_sent(journal: Journal) -> None:
    run = load(journal, build_job(1, imdb_id="tt0000004"), build_job(2, tmdb_id=4, rating=3))
    find(run, NumberServer())
    assert open_rows(run) == {2: (MediaKind.MOVIE, 4)}
    assert results(run)[0][:2] == ("duplicate", "duplicate")


def test_an_outage_closes_no_row_and_what_was_answered_is_kept(journal: Journal) -> None:
    jobs = [build_job(row, imdb_id=f"tt00000{row}2") for row in range(1, 9)]
    run, server = load(journal, *jobs), NumberServer(fails_at=4)
    with pytest.raises(StopRunError, match="no answer"):
        find(run, server, workers=1)
    assert [tmdb_id for _, tmdb_id in open_rows(run).values()] == [None] * 8
    again = NumberServer()
    find(run, again)
    assert len(server.asked) + len(again.asked) == 9
    assert len(open_rows(run)) == 8


def test_a_mirror_knows_the_ids_of_all_rows(journal: Journal) -> None:
    jobs = [build_job(row, imdb_id=f"tt000000{row}") for row in (2, 4, 9)]
    run = load(journal, *jobs, closed=(2, 9))
    find(run, NumberServer(), RunRules(removes_missing=True))
    named = {job.row: job.tmdb_id for job, _ in run.named_titles(0, 100)}
    assert named == {2: 2, 4: 4, 9: None}
    assert [status for status, *_ in results(run)] == ["unchanged", "not_sent", "unchanged"]


def test_without_a_mirror_nothing_is_asked_for_closed_rows(journal: Journal) -> None:
    server = NumberServer()
    find(load(journal, build_job(2, imdb_id="tt0000002"), closed=(2,)), server)
    assert server.asked == []
