"""A release waits until the documentation is where messages say that it is."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from release.docs_address import find_problem, read_description

ROOT = Path(__file__).parents[2]
PAGES = {
    "/own/": f'<title>Settings</title><meta name="description" content="{read_description()}">',
    "/other/": "<title>rating-importer</title> This name is free.",
}


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path in PAGES else 404)
        self.end_headers()
        self.wfile.write(PAGES.get(self.path, read_description()).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Site) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "problem"),
    [("/own/", ""), ("/other/", "is a page of something else"), ("/none/", "does not answer .*404")],
)
def test_only_a_page_of_this_project_will_do(path: str, problem: str, site: str) -> None:
    assert re.match(f"{problem}", find_problem(site + path))
    assert bool(find_problem(site + path)) is bool(problem)


def test_nobody_there_is_a_problem(site: str) -> None:
    assert find_problem(site.rpartition(":")[0] + ":1/").startswith("does not answer")


def test_a_release_asks_before_it_builds_anything() -> None:
    recipe = (ROOT / "Makefile").read_text("utf-8").partition("\nrelease:")[2].partition("\n\n")[0]
    assert "release.docs_address" in recipe.partition("$(MAKE)")[0]
