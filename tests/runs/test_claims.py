"""Only what is about to leave is claimed: what a crash would leave to look up at any moment of a run."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from importer.client.rate import Rate
from importer.destinations.registry import choose
from importer.http import Request, Response
from importer.journal import Journal, JournalRun
from importer.model import Batch, Outcome, RowsOutcome, Status
from importer.progress import Traffic
from importer.runs.destination import OpenDestination
from importer.runs.import_run import ImportRun
from importer.runs.journal_writer import JournalWriter
from importer.runs.load import Source
from importer.runs.rules import RunRules, SendOptions
from tests.builders import build_job
from tests.property.test_crash_and_rerun import RATE, FakeApi, FakeServer, FileReader, Fuse, Line, open_world

ROWS = 60


@dataclass
class WatchfulServer(FakeServer):
    """Looks into the journal's file at each request, as a program would that starts after a crash."""

    journal: Path = Path()
    in_flight: set[str] = field(default_factory=set)
    most_beyond: int = 0
    """The most rows that were claimed and open, and in no request."""

    async def send(self, request: Request) -> Response:
        if request.label != RATE:
            return await super().send(request)
        titles = {title for title, _ in json.loads(request.body or b"")}
        self.in_flight |= titles
        claimed = self.read_claimed()
        assert titles <= claimed, "a request leaves before its rows are claimed on the disk"
        self.most_beyond = max(self.most_beyond, len(claimed - self.in_flight))
        try:
            return await super().send(request)
        finally:
            self.in_flight -= titles

    def read_claimed(self) -> set[str]:
        with closing(sqlite3.connect(self.journal)) as database:
            found = database.execute("SELECT imdb_id FROM row_state WHERE status IS NULL AND is_claimed")
            return {imdb_id for (imdb_id,) in found}


def send(folder: Path, batch_size: int, workers: int, rate: Rate | None) -> WatchfulServer:
    """Import a file in virtual time, where a request takes 0.1 s and a commit 0.01 s."""
    lines = [Line(f"tt{number:07}", 8, None) for number in range(101, 101 + ROWS)]
    server = WatchfulServer(is_single=batch_size == 1, journal=folder / "account.sqlite3")
    api = FakeApi(batch_size, repeats_safely=batch_size > 1)
    source = Source("ratings.csv", "", lambda: FileReader(lines))
    with ExitStack() as stack:
        open_world(stack, Fuse(None), server, range(0))
        journal = stack.enter_context(Journal(folder, "account"))
        opened = OpenDestination(choose("trakt"), api.account, api)
        run = ImportRun(source, opened, journal, RunRules(), SendOptions(workers, rate))
        run.results = folder / "results.csv"
        report = run.execute()
    assert {tally.status for tally in report.tallies} == {Status.RATED}
    return server


@pytest.mark.parametrize("batch_size", [1, 10])
def test_with_a_limit_nothing_is_claimed_but_what_is_in_flight(tmp_path: Path, batch_size: int) -> None:
    assert send(tmp_path, batch_size, 4, Rate(1, 1.0)).most_beyond == 0


@pytest.mark.parametrize(("batch_size", "workers"), [(1, 1), (1, 8), (10, 4)])
def test_without_one_no_more_is_claimed_than_leaves_within_a_moment(
    tmp_path: Path, batch_size: int, workers: int
) -> None:
    # 0.1 s a request: in 0.05 s at most half as many leave as there are workers, and 0.01 s pass meanwhile.
    assert send(tmp_path, batch_size, workers, None).most_beyond <= batch_size * workers


# The writer alone, over a journal with a thread of its own


@pytest.fixture
def run(tmp_path: Path) -> Iterator[JournalRun]:
    with Journal(tmp_path, "account") as journal:
        run = journal.begin("file", "ratings.csv", "trakt")
        run.add_rows([build_job(row, imdb_id=f"tt{row:07}") for row in range(1, 301)], [None] * 300)
        yield run


def claimed_rows(run: JournalRun) -> list[int]:
    return [job.row for job in run.unanswered()]


def batch_of(*rows: int) -> Batch:
    return Batch("rate", [build_job(row) for row in rows])


def test_batches_that_come_together_share_a_commit(run: JournalRun) -> None:
    commits: list[list[int]] = []

    async def main() -> None:
        writer = JournalWriter(run)
        claim_rows = run.claim_rows

        def note(rows: Sequence[int], answered: list[RowsOutcome], traffic: Traffic) -> None:
            commits.append(sorted(rows))
            claim_rows(rows, answered, traffic)

        run.claim_rows = note  # type: ignore[assignment, method-assign]
        await asyncio.gather(*(writer.claim(batch_of(row, row + 10)) for row in (1, 2, 3, 5)))
        writer.finish()

    asyncio.run(main())
    assert commits == [[1, 2, 3, 5, 11, 12, 13, 15], []]
    assert claimed_rows(run) == commits[0]


def test_a_claim_is_written_once_whoever_asks_again(run: JournalRun) -> None:
    claimed: list[int] = []

    async def main() -> None:
        writer = JournalWriter(run)
        claim_rows = run.claim_rows

        def note(rows: Sequence[int], answered: list[RowsOutcome], traffic: Traffic) -> None:
            claimed.extend(rows)
            claim_rows(rows, answered, traffic)

        run.claim_rows = note  # type: ignore[assignment, method-assign]
        writer.expect(range(1, 301))
        for _ in range(2):
            for row in range(1, 100):
                await writer.claim(batch_of(row))
        for row in range(99, 0, -1):
            await writer.claim(batch_of(row, row + 100))
        writer.finish()

    asyncio.run(main())
    assert len(claimed) == len(set(claimed))
    assert claimed_rows(run) == sorted(claimed)
    assert set(claimed) >= set(range(1, 200)) - {100}


def test_outcomes_are_written_together_with_the_next_claim(run: JournalRun) -> None:
    async def main() -> list[int]:
        writer = JournalWriter(run)
        await writer.claim(batch_of(1, 2))
        writer.note([RowsOutcome([1], Outcome(Status.RATED), 1, 200, 0.0, 1)])
        await writer.claim(batch_of(3))
        left = await writer.call(claimed_rows, run)
        writer.finish()
        return left

    assert asyncio.run(main()) == [2, 3]


def test_a_claim_that_cannot_be_written_lets_no_request_leave(run: JournalRun) -> None:
    run._db.execute("PRAGMA busy_timeout = 0")

    async def main() -> list[BaseException | None]:
        writer = JournalWriter(run)
        with closing(sqlite3.connect(run._database.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            claims = (writer.claim(batch_of(row)) for row in (1, 2))
            found = await asyncio.gather(*claims, return_exceptions=True)
        writer.finish()
        return found

    found = asyncio.run(main())
    assert ["cannot write the journal" in str(error) for error in found] == [True, True]
    assert claimed_rows(run) == []
