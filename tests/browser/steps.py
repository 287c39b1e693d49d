"""What people do on the page, and what holds of every page: rules of access, and the width of a phone."""

import re
from collections.abc import Mapping
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect


def settle(page: Page) -> None:
    """Wait until the page waits for no command, and see it at once: `expect` looks but once a second."""
    page.wait_for_function("() => document.readyState !== 'loading' && !document.getElementById('live')")


def drop(page: Page, path: Path) -> None:
    page.set_input_files("#file", path)
    page.wait_for_url("**/imports/*")
    settle(page)
    expect(page.get_by_role("link", name="Next: where to?")).to_be_visible()


def plan_in_sandbox(page: Page) -> None:
    page.get_by_role("link", name="Next: where to?").click()
    page.get_by_role("button", name="Try it here first").click()
    settle(page)
    expect(page.get_by_role("button", name=re.compile("^Send "))).to_be_visible()


def send(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Send ")).first.click()
    settle(page)
    expect(page.get_by_role("heading", name="All rows")).to_be_visible()


def check_access(page: Page) -> None:
    """No rule of WCAG 2.1, A and AA, is broken in what is shown; contrast is enough in the dark, too."""
    check_rules(page, {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
    page.emulate_media(color_scheme="dark")
    check_rules(page, {"runOnly": {"type": "rule", "values": ["color-contrast"]}})
    page.emulate_media(color_scheme="light")


def check_rules(page: Page, options: Mapping[str, object]) -> None:
    found = Axe().run(page, options={**options, "resultTypes": ["violations"]})  # the rest is not asked for
    rules = found.response["violations"]
    broken = [(rule["id"], node["html"][:200]) for rule in rules for node in rule["nodes"]]
    assert broken == [], page.url


def check_width(page: Page) -> None:
    """On a phone nothing is cut off, and the page is not moved sideways."""
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, page.url
    page.set_viewport_size({"width": 1280, "height": 900})
