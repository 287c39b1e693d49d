"""The whole way on the page, by mouse and keyboard, against the sandbox."""

import csv
import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import SAMPLES, Server, Watcher, open_page
from tests.browser.steps import check_access, check_width, drop, plan_in_sandbox, send, settle

HOSTILE = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>"


def count_of(page: Page, word: str) -> str:
    return page.locator(".counts li", has_text=word).locator("b").inner_text()


def write_ratings(path: Path, rows: int, title: str = "") -> Path:
    """Write an export of IMDb whose titles the sandbox knows."""
    with (SAMPLES / "imdb-2024.csv").open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    known = [line for line in lines if line[header.index("Title Type")] == "Movie"][:rows]
    if title:
        known[0][header.index("Title")] = title
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *known])
    return path


def test_the_whole_way_from_a_dropped_file_to_undo(page: Page, server: Server) -> None:
    check_access(page)
    check_width(page)
    drop(page, SAMPLES / "imdb-2024.csv")
    expect(page.get_by_text("131 rows")).to_be_visible()
    check_access(page)
    check_width(page)
    expect(page.locator("table.bars").first).to_contain_text("32")
    expect(page.get_by_text("2 rows invalid").or_(page.get_by_text("1 row invalid").first)).to_be_visible()

    plan_in_sandbox(page)
    expect(page.get_by_role("button", name="Send 124 ratings")).to_be_visible()
    page.get_by_role("button", name="Take out A Trip to the Moon").click()
    expect(page.get_by_role("button", name="Send 123 ratings")).to_be_visible()
    page.get_by_role("searchbox").fill("anora")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_text("1 to 1 of 1")).to_be_visible()
    check_access(page)
    check_width(page)

    send(page)
    check_access(page)
    check_width(page)
    assert count_of(page, "not found") == "1"
    assert count_of(page, "skipped") == "2"  # with the row that was taken out
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download results.csv").click()
    with Path(saved.value.path()).open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 131

    page.locator(".chip", has_text="1 not found").click()
    page.get_by_role("link", name="Correct").click()
    page.get_by_label("IMDb id").fill("tt0000417")
    page.get_by_role("button", name="Keep the correction").click()
    page.get_by_role("button", name="Send 1 corrected row").click()
    settle(page)
    expect(page.get_by_role("heading", name="All rows")).to_be_visible()
    expect(page.locator(".counts li", has_text="not found")).to_have_count(0)

    page.get_by_role("button", name="Undo …").click()
    settle(page)
    expect(page.get_by_role("heading", name="1 rating would be as before the run")).to_be_visible()
    page.get_by_role("button", name="Undo 1 rating").click()
    settle(page)
    expect(page.get_by_role("heading", name="Undone")).to_be_visible()
    page.goto(server.address.partition("?")[0] + "runs")
    expect(page.get_by_text("undone", exact=True)).to_be_visible()
    check_access(page)
    check_width(page)


def test_hostile_and_foreign_titles_are_only_text(page: Page, tmp_path: Path) -> None:
    drop(page, write_ratings(tmp_path / "x.csv", 3, HOSTILE))
    plan_in_sandbox(page)
    expect(page.get_by_text(HOSTILE)).to_be_visible()
    page.get_by_role("button", name=re.compile("^Take out <img")).click()
    expect(page.get_by_text("1 row taken out")).to_be_visible()
    send(page)
    expect(page.get_by_text(HOSTILE)).to_be_visible()
    assert page.locator("main img, main script").count() == 0


def test_a_run_outlives_the_pages_server_and_is_found_again(
    page: Page, server: Server, browser: Browser, watcher: Watcher
) -> None:
    drop(page, SAMPLES / "imdb-2024.csv")
    plan_in_sandbox(page)
    page.get_by_role("button", name=re.compile("^Send ")).click()
    expect(page.get_by_role("heading", name="Sending")).to_be_visible()
    place = page.url.split("/", 3)[3]
    watcher.expects_lost_server = True
    server.stop()
    server.start()
    again = open_page(browser, watcher)
    again.goto(server.address)
    again.goto(server.address.partition("?")[0] + place)
    settle(again)
    expect(again.get_by_role("heading", name="All rows")).to_be_visible()
    assert count_of(again, "rated") == "123"
    again.context.close()


def test_two_tabs_show_the_same_run_and_begin_it_once(page: Page, server: Server, tmp_path: Path) -> None:
    drop(page, write_ratings(tmp_path / "x.csv", 20))
    plan_in_sandbox(page)
    other = page.context.new_page()
    other.goto(page.url)
    page.get_by_role("button", name=re.compile("^Send ")).click()
    other.get_by_role("button", name=re.compile("^Send ")).click()
    for tab in (page, other):
        settle(tab)
        expect(tab.get_by_role("heading", name="All rows")).to_be_visible()
    assert page.url == other.url
    assert len(server.run("runs").splitlines()) == 2  # with the heading


def test_a_table_that_nobody_knows_is_described_and_read(quiet_page: Page, tmp_path: Path) -> None:
    page = quiet_page
    rows = ("Film;Sterne;Wann", "Ödipussi;4,5;2020-01-02", "مرحبا;3;2021-02-03", "评分;5;2021-02-03")
    (tmp_path / "odd.csv").write_text("\n".join(rows), "utf-8")
    page.set_input_files("#file", tmp_path / "odd.csv")
    expect(page.get_by_label("What the column Sterne is")).to_have_value("rating")
    check_access(page)
    check_width(page)
    page.get_by_label("Highest rating").fill("5")
    page.get_by_role("button", name="Read it like this").click()
    expect(page.locator(".lead")).to_contain_text("3 rows")
    expect(page.locator("table.bars").first).to_contain_text("9")


def test_everything_works_without_scripts(browser: Browser, server: Server, watcher: Watcher) -> None:
    plain = open_page(browser, watcher, java_script_enabled=False)
    plain.goto(server.address)
    plain.set_input_files("#file", SAMPLES / "imdb-2018.csv")
    plain.get_by_role("button", name="Look at it").click()
    look_again(plain, "Next: where to?")
    plain.get_by_role("link", name="Next: where to?").click()
    plain.get_by_role("button", name="Try it here first").click()
    look_again(plain, "Send ")
    plain.get_by_role("button", name=re.compile("^Send ")).click()
    look_again(plain, "All rows")
    plain.context.close()


def look_again(page: Page, name: str) -> None:
    """Follow `Look again` until the page shows what was waited for."""
    wanted = page.locator("a, button, h2", has_text=re.compile(f"^{re.escape(name)}")).first
    again = page.get_by_role("link", name="Look again")
    for _ in range(200):
        expect(wanted.or_(again)).to_be_visible()
        if wanted.is_visible():
            return
        page.wait_for_timeout(100)  # as a person would; without scripts nothing can be waited for
        again.click()
    raise AssertionError(page.content())
