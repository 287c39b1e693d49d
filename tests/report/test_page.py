"""The page of a run: nothing in it runs but what its policy names, whatever the titles are."""

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

import pytest

from importer.model import RESULT_COLUMNS, Status
from importer.report import figures as figures_module
from importer.report.charts import build_charts
from importer.report.figures import Figures
from importer.report.page import LIBRARIES, OWN_SCRIPTS, Count, Page, Reason, build_page, pack
from importer.report.remedies import find_remedy
from importer.text import clean

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>\"'>",
    "<!-- <script>",
    "{{ 7 * 7 }}{% raw %}",
    "NUL \x00 and \x1b[31mred\x07",
    "\u202eright to left \u202d",
    "مملكة السماء",
    "&amp;lt;b&gt;",
    "\ud800 alone",
]


def line(number: int, title: str, **cells: Any) -> tuple[Any, ...]:
    usual = {"row": number, "line": number + 1, "status": "rated", "kind": "movie", "rating": 8}
    found = dict.fromkeys(RESULT_COLUMNS) | usual | {"title": title} | cells
    return tuple(found[name] for name in RESULT_COLUMNS)


def build(lines: Sequence[tuple[Any, ...]], **more: Any) -> str:
    figures = Figures()
    figures.add_all(lines)
    facts: dict[str, Any] = {
        "title": "t", "what": "w", "verdict": "v", "tone": "", "route": "r", "facts": [("name", "value")],
        "counts": [Count(Status.RATED, "rated", len(lines), "taken", "good")],
        "reasons": [], "reasons_title": "Why", "charts": build_charts(figures, has_account=True),
        "columns": figures.columns, "rows_title": "All rows",
        "misses": figures.misses, "misses_title": "Misses",
    }  # fmt: skip
    return build_page(Page(**(facts | more)))


def unpack(page: str) -> dict[str, list[Any]]:
    (packed,) = re.findall(r'<script type="application/octet-stream" id="rows-data">([^<]*)</script>', page)
    columns = json.loads(gzip.decompress(base64.b64decode(packed)))
    return {
        name: column if isinstance(column, list) else [column["words"][at] for at in column["at"]]
        for name, column in columns.items()
    }


def hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@pytest.fixture(scope="module")
def page() -> str:
    rows = [line(number, title) for number, title in enumerate(HOSTILE, 1)]
    rows += [
        line(50 + number, title, status="rejected", message=title) for number, title in enumerate(HOSTILE)
    ]
    texts = [Reason(1, title, title, [(1, title, title)]) for title in map(clean, HOSTILE)]
    return build(rows, reasons=texts, title=HOSTILE[0], verdict=HOSTILE[1], notes=HOSTILE[:4])


def test_the_policy_names_just_what_is_in_the_page(page: str) -> None:
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    policy = policy.replace("&#39;", "'")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert len(scripts) == len(LIBRARIES) + len(OWN_SCRIPTS)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules.pop("script-src").split() == [hash_of(script) for script in scripts]
    assert rules.pop("style-src") == hash_of(style)
    assert set(rules.values()) == {"'none'"}
    assert page.index("Content-Security-Policy") < page.index("<style>")


def test_no_title_becomes_markup(page: str) -> None:
    markup = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", page, flags=re.DOTALL)
    assert "alert(1)" in markup, "the titles are there, as text"
    assert "<script" not in markup
    assert "<img" not in markup
    assert "<!--" not in markup
    assert not re.search(r"<[^>]* on\w+=", markup)
    assert "49" not in re.findall(r"<h1.*?</h1>", markup)[0]
    assert not set(markup) & {"\x00", "\x1b", "\u202e", "\ud800"}


def test_nothing_is_loaded_from_anywhere(page: str) -> None:
    markup = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", page, flags=re.DOTALL)
    assert not re.search(r"<[a-z][^<>]*\s(src|href|action|data)=", markup)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert "url(" not in style
    assert "@import" not in style


def test_no_data_ends_its_script(page: str) -> None:
    (charts,) = re.findall(
        r'<script type="application/json" id="charts-data">(.*?)</script>', page, re.DOTALL
    )
    assert "<" not in charts
    assert json.loads(charts)["ratings"]["series"][0]["name"] == "in the file"


def test_all_rows_are_in_it(page: str) -> None:
    columns = unpack(page)
    assert len(columns["line"]) == 2 * len(HOSTILE)
    assert columns["title"][:4] == HOSTILE[:4]
    assert columns["title"][6] == HOSTILE[6]
    assert not any(set(str(title)) & {"\x00", "\x1b", "\u202e", "\ud800"} for title in columns["title"])
    assert columns["status"] == ["rated"] * len(HOSTILE) + ["rejected"] * len(HOSTILE)


def test_each_chart_has_its_numbers_in_a_table_and_a_sentence(page: str) -> None:
    figures = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
    assert figures
    for figure in figures:
        assert re.search(r'role="img" aria-label="[^"]{20,}"', figure)
        assert "<td" in figure


def test_a_hundred_thousand_rows_are_small() -> None:
    rows = [line(number, f"A title of number {number * 7919 % 100_003}", rating=number % 10 + 1, imdb_id=f"tt{number * 31:07}", sent_at=f"2026-11-30T05:{number % 60:02}:00.123Z", duration_ms=number * 37 % 997) for number in range(10_000)]  # fmt: skip  # noqa: E501
    figures = Figures()
    figures.add_all(rows)
    assert len(pack(figures.columns)) * 10 < 24 * 1024 * 1024 // 2


def test_a_run_of_millions_shows_what_did_not_succeed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures_module, "MOST_ROWS", 3)
    figures = Figures(leaves_successes_out=True)
    statuses = ["rated", "failed", "rated", "failed", "failed", "failed"]
    figures.add_all(line(number, "x", status=status) for number, status in enumerate(statuses, 1))
    assert figures.columns["line"] == [3, 5, 6]
    assert (figures.rows, figures.is_shortened, len(figures.misses)) == (6, True, 4)


def test_every_status_that_is_no_success_has_a_remedy() -> None:
    assert all(find_remedy(status, "") for status in Status if not status.is_success)
    assert not any(find_remedy(status, "") for status in Status if status.is_success)
    assert "Look the titles up" in find_remedy(Status.UNSUPPORTED, "needs_id")
