"""A table of any size is one that is scrolled, by mouse and keyboard."""

import csv
import json

from playwright.sync_api import Locator, Page, expect

from importer.plans.model import PLAN_COLUMNS
from tests.browser.chromium import Server
from tests.browser.steps import check_access, check_width


def test_twenty_thousand_rows_are_one_table_that_is_scrolled(quiet_page: Page, quiet_server: Server) -> None:
    page = quiet_page
    page.goto(page.url + keep_plan(quiet_server, 20_000))
    table, box = page.locator("table[data-rows]"), page.get_by_role("region", name="Rows of the plan")
    expect(table).to_have_attribute("aria-rowcount", "20001")
    expect(page.get_by_role("status").filter(has_text="20,000 rows")).to_be_visible()
    expect(page.get_by_text("Page 1 of 400")).to_be_hidden()
    check_access(page)
    check_width(page)

    box.focus()
    page.keyboard.press("End")
    last = row_of(page, "Film 20000")
    expect(last).to_be_in_viewport()
    expect(last).to_have_attribute("aria-rowindex", "20001")
    expect(page.get_by_text("to 20,000", exact=False)).to_be_visible()
    page.keyboard.press("PageUp")
    expect(row_of(page, "Film 19985")).to_be_attached()
    page.keyboard.press("Home")
    expect(row_of(page, "Film 1")).to_be_in_viewport()

    # Else texts for screen readers in rows far down would make the page itself as long.
    assert box.evaluate("(box) => getComputedStyle(box).position") == "relative"

    scroll_to(box, 0.5)
    middle = row_of(page, "Film 10000")
    expect(middle).to_be_in_viewport()
    assert page.locator("table[data-rows] tbody tr:not(.gap)").count() <= 12 * 50
    assert page.locator("table[data-rows] tbody").count() <= 12
    out = page.get_by_role("button", name="Take out Film 10000", exact=True)
    out.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Send 19,999 ratings")).to_be_visible()
    expect(page.get_by_role("button", name="Put back Film 10000", exact=True)).to_be_focused()
    expect(middle).to_be_in_viewport()

    page.get_by_role("link", name="Line").click()
    page.get_by_role("link", name="Line ↑").click()
    expect(row_of(page, "Film 20000")).to_be_in_viewport()
    page.get_by_role("searchbox").fill("tt00100")
    page.get_by_role("searchbox").press("Enter")
    expect(table).to_have_attribute("aria-rowcount", "101")
    box.focus()
    page.keyboard.press("End")
    expect(row_of(page, "Film 10000")).to_be_in_viewport()
    page.get_by_role("button", name="Take out all 100 that would be sent").click()
    expect(page.get_by_role("button", name="Send 19,900 ratings")).to_be_visible()


def keep_plan(server: Server, rows: int) -> str:
    """Keep a plan with more rows than anybody looks at one by one, and return its address."""
    folder = server.folder / "state/web/0123456789abcdef"
    folder.mkdir(parents=True)
    known = {"file": "many.csv", "name": "many.csv", "to": "sandbox"}
    (folder / "draft.json").write_text(json.dumps(known), "utf-8")
    with (folder / "many.plan.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, PLAN_COLUMNS)
        writer.writeheader()
        for row in range(1, rows + 1):
            writer.writerow(
                {
                    "row": row,
                    "line": row + 1,
                    "action": "add",
                    "to": row % 10 + 1,
                    "kind": "movie",
                    "title": f"Film {row}",
                    "year": 1950 + row % 70,
                    "imdb_id": f"tt{row:07}",
                }
            )
    return f"imports/{folder.name}/plan"


def row_of(page: Page, title: str) -> Locator:
    return page.locator("tr", has=page.get_by_text(title, exact=True))


def scroll_to(box: Locator, share: float) -> None:
    box.evaluate("(box, share) => { box.scrollTop = share * (box.scrollHeight - box.clientHeight); }", share)
