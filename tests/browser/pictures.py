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
        take_columns(page, server)
        take_jobs(page, server)


def take_columns(page: Page, server: Server) -> None:
    """A table of somebody's own, whose columns are asked."""
    table = server.folder / "films.csv"
    rows = (("Metropolis", "1927", "4.5", "home"), ("M", "1931", "5", "cinema"), ("Vertigo", "1958", "4", ""))
    table.write_text("Seen,From,Stars,Where\n" + "".join(",".join(row) + "\n" for row in rows), "utf-8")
    page.goto(server.address.partition("?")[0])
    page.set_input_files("#file", table)
    expect(page.get_by_text("No known site writes such a table")).to_be_visible()
    page.get_by_label("What the column Seen is").select_option("title")
    page.get_by_label("What the column From is").select_option("year")
    page.get_by_label("Highest rating").fill("5")
    take(page, "columns")


def take_jobs(page: Page, server: Server) -> None:
    """Sync jobs: one that has run, one that is switched off."""
    source = (SAMPLES / "imdb-2024.csv").as_posix()
    rest = f'source = "{source}"\nto = "sandbox"\nevery = "1d"\n'
    jobs = (f"[jobs.{name}]\n{rest}" for name in ("nightly", "spare"))
    (server.folder / "config.toml").write_text("\n".join(jobs), "utf-8")
    server.run("sync", "nightly", "--yes")
    server.run("sync", "spare", "--off")
    page.goto(server.address.partition("?")[0] + "jobs")
    expect(page.get_by_role("heading", name="Sync jobs")).to_be_visible()
    take(page, "jobs")


if __name__ == "__main__":
    main()
