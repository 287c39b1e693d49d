"""What reading a large JSON file costs: seconds and peak memory, for two sizes, in a process each.

    python -m benchmarks.reading_json [MEGABYTES ... | FILE]

Memory must not grow with the file, however few lines it has: these have one.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from importer.readers import ReadOptions, open_reader

SIZES = (10, 100)
MEGABYTE = 1_000_000
COLUMNS = {"movie.title": "title", "movie.year": "year", "movie.ids.imdb": "imdb_id"}


def write_export(path: Path, megabytes: int) -> Path:
    """Write ratings as Trakt's account data has them, all in one line."""
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        number = 0
        while file.tell() < megabytes * MEGABYTE:
            number += 1
            ids = {"trakt": number, "slug": f"title-{number}", "imdb": f"tt{number:07}", "tmdb": number * 3}
            movie = {"title": f"Title of 東京 {number}", "year": 1950 + number % 70, "ids": ids}
            day = f"20{number % 20 + 10}-{number % 12 + 1:02}-{number % 28 + 1:02}"
            rating = {"rated_at": f"{day}T20:00:00.000Z", "rating": number % 10 + 1, "type": "movie"}
            file.write(
                (", " if number > 1 else "") + json.dumps({**rating, "movie": movie}, ensure_ascii=False)
            )
        file.write("]")
    return path


def read_once(path: Path) -> None:
    """Read a file and print what it cost."""
    start = time.perf_counter()
    rows = sum(map(len, open_reader(path, ReadOptions("csv", COLUMNS)).chunks()))
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(
        f"{path.stat().st_size / MEGABYTE:6,.0f} MB  {rows:9,} rows  {seconds:6.1f} s  "
        f"{rows / seconds:8,.0f} rows/s  peak {peak / MEGABYTE:5,.0f} MB"
    )


def main() -> None:
    if sys.argv[1:] and not sys.argv[1].isdigit():
        read_once(Path(sys.argv[1]))
        return
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            path = write_export(Path(folder, f"{size}.json"), size)
            subprocess.run([sys.executable, "-m", "benchmarks.reading_json", str(path)], check=True)


if __name__ == "__main__":
    main()
