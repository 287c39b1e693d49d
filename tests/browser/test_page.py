"""The whole way on the page, by mouse and keyboard, against the sandbox."""

import base64
import csv
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from importer.destinations.tmdb.search import POSTERS
from importer.matching.match_file import read_match_file, write_match_file
from importer.matching.model import MatchLine
from tests.browser.chromium import SAMPLES, Server, Watcher, open_page

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)
HOSTILE = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>"


def drop(page: Page, path: Path) -> None:
    page.set_input_files("#file", path)
    expect(page.get_by_role("link", name="Next: where to?")).to_be_visible()


def plan_in_sandbox(page: Page) -> None:
    page.get_by_role("link", name="Next: where to?").click()
    page.get_by_role("button", name="Try it here first").click()
    expect(page.get_by_role("button", name=re.compile("^Send "))).to_be_visible()


def send(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Send ")).first.click()
    expect(page.get_by_role("heading", name="All rows")).to_be_visible()


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


def check_access(page: Page) -> None:
    """No rule of WCAG 2.1, A and AA, is broken in what is shown; contrast is enough in the dark, too."""
    check_rules(page, {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
    page.emulate_media(color_scheme="dark")
    check_rules(page, {"runOnly": {"type": "rule", "values": ["color-contrast"]}})
    page.emulate_media(color_scheme="light")


def check_rules(page: Page, options: Mapping[str, object]) -> None:
    rules = Axe().run(page, options=options).response["violations"]
    broken = [(rule["id"], node["html"][:200]) for rule in rules for node in rule["nodes"]]
    assert broken == [], page.url


def check_width(page: Page) -> None:
    """On a phone nothing is cut off, and the page is not moved sideways."""
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, page.url
    page.set_viewport_size({"width": 1280, "height": 900})


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
    expect(page.get_by_role("heading", name="All rows")).to_be_visible()
    expect(page.locator(".counts li", has_text="not found")).to_have_count(0)

    page.get_by_role("button", name="Undo …").click()
    expect(page.get_by_role("heading", name="1 rating would be as before the run")).to_be_visible()
    page.get_by_role("button", name="Undo 1 rating").click()
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
    expect(again.get_by_role("heading", name="All rows")).to_be_visible()
    assert count_of(again, "rated") == "123"
    again.context.close()


def test_two_tabs_show_the_same_run_and_begin_it_once(page: Page, server: Server) -> None:
    drop(page, SAMPLES / "imdb-2024.csv")
    plan_in_sandbox(page)
    other = page.context.new_page()
    other.goto(page.url)
    page.get_by_role("button", name=re.compile("^Send ")).click()
    other.get_by_role("button", name=re.compile("^Send ")).click()
    for tab in (page, other):
        expect(tab.get_by_role("heading", name="All rows")).to_be_visible()
    assert page.url == other.url
    assert len(server.run("runs").splitlines()) == 2  # with the heading


def test_twenty_thousand_rows_are_one_table_that_is_scrolled(page: Page, tmp_path: Path) -> None:
    drop(page, write_many_ratings(tmp_path / "many.csv", 20_000))
    plan_in_sandbox(page)
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

    scroll_to(box, 0.5)
    middle = row_of(page, "Film 10000")
    expect(middle).to_be_in_viewport()
    assert page.locator("table[data-rows] tbody tr:not(.gap)").count() <= 12 * 50
    out = page.get_by_role("button", name="Take out Film 10000", exact=True)
    out.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Send 19,999 ratings")).to_be_visible()
    expect(page.get_by_role("button", name="Put back Film 10000", exact=True)).to_be_focused()
    expect(middle).to_be_in_viewport()
    check_access(page)

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


def write_many_ratings(path: Path, rows: int) -> Path:
    """Write an export of IMDb with more rows than anybody looks at one by one."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Const", "Your Rating", "Date Rated", "Title", "Title Type", "Year"])
        for row in range(1, rows + 1):
            writer.writerow(
                [f"tt{row:07}", row % 10 + 1, "2024-01-02", f"Film {row}", "Movie", 1950 + row % 70]
            )
    return path


def row_of(page: Page, title: str) -> Locator:
    return page.locator("tr", has=page.get_by_text(title, exact=True))


def scroll_to(box: Locator, share: float) -> None:
    box.evaluate("(box, share) => { box.scrollTop = share * (box.scrollHeight - box.clientHeight); }", share)


def test_titles_are_chosen_by_keys_alone(page: Page) -> None:
    drop(page, SAMPLES / "letterboxd-ratings.csv")
    page.get_by_role("link", name="Next: where to?").click()
    check_access(page)
    check_width(page)
    page.get_by_role("button", name="Try it here first").click()
    page.get_by_role("button", name="Look the titles up").click()
    expect(page.get_by_text("7 of 7 doubtful left")).to_be_visible()
    check_access(page)
    check_width(page)
    page.keyboard.press("s")
    expect(page.get_by_text("6 of 7 doubtful left")).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_text("7 of 7 doubtful left")).to_be_visible()
    page.locator(".card", has_text="One of the Roughs").focus()
    page.keyboard.press("2")
    expect(page.get_by_text("6 of 7 doubtful left")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^2 The Lives of Others"))).to_have_attribute(
        "aria-pressed", "true"
    )
    card = page.locator(".card", has_text="Yi Yi")
    card.get_by_label("IMDb id of this title").fill("tt0000417")
    card.get_by_role("button", name="Take it").click()
    expect(page.get_by_text("5 of 7 doubtful left")).to_be_visible()
    page.get_by_role("button", name=re.compile("Take the last choice back")).click()
    expect(page.get_by_text("6 of 7 doubtful left")).to_be_visible()
    page.get_by_role("button", name="Go on; the others are not sent").click()
    expect(page.get_by_text("movie · tt0405094")).to_be_visible()


def test_posters_are_fetched_only_once_they_are_wanted(page: Page, server: Server, watcher: Watcher) -> None:
    watcher.answered = (POSTERS,)
    page.route(f"{POSTERS}**", lambda route: route.fulfill(body=PIXEL, content_type="image/png"))
    drop(page, SAMPLES / "letterboxd-ratings.csv")
    page.get_by_role("link", name="Next: where to?").click()
    page.get_by_role("button", name="Try it here first").click()
    page.get_by_role("button", name="Look the titles up").click()
    expect(page.get_by_text("7 of 7 doubtful left")).to_be_visible()
    (matches,) = server.folder.glob("state/web/*/titles.match.csv")
    lines = read_match_file(matches, matches.name)
    write_match_file(matches, [with_poster(line) for line in lines])
    page.reload()
    expect(page.get_by_role("button", name="Show posters")).to_be_visible()
    assert watcher.asked == []
    page.get_by_role("button", name="Show posters").click()
    expect(page.locator("img.poster").first).to_be_visible()
    expect(page.locator("img.poster").first).to_have_js_property("naturalWidth", 1)
    check_access(page)
    check_width(page)
    count = len(watcher.asked)
    assert count > 0
    page.get_by_role("button", name="Hide posters").click()
    expect(page.get_by_role("button", name="Show posters")).to_be_visible()
    assert len(watcher.asked) == count


def with_poster(line: MatchLine) -> MatchLine:
    found = line.candidate
    return line._replace(candidate=found and found._replace(poster=f"{POSTERS}w154/a.png"))


def test_a_table_that_nobody_knows_is_described_and_read(page: Page, tmp_path: Path) -> None:
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
        page.wait_for_timeout(500)  # as a person would; without scripts nothing can be waited for
        again.click()
    raise AssertionError(page.content())


def test_signing_in_with_a_code(browser: Browser, tmp_path: Path, watcher: Watcher) -> None:
    with run_sandbox() as url:
        keys = {"CLIENT_ID": "sandbox-client", "CLIENT_SECRET": "sandbox-secret"}
        settings = {"BASE_URL": url, "AUTH_URL": url, **keys}
        with Server(
            tmp_path, **{f"IMPORTER_TRAKT_{name}": value for name, value in settings.items()}
        ) as server:
            page = open_page(browser, watcher)
            page.goto(server.address)
            drop(page, SAMPLES / "imdb-2018.csv")
            page.get_by_role("link", name="Next: where to?").click()
            page.locator("form.card", has=page.locator('input[value="trakt"]')).get_by_role("button").click()
            page.get_by_role("button", name="Sign in").click()
            expect(page.get_by_role("heading", name="Enter this code there")).to_be_visible()
            check_access(page)
            check_width(page)
            assert page.locator("svg.qr").count() == 1
            approve(url, page.locator(".code").inner_text())
            expect(page.get_by_role("heading", name=re.compile("^Signed in as demo"))).to_be_visible()
            page.get_by_role("button", name="Next: see what would happen").click()
            expect(page.get_by_role("button", name=re.compile("^Send "))).to_be_visible()
            page.context.close()
        logs = [path.read_text("utf-8") for path in tmp_path.rglob("*") if path.suffix in {".log", ".out"}]
        assert "sandbox-secret" not in "".join(logs)


@contextmanager
def run_sandbox() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "importer", "sandbox", "--until-stdin-closes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as sandbox:
        assert sandbox.stdin is not None
        assert sandbox.stdout is not None
        yield sandbox.stdout.readline().removeprefix("sandbox ready at ").strip()
        sandbox.stdin.close()


def approve(url: str, code: str) -> None:
    """Do what a person does on the service's page."""
    form = urlencode({"code": code, "action": "approve"}).encode()
    with urlopen(Request(f"{url}/activate", form, {"User-Agent": "a browser"}), timeout=30) as answer:
        assert answer.status == 200
