"""Who else is at work: a run for another account, and readers of a journal that is being written."""

import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.chaos.machine import JournalReader, build_environment
from tests.chaos.server import RestlessSandbox
from tests.system.conftest import COMMAND

ROWS = 120
LONGEST_SECONDS = 60


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "ratings.csv").write_text(
        "imdb_id,rating\n" + "".join(f"tt{90_000_000 + row},{row % 10 + 1}\n" for row in range(ROWS)), "utf-8"
    )
    return build_environment(tmp_path)


@contextmanager
def running_sandbox(folder: Path, environment: dict[str, str]) -> Iterator[RestlessSandbox]:
    folder.mkdir()
    with RestlessSandbox(folder, environment, ["--latency", "60"]) as sandbox:
        yield sandbox


@contextmanager
def running_importer(
    folder: Path, environment: dict[str, str], url: str, out: str
) -> Iterator["subprocess.Popen[bytes]"]:
    words = ["run", "ratings.csv", "--to", "trakt-v1", "--base-url", url, "--workers", "4", "--quiet"]
    with subprocess.Popen(
        [COMMAND, *words, "--out", out], cwd=folder, env=environment, stdin=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_runs_for_two_accounts_go_on_at_the_same_time(tmp_path: Path, environment: dict[str, str]) -> None:
    with (
        running_sandbox(tmp_path / "one", environment) as one,
        running_sandbox(tmp_path / "two", environment) as two,
        running_importer(tmp_path, environment, one.url, "one.csv") as first,
        running_importer(tmp_path, environment, two.url, "two.csv") as second,
    ):
        deadline = time.monotonic() + LONGEST_SECONDS
        while not (one.stored() and two.stored()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        # Both have begun and neither can be through yet.
        assert (first.poll(), second.poll()) == (None, None)
        assert len(one.stored()) < ROWS > len(two.stored())
        assert (first.wait(LONGEST_SECONDS), second.wait(LONGEST_SECONDS)) == (0, 0)
        assert one.stored() == two.stored()
        assert len(one.stored()) == ROWS
    assert len(list((tmp_path / "state" / "journals").glob("*.sqlite3"))) == 2


def test_readers_of_the_journal_see_it_grow_and_disturb_nobody(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    reader = JournalReader(tmp_path / "state" / "journals")
    with (
        running_sandbox(tmp_path / "one", environment) as sandbox,
        running_importer(tmp_path, environment, sandbox.url, "results.csv") as process,
    ):
        seen: dict[tuple[int, int], tuple[str, str]] = {}
        sizes = set()
        held_open = None
        deadline = time.monotonic() + LONGEST_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            now = reader.row_outcomes()
            assert seen.items() <= now.items(), "an outcome has gone or changed"
            seen = now
            sizes.add(len(seen))
            if held_open is None and seen:
                # Somebody's database browser: it keeps its view of the journal to the very end.
                held_open = begin_reading(tmp_path)
            time.sleep(0.01)
        assert process.poll() == 0
    assert held_open is not None
    with closing(held_open):
        before = held_open.execute("SELECT count(*) FROM row_state WHERE status IS NOT NULL").fetchone()[0]
    assert before < ROWS == len(reader.row_outcomes())
    assert len(sizes) > 3


def begin_reading(folder: Path) -> sqlite3.Connection:
    (journal,) = (folder / "state" / "journals").glob("*.sqlite3")
    database = sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True, isolation_level=None)
    database.execute("BEGIN")
    database.execute("SELECT count(*) FROM row_state").fetchone()
    return database
