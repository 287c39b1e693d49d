"""Files that pages are made of: libraries for the browser, unmodified, with their licences and hashes.

The report puts them into its page, the web page serves them. `vendored/VENDORED.json` says of each where it
comes from; a test compares the hashes. To raise a version, replace the file by the one of the newer package.
"""

from functools import cache
from importlib import resources


@cache
def read_asset(name: str) -> bytes:
    """Return a file of `vendored/`, such as `htmx.min.js`. Raises FileNotFoundError."""
    return resources.files("importer.assets").joinpath("vendored", name).read_bytes()
