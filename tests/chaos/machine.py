"""A user's machine that never works for long: the command is started, ended in the middle, started again.

Also reads the journal from outside, while it is being written and after each death.
"""

import csv
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tests.command import inherit
from tests.system.conftest import COMMAND

STEP_SECONDS = 0.03
LONGEST_STAGE_SECONDS = 5.0
"""How long to wait for a moment that may never come (the server may be down, or the rows settled)."""

NEAR_THE_END = 60
"""So few open rows may all be answered within one life."""

LONGEST_LIFE_SECONDS = 100.0


def build_environment(folder: Path) -> dict[str, str]:
    """An environment that shares no settings and no state with whoever runs the tests."""
    return inherit() | {
        "HOME": str(folder / "home"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "IMPORTER_STATE_DIR": str(folder / "state"),
        "IMPORTER_TRAKT_V1_API_KEY": "sandbox-key",
        "IMPORTER_TRAKT_V1_USERNAME": "demo",
        "IMPORTER_TRAKT_V1_PASSWORD": "demo",
        "IMPORTER_MDBLIST_API_KEY": "sandbox-mdblist-key",
        "IMPORTER_TMDB_API_KEY": "sandbox-tmdb-key",
        "IMPORTER_TMDB_SESSION_ID": "sandbox-tmdb-session",
        "IMPORTER_TRAKT_CLIENT_ID": "sandbox-client",
        "IMPORTER_TRAKT_CLIENT_SECRET": "sandbox-secret",
    }


@dataclass(frozen=True, slots=True)
class Life:
    """How one process ended: its exit code (negative: the signal it died of) and what it complained about."""

    exit_code: int
    said: str
    wrote_results: bool


class RunState(NamedTuple):
    """How far a run is; number 0: there is none. `answered` are the rows that a request was made for."""

    number: int = 0
    is_ended: bool = True
    answered: int = 0
    open: int = 0


class JournalReader:
    """The journals of a machine, read while others write them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def newest(self) -> RunState:
        """How far the newest run is."""
        found = self._ask(
            "SELECT number, ended_at IS NOT NULL, count(sent_at), count(row) - count(status)"
            " FROM run LEFT JOIN row_state ON run = number WHERE number = (SELECT max(number) FROM run)"
        )
        return RunState(*found[0]) if found and found[0][0] else RunState()

    def count_unfinished(self) -> int:
        return int(self._ask("SELECT count(*) FROM run WHERE ended_at IS NULL")[0][0])

    def row_outcomes(self) -> dict[tuple[int, int], tuple[str, str]]:
        """Status and reason of every row that has its outcome, by run and row."""
        found = self._ask(
            "SELECT run, row, status, ifnull(reason, '') FROM row_state WHERE status IS NOT NULL"
            " ORDER BY run, row"
        )
        return {(run, row): (word, why) for run, row, word, why in found}

    def lines(self) -> list[tuple[str, str, str]]:
        """Row, status and reason of the newest run, as its results file must tell them."""
        found = self._ask(
            "SELECT row, status, ifnull(reason, '') FROM result"
            " WHERE run = (SELECT max(number) FROM run) ORDER BY row"
        )
        return [(str(row), str(word), str(why)) for row, word, why in found]

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        journals = list(self._folder.glob("*.sqlite3"))
        assert len(journals) <= 1, journals
        for journal in journals:
            with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True, timeout=5)) as database:
                try:
                    return database.execute(query).fetchall()
                except sqlite3.OperationalError:
                    return []  # just being created
        return []


class Machine:
    """Runs one command again and again. `kills` and `signals` count those that hit a living process."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], words: Sequence[str], draw: random.Random
    ) -> None:
        self.kills = 0
        self.signals = 0
        self.lives = 0
        self.journal = JournalReader(folder / "state" / "journals")
        self.results = folder / "ratings.results.csv"
        self._folder = folder
        self._environment = dict(environment)
        self._words = list(words)
        self._draw = draw

    def run(self) -> Life:
        """Let the command come to its own end."""
        return self._live(lambda process: None)

    def run_and_kill(self) -> Life:
        """Start the command and end it at some moment: mostly at once, sometimes asking it to."""
        moments = [self._at_the_start, self._in_the_middle]
        if 0 < self.journal.newest().open < NEAR_THE_END:
            moments.append(self._at_the_end)
        wait = self._draw.choices(moments, [2, 10, 12][: len(moments)])[0]
        end = self._draw.choices([self._kill, self._ask_to_stop, self._insist], [8, 1, 1])[0]

        def interfere(process: "subprocess.Popen[str]") -> None:
            wait(process)
            if process.poll() is None:
                end(process)

        return self._live(interfere)

    def read_results(self) -> list[dict[str, str]]:
        with self.results.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def _live(self, interfere: Callable[["subprocess.Popen[str]"], None]) -> Life:
        self.lives += 1
        self.results.unlink(missing_ok=True)
        with subprocess.Popen(
            [COMMAND, *self._words],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as process:
            try:
                interfere(process)
                said = process.communicate(timeout=LONGEST_LIFE_SECONDS)[1]
            finally:
                process.kill()
        # A signal so early that Python itself was not there yet: it calls that a failure.
        code = -signal.SIGINT if "Fatal Python error: init_import_site" in said else process.returncode
        return Life(code, said, self.results.exists())

    # When

    def _at_the_start(self, process: "subprocess.Popen[str]") -> None:
        """While it starts, signs in, or plans."""
        time.sleep(self._draw.uniform(0, 1.2))

    def _in_the_middle(self, process: "subprocess.Popen[str]") -> None:
        """When some answers have come."""
        before = self.journal.newest()
        more = self._draw.randrange(1, 15)

        def has_come() -> bool:
            now = self.journal.newest()
            return now.answered >= more + (before.answered if now.number == before.number else 0)

        self._wait_until(process, has_come)
        time.sleep(self._draw.uniform(0, 0.25))

    def _at_the_end(self, process: "subprocess.Popen[str]") -> None:
        """When every row has its outcome: while that is read back and written down."""
        self._wait_until(process, lambda: not self.journal.newest().open)
        time.sleep(self._draw.uniform(0, 0.1))

    def _wait_until(self, process: "subprocess.Popen[str]", has_come: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LONGEST_STAGE_SECONDS
        while time.monotonic() < deadline and process.poll() is None and not has_come():
            time.sleep(STEP_SECONDS)

    # How

    def _kill(self, process: "subprocess.Popen[str]") -> None:
        process.kill()
        if process.wait(20) == -signal.SIGKILL:
            self.kills += 1

    def _ask_to_stop(self, process: "subprocess.Popen[str]") -> None:
        process.terminate()
        self.signals += 1

    def _insist(self, process: "subprocess.Popen[str]") -> None:
        process.send_signal(signal.SIGINT)
        time.sleep(self._draw.uniform(0.01, 0.3))
        process.send_signal(signal.SIGINT)
        self.signals += 1
