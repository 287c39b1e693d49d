"""Pages from templates. Every text is escaped; titles have `dir="auto"`, to be written their own way."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
from aiohttp import web

from importer import assets
from importer.destinations.registry import find_title
from importer.report.inspection import describe_kind
from importer.report.page import read_own
from importer.report.remedies import find_remedy
from importer.report.run_page import find_tone
from importer.text import clean, count, describe_outcome, duration, local_time, rate, span
from importer.web.access import token_of
from importer.web.remedies import say_here

SCRIPTS = ("htmx.min.js", "echarts.common.min.js")
"""The libraries that the pages load."""

_FLAGS = re.compile(
    r"""
    \s*\(--[^)]*\)             # in brackets
    | \s+[A-Z][^.;]*\s--[a-z-]+[^.;]*\.   # a sentence after another one
    | [;,]\s[^;,.()]*--[a-z-]+[^;,.()]*   # a part of a sentence
    """,
    re.VERBOSE,
)


@cache
def _templates() -> jinja2.Environment:
    found = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [jinja2.PackageLoader("importer.web"), jinja2.PackageLoader("importer.report", "page")]
        ),
        autoescape=True,
        undefined=jinja2.ChainableUndefined,  # events of a command need not have every fact
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "number": lambda value: f"{value:,}",
        "duration": duration,
        "rate": rate,
        "clean": clean,
        "moment": _moment,
        "source": name_source,
        "destination": find_title,
        "without_flags": without_flags,
        "here": say_here,
        "tone": find_tone,
        "plain": lambda word: str(word).replace("_", " "),
        "query": lambda values: urlencode(
            {name: value for name, value in values.items() if value not in {"", None}}
        ),
    }
    found.globals |= {
        "describe_kind": describe_kind,
        "count": count,
        "span": span,
        "describe_outcome": describe_outcome,
        "find_remedy": find_remedy,
    }
    return found


def render(request: web.Request, template: str, status: int = 200, **values: Any) -> web.Response:
    """Answer with a page, or with a part of one."""
    values |= {
        "token": token_of(request) or "",
        "path": request.path,
    }
    text = _templates().get_template(template).render(values)
    return web.Response(text=text, content_type="text/html", status=status)


def render_error(request: web.Request, status: int, problem: str) -> web.Response:
    """Answer with a sentence about what went wrong."""
    return render(request, "error.html", status, code=status, problem=say_here(problem))


def redirect(request: web.Request, place: str) -> web.Response:
    """Go to another page, also from a part that was loaded by itself."""
    if "HX-Request" in request.headers:
        return web.Response(headers={"HX-Redirect": place})
    return web.Response(status=303, headers={"Location": place})


async def serve_static(request: web.Request) -> web.StreamResponse:
    """Serve one of the page's own files or libraries; no other."""
    name = request.match_info["name"]
    found = _statics().get(name)
    if found is None:
        raise web.HTTPNotFound
    body, kind = found
    return web.Response(body=body, content_type=kind, charset=None if kind.startswith("image") else "utf-8")


@cache
def _statics() -> Mapping[str, tuple[bytes, str]]:
    from importlib import resources  # noqa: PLC0415 - once

    own = resources.files("importer.web").joinpath("static")
    kinds = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    names = ("style.css", "page.js", "rows.js", "icon.svg")
    found = {name: (own.joinpath(name).read_bytes(), kinds[Path(name).suffix]) for name in names}
    found["charts.js"] = read_own("charts.js").encode(), "text/javascript"
    return found | {name: (assets.read_asset(name), "text/javascript") for name in SCRIPTS}


def without_flags(text: str) -> str:
    """Leave out what only somebody can use who types: `(--write-to)`, `; love with --love`, a sentence."""
    return _FLAGS.sub("", text)


def name_source(source: str) -> str:
    """Name what was read as people know it: a plan or results after the file that they were made of."""
    stem = source.removesuffix(".csv")
    read = stem.removesuffix(".results").removesuffix(".plan").removesuffix(".chosen")
    return clean(source if read == stem else read, 100)


def _moment(text: str | None) -> str:
    """Write an instant of the journal in the time of this machine."""
    if not text:
        return ""
    return local_time(datetime.fromisoformat(text))
