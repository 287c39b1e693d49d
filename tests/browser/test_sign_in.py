"""Signing in on the page, with a code and with a key, and titles found without any account."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import SAMPLES, Server
from tests.browser.steps import check_access, check_width, drop, settle
from tests.titles.extract import write_files

KEY = "sandbox-mdblist-key"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with run_sandbox() as url:
        yield url


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a host that has IMDb's lists."""
    folder = write_files(tmp_path_factory.mktemp("lists") / "imdb")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as host:
        thread = threading.Thread(target=host.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{host.server_port}"
        host.shutdown()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def quiet_server(sandbox: str, lists: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A page whose services are the sandbox."""
    settings = {
        **{f"TRAKT_{name}": sandbox for name in ("BASE_URL", "AUTH_URL")},
        "TRAKT_CLIENT_ID": "sandbox-client",
        "TRAKT_CLIENT_SECRET": "sandbox-secret",
        "MDBLIST_BASE_URL": f"{sandbox}/mdblist",
        "TITLES_ADDRESS": lists,
    }
    environ = {f"IMPORTER_{name}": value for name, value in settings.items()}
    with Server(tmp_path_factory.mktemp("signing-in"), **environ) as found:
        yield found


def choose(page: Page, word: str) -> None:
    drop(page, SAMPLES / "imdb-2018.csv")
    page.get_by_role("link", name="Next: where to?").click()
    card = page.locator("form.card", has=page.locator(f'input[value="{word}"]'))
    card.get_by_role("button").click()


def go_on_to_the_plan(page: Page) -> None:
    settle(page)
    expect(page.get_by_role("heading", name=re.compile("^Signed in as demo"))).to_be_visible()
    page.get_by_role("button", name="Next: see what would happen").click()
    settle(page)
    expect(page.get_by_role("button", name=re.compile("^Send "))).to_be_visible()


def texts_in(folder: Path) -> str:
    """Read all that commands said, and what imports keep."""
    found = (path for path in folder.rglob("*") if path.suffix in {".log", ".out", ".json"})
    return "".join(path.read_text("utf-8") for path in found if "tokens" not in path.parts)


def test_signing_in_with_a_code(quiet_page: Page, quiet_server: Server, sandbox: str) -> None:
    page = quiet_page
    choose(page, "trakt")
    page.get_by_role("button", name="Sign in").click()
    page.locator(".code").wait_for()
    expect(page.get_by_role("heading", name="Enter this code there")).to_be_visible()
    check_access(page)
    check_width(page)
    assert page.locator("svg.qr").count() == 1
    approve(sandbox, page.locator(".code").inner_text())
    go_on_to_the_plan(page)
    assert "sandbox-secret" not in texts_in(quiet_server.folder)


def test_signing_in_with_a_key(quiet_page: Page, quiet_server: Server) -> None:
    page = quiet_page
    choose(page, "mdblist")
    field = page.get_by_label(re.compile("key", re.IGNORECASE))
    field.fill("a-key-of-nobody")
    field.press("Enter")
    settle(page)
    expect(page.get_by_role("heading", name="Not signed in")).to_be_visible()
    expect(field).to_have_value("")
    check_access(page)
    check_width(page)
    field.fill(KEY)
    page.get_by_role("button", name="Sign in").click()
    go_on_to_the_plan(page)
    assert KEY not in page.content()
    assert KEY not in texts_in(quiet_server.folder)


def test_titles_are_found_by_lists_that_the_page_fetched(quiet_page: Page, tmp_path: Path) -> None:
    page = quiet_page
    path = tmp_path / "letterboxd.csv"
    path.write_text("Date,Name,Year,Letterboxd URI,Rating\n2024-01-02,The Matrix,1999,https://boxd.it/a,5\n")
    drop(page, path)
    page.get_by_role("link", name="Next: where to?").click()
    page.get_by_role("button", name="Try it here first").click()
    expect(page.get_by_role("heading", name="Without any account")).to_be_visible()
    page.get_by_role("button", name="Fetch the lists").click()
    settle(page)
    expect(page.get_by_role("heading", name="Without any account")).to_be_hidden()
    page.get_by_role("button", name="Look the titles up").click()
    settle(page)
    expect(page.get_by_text("1 title certain")).to_be_visible()
    page.get_by_role("button", name="Next: the plan").click()
    settle(page)
    expect(page.get_by_text("movie · tt0133093")).to_be_visible()


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
