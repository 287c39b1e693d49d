"""A real browser on the page of a real `importer web`.

Every page that a test opens is watched: no violation of its policy, no error of a script, no request to
another host. `python -m tests.browser.pictures` writes the screenshots of the docs by the same means.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.command import inherit

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
SWITCHES = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
SLOW_MS = 40_000
"""A busy machine takes its time; a page that is right passes at once."""

_LISTEN = """
document.addEventListener("securitypolicyviolation",
    (event) => console.error(`policy: ${event.violatedDirective} ${event.sourceFile || ""} ${event.sample}`));
"""


def find_chromium() -> str | None:
    """Return the browser of the system; none is downloaded."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Server:
    """`importer web` as a process, with a state folder of its own."""

    def __init__(self, folder: Path, **environ: str) -> None:
        config = folder / "config.toml"
        if not config.exists():
            config.touch(mode=0o600)
        self.folder = folder
        self._environ = {
            **inherit(),
            "IMPORTER_STATE_DIR": str(folder / "state"),
            "IMPORTER_CONFIG_FILE": str(config),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "TZ": "UTC",
            **environ,
        }
        self.address = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, port: int = 0) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "importer", "web", "--no-open", "--port", str(port)],
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().split()[-1]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def next_address(self) -> str:
        """Wait for the address of another browser, printed when a key was used."""
        assert self._process.stdout is not None
        while not (line := self._process.stdout.readline()).startswith("For another browser"):
            assert line
        return line.split()[-1]

    def run(self, *words: str) -> str:
        """Run another command with the same settings."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "importer", *words],
            env=self._environ,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout


@dataclass(slots=True)
class Watcher:
    """What went wrong in the pages of a browser."""

    problems: list[str] = field(default_factory=list)
    expects_lost_server: bool = False
    asked: list[str] = field(default_factory=list)
    """What was asked of hosts that a test answers for itself."""
    answered: tuple[str, ...] = ()

    def watch(self, page: Page) -> None:
        page.add_init_script(_LISTEN)
        page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        page.on("console", lambda said: self._note(said.type, said.text))
        page.on("request", lambda request: self._check_host(request.url))

    def _note(self, kind: str, text: str) -> None:
        is_lost = self.expects_lost_server and ("net::ERR" in text or text.startswith("htmx:"))
        if kind == "error" and not is_lost:
            self.problems.append(text)

    def _check_host(self, url: str) -> None:
        if self.answered and url.startswith(self.answered):
            self.asked.append(url)
        elif not url.startswith(("http://127.0.0.1:", "file:", "data:", "blob:")):
            self.problems.append(f"another host: {url}")


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start the browser."""
    path = find_chromium()
    assert path is not None
    expect.set_options(timeout=SLOW_MS)
    playwright: Playwright
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(SWITCHES))
        yield browser
        browser.close()


def open_page(browser: Browser, watcher: Watcher, **looks: Any) -> Page:
    """Open a page in a context of its own: a browser that has no cookie."""
    options: dict[str, Any] = {
        "viewport": {"width": 1280, "height": 900},
        "locale": "en-GB",
        "reduced_motion": "reduce",
    } | looks
    page = browser.new_context(**options).new_page()
    page.set_default_timeout(SLOW_MS)
    watcher.watch(page)
    return page
