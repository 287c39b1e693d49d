"""The process is killed at any moment, and so is the server; the same command ends with the truth.

Each test imports file after file, and starts the command again each time it was ended, until a file is
through. Then the account, the journal and the results file are compared row by row, with what one clean run
would have left and with what the server's notary saw. `CHAOS_KILLS` is how many kills all tests together
aim for, `CHAOS_SEED` another day.
"""

import os
import random
import subprocess
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.chaos.conftest import FIGURES
from tests.chaos.files import Files, Line
from tests.chaos.machine import Life, Machine, build_environment
from tests.chaos.server import RestlessSandbox
from tests.system.conftest import COMMAND

KILLS = int(os.environ.get("CHAOS_KILLS", "104"))
SEED = os.environ.get("CHAOS_SEED", "")

MOST_LIVES_OF_A_FILE = 150
DONE = {"rated", "unrated", "unchanged"}
OPEN = {"failed", "unconfirmed", "not_sent"}


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to send, with a server of that kind and a pace that leaves time to be killed in."""

    name: str
    words: tuple[str, ...]
    server: tuple[str, ...]
    faults: tuple[str, ...]
    rows: int
    posts_once: bool = False
    """Whether no rating may ever be sent twice: each may be posted to a feed."""

    def __str__(self) -> str:
        return self.name


V1_FAULTS = (
    *("reset%2", "reset-after%3", "hang=300ms%1", "hang-after=300ms%3", "partial%2", "429%1:retry-after=1"),
    *("read:reset%2", "read:hang=200ms%5", "probe:reset%2"),
)
SINGLE = Mode(
    "v1-single",
    ("--to", "trakt-v1", "--workers", "6"),
    ("--latency", "60", "--set", "social=twitter"),
    V1_FAULTS,
    rows=260,
    posts_once=True,
)
BULK = Mode(
    "v1-bulk",
    ("--to", "trakt-v1", "--bulk", "--workers", "2"),
    ("--latency", "150", "--set", "social=twitter"),
    V1_FAULTS,
    rows=500,
)
V2 = Mode(
    "v2",
    ("--to", "trakt", "--batch-size", "10", "--rate", "12/s"),
    ("--latency", "40", "--set", "item_latency_ms=5", "--set", "post_rate=none", "--auto-approve"),
    (
        *("reset%2", "reset-after%3", "hang=300ms%1", "hang-after=300ms%3", "partial%2", "500-after%1"),
        *("read:reset%1", "read:hang=200ms%5", "probe:reset%1"),
    ),
    rows=300,
)
MDBLIST = Mode(
    "mdblist",
    ("--to", "mdblist", "--batch-size", "10", "--rate", "12/s"),
    (
        *("--latency", "40", "--set", "mdblist_page_limit=100", "--set", "mdblist_answers=lists"),
        *("--set", "mdblist_day_limit=none", "--set", "mdblist_write_rate=none"),
        *("--set", "mdblist_read_rate=none"),
    ),
    (
        *("reset%2", "reset-after%3", "hang=300ms%1", "hang-after=300ms%3", "partial%2", "500-after%1"),
        *("read:reset%1", "read:hang=200ms%5", "probe:reset%1"),
    ),
    rows=300,
)
TMDB = Mode(
    "tmdb",
    ("--to", "tmdb", "--workers", "6", "--rate", "60/s"),
    ("--latency", "40", "--set", "tmdb_rate=none"),
    (
        *("reset%2", "reset-after%3", "hang=300ms%1", "hang-after=300ms%3", "partial%2", "500-after%1"),
        *("429%1:retry-after=1", "read:reset%1", "read:hang=200ms%5", "probe:reset%1"),
        *("search:reset%1", "search:hang=200ms%2"),
    ),
    rows=200,
)
SHARES = [(SINGLE, 1), (SINGLE, 2), (BULK, 3), (V2, 4), (MDBLIST, 5), (TMDB, 6)]


@pytest.mark.timeout(110 + 6 * KILLS)
@pytest.mark.parametrize(("mode", "number"), SHARES, ids=str)
def test_nothing_is_lost_nothing_twice(
    mode: Mode, number: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    seed = f"{SEED}{mode}{number}"
    environment = build_environment(tmp_path)
    with RestlessSandbox(
        tmp_path, environment, mode.server, faults=mode.faults, dies_after=(3.0, 9.0), seed=seed
    ) as sandbox:
        environment |= {
            "IMPORTER_TRAKT_BASE_URL": sandbox.url,
            "IMPORTER_TRAKT_AUTH_URL": sandbox.url,
            "IMPORTER_TRAKT_V1_BASE_URL": sandbox.url,
            "IMPORTER_MDBLIST_BASE_URL": f"{sandbox.url}/mdblist",
            "IMPORTER_TMDB_BASE_URL": f"{sandbox.url}/tmdb",
        }
        if mode is V2:
            sign_in(environment)
        words = ["run", "ratings.csv", *mode.words, "--yes", "--quiet"]
        machine = Machine(tmp_path, environment, words, random.Random(f"machine {seed}"))
        user = User(mode, machine, sandbox, Files(random.Random(f"files {seed}")), tmp_path / "ratings.csv")
        while machine.kills < KILLS // len(SHARES):
            user.bring_a_file()
    record_property(FIGURES, user.tell())


def sign_in(environment: dict[str, str]) -> None:
    """Sign in; the server approves by itself, and may be down for a moment."""
    done = None
    for _ in range(5):
        done = subprocess.run(
            [COMMAND, "login", "trakt"],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        if done.returncode == 0:
            return
    raise AssertionError(done and done.stderr)


@dataclass
class User:
    """Imports file after file, types the same command until a file is through, and then checks everything."""

    mode: Mode
    machine: Machine
    sandbox: RestlessSandbox
    files: Files
    path: Path
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _known: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)
    _notary_read: int = 0

    def bring_a_file(self) -> None:
        lines = self.files.write(self.path, self.mode.rows)
        before = self.machine.journal.newest().number
        as_stored = KILLS // len(SHARES)
        for _ in range(MOST_LIVES_OF_A_FILE):
            life = self.machine.run_and_kill() if self.machine.kills < as_stored else self.machine.run()
            self._check_life(life, lines)
            if life.exit_code in {0, 1} and not OPEN & {
                line["status"] for line in self.machine.read_results()
            }:
                break
        else:
            raise AssertionError("the file never came through")
        self.counts["files"] += 1
        self.counts["rows"] += len(lines)
        self._check_file(lines, before)

    def tell(self) -> str:
        machine = self.machine
        figures = {
            "kills": machine.kills,
            "other signals": machine.signals,
            "starts": machine.lives,
            "server restarts": self.sandbox.restarts,
            **self.counts,
            "posts": self.sandbox.count_posts(),
        }
        return ", ".join(f"{count} {name}" for name, count in figures.items())

    def _check_life(self, life: Life, lines: list[Line]) -> None:
        """After each death: what was journalled is still there, and a results file has all rows in order."""
        assert "unexpected" not in life.said, life
        assert life.exit_code in {0, 1, 3, -2, -9, -15, 130}, life
        row_outcomes = self.machine.journal.row_outcomes()
        for place, row_outcome in self._known.items():
            later = {row_outcome, ("failed", "not_stored"), (row_outcome[0], "not_listed")}
            assert row_outcomes[place] in later, (place, row_outcome)
        self._known = row_outcomes
        if life.wrote_results:
            results = self.machine.read_results()
            assert [(row["imdb_id"], row["rating"]) for row in results] == [
                (line.title[1], line.text) for line in lines
            ]
            assert [
                (row["row"], row["status"], row["reason"]) for row in results
            ] == self.machine.journal.lines()
        else:
            assert life.exit_code not in {0, 1}, life

    def _check_file(self, lines: list[Line], before: int) -> None:
        assert self.sandbox.stored() == self.files.held
        assert self.machine.journal.count_unfinished() == 0
        self._notary_read, rated, removed = self.sandbox.carried_out(self._notary_read)
        self.counts["ratings carried out"] += rated.total()
        self.counts["removals carried out"] += removed.total()
        told: dict[int, list[str]] = defaultdict(list)
        for (run, row), (status, _) in sorted(self._known.items()):
            if run > before:
                told[row].append(status)
        for row, line in enumerate(lines, 1):
            where = (row, line, told[row])
            check_story(line, told[row])
            if line.status == "duplicate":
                continue
            done = rated if line.rating else removed
            said = {"rated", "unrated", "failed", "unconfirmed"} & set(told[row])
            assert bool(said) or not done[line.title], ("done, and not reported", where)
            if line.status in told[row]:
                assert done[line.title] or line.status in {"unchanged", "invalid"}, ("never done", where)
            unconfirmed = sum(status in {"unconfirmed", "failed"} for status in told[row])
            self.counts["unconfirmed on the way"] += unconfirmed
            if self.mode.posts_once:
                assert done[line.title] <= 1 + unconfirmed, ("posted twice", where)
        titles = {line.title for line in lines}
        assert rated.keys() | removed.keys() <= titles
        if self.mode.posts_once:
            assert self.sandbox.count_posts() == self.counts["ratings carried out"]


def check_story(line: Line, told: list[str]) -> None:
    """What the runs of one file said of a row, in their order, ends in what it comes to, said once.

    There is more than one run only if one was killed after its last answer, before its results file.
    """
    *earlier, last = told
    if line.status in {"invalid", "duplicate", "unchanged"}:
        assert set(told) == {line.status}, (line, told)
        return
    assert told.count(line.status) <= 1, (line, told)
    assert last in {line.status, "unchanged"}, (line, told)
    done = [status for status in earlier if status in DONE]
    assert done == ([line.status] + ["unchanged"] * len(done))[: len(done)], (line, told)
