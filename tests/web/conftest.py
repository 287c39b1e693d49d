from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.page import Page, open_page


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of what the importer keeps, and settings of its own."""
    config = tmp_path / "config.toml"
    config.write_text("", "utf-8")
    config.chmod(0o600)
    monkeypatch.setenv("IMPORTER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("IMPORTER_CONFIG_FILE", str(config))
    return tmp_path / "state"


@pytest.fixture
async def stranger(places: Path) -> AsyncIterator[Page]:
    """Somebody who can reach the port, and has no key."""
    async with open_page(places / "web") as page:
        yield page


@pytest.fixture
async def page(stranger: Page) -> Page:
    """The person who started the page."""
    return await stranger.enter()
