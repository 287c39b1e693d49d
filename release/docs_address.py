"""Whether the documentation is where messages and `--help` say that it is: `DOCS` of importer/text.py.

python -m release.docs_address        fails while nobody answers there, or somebody else
"""

import re
import sys
import urllib.request
from pathlib import Path

from importer.text import docs_page

ROOT = Path(__file__).parents[1]


def read_description() -> str:
    """Return what each page of the site says of itself, which no other site does."""
    found = re.search(r"^site_description: (.+)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    assert found
    return found[1]


def find_problem(page: str) -> str:
    """Ask for a page of the docs; empty if it is one of this project."""
    try:
        with urllib.request.build_opener().open(page, timeout=30) as answer:
            text = answer.read().decode("utf-8", "replace")
    except OSError as error:  # a status such as 404, too
        return f"does not answer ({error})"
    return "" if read_description() in text else "is a page of something else"


if __name__ == "__main__":
    PAGE = docs_page("settings")
    if problem := find_problem(PAGE):
        sys.exit(f"release: {PAGE} {problem}; publish the docs there, or correct DOCS in importer/text.py")
