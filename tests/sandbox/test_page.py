"""The page at `/`: what arrived, escaped, and without anything that could act."""

import re
from contextlib import closing

import aiohttp

from importer.sandbox.catalogue import Kind
from importer.sandbox.page import MOST_RATINGS, build_page
from importer.sandbox.store import LoggedRequest, Store
from importer.sandbox.titles import Title

from .conftest import OpenSandbox

HOSTILE = "<script>alert(1)</script>\"'&"


def title(number: int, name: str) -> Title:
    return Title(Kind.MOVIE, name, 1979, imdb_id=f"tt{number:07}")


def test_titles_and_paths_are_escaped() -> None:
    with closing(Store()) as store:
        store.put_rating("<b>", title(1, HOSTILE), 9, 0)
        store.log_request(LoggedRequest(0, 0, "GET", HOSTILE, 200, 1))
        page = build_page(store, 10_000)
        assert "<script" not in page
        assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;") == 2
        assert "Ratings of &lt;b&gt;" in page
        assert "1 of 10,000" in page
        assert "1970-01-01 00:00" in page


def test_an_account_with_many_ratings_shows_the_newest() -> None:
    with closing(Store()) as store:
        with store.changes():
            for number in range(MOST_RATINGS + 1):
                store.put_rating("demo", title(number, f"Film {number}"), 7, number)
        page = build_page(store, 10_000)
        assert f"The newest {MOST_RATINGS} are shown." in page
        assert "Film 0 (" not in page
        assert f"Film {MOST_RATINGS} (1979)<" in page


async def test_it_is_served_with_a_policy_and_is_no_request(open_sandbox: OpenSandbox) -> None:
    api = await open_sandbox(faults=("503",))
    async with aiohttp.ClientSession() as session, session.get(f"{api.sandbox.url}/") as answer:
        text = await answer.text()
        assert answer.status == 200
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Nothing has been rated yet." in text
    assert not re.search(r"<script|https?://|\bon\w+=", text)
    assert api.sandbox.store.requests() == []
