"""The page of a run in a real browser: it draws, finds, and runs nothing that a title says."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from importer.model import Status
from importer.progress import RequestRecord, WaitRecord
from importer.report.charts import build_charts, build_requests_chart
from importer.report.figures import Figures
from importer.report.page import Count, Reason
from importer.text import clean
from tests.browser.chromium import Watcher, open_page
from tests.report.test_page import HOSTILE, build, line

TITLES = [*HOSTILE, *(f"Film {number}" for number in range(120))]


@pytest.fixture
def report(tmp_path: Path) -> str:
    """The address of a report with every chart, hostile titles, and three pages of rows."""
    lines = [
        line(
            number,
            title,
            status="rejected" if number % 3 == 0 else "rated",
            reason="http_400" if number % 3 == 0 else None,
            message=f"resolved as {title}, score 0.9{number % 10}, by x",
            rated_at=f"20{number % 20 + 5:02}-0{number % 9 + 1}-02",
            previous_rating=number % 10 + 1,
        )
        for number, title in enumerate(TITLES, 1)
    ]
    figures = Figures()
    figures.add_all(lines)
    requests = [RequestRecord(100.0 + at, 90, "POST", 429 if at == 5 else 201, 100, "") for at in range(80)]
    charts = build_charts(figures, has_account=True)
    traffic = build_requests_chart(requests, [WaitRecord(105.0, 9.0, HOSTILE[1])], is_whole=True)
    assert traffic is not None
    missed = sum(each[2] == "rejected" for each in lines)
    counts = [
        Count(Status.RATED, "rated", len(lines) - missed, "the destination took the rating", "good"),
        Count(Status.REJECTED, "rejected", missed, "the destination refused the row", "bad"),
    ]
    reasons = [Reason(missed, "rejected", "Read it.", [(1, clean(title), clean(title)) for title in HOSTILE])]
    path = tmp_path / "report.html"
    page = build(lines, charts=[*charts, traffic], counts=counts, reasons=reasons, verdict=HOSTILE[0])
    path.write_text(page, "utf-8", newline="")
    return path.as_uri()


@pytest.fixture
def opened(browser: Browser, watcher: Watcher, report: str) -> Iterator[Page]:
    page = open_page(browser, watcher)
    page.goto(report)
    expect(page.locator("#filters")).to_be_visible()
    yield page
    page.context.close()


def rows(page: Page) -> list[str]:
    return page.locator("#table tbody tr td:nth-child(3)").all_inner_texts()


def test_titles_are_texts_and_all_rows_are_found(opened: Page) -> None:
    page = opened
    info = page.locator(".dt-info")
    expect(info).to_have_text(f"1 to 50 of {len(TITLES)} rows")
    assert [title.split(" (")[0] for title in rows(page)[:4]] == HOSTILE[:4]
    expect(page.locator("main img, main iframe, #table script")).to_have_count(0)
    for plot in page.locator("[data-chart]").all():
        expect(plot.locator("svg")).to_be_visible()
    page.get_by_role("searchbox").fill("film 11")
    expect(info).to_have_text(f"1 to 11 of 11 rows (of {len(TITLES)})")
    page.get_by_role("button", name="rejected").click()
    expect(info).to_have_text(f"1 to 5 of 5 rows (of {len(TITLES)})")
    page.get_by_role("searchbox").fill("")
    page.get_by_label("Reason").select_option("http_400")
    expect(info).to_contain_text("43 rows")
    page.get_by_role("button", name="rejected").click()
    page.get_by_label("Reason").select_option("")
    page.locator("th.title").get_by_role("button").click()
    expect(page.locator("#table tbody tr td.title").first).to_contain_text("&")
    page.get_by_role("button", name="All of line").first.click()
    expect(page.locator("#table dl.facts")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(browser: Browser, watcher: Watcher, report: str, scheme: str) -> None:
    page = open_page(browser, watcher, color_scheme=scheme, viewport={"width": 390, "height": 800})
    page.goto(report)
    expect(page.locator("#filters")).to_be_visible()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.context.close()


def test_what_counts_is_read_without_scripts_and_on_paper(
    browser: Browser, watcher: Watcher, report: str
) -> None:
    page = open_page(browser, watcher, java_script_enabled=False)
    page.goto(report)
    expect(page.get_by_text("The table needs scripts")).to_be_visible()
    page.locator(".misses summary").click()
    expect(page.locator(".misses tbody tr")).to_have_count(43)
    page.locator(".chart summary").first.click()
    expect(page.locator(".chart td").first).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".rows")).to_be_hidden()
    expect(page.locator(".misses tbody tr").first).to_be_visible()
    page.context.close()
