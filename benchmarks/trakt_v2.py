"""A thousand ratings to today's API at one POST per second, in real time: `python -m benchmarks.trakt_v2`.

Runs the command against a sandbox process, clean and with scripted faults, and prints the wall
time beside the arithmetic floor, what the sandbox answered, and what it holds in the end.
"""

import csv
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from benchmarks.children import IMPORTER, ROOT, build_environment, running_sandbox

ROWS = 1000
SCENARIOS = {
    "clean": [],
    "502 on every fifth POST": ["--fault", "502/5"],
    "HTML 429, Retry-After 4": ["--fault", "html429@3:retry-after=4"],
    "token ends in the middle": ["--fault", "expire@5"],
    "account full at row 400": ["--set", "rating_cap=400"],
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
    with running_sandbox("--data", str(data), *words) as (url, _):
        environment = build_environment(url, folder)
        subprocess.run(
            [*IMPORTER, "login", "trakt"], cwd=ROOT, env=environment, check=True, capture_output=True
        )
        command = [*IMPORTER, "run", str(folder / "ratings.csv"), "--to", "trakt", "--quiet"]
        begun = time.monotonic()
        done = subprocess.run(
            [*command, "--out", str(folder / "results.csv")], cwd=ROOT, env=environment, check=False
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


if __name__ == "__main__":
    main()
