"""The notes of a release: its section of CHANGELOG.md.

python -m release.notes        prints it; fails while the section says that it is not released
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


class NotReleasedError(Exception):
    """The changelog has no section for the version, or no day in its headline."""


def read_version() -> str:
    """Return the version of pyproject.toml, its one place."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert isinstance(version, str)
    return version


def build_notes(changelog: str, version: str) -> str:
    """Return the section of a version, without its headline. Raises NotReleasedError."""
    sections = re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]
    for section in sections:
        headline, _, text = section.partition("\n")
        if headline.split()[0] == version:
            if not re.fullmatch(r"\S+ \(\d{4}-\d{2}-\d{2}\)", headline):
                raise NotReleasedError(
                    f"CHANGELOG.md: write the day of the release: ## {version} (2026-01-31)"
                )
            return text.strip() + "\n"
    raise NotReleasedError(f"CHANGELOG.md has no section ## {version}")


if __name__ == "__main__":
    try:
        print(build_notes((ROOT / "CHANGELOG.md").read_text("utf-8"), read_version()), end="")
    except NotReleasedError as error:
        sys.exit(f"release: {error}")
