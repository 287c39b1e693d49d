"""A thousand ratings to today's API at one POST per second, in real time: `python benchmarks/trakt_v2.py`.

Runs the installed command against a sandbox process, clean and with scripted faults, and prints the wall
time beside the arithmetic floor, what the sandbox answered, and what it holds in the end.
"""

import csv
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

ROWS = 1000
COMMAND = Path(sys.executable).with_name("importer")
SCENARIOS = {
    "clean": [],
    "502 on every fifth POST": ["--fault", "502/5"],
    "HTML 429, Retry-After 4": ["--fault", "html429@3:retry-after=4"],
    "token ends in the middle": ["--fault", "expire@5"],
    "account full at row 400": ["--rating-cap", "400"],
}


def main() -> None:
    floor = ROWS / 100 - 1
    print(f"{ROWS} ratings, 100 per POST, 1 POST/s; floor {floor:.0f} s and one answer")
    print(f"{'scenario':28} {'wall':>7} {'exit':>5} {'rated':>6} {'stored':>7}  POST answers")
    for name, words in SCENARIOS.items():
        with tempfile.TemporaryDirectory() as folder:
            print(f"{name:28} {run_once(Path(folder), words)}", flush=True)


def run_once(folder: Path, words: list[str]) -> str:
    ratings = "".join(f"tt{90_000_000 + row},{row % 10 + 1},2024-05-01\n" for row in range(ROWS))
    (folder / "ratings.csv").write_text("imdb_id,rating,rated_at\n" + ratings)
    data = folder / "sandbox.sqlite3"
    with running_sandbox(data, words) as url:
        environment = build_environment(folder, url)
        subprocess.run([COMMAND, "login", "trakt"], env=environment, check=True, capture_output=True)
        begun = time.monotonic()
        done = subprocess.run(
            [COMMAND, "run", "ratings.csv", "--to", "trakt", "--quiet"],
            env=environment,
            cwd=folder,
            check=False,
        )
        seconds = time.monotonic() - begun
    with (folder / "results.csv").open(newline="") as file:
        rated = sum(line["status"] == "rated" for line in csv.DictReader(file))
    with closing(sqlite3.connect(data)) as database:
        stored = database.execute("SELECT count(*) FROM ratings").fetchone()[0]
        answers = database.execute(
            "SELECT status FROM requests WHERE method = 'POST' AND path LIKE '%ratings%'"
        )
        counts = Counter(status for (status,) in answers)
    return f"{seconds:6.1f}s {done.returncode:5} {rated:6} {stored:7}  {dict(counts)}"


@contextmanager
def running_sandbox(data: Path, words: list[str]) -> Iterator[str]:
    options = ["--any-title", "--auto-approve", "--data", str(data), *words]
    with subprocess.Popen([COMMAND, "sandbox", *options], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        found = re.search(r"http://\S+", server.stdout.readline())
        assert found
        try:
            yield found[0]
        finally:
            server.terminate()


def build_environment(folder: Path, url: str) -> dict[str, str]:
    return os.environ | {
        "IMPORTER_STATE_DIR": str(folder / "state"),
        "IMPORTER_TRAKT_BASE_URL": url,
        "IMPORTER_TRAKT_AUTH_URL": url,
        "IMPORTER_TRAKT_CLIENT_ID": "sandbox-client",
        "IMPORTER_TRAKT_CLIENT_SECRET": "sandbox-secret",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }


if __name__ == "__main__":
    main()
