"""Whatever crashes, and whenever: the same command again ends as one clean run would have.

A Hypothesis machine in virtual time over the real journal, planning, pool and verification. Around them: a
server as pure rules that loses requests and answers as it is told, other people who rate on the same
account, and a fuse. Each SQL statement, each answer and each turn of the event loop burns it a bit down;
when it is through, nothing is ever written or sent again by that process.
"""

import asyncio
import csv
import json
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from signal import SIGINT
from typing import Any, NamedTuple, Self
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from importer.client.transport import Transport
from importer.destinations.decisions import (
    RATED,
    UNRATED,
    BatchDecision,
    Decision,
    Done,
    Effect,
    Retry,
    RetryPolicy,
    Stop,
    WhenExhausted,
    narrow,
)
from importer.destinations.registry import choose
from importer.destinations.titles import AccountRating, PageQuery, RatingsPage
from importer.errors import ConnectionLostError, ImporterError, Loss, StopRunError
from importer.http import Request, Response
from importer.journal import Journal, states
from importer.model import Batch, InvalidRow, Outcome, RatingJob, SourceRow, Status
from importer.runs import journal_writer
from importer.runs import send as sending
from importer.runs.destination import OpenDestination
from importer.runs.import_run import ImportRun
from importer.runs.load import Source
from importer.runs.prompts import Unattended
from importer.runs.rules import RunRules, SendOptions
from importer.runs.run_report import RunReport
from tests.builders import build_invalid, build_job
from tests.virtual_time import VirtualTimeLoop

RATE, READ, PROBE = "rate", "read back", "probe"
UNKNOWN = "tt0000009"
TITLES = (*(f"tt{number:07}" for number in range(1, 4)), UNKNOWN)

MOST_TURNS = 100_000

_UNCONFIRMED, _FAILED = (Outcome(status, "gave_up") for status in (Status.UNCONFIRMED, Status.FAILED))
_SPLIT = WhenExhausted.SPLIT
REFUSED = RetryPolicy(attempts=4, first_wait_seconds=1)
LOST = RetryPolicy(
    attempts=3, first_wait_seconds=1, exponential=True, when_exhausted=_SPLIT, outcome=_UNCONFIRMED
)
BUSY = RetryPolicy(attempts=4, first_wait_seconds=10, pauses_all_workers=True, counts=False)
BUSY_READING = RetryPolicy(attempts=3, first_wait_seconds=10, pauses_all_workers=True)
TROUBLE = RetryPolicy(attempts=2, first_wait_seconds=2, when_exhausted=_SPLIT, outcome=_FAILED)

WRITING = ("INSERT", "UPDATE", "DELETE", "CREATE", "COMMIT")
NOWHERE = range(0)

# The fuse


class CrashError(SystemExit):
    """The process is gone. A SystemExit, since that is what an event loop lets through at once."""


class Fuse:
    """Burns down by one at each step; `None`: never. A dead process gets nothing done any more."""

    def __init__(self, steps: int | None) -> None:
        self._left = steps
        self.is_through = False

    def burn(self) -> None:
        if self.is_through:
            raise asyncio.CancelledError
        if self._left is not None:
            self._left -= 1
            self.is_through = self._left < 0
            if self.is_through:
                raise CrashError


class MortalDatabase:
    """A connection that may be cut before and after each statement, and then writes nothing more.

    `full` numbers the writing statements for which there is no room on the disk.
    """

    def __init__(self, database: sqlite3.Connection, fuse: Fuse, full: range) -> None:
        self._database = database
        self._fuse = fuse
        self._full = full
        self._writes = 0

    @property
    def in_transaction(self) -> bool:
        """Not for the dead: what they began is rolled back when the file is opened again."""
        return self._database.in_transaction and not self._fuse.is_through

    def close(self) -> None:
        """Whatever is open ends with the process; a cursor that somebody still holds would keep the lock."""
        with suppress(sqlite3.ProgrammingError):  # closed before
            self._database.rollback()
            self._database.close()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._database, name)

        def mortal(*args: Any) -> Any:
            self._fuse.burn()
            if args and args[0].startswith(WRITING):
                self._writes += 1
                if self._writes in self._full:
                    raise sqlite3.OperationalError("database or disk is full")
            done = call(*args)
            self._fuse.burn()
            return done

        return mortal


class MortalLoop(VirtualTimeLoop):
    """A loop looks at its clock at every turn: between any two steps of any coroutine."""

    def __init__(self, fuse: Fuse) -> None:
        super().__init__()
        self._fuse = fuse
        self._turns = 0
        self._is_ending = False
        self.set_exception_handler(lambda *_: None)  # the dead complain to nobody

    def time(self) -> float:
        self._turns += 1
        assert self._turns < MOST_TURNS, "the run never ends"
        if not self._fuse.is_through and not self._is_ending:
            self._fuse.burn()
        return super().time()

    def shutdown_asyncgens(self) -> Coroutine[Any, Any, None]:
        """The end of the loop itself: no process has anything to lose there."""
        self._is_ending = True
        return super().shutdown_asyncgens()


class ThreadlessExecutor:
    """The journal's thread, without a thread: the work is done at once, and known to be done a bit later."""

    def __init__(self, *_: Any) -> None:
        pass

    def submit(self, call: Callable[..., Any], *args: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        loop = asyncio.get_running_loop()
        try:
            loop.call_later(0.01, future.set_result, call(*args))
        except Exception as error:  # noqa: BLE001 - as an executor does
            loop.call_later(0.01, future.set_exception, error)
        return future

    def shutdown(self) -> None:
        pass


# The server


class Plan(NamedTuple):
    """What goes wrong with the next requests of a session, in turn; afterwards nothing does."""

    ratings: Sequence[str] = ()
    reads: Sequence[str] = ()


RATING_TROUBLES = (
    *("", "", "lost", "answer-lost", "stored-late", "answered-late", "answered-late", "trouble"),
    *("half-done", "busy", "refused", "stop", "stop-unconfirmed", "forgotten"),
)
READ_TROUBLES = ("", "", "lost", "trouble", "busy")


@dataclass
class FakeServer(Transport):
    """Stands where the network would be, and keeps a book of who knows what about which rating.

    `open` holds what was asked for by requests whose answer nobody got; `seen` what the reader of the
    account was shown about these titles since. `meddled` are titles that are not as the user left them.
    """

    held: dict[str, int] = field(default_factory=dict)
    open: dict[str, int] = field(default_factory=dict)
    seen: dict[str, int | None] = field(default_factory=dict)
    late: list[tuple[str, int]] = field(default_factory=list)
    is_readable: bool = True
    meddled: set[str] = field(default_factory=set)
    lies: set[str] = field(default_factory=set)
    is_single: bool = True
    ratings: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    fuse: Fuse = field(default_factory=lambda: Fuse(None))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    def begin(self, plan: Plan, fuse: Fuse) -> None:
        self.ratings, self.reads, self.fuse = list(plan.ratings), list(plan.reads), fuse

    async def send(self, request: Request) -> Response:
        self.fuse.burn()
        if request.label != RATE:
            return await self._show(request.label)
        asked: list[tuple[str, int]] = json.loads(request.body or b"")
        self._judge_repeats(asked)
        for title, _ in asked:
            self.meddled.discard(title)
            self.lies.discard(title)
        word = self.ratings.pop(0) if self.ratings else ""
        if word == "forgotten":
            self.lies |= {title for title, _ in asked}
        known = [(title, rating) for title, rating in asked if title != UNKNOWN]
        if word in {"", "answer-lost", "answered-late", "half-done", "stop-unconfirmed"}:
            self.store(known)
        elif word == "stored-late":
            self.late += known
            asyncio.get_running_loop().call_later(3, self.store_late)
        await asyncio.sleep(30 if word == "answered-late" else 0.1)
        if word in {"lost", "answer-lost", "stored-late"}:
            raise ConnectionLostError(Loss.DROPPED)
        if word not in {"trouble", "half-done", "stop-unconfirmed"}:
            for title, _ in asked:
                self.open.pop(title, None)
        if word == "refused":
            raise ConnectionLostError(Loss.REFUSED)
        return _answer(word, skipped=len(asked) - len(known))

    def store(self, asked: Sequence[tuple[str, int]]) -> None:
        for title, rating in asked:
            if rating:
                self.held[title] = rating
            else:
                self.held.pop(title, None)

    def store_late(self) -> None:
        """What was given up on long ago arrives."""
        self.store(self.late)
        self.late.clear()

    async def _show(self, label: str) -> Response:
        word = self.reads.pop(0) if self.reads and label == READ else ""
        if label == READ and not self.is_readable:
            word = "unreadable"
        held = dict(self.held)
        await asyncio.sleep(0.1)
        if word == "lost":
            raise ConnectionLostError(Loss.DROPPED)
        if label == READ and not word:
            self.seen |= {title: held.get(title) for title in self.open}
        return _answer(word, held=held)

    def _judge_repeats(self, asked: Sequence[tuple[str, int]]) -> None:
        """No single rating goes out again before a look at the account has shown that it is not there."""
        for title, rating in asked:
            if self.is_single and self.open.get(title) == rating:
                assert title in self.seen, f"{title} is sent again without a look at the account"
                # A removal is in no feed, and a list that lags behind shows too early that nothing is there.
                assert not rating or self.seen[title] != rating, (
                    f"{title} is sent again although it was seen there"
                )
            self.open[title] = rating
            self.seen.pop(title, None)


def _answer(word: str, **content: object) -> Response:
    return Response(200, {}, json.dumps({"word": word} | content).encode())


# The rules of its API


@dataclass
class FakeApi:
    """Pure rules for the words above."""

    batch_size: int
    repeats_safely: bool
    name: str = "fake"
    account: str = "fake"
    keeps_dates: bool = True

    def check(self, job: RatingJob) -> Outcome | None:
        return None

    def as_stored(self, job: RatingJob) -> RatingJob:
        return job

    def request_kind(self, job: RatingJob) -> str:
        return RATE

    def build_request(self, batch: Batch) -> Request:
        asked = [(job.imdb_id, job.rating) for job in batch.jobs]
        return Request("POST", "http://127.0.0.1:1", RATE, json.dumps(asked).encode())

    def interpret_response(self, batch: Batch, answer: Response | ConnectionLostError) -> BatchDecision:
        if isinstance(answer, ConnectionLostError):
            if answer.loss is Loss.REFUSED:
                return Retry("refused", REFUSED)
            return Retry("lost", LOST, Effect.UNKNOWN)
        content = json.loads(answer.body)
        match content["word"]:
            case "busy":
                return Retry("busy", BUSY)
            case "trouble" | "half-done":
                return Retry("trouble", TROUBLE, Effect.UNKNOWN)
            case "stop" | "stop-unconfirmed" as word:
                return Stop(StopRunError(word), Effect.UNKNOWN if word == "stop-unconfirmed" else Effect.NONE)
        if not content["skipped"]:
            return Done([RATED if job.rating else UNRATED for job in batch.jobs])
        return narrow(batch, Outcome(Status.NOT_FOUND, "gave_up"), effect=Effect.UNKNOWN)

    def build_credentials_check(self) -> Request:
        return Request("POST", "http://127.0.0.1:1", PROBE)

    def interpret_credentials_check(self, answer: Response | ConnectionLostError) -> Decision[None]:
        return Done(None)

    def build_read_back(self, query: PageQuery) -> Request:
        return Request("POST", "http://127.0.0.1:1", READ)

    def read_ratings(self, query: PageQuery, answer: Response | ConnectionLostError) -> Decision[RatingsPage]:
        if isinstance(answer, ConnectionLostError):
            return Retry("lost", LOST, Effect.UNKNOWN)
        content = json.loads(answer.body)
        match content["word"]:
            case "busy" | "trouble":
                return Retry("busy", BUSY_READING)
            case "unreadable":
                return Stop(StopRunError("it cannot be read"))
        return Done(
            RatingsPage(
                {
                    f"{query.kind}:imdb:{title}": AccountRating(rating)
                    for title, rating in content["held"].items()
                }
            )
        )


# The file


class Line(NamedTuple):
    """A row of the user's file. A rating of 11 is none."""

    title: str
    rating: int
    rated_at: str | None


LINES = st.builds(
    Line,
    st.sampled_from(TITLES),
    st.sampled_from([0, 3, 8, 8, 11]),
    st.sampled_from([None, None, "2020-01-01", "2024-05-01"]),
)
FILES = st.lists(LINES, max_size=7)


@dataclass
class FileReader:
    """Reads the file as a reader does."""

    lines: Sequence[Line]
    format_name: str = "fake"
    notes: Sequence[str] = ()

    def chunks(self) -> Iterator[list[SourceRow]]:
        yield [_build_row(row, *line) for row, line in enumerate(self.lines, 1)]


def _build_row(row: int, title: str, rating: int, rated_at: str | None) -> RatingJob | InvalidRow:
    if rating > 10:
        return build_invalid(row, imdb_id=title)
    return build_job(row, imdb_id=title, rating=rating, rated_at=rated_at)


# The machine

SECONDS = st.sampled_from([0.05, 0.15, 0.25, 0.5, 1.0, 3.0])
STEPS = st.integers(0, 60) | st.integers(0, 400)
PLANS = st.builds(
    Plan,
    st.lists(st.sampled_from(RATING_TROUBLES), max_size=6),
    st.lists(st.sampled_from(READ_TROUBLES), max_size=3),
)
FINAL = set(Status) - {Status.NOT_SENT, Status.UNCONFIRMED, Status.FAILED}


class CrashAndRerun(RuleBasedStateMachine):
    """One user with one file, one account and one journal."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.server = FakeServer()
        self.lines: Sequence[Line] = []
        self.written: list[Sequence[Line]] = []
        self.told: dict[tuple[int, int], tuple[str, str]] = {}

    @initialize(is_single=st.booleans(), workers=st.integers(1, 3), lines=FILES)
    def begin(self, is_single: bool, workers: int, lines: list[Line]) -> None:
        self.server.is_single = is_single
        self.api = FakeApi(1 if is_single else 3, repeats_safely=not is_single)
        self.workers = workers
        self.lines = lines

    # What happens to the user

    @rule(lines=FILES)
    def write_another_file(self, lines: list[Line]) -> None:
        self.lines = lines

    @precondition(lambda self: self.lines)
    @rule(place=st.integers(0, 6), line=LINES)
    def change_a_row(self, place: int, line: Line) -> None:
        at = place % len(self.lines)
        self.lines = [*self.lines[:at], line, *self.lines[at + 1 :]]

    @rule(title=st.sampled_from(TITLES[:-1]), rating=st.integers(0, 10))
    def somebody_else_rates(self, title: str, rating: int) -> None:
        self.server.store([(title, rating)])
        self.server.meddled.add(title)

    @precondition(lambda self: self.written)
    @rule(which=st.integers(0, 9))
    def take_an_earlier_file(self, which: int) -> None:
        self.lines = self.written[which % len(self.written)]

    @rule(is_readable=st.booleans())
    def may_be_read_or_not(self, is_readable: bool) -> None:
        self.server.is_readable = is_readable

    @rule(plan=PLANS)
    def run(self, plan: Plan) -> None:
        self._run(plan)

    @rule(plan=PLANS, steps=STEPS)
    def run_and_crash(self, plan: Plan, steps: int) -> None:
        self._run(plan, Fuse(steps))

    @rule(plan=PLANS, full_at=st.integers(1, 60), full_for=st.integers(1, 5) | st.just(1000))
    def run_on_a_full_disk(self, plan: Plan, full_at: int, full_for: int) -> None:
        self._run(plan, full=range(full_at, full_at + full_for))

    @rule(plan=PLANS, seconds=SECONDS, insists_after=st.none() | SECONDS)
    def run_and_interrupt(self, plan: Plan, seconds: float, insists_after: float | None) -> None:
        self._run(plan, interruptions=(seconds, insists_after))

    @rule()
    def run_undisturbed(self) -> None:
        """More than once, for a run that goes on with an earlier one leaves alone what that one gave up."""
        self.server.is_readable = True
        for _ in range(3):
            told_before = self.told
            report = self._run(Plan())
            assert report is not None
            assert report.stopped_by is None
            if {tally.status for tally in report.tallies} <= FINAL:
                break
        else:
            raise AssertionError("the file never came through")
        self._check_account(
            {
                row
                for (run, row), (status, _) in told_before.items()
                if run == report.run.number and status == Status.UNCHANGED
            }
        )

    def teardown(self) -> None:
        try:
            if hasattr(self, "api"):
                self.run_undisturbed()
        finally:
            shutil.rmtree(self.folder)

    # What must hold

    def _check_account(self, unchanged_before: set[int]) -> None:
        """Every title of the file stands as the row that counts wants it."""
        winners: dict[str, tuple[str, int, Line]] = {}
        for row, line in enumerate(self.lines, 1):
            if line.rating <= 10:
                entry = (line.rated_at or "", row, line)
                winners[line.title] = max(entry, winners.get(line.title, entry))
        results = self._read_results()
        for title, (_, row, line) in winners.items():
            believed = {states.KNOWN.reason, "not_listed"}
            is_believed = results[row - 1]["reason"] in believed or row in unchanged_before
            if title in self.server.meddled and is_believed:
                continue  # an earlier run or session told what stands there: nobody has looked since
            expected = line.rating or None if title != UNKNOWN else None
            assert self.server.held.get(title) == expected, (title, row, line)

    def _check_journal(self) -> None:
        """What was told once is told for ever, unless the account was found not to show it."""
        with closing(sqlite3.connect(self.folder / "account.sqlite3")) as database:
            try:
                found = database.execute(
                    "SELECT run, row, status, ifnull(reason, '') FROM row_state WHERE status IS NOT NULL"
                ).fetchall()
            except sqlite3.OperationalError:
                found = []  # it crashed before there was a journal
        now = {(run, row): (status, reason) for run, row, status, reason in found}
        for place, told in self.told.items():
            later = {("failed", "not_stored"), (told[0], "not_listed")}
            assert now.get(place) in {told, *later}, (place, told)
            assert now[place] == told or told[0] in {Status.RATED, Status.UNRATED}
        self.told = now

    def _check_results(self) -> None:
        results = self._read_results()
        assert [(row["row"], row["imdb_id"], row["rating"]) for row in results] == [
            (str(row), line.title, str(line.rating or "unrate")) for row, line in enumerate(self.lines, 1)
        ]
        for row in results:
            assert row["status"] in set(Status)

    def _read_results(self) -> list[dict[str, str]]:
        with (self.folder / "results.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    # One process

    def _run(
        self,
        plan: Plan,
        fuse: Fuse | None = None,
        interruptions: tuple[float, float | None] | None = None,
        full: range = NOWHERE,
    ) -> RunReport | None:
        fuse = fuse or Fuse(None)
        self.server.begin(plan, fuse)
        if self.lines not in self.written:
            self.written.append(self.lines)
        report = None
        try:
            with ExitStack() as stack:
                open_world(stack, fuse, self.server, full)
                report = self._import(interruptions)
        except (CrashError, asyncio.CancelledError):
            assert fuse.is_through
        except ImporterError:
            assert full
        self.server.store_late()
        self.server.meddled |= self.server.lies  # nobody can tell them from a list that lags behind
        self.server.lies.clear()
        self._check_journal()
        if report is not None:
            self._check_results()
        return report

    def _import(self, interruptions: tuple[float, float | None] | None) -> RunReport:
        source = Source("ratings.csv", repr(self.lines), lambda: FileReader(self.lines))
        with (
            Journal(self.folder, "account") as journal,
            patch.object(sending, "passing_signals_on", partial(pressing_ctrl_c, interruptions)),
        ):
            run = ImportRun(
                source,
                OpenDestination(choose("trakt"), self.api.account, self.api),
                journal,
                RunRules(),
                SendOptions(self.workers),
            )
            run.results, run.prompts = self.folder / "results.csv", Unattended(assume_yes=True)
            return run.execute()


@contextmanager
def pressing_ctrl_c(
    interruptions: tuple[float, float | None] | None, interrupt: Callable[[int], None]
) -> Iterator[None]:
    """A user presses Ctrl-C some seconds into each stage, and perhaps again."""
    if interruptions is not None:
        seconds, insists_after = interruptions
        loop = asyncio.get_running_loop()
        loop.call_later(seconds, interrupt, SIGINT)
        if insists_after is not None:
            loop.call_later(seconds + insists_after, interrupt, SIGINT)
    yield


def open_world(stack: ExitStack, fuse: Fuse, server: FakeServer, full: range) -> None:
    """Put the fuse, the server and the full disk into everything that leads out of the process."""
    connect = sqlite3.connect
    loops: list[MortalLoop] = []

    def connect_mortally(*args: Any, **kwargs: Any) -> MortalDatabase:
        database = connect(*args, **kwargs)
        database.execute("PRAGMA synchronous = OFF")
        database.set_authorizer(_leave_as_it_is)
        mortal = MortalDatabase(database, fuse, full)
        stack.callback(mortal.close)
        return mortal

    def new_loop() -> MortalLoop:
        loops.append(MortalLoop(fuse))
        return loops[-1]

    def now() -> float:
        return loops[-1].time() if loops else 0.0

    # A process that dies leaves to the system what it has written: only a power cut needs the disk.
    stack.enter_context(patch.object(os, "fsync", lambda _: None))
    stack.enter_context(patch.object(sqlite3, "connect", connect_mortally))
    stack.enter_context(patch.object(sending, "new_event_loop", new_loop))
    stack.enter_context(patch.object(sending, "Transport", lambda _: server))
    stack.enter_context(patch.object(journal_writer, "ThreadPoolExecutor", ThreadlessExecutor))
    stack.enter_context(patch.object(time, "monotonic", now))
    stack.enter_context(patch.object(time, "perf_counter", now))


def _leave_as_it_is(action: int, name: str | None, *_: str | None) -> int:
    is_pragma = action == sqlite3.SQLITE_PRAGMA and name == "synchronous"
    return sqlite3.SQLITE_IGNORE if is_pragma else sqlite3.SQLITE_OK


pytestmark = pytest.mark.timeout(
    900
)  # 200 examples, and a failing one is made smaller: minutes where much else runs

TestCrashAndRerun = CrashAndRerun.TestCase
TestCrashAndRerun.settings = settings(max_examples=max(200, settings().max_examples), stateful_step_count=15)


def test_ctrl_c_ends_the_verification_and_the_same_command_takes_it_up_again() -> None:
    user = CrashAndRerun()
    user.begin(is_single=True, workers=1, lines=[Line(TITLES[0], 8, None)])
    stopped = user._run(Plan(ratings=["forgotten"], reads=["", "busy"]), interruptions=(5.0, None))
    assert stopped is not None
    assert stopped.stopped_by is not None
    assert user.told == {(1, 1): (Status.RATED, "")}
    continued = user._run(Plan())
    assert continued is not None
    assert continued.run.continued
    assert user.told == {(1, 1): (Status.RATED, "not_listed")}
    user.teardown()
