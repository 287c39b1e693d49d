"""Screenshots of each step, for the docs: `make pictures` writes docs/pictures/."""

import re
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.chromium import ROOT, SAMPLES, Server, Watcher, open_browser, open_page

FOLDER = ROOT / "docs" / "pictures"


def take(page: Page, name: str) -> None:
    page.mouse.move(0, 0)
    page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")
    print(f"docs/pictures/{name}.png")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as server, open_browser() as browser:
        page = open_page(browser, Watcher(), viewport={"width": 1180, "height": 780})
        page.goto(server.address)
        take(page, "file")
        page.set_input_files("#file", SAMPLES / "imdb-2024.csv")
        expect(page.get_by_role("link", name="Next: where to?")).to_be_visible()
        take(page, "inspect")
        page.get_by_role("link", name="Next: where to?").click()
        take(page, "where")
        page.get_by_role("button", name="Try it here first").click()
        expect(page.get_by_role("button", name=re.compile("^Send "))).to_be_visible()
        take(page, "plan")
        page.get_by_role("button", name=re.compile("^Send ")).click()
        expect(page.locator("progress[value]")).to_be_visible()
        take(page, "run")
        expect(page.get_by_role("heading", name="All rows")).to_be_visible()
        take(page, "result")
        page.emulate_media(color_scheme="dark")
        take(page, "result-dark")
        page.emulate_media(color_scheme="light")
        server.run("report", "--html", "report.html")
        report = open_page(browser, Watcher(), viewport={"width": 1180, "height": 820})
        report.goto((server.folder / "report.html").as_uri())
        expect(report.locator("#filters")).to_be_visible()
        take(report, "report")
        report.emulate_media(color_scheme="dark")
        report.locator(".charts").screenshot(path=FOLDER / "report-charts.png")
        page.get_by_role("button", name="Undo …").click()
        expect(page.get_by_role("button", name=re.compile("^Undo 1"))).to_be_visible()
        take(page, "undo")
        page.goto(server.address.partition("?")[0])
        page.set_input_files("#file", SAMPLES / "letterboxd-ratings.csv")
        page.get_by_role("link", name="Next: where to?").click()
        page.get_by_role("button", name="Try it here first").click()
        page.get_by_role("button", name="Look the titles up").click()
        card = page.locator(".card", has_text="One of the Roughs")
        expect(card).to_be_visible()
        card.scroll_into_view_if_needed()
        take(page, "titles")


if __name__ == "__main__":
    main()
