"""A sandbox process that has a bad day: it misbehaves, dies, and comes back on the same file and port.

A notary in its data file (two triggers) writes down every rating that is carried out, title by title, in the
very transaction that does it: what the server really did, whoever was told and whoever died meanwhile.
"""

import random
import re
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.system.conftest import COMMAND

NOTARY = """
CREATE TABLE notary (number INTEGER PRIMARY KEY, kind TEXT, key TEXT, rating INTEGER);
-- Fires for every upsert, also for one that changes nothing: a repeated rating is a second post.
CREATE TRIGGER notary_rated BEFORE INSERT ON ratings
BEGIN INSERT INTO notary (kind, key, rating) VALUES (NEW.kind, NEW.key, NEW.rating); END;
CREATE TRIGGER notary_removed AFTER DELETE ON ratings
BEGIN INSERT INTO notary (kind, key, rating) VALUES (OLD.kind, OLD.key, 0); END;
"""

Title = tuple[str, str]
"""A kind and an IMDb id."""

START_ATTEMPTS = 20
MOST_DEATHS = 1000


class RestlessSandbox:
    """A context manager. `dies_after` are the seconds of each life, drawn between these two; None: it lives.

    `faults` are scripts of the sandbox's own grammar; `%` ones get another seed in each life.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        words: Sequence[str],
        *,
        faults: Sequence[str] = (),
        dies_after: tuple[float, float] | None = None,
        seed: str = "",
    ) -> None:
        self.restarts = 0
        self._data = folder / "sandbox.sqlite3"
        self._environment = environment
        self._words = ["--any-title", *words]
        self._faults = faults
        self._dies_after = dies_after
        self._draw = random.Random(f"sandbox {seed}")
        self._port = 0
        self._bored = threading.Event()
        self._torment = threading.Thread(target=self._die_now_and_then, daemon=True)
        self._trouble: BaseException | None = None

    def __enter__(self) -> Self:
        self._start()
        try:
            with closing(sqlite3.connect(self._data)) as database:
                database.executescript(NOTARY)
        except BaseException:
            self._kill()
            raise
        self._torment.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bored.set()
        self._torment.join(60)
        self._kill()
        if self._trouble is not None and error is None:
            raise self._trouble

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def stored(self) -> dict[Title, int]:
        """What the account holds."""
        rows = self._ask("SELECT kind, key, rating FROM ratings")
        return {(kind, _imdb_id(key)): rating for kind, key, rating in rows}

    def carried_out(self, after: int = 0) -> tuple[int, Counter[Title], Counter[Title]]:
        """How often each title was rated, and its rating removed, beyond a number of the notary's.

        The number of the newest entry comes first.
        """
        rated: Counter[Title] = Counter()
        removed: Counter[Title] = Counter()
        newest = after
        for number, kind, key, rating in self._ask(
            f"SELECT number, kind, key, rating FROM notary WHERE number > {after} ORDER BY number"
        ):
            newest = number
            (rated if rating else removed)[kind, _imdb_id(key)] += 1
        return newest, rated, removed

    def count_posts(self) -> int:
        """How often something appeared on the account's feed."""
        return sum(count for (count,) in self._ask("SELECT count FROM posts"))

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self._data, timeout=20)) as database:
            return database.execute(query).fetchall()

    def _start(self) -> None:
        """Start, on the port of the life before; for a moment another socket may stand on it."""
        for _ in range(START_ATTEMPTS):
            words = [*self._words, *self._draw_faults()]
            self._process = subprocess.Popen(
                [COMMAND, "sandbox", "--data", str(self._data), "--port", str(self._port), *words],
                env=dict(self._environment),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
            )
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
            if found := re.fullmatch(r"sandbox ready at http://127\.0\.0\.1:(\d+)\n", line):
                self._port = int(found[1])
                return
            self._kill()
            time.sleep(0.2)
        raise AssertionError("the sandbox did not start")

    def _draw_faults(self) -> list[str]:
        words = []
        for fault in self._faults:
            words += ["--fault", f"{fault}:seed={self._draw.randrange(1 << 30)}" if "%" in fault else fault]
        return words

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _die_now_and_then(self) -> None:
        if self._dies_after is None:
            return
        try:
            while self.restarts < MOST_DEATHS and not self._bored.wait(self._draw.uniform(*self._dies_after)):
                self._kill()
                self._bored.wait(self._draw.choice([0.0, 0.0, 0.5]))
                self._start()
                self.restarts += 1
        except BaseException as error:  # noqa: BLE001 - a thread's errors are told where the block ends
            self._trouble = error


def _imdb_id(key: str) -> str:
    return key.removeprefix("imdb_id:")
