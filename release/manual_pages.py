"""Puts the manual pages into the wheel, if `make man` has written them: build/man goes to share/man/man1."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManualPages(BuildHookInterface[Any]):
    """Adds what `man importer` finds after `pipx install`; an editable install has none."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the pages to those files that are installed beside the package."""
        pages = Path(self.root, "build", "man").glob("*.1") if version == "standard" else ()
        build_data["shared_data"].update({str(page): f"share/man/man1/{page.name}" for page in sorted(pages)})
