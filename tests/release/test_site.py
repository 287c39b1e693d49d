"""The docs' site: every page is in its menu, what the first ones show can be typed."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from importer.cli import app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SITE: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
FIRST_PAGES = ("index", "install", "from-letterboxd", "from-imdb", "my-spreadsheet", "every-night", "undo")


def list_pages(nav: object) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    for each in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from list_pages(each)


def test_every_page_is_in_the_menu_once() -> None:
    assert sorted(list_pages(SITE["nav"])) == sorted(path.name for path in DOCS.glob("*.md"))


def test_the_site_is_strict_and_can_be_read_offline() -> None:
    assert SITE["strict"] is True
    assert {"search", "offline"} <= set(SITE["plugins"])
    assert SITE["theme"]["font"] is False
    assert set(SITE["validation"]["links"].values()) == {"warn"}


def list_typed(page: str) -> Iterator[str]:
    for line in (DOCS / f"{page}.md").read_text("utf-8").splitlines():
        if found := re.match(r"\s*\$ importer (\S.*?)(\s+#.*)?$", line):
            yield found[1]


@pytest.mark.parametrize("typed", sorted({line for page in FIRST_PAGES for line in list_typed(page)}))
def test_what_the_first_pages_show_can_be_typed(typed: str) -> None:
    group: Any = typer.main.get_command(app.app)
    name, command, rest = group.resolve_command(typer.Context(group), shlex.split(typed))
    command.make_context(name, rest)
