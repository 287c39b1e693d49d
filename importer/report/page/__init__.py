"""The page of a run or of a file that was looked at: one file that needs nothing else, offline.

```text
report.html + report.css          the page; texts are escaped by the templates
charts.js, table.js, libraries    inlined; the page's policy names their hashes, and nothing else runs
charts-data                       JSON that no browser takes for a script
rows-data                         the rows as columns: JSON, gzip, base64; a quarter of the size in clear
```
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from importlib.metadata import version
from typing import Any

import jinja2
from markupsafe import Markup

from importer.assets import read_asset
from importer.model import Status
from importer.report.charts import Chart, charts_as_json

LIBRARIES = ("echarts.common.min.js", "dataTables.min.js")
"""In the order in which the page loads them."""

OWN_SCRIPTS = ("charts.js", "table.js")

_REPEATED = frozenset({"status", "reason", "kind", "message", "rated_at", "http_status"})
"""Columns of few different cells: each is written once."""


@dataclass(frozen=True, slots=True)
class Count:
    """The rows of a status."""

    status: Status
    word: str
    number: int
    meaning: str
    tone: str
    """good, bad, or nothing."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Rows that did not succeed for one reason, with the first of them as (line, title, message)."""

    number: int
    name: str
    remedy: str
    examples: Sequence[tuple[int, str, str]]


@dataclass(frozen=True, slots=True)
class Page:
    """What stands on a page. All texts are plain."""

    title: str
    what: str
    verdict: str
    tone: str
    route: str
    """From where to where."""
    facts: Sequence[tuple[str, str]]
    counts: Sequence[Count]
    reasons: Sequence[Reason]
    reasons_title: str
    charts: Sequence[Chart]
    columns: Mapping[str, Sequence[Any]]
    rows_title: str
    misses: Sequence[Mapping[str, Any]]
    misses_title: str
    notes: Sequence[str] = field(default=())


def build_page(page: Page) -> str:
    """Build the page."""
    scripts = [_escape_script(read_asset(name).decode()) for name in LIBRARIES]
    scripts += [_escape_script(read_own(name)) for name in OWN_SCRIPTS]
    style = read_own("report.css")
    return (
        templates()
        .get_template("report.html")
        .render(
            page=page,
            policy=_build_policy(scripts, style),
            style=Markup(style),  # noqa: S704 - our own file
            scripts=[Markup(script) for script in scripts],  # noqa: S704 - and those that VENDORED.json names
            charts_data=Markup(charts_as_json(page.charts)),  # noqa: S704 - it has no < and no &
            rows_data=Markup(pack(page.columns)),  # noqa: S704 - base64
            version=version("rating-importer"),
        )
    )


@cache
def templates() -> jinja2.Environment:
    """The templates, which escape whatever is put into them."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("importer.report", "page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["plain"] = lambda word: str(word).replace("_", " ")
    return found


def read_own(name: str) -> str:
    """Return a style or script of the page: `charts.js`."""
    return resources.files("importer.report.page").joinpath(name).read_text("utf-8")


def pack(columns: Mapping[str, Sequence[Any]]) -> str:
    """Write columns small: words that repeat are written once, and all of it is compressed."""
    packed = {name: _index(cells) if name in _REPEATED else cells for name, cells in columns.items()}
    text = json.dumps(packed, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode("ascii"), 6, mtime=0)).decode("ascii")


def _index(cells: Sequence[Any]) -> Mapping[str, Sequence[Any]]:
    words = dict.fromkeys(cells)
    places = {word: place for place, word in enumerate(words)}
    return {"words": list(words), "at": [places[cell] for cell in cells]}


def _escape_script(script: str) -> str:
    """Let nothing in a script end it or begin a comment: in strings and patterns this means the same."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _build_policy(scripts: Sequence[str], style: str) -> str:
    hashes = " ".join(_hash(script) for script in scripts)
    allowed = f"script-src {hashes}; style-src {_hash(style)}"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
