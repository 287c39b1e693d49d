"""Ratings to TMDB's look-alike at 40 requests a second, in real time: `python -m benchmarks.tmdb [ROWS]`.

Every row has an IMDb id only, so it takes two requests: one that finds TMDB's id, one that rates. Prints what
share of the budget the importer used in each stage, as the server saw it, and how often it was told 429.
"""

import csv
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from benchmarks.children import IMPORTER, ROOT, build_environment, running_sandbox
from benchmarks.exports import write_export
from benchmarks.pace import most_in_a_second

ROWS = 10_000
PER_SECOND = 40
STAGES = {"find": "tmdb/find", "rate": "tmdb/movie/rating"}


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    print(f"{rows} ratings by IMDb id, {PER_SECOND} requests/s", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for line in run_once(Path(folder), rows):
            print(line)


def run_once(folder: Path, rows: int) -> list[str]:
    export, data = write_export(folder / "ratings.csv", rows, only_movies=True), folder / "sandbox.sqlite3"
    with running_sandbox("--data", str(data)) as (url, _):
        environment = build_environment(url, folder) | {
            "IMPORTER_TMDB_BASE_URL": f"{url}/tmdb",
            "IMPORTER_TMDB_API_KEY": "sandbox-tmdb-key",
            "IMPORTER_TMDB_SESSION_ID": "sandbox-tmdb-session",
        }
        command = [*IMPORTER, "run", str(export), "--to", "tmdb", "--quiet"]
        begun = time.monotonic()
        done = subprocess.run(
            [*command, "--out", str(folder / "results.csv")], cwd=ROOT, env=environment, check=False
        )
        seconds = time.monotonic() - begun
    with (folder / "results.csv").open(newline="", encoding="utf-8") as file:
        rated = sum(line["status"] == "rated" for line in csv.DictReader(file))
    lines = [f"wall {seconds:.1f} s, exit code {done.returncode}, {rated} rated"]
    with closing(sqlite3.connect(data)) as database:
        seen = [
            (path, status, arrived)
            for path, status, arrived in database.execute(
                "SELECT path, status, arrived FROM requests WHERE path LIKE 'tmdb/%' ORDER BY arrived"
            )
        ]
    for name, wanted in STAGES.items():
        lines.append(describe(name, [arrived for path, _, arrived in seen if path == wanted]))
    pages = sum(path == "tmdb/rated/movies" for path, *_ in seen)
    lines.append(f"read {pages} pages, one after the other")
    lines.append(f"{most_in_a_second([arrived for *_, arrived in seen])} in the busiest second of all")
    lines.append(f"429: {sum(status == 429 for _, status, _ in seen)}")
    return lines


def describe(name: str, arrivals: list[float]) -> str:
    """One stage: how many requests, the share of the budget, and the most in any second."""
    if len(arrivals) < 2:
        return f"{name:10} {len(arrivals):6} requests"
    share = (len(arrivals) - 1) / (arrivals[-1] - arrivals[0]) / PER_SECOND
    most = most_in_a_second(arrivals)
    return f"{name:10} {len(arrivals):6} requests  {share:.3f} of the budget  {most} in the busiest second"


if __name__ == "__main__":
    main()
