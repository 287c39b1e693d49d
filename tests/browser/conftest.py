"""Skipped, and loudly, where there is no Chromium; never in CI."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser.chromium import Server, Watcher

collect_ignore_glob = [] if find_spec("playwright") else ["test_*.py"]
_INSTALL = "apt-get install -y --no-install-recommends chromium; pip install -e '.[browser]'"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process has one browser, and a loop of its own."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))


# Of the package: a loop of the session would break the asyncio tests that come after it.
@pytest.fixture(scope="package")
def browser() -> Iterator["Browser"]:
    from tests.browser.chromium import find_chromium, open_browser  # noqa: PLC0415

    if find_chromium() is None:
        told = f"NO BROWSER TEST RUNS: there is no Chromium here. {_INSTALL}"
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)
    with open_browser() as found:
        yield found


@pytest.fixture
def server(tmp_path: Path) -> Iterator["Server"]:
    from tests.browser.chromium import Server  # noqa: PLC0415

    with Server(tmp_path) as found:
        yield found


@pytest.fixture
def watcher() -> Iterator["Watcher"]:
    """Fails the test if the policy was violated, a script failed, or another host was asked."""
    from tests.browser.chromium import Watcher  # noqa: PLC0415

    found = Watcher()
    yield found
    assert found.problems == []


@pytest.fixture
def page(browser: "Browser", server: "Server", watcher: "Watcher") -> Iterator["Page"]:
    """The page, entered."""
    from tests.browser.chromium import open_page  # noqa: PLC0415

    found = open_page(browser, watcher)
    found.goto(server.address)
    yield found
    found.context.close()


@pytest.fixture(scope="package")
def quiet_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Server"]:
    """A server that tests share which send nothing and choose no titles: none sees what another did."""
    from tests.browser.chromium import Server  # noqa: PLC0415

    with Server(tmp_path_factory.mktemp("quiet")) as found:
        yield found


@pytest.fixture
def quiet_page(browser: "Browser", quiet_server: "Server", watcher: "Watcher") -> Iterator["Page"]:
    """A page of the server that is shared, entered by a browser of its own."""
    from tests.browser.chromium import open_page  # noqa: PLC0415

    found = open_page(browser, watcher)
    found.goto(quiet_server.address)
    quiet_server.address = quiet_server.next_address()
    yield found
    found.context.close()
