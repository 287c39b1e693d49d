"""The sandbox and the client under load: many connections, many requests, and what both cost in memory.

    python -m benchmarks.load [requests] [connections]

Imports made-up ratings one by one into a sandbox that keeps them in a file, and prints the memory of both
processes as it goes, then the sandbox's answers and its ratings.
"""

import csv
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from benchmarks.children import IMPORTER, ROOT, build_environment, running_sandbox
from benchmarks.exports import write_export

SECONDS_BETWEEN_LOOKS = 5.0
LONGEST_SECONDS = 1800.0
FLAT = 1.10
"""Memory is flat when it never grows to more than this times what it was once all connections were open."""


def main(requests: int = 200_000, connections: int = 256) -> int:
    with tempfile.TemporaryDirectory(prefix="load-") as name:
        folder = Path(name)
        file = write_export(folder / "ratings.csv", requests, only_movies=True)
        data = folder / "sandbox.sqlite3"
        with running_sandbox("--data", str(data)) as (url, sandbox):
            command = [*IMPORTER, "run", str(file), "--to", "trakt-v1", "--workers", str(connections)]
            # Reading 200,000 ratings back in one answer is no load but a lump, and v1 has no pages.
            command += ["--no-verify", "--yes", "--quiet", "--out", str(folder / "results.csv")]
            begun = time.monotonic()
            with subprocess.Popen(command, cwd=ROOT, env=build_environment(url, folder)) as client:
                growth = _watch(client, sandbox, data, begun)
            seconds = time.monotonic() - begun
        print(f"{requests:,} requests, {connections} connections, {seconds:.0f} s, exit {client.returncode}")
        answers, stored = _read_sandbox(data)
        print(f"the sandbox has {stored:,} ratings; its log of the last 100,000: {dict(answers)}")
        statuses = _read_results(folder / "results.csv")
        print(f"results.csv: {dict(statuses)}")
        print("memory grew to " + " and ".join(f"{ratio:.2f} x ({who})" for who, ratio in growth.items()))
    all_is_well = (
        statuses == {"rated": requests}
        and stored == requests
        and set(answers) == {200}
        and max(growth.values()) <= FLAT
    )
    print("no error, flat memory" if all_is_well else "NOT as it should be")
    return 0 if all_is_well else 1


def _watch(client: "subprocess.Popen[bytes]", sandbox: int, data: Path, begun: float) -> dict[str, float]:
    """Print the memory of both every few seconds; how much it grew since the first quarter of the ratings."""
    first: dict[str, int] = {}
    growth = {"client": 1.0, "sandbox": 1.0}
    while client.poll() is None and time.monotonic() - begun < LONGEST_SECONDS:
        try:
            client.wait(SECONDS_BETWEEN_LOOKS)
        except subprocess.TimeoutExpired:
            held = {"client": _memory_kib(client.pid), "sandbox": _memory_kib(sandbox)}
            stored = _count_stored(data)
            told = ", ".join(f"{who} {kib / 1024:.0f} MiB" for who, kib in held.items())
            print(f"{time.monotonic() - begun:5.0f} s  {stored:9,} stored  {told}", flush=True)
            if stored:
                first = first or held
                growth = {who: max(growth[who], held[who] / first[who]) for who in held}
    client.kill()
    return growth


def _memory_kib(process: int) -> int:
    told = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(process)], capture_output=True, text=True, check=False
    )
    return int(told.stdout or 0)


def _count_stored(data: Path) -> int:
    with closing(sqlite3.connect(data)) as database:
        return int(database.execute("SELECT count(*) FROM ratings").fetchone()[0])


def _read_sandbox(data: Path) -> tuple[Counter[int], int]:
    with closing(sqlite3.connect(data)) as database:
        answers = database.execute("SELECT status FROM requests")
        return Counter(status for (status,) in answers), _count_stored(data)


def _read_results(path: Path) -> Counter[str]:
    with path.open(newline="", encoding="utf-8") as file:
        return Counter(line["status"] for line in csv.DictReader(file))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
