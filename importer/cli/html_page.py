"""Writes a page for people to open: `importer report --html` and `importer inspect --html`."""

import webbrowser
from pathlib import Path

from importer.errors import CommandError, OptionError
from importer.files import AtomicFiles, check_place
from importer.report.page import Page, build_page
from importer.runs.outputs import find_outputs
from importer.runs.results_csv import STANDARD_OUTPUT
from importer.text import clean


def write_page(page: Page, path: Path, *, overwrite: bool, opens: bool) -> None:
    """Write the page, and open it in the browser. Raises OptionError if a file of the user's is there."""
    if path == STANDARD_OUTPUT:
        raise OptionError("html", "a page goes into a file; name one", path)
    check_place(path, "html")
    outputs = find_outputs()
    if not overwrite:
        outputs.check_written(path, "html")
    with outputs.writing(path), AtomicFiles() as files:
        files.open(path).write(build_page(page))
        files.commit([path])
    print(f"The page is {clean(str(path))}.")
    if opens:
        webbrowser.open(path.absolute().as_uri())


def find_place(html: Path | None) -> Path:
    """Return where the page goes. Raises CommandError if --open stands alone."""
    if html is None:
        raise CommandError("--open opens the page that --html names")
    return html
