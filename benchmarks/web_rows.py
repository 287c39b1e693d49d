"""How long a step takes in the page's table of a plan: `python -m benchmarks.web_rows [ROWS]`.

Each is to stay below 100 ms, but for the first reading of the file. The table and the page's answers are
measured in processor time. In Chromium, if there is one, a step takes until its rows are seen: by the clock,
and in processor time of the window, which says more where other programs keep the machine busy.
"""

import asyncio
import csv
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp.test_utils import make_mocked_request

from importer.plans.model import PLAN_COLUMNS
from importer.web.access import Access
from importer.web.plan_pages import show_rows
from importer.web.rows import Table, Wanted, read_table
from importer.web.server import build_app

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession

DRAFT = "0123456789abcdef"
_TIMES = 15

_SCROLL = """async (share) => {
    const box = document.querySelector(".windowed"), began = performance.now();
    box.scrollTop = share * (box.scrollHeight - box.clientHeight);
    const { top, left, height } = box.getBoundingClientRect();
    for (;;) {
        await new Promise(requestAnimationFrame);
        const row = document.elementFromPoint(left + 80, top + height / 2)?.closest("tr");
        if (row?.hasAttribute("aria-rowindex")) return performance.now() - began;
    }
}"""
_FILTER = """async () => {
    const select = document.querySelector("[name=kind]"), old = select.form, began = performance.now();
    select.selectedIndex = 1 + select.selectedIndex % (select.length - 1);
    select.dispatchEvent(new Event("change", { bubbles: true }));
    while (old.isConnected) await new Promise(requestAnimationFrame);
    return performance.now() - began;
}"""


def main() -> None:
    rows = int(sys.argv[1]) if sys.argv[1:] else 20_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "state" / "web"
        draft = folder / DRAFT
        draft.mkdir(parents=True)
        known = {"file": "big.csv", "name": "big.csv", "to": "sandbox"}
        (draft / "draft.json").write_text(json.dumps(known), "utf-8")
        path = draft / "big.plan.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([PLAN_COLUMNS, *_build_rows(rows)])
        began = time.process_time()
        table = read_table(path, PLAN_COLUMNS)
        _tell("read", (time.process_time() - began) * 1000)
        for word, step in [*_list_steps(table).items(), *_list_answers(folder).items()]:
            began = time.process_time()
            step()
            _tell(word, (time.process_time() - began) * 1000)
        _measure_browser(Path(name))


def _tell(word: str, milliseconds: float) -> None:
    print(f"{word:26} {milliseconds:7.1f} ms")


def _build_rows(rows: int) -> Iterator[list[object]]:
    for row in range(1, rows + 1):
        action, before = ("change", row % 10) if row % 7 == 0 else ("add", "")
        film = [f"Title number {row * 7919 % rows} of the shelf", 1950 + row % 75, "", "", f"tt{row:07}"]
        kind = ("movie", "show", "movie", "episode")[row % 4]
        cells = [row, row + 1, action, before, row % 10 + 1, "", action, kind, *film]
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


def _list_answers(folder: Path) -> Mapping[str, Callable[[], object]]:
    """List whole answers, as the browser gets them."""
    app = build_app(Access(0), folder)

    def ask(query: str) -> Callable[[], object]:
        request = make_mocked_request(
            "GET", f"/imports/{DRAFT}/plan/rows?{query}", app=app, match_info={"draft": DRAFT}
        )
        return lambda: asyncio.run(show_rows(request))

    return {
        "answer: first": ask(""),
        "answer: scroll": ask("page=150"),
        "answer: search": ask("q=number+99"),
        "answer: scroll in it": ask("q=number+99&page=2"),
    }


def _measure_browser(folder: Path) -> None:
    from tests.browser.chromium import Server, Watcher, find_chromium, open_browser, open_page  # noqa: PLC0415

    if find_chromium() is None:
        print("no Chromium here: nothing was measured in a browser")
        return
    with Server(folder) as server, open_browser() as browser:
        page = open_page(browser, Watcher())
        page.goto(server.address)
        page.goto(f"{server.address.partition('?')[0]}imports/{DRAFT}/plan")
        window = page.context.new_cdp_session(page)
        window.send("Performance.enable")
        for word, script in (("scroll", _SCROLL), ("filter", _FILTER)):
            began = _count_processor_ms(window)
            found = [page.evaluate(script, each * 0.618 % 1) for each in range(1, _TIMES + 1)]
            _tell(f"browser: {word}", statistics.median(found))
            _tell("  in processor time", (_count_processor_ms(window) - began) / _TIMES)
        page.context.close()


def _count_processor_ms(window: "CDPSession") -> float:
    metrics = window.send("Performance.getMetrics")["metrics"]
    return next(float(metric["value"]) * 1000 for metric in metrics if metric["name"] == "ThreadTime")


if __name__ == "__main__":
    main()
