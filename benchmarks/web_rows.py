"""How long a step takes in the page's table of a plan: `python -m benchmarks.web_rows [ROWS]`.

Each is to stay below 100 ms of processor time, but for the first reading of the file.
"""

import csv
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from importer.plans.model import PLAN_COLUMNS
from importer.web.rows import Table, Wanted, read_table


def main() -> None:
    rows = int(sys.argv[1]) if sys.argv[1:] else 20_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.plan.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([PLAN_COLUMNS, *_build_rows(rows)])
        began = time.process_time()
        table = read_table(path, PLAN_COLUMNS)
        print(f"{'read':12} {(time.process_time() - began) * 1000:7.1f} ms")
        for name, step in _list_steps(table).items():
            began = time.process_time()
            step()
            print(f"{name:12} {(time.process_time() - began) * 1000:7.1f} ms")


def _build_rows(rows: int) -> Iterator[list[object]]:
    for row in range(1, rows + 1):
        action, before = ("change", row % 10) if row % 7 == 0 else ("add", "")
        film = [f"Title number {row * 7919 % rows} of the shelf", 1950 + row % 75, "", "", f"tt{row:07}"]
        cells = [row, row + 1, action, before, row % 10 + 1, "", action, "movie", *film]
        yield [*cells, *[""] * (len(PLAN_COLUMNS) - len(cells))]


def _list_steps(table: Table) -> Mapping[str, Callable[[], object]]:
    return {
        "scroll": lambda: table.view(Wanted(page=200)),
        "search": lambda: table.view(Wanted("number 77")),
        "filter": lambda: table.view(Wanted(filters={"action": "change"})),
        "sort": lambda: table.view(Wanted(sort="title")),
        "sorted": lambda: table.view(Wanted(sort="title", page=3)),
        "all of it": lambda: table.view(Wanted("shelf", {"action": "add"}, "-to")),
    }


if __name__ == "__main__":
    main()
