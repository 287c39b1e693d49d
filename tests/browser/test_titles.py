"""Titles of rows without ids: cards, their keys, their posters."""

import base64
import re

from playwright.sync_api import Page, expect

from importer.destinations.tmdb.search import POSTERS
from importer.matching.match_file import read_match_file, write_match_file
from importer.matching.model import MatchLine
from tests.browser.chromium import SAMPLES, Server, Watcher
from tests.browser.steps import check_access, check_width, drop, settle

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)


def test_titles_are_chosen_by_keys_alone(page: Page) -> None:
    drop(page, SAMPLES / "letterboxd-ratings.csv")
    page.get_by_role("link", name="Next: where to?").click()
    check_access(page)
    check_width(page)
    page.get_by_role("button", name="Try it here first").click()
    page.get_by_role("button", name="Look the titles up").click()
    settle(page)
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
    settle(page)
    expect(page.get_by_text("movie · tt0405094")).to_be_visible()


def test_posters_are_fetched_only_once_they_are_wanted(
    quiet_page: Page, quiet_server: Server, watcher: Watcher
) -> None:
    page = quiet_page
    watcher.answered = (POSTERS,)
    page.route(f"{POSTERS}**", lambda route: route.fulfill(body=PIXEL, content_type="image/png"))
    drop(page, SAMPLES / "letterboxd-ratings.csv")
    page.get_by_role("link", name="Next: where to?").click()
    page.get_by_role("button", name="Try it here first").click()
    page.get_by_role("button", name="Look the titles up").click()
    settle(page)
    expect(page.get_by_text("7 of 7 doubtful left")).to_be_visible()
    matches = quiet_server.folder / "state/web" / page.url.split("/")[-2] / "titles.match.csv"
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
