"""How long reading takes, beside `pandas.read_csv` of the same columns as strings, in the same run.

Makes an IMDb export of a million rows in a temporary folder, reads it both ways in turns, and prints the
median of the ratios and the peak memory of a reader that keeps no row.

    python -m benchmarks.reading [rows] [rounds]
"""

import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from importer.readers import open_reader

COLUMNS = ["Const", "Your Rating", "Date Rated", "Title", "Title Type", "Year"]
HEADER = (
    "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),"
    "Year,Genres,Num Votes,Release Date,Directors"
)
TYPES = ["Movie"] * 6 + ["TV Series"] * 2 + ["TV Episode"] * 3 + ["TV Mini Series", "Short", "Video"]
WORDS = ["The", "of", "Night", "Dark", "Return", "King", "Summer", "House", "Große", "Liebe", "東京", "город"]


def write_export(path: Path, rows: int) -> None:
    chance = random.Random(1)
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER + "\n")
        for number in range(rows):
            tt = f"tt{number * 7 + 1_000:07}"
            title = " ".join(chance.choices(WORDS, k=chance.randint(1, 5)))
            year = chance.randint(1920, 2025)
            rated = f"{chance.randint(2010, 2025)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
            file.write(
                f'{tt},{chance.randint(1, 10)},{rated},"{title}","{title}",https://www.imdb.com/title/{tt},'
                f"{chance.choice(TYPES)},{chance.randint(10, 99) / 10},{chance.randint(20, 200)},{year},"
                f'"Drama, Comedy",{chance.randint(5, 900_000)},"{year}-05-01","Some {title}"\n'
            )


def read_with_pandas(path: Path) -> None:
    pd.read_csv(path, usecols=COLUMNS, dtype=str, keep_default_na=False)


def read_to_jobs(path: Path) -> None:
    for _ in open_reader(path).chunks():
        pass


def time_of(read: Callable[[Path], None], path: Path) -> float:
    start = time.process_time()
    read(path)
    return time.process_time() - start


def print_peak_memory(path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read_to_jobs(path)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak memory {after / 1024:.0f} MiB, of which Python and pandas {before / 1024:.0f} MiB")


def main(rows: int = 1_000_000, rounds: int = 7) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ratings.csv"
        write_export(path, rows)
        # First and in a process of its own, for a child's peak starts at its parent's.
        code = f"from benchmarks.reading import *; print_peak_memory(Path({str(path)!r}))"
        subprocess.run([sys.executable, "-c", code], check=True)
        read_with_pandas(path)
        ratios = []
        for number in range(rounds):
            yardstick = time_of(read_with_pandas, path)
            ours = time_of(read_to_jobs, path)
            ratios.append(ours / yardstick)
            print(f"round {number + 1}: pandas {yardstick:.2f} s, jobs {ours:.2f} s, {ratios[-1]:.2f} times")
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f"{rows:,} rows: {statistics.median(ratios):.2f} times the time of pandas ({spread})")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
